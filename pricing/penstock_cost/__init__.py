"""What cloud machines hold: vCPU, memory, accelerators and disks of machine types, from tables with sources.

Importing this reads no table; the first look-up does.
"""

from penstock_cost.catalogue import attachable, family, machine, machines, shaped
from penstock_cost.details import efa, ephemeral_os_gib, local_disks, sold_as_capacity_block
from penstock_cost.model import (
    Accelerator,
    AttachableAccelerator,
    AttachLimit,
    CustomShapes,
    Efa,
    LocalDisk,
    MachineFamily,
    MachineType,
    Source,
    UnknownMachineType,
)

__all__ = [
    "Accelerator",
    "AttachLimit",
    "AttachableAccelerator",
    "CustomShapes",
    "Efa",
    "LocalDisk",
    "MachineFamily",
    "MachineType",
    "Source",
    "UnknownMachineType",
    "attachable",
    "efa",
    "ephemeral_os_gib",
    "family",
    "local_disks",
    "machine",
    "machines",
    "shaped",
    "sold_as_capacity_block",
]
