"""The bill of a stack: what is priced, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from penstock_cost.money import Confidence, Estimate, Rate, least, total

PER_MACHINE = "one for each machine"
"""The basis of what every machine of a pool has, such as its disks."""


class Item(NamedTuple):
    """A line of the bill. A resource may have several: its machines, their disks, its fee."""

    urn: str
    """The resource that costs it; empty for what is no resource (tokens of an LLM API)."""
    name: str
    """The resource's name in the program."""
    type: str
    """The resource's type token."""
    what: str
    """What is paid for, for example `p3.2xlarge, on demand` or `root disks, gp3`."""
    kind: str
    """`machines`, `accelerators`, `disks`, `control_plane`, `network`, `database`, `tokens` or `other`."""
    cost: Estimate
    confidence: Confidence
    basis: str
    """From what the expected cost was computed, as a phrase: `schedule, 60 of 168 hours a week`."""
    rates: tuple[Rate, ...]
    """The prices that went into it."""
    region: str = ""
    pool: str = ""
    """The node pool it belongs to."""
    tenant: str = ""
    """The tenant it is for; empty where it is shared."""
    purchase: str = ""
    """How machines are bought, as in `penstock`: on_demand, spot, reserved, capacity_block, flex."""
    unit_usd_per_hour: float = 0.0
    """Machines: what one costs an hour, as bought; 0 elsewhere."""
    counts: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Machines: how many at the floor, on average, at the ceiling, at the workload-bounded ceiling."""
    gpus: float = 0.0
    """Machines: GPUs of one machine."""
    notes: tuple[str, ...] = ()
    """What else a reader should know, each a sentence."""
    irrevocable: bool = False
    """Whether it is a purchase that cannot be undone."""


class Hole(NamedTuple):
    """What costs money, or may, and has no price here. It is never counted as 0."""

    urn: str
    name: str
    type: str
    reason: str
    """Why, and what to write so that it gets a price: a full sentence."""
    property: str = ""
    """The path of the property that is unknown or cannot be priced; empty where it is the whole type."""
    allowed: bool = False
    """Whether the configuration accepts it as a hole."""
    pool: str = ""
    tenant: str = ""


class Bill(NamedTuple):
    """What a stack costs a month."""

    items: tuple[Item, ...]
    holes: tuple[Hole, ...]
    free: int = 0
    """How many resources are known to cost nothing."""

    @property
    def cost(self) -> Estimate:
        """The sum of its items. Holes are not in it."""
        return total(item.cost for item in self.items)

    @property
    def confidence(self) -> Confidence:
        """The least of its items; low where there are holes that nobody allowed."""
        if any(not hole.allowed for hole in self.holes):
            return Confidence.LOW
        return least(item.confidence for item in self.items if item.cost.ceiling)

    def only(self, wanted: Callable[[Item | Hole], bool]) -> Bill:
        """Its part that matches: a pool's, a tenant's."""
        return Bill(tuple(filter(wanted, self.items)), tuple(filter(wanted, self.holes)))


def by(items: Iterable[Item], key: Callable[[Item], str]) -> dict[str, list[Item]]:
    """The items in groups, in the order of their first."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
