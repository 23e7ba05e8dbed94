"""What pricers find that becomes a line of the bill only once every resource has been read."""

from __future__ import annotations

from typing import NamedTuple

from penstock_cost.money import Rate
from penstock_cost.resources.model import Resource
from penstock_cost.resources.options import Taint


class Disk(NamedTuple):
    """A disk that each machine of a pool has."""

    what: str
    usd: float
    """USD a month."""
    rates: tuple[Rate, ...]
    with_spot: Disk | None = None
    """The same as it costs with a spot machine; None: no less."""


class Pool(NamedTuple):
    """Machines that are made from one resource. Counts are totals, or of one zone where `per_zone` says so."""

    resource: Resource
    cloud: str
    region: str
    machines: tuple[str, ...]
    minimum: int
    maximum: int
    desired: int | None = None
    purchase: str = "on_demand"
    zones: int = 1
    per_zone: bool = False
    accelerator: str = ""
    """Attached to each machine: `nvidia-tesla-t4:1`."""
    disks: tuple[Disk, ...] = ()
    name: str = ""
    """Its name on the bill where it is not that of the resource."""
    part: str = ""
    """Which part of the resource's machines it is, where one resource has several; empty where it is all."""
    labels: dict[str, str] = {}
    taints: tuple[Taint, ...] = ()
    cluster: str = ""
    """The URN of the Kubernetes cluster it belongs to; empty where that is not known."""
    holds: frozenset[str] = frozenset()
    """The capacity reservations that its machines are meant for, by URN or name."""
    takes_open: bool = False
    """Whether its machines also run in any reservation that matches them."""
    spot_price: float | None = None
    fixed: bool = False
    """Whether it keeps its size whatever the workloads do: no autoscaler moves it."""
    notes: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """Its name on the bill, unless somebody gave it another."""
        return self.name or self.resource.name

    @property
    def factor(self) -> int:
        """By which counts are multiplied."""
        return self.zones if self.per_zone else 1

    @property
    def least(self) -> int:
        """The fewest machines over all zones."""
        return self.minimum * self.factor

    @property
    def most(self) -> int:
        """The most machines over all zones."""
        return self.maximum * self.factor


class Reservation(NamedTuple):
    """Machines that are held, and paid for whether they run or not."""

    resource: Resource
    cloud: str
    region: str
    machine: str
    machines: int
    """How many it holds."""
    names: frozenset[str]
    """By what pools may name it: its URN, its name, its group's URN."""
    open: bool = False
    """Whether any machine that matches runs in it."""
    accelerator: str = ""


class Committed(NamedTuple):
    """vCPU and memory of a family of Google Cloud's machines that are paid for to the end of a term."""

    resource: Resource
    region: str
    family: str
    """The commitment's type, such as `GENERAL_PURPOSE_N2`."""
    vcpu: float
    gib: float
    term: str
    """`1y` or `3y`."""
