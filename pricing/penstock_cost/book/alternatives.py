"""Cheaper machines that hold at least as much as one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from penstock_cost import catalogue
from penstock_cost.book.model import MachinePrice
from penstock_cost.model import MachineType, UnknownMachineType
from penstock_cost.money import UnknownPrice

if TYPE_CHECKING:
    from penstock_cost.book.book import PriceBook

# Machines that sustain only a part of their vCPU: T of AWS, B of Azure, those of Google Cloud that share a core.
_PARTIAL = {"aws": ("t2.", "t3.", "t3a.", "t4g."), "azure": ("Standard_B",), "gcp": ("f1-", "g1-")}


def cheaper(book: PriceBook, cloud: str, region: str, machine: str) -> list[MachinePrice]:
    """Raises UnknownPrice for the machine."""
    asked, shape = book.machine(cloud, region, machine), _shape(cloud, machine)
    if shape is None:
        return []
    limit = asked.hourly.usd
    found = [
        price
        for name in book.machines(cloud, region)
        if (other := _shape(cloud, name)) and _holds(other, shape) and (price := _priced(book, cloud, region, name))
        if price.on_demand and price.on_demand.usd < limit
    ]
    return sorted(found, key=lambda price: (price.hourly.usd, price.name))


def _holds(other: MachineType, asked: MachineType) -> bool:
    if other.architecture != asked.architecture or (partial(other) and not partial(asked)):
        return False
    if other.vcpu < asked.vcpu or other.memory_gib < asked.memory_gib:
        return False
    if other.accelerator is None or asked.accelerator is None:
        return other.accelerator is asked.accelerator
    return (
        other.accelerator.count == asked.accelerator.count
        and other.accelerator.resource == asked.accelerator.resource
        and other.accelerator.memory_gib >= asked.accelerator.memory_gib
    )


def partial(machine: MachineType) -> bool:
    """Whether it sustains only a part of the vCPU that it shows."""
    shared = machine.cloud == "gcp" and machine.name in ("e2-micro", "e2-small", "e2-medium")
    return shared or machine.name.startswith(_PARTIAL.get(machine.cloud, ()))


@cache
def _shape(cloud: str, name: str) -> MachineType | None:
    """None where the catalogue has no such machine."""
    try:
        return catalogue.machine(cloud, name)
    except UnknownMachineType:
        return None


def _priced(book: PriceBook, cloud: str, region: str, name: str) -> MachinePrice | None:
    try:
        return book.machine(cloud, region, name)
    except UnknownPrice:
        return None
