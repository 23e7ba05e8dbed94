"""What cloud machines hold: vCPU, memory and accelerators of machine types, from tables with sources.

Importing this reads no table; the first look-up does.
"""

from penstock_cost.catalogue import attachable, family, machine, machines, shaped
from penstock_cost.model import (
    Accelerator,
    AttachableAccelerator,
    AttachLimit,
    CustomShapes,
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
    "MachineFamily",
    "MachineType",
    "Source",
    "UnknownMachineType",
    "attachable",
    "family",
    "machine",
    "machines",
    "shaped",
]
