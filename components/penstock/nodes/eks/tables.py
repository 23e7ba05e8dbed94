"""What AWS documents of its node images and of the machines below them. The sources of `data/` are listed there."""

import csv
from functools import cache
from importlib.resources import files

from penstock.nodes.args import NodeImage
from penstock_cost import Efa, UnknownMachineType, efa, local_disks, machines


def family(machine_type: str) -> str:
    """`p3.8xlarge` -> `p3`."""
    return machine_type.partition(".")[0]


def ami_type(image: NodeImage, architecture: str, machine_type: str, driver: bool) -> str | None:
    """EKS' name of the node image for a machine type, with the driver of its accelerators or without.

    None where EKS makes no such image.
    """
    for row in _read("ami_types"):
        if (row["image"], row["architecture"]) != (image.value, architecture) or bool(row["driver"]) != driver:
            continue
        if not driver or family(machine_type) in row["families"].split():
            return row["ami_type"]
    return None


def adapters(machine_type: str) -> Efa | None:
    """The Elastic Fabric Adapters of a machine type; None where it has none, or nothing is known of its cards."""
    try:
        found = efa(machine_type)
    except UnknownMachineType:
        return None
    return found if found and found.network_cards is not None and found.first_card is not None else None


def local_disk_gib(machine_type: str) -> int:
    """The size of all NVMe disks of a machine's own together, in GiB; 0 where it has none, or nothing is known."""
    try:
        found = local_disks("aws", machine_type) or ()
    except UnknownMachineType:
        return 0
    return sum(disk.total_gib for disk in found if disk.kind == "nvme")


def pods(machine_type: str, vcpu: float) -> int:
    """How many pods a machine's network interfaces have addresses for, without prefix delegation.

    For one that is not known here the most of any known one that is not larger.
    """
    known = _pods()
    if machine_type in known:
        return known[machine_type]
    smaller = {m.name for m in machines("aws") if m.vcpu <= max(vcpu, 2)}
    return max(most for name, most in known.items() if name in smaller)


@cache
def _pods() -> dict[str, int]:
    return {row["machine"]: int(row["pods"]) for row in _read("pods")}


@cache
def _read(table: str) -> list[dict[str, str]]:
    lines = (files(__package__) / "data" / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines))
