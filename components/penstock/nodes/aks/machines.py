"""What AKS makes of machines: tables in `data/`, each row with its source."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from penstock.nodes.args import NodeImage
from penstock_cost import MachineType, UnknownMachineType, ephemeral_os_gib

_IMAGES = (NodeImage.AZURE_LINUX, NodeImage.UBUNTU)


@dataclass(frozen=True)
class Partition:
    """How a GPU is cut."""

    profile: str
    """AKS's name of it, for example `MIG1g`."""
    per_gpu: int
    """How many of them one GPU holds."""


def images(gpu: str | None) -> tuple[NodeImage, ...]:
    """The operating systems for which AKS has a driver for this type of GPU, the preferred one first."""
    return _gpu_images().get(gpu, _IMAGES) if gpu else _IMAGES


def partitions(machine: MachineType) -> dict[str, Partition]:
    """The MIG partitions of the GPUs of `machine`, by their NVIDIA names; empty where it has none."""
    gpu = machine.accelerator
    return _partitions().get((gpu.type, gpu.memory_gib), {}) if gpu else {}


def local_disk_gib(machine: MachineType) -> int:
    """How large a boot disk the host of `machine` is known to hold; 0: none."""
    try:
        return ephemeral_os_gib(machine.name) or 0
    except UnknownMachineType:
        return 0


@cache
def _gpu_images() -> dict[str, tuple[NodeImage, ...]]:
    return {row["gpu"]: tuple(NodeImage(image) for image in row["images"].split()) for row in _rows("gpu_images")}


@cache
def _partitions() -> dict[tuple[str, float], dict[str, Partition]]:
    table: dict[tuple[str, float], dict[str, Partition]] = {}
    for row in _rows("gpu_partitions"):
        of_the_gpu = table.setdefault((row["gpu"], float(row["memory_gib"])), {})
        of_the_gpu[row["partition"]] = Partition(row["profile"], int(row["per_gpu"]))
    return table


def _rows(name: str) -> list[dict[str, str]]:
    text = (files(__package__) / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
