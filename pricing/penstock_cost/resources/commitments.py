"""Which pools a bought commitment covers, so that no machine is paid for twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from penstock_cost.bill import Hole, Item
from penstock_cost.catalogue import family, machine
from penstock_cost.model import MachineType, UnknownMachineType
from penstock_cost.money import HOURS_PER_MONTH, CostError, Rate, UnknownPrice, always
from penstock_cost.resources.found import Committed, Pool
from penstock_cost.resources.options import Annotation, Commitment

if TYPE_CHECKING:
    from penstock_cost.book import PriceBook
    from penstock_cost.resources.context import Context


class Cover:
    """What of the commitments is used by pools. Pools take from it one after the other."""

    def __init__(self, bought: Sequence[Committed]) -> None:
        self._bought = sorted(bought, key=lambda one: one.resource.urn)
        self._left = [(one.vcpu, one.gib) for one in self._bought]
        self._used_by: list[list[str]] = [[] for _ in self._bought]

    def all(self, pools: Sequence[Pool], annotated: Sequence[Annotation]) -> list[Commitment | None]:
        """The commitment that covers the machines of each pool that always run, as far as one was bought.

        Those that say they are reserved come first, then those of the component that bought the commitment.
        """
        covered: list[Commitment | None] = [None] * len(pools)
        if not self._bought:
            return covered
        order = sorted(range(len(pools)), key=lambda i: (annotated[i].purchase != "reserved", pools[i].resource.urn))
        for near in (True, False):
            for index in order:
                if covered[index] is None:
                    covered[index] = self._cover(pools[index], annotated[index], near)
        return covered

    def lines(self, context: Context) -> Iterator[Item | Hole]:
        """What of the commitments no pool uses is paid for all the same."""
        for bought, (vcpu, gib), users in zip(self._bought, self._left, self._used_by, strict=True):
            try:
                usd, rates = _committed_usd(context.book, bought, vcpu, gib) if vcpu or gib else (0.0, [])
            except CostError as problem:
                yield context.hole(bought.resource, str(problem))
                continue
            notes = ["It is paid for to the end of its term, whatever happens to what it was bought for."]
            if users:
                notes.append(f"What {', '.join(users)} use of it is on their bill, not here.")
            yield context.line(
                bought.resource,
                f"{bought.term} commitment of {bought.vcpu:g} vCPU and {bought.gib:g} GiB, what of it nobody uses",
                "machines",
                always(usd),
                rates,
                basis="committed for the whole term",
                region=bought.region,
                notes=notes,
                irrevocable=True,
            )

    def _cover(self, pool: Pool, said: Annotation, near: bool) -> Commitment | None:
        if pool.cloud != "gcp" or pool.purchase != "on_demand" or said.purchase not in (None, "on_demand", "reserved"):
            return None
        kind = _kind(pool.machines[0])
        if kind is None or not pool.least or pool.accelerator:
            return None
        vcpu, gib = kind[0].vcpu * pool.least, kind[0].memory_gib * pool.least
        for index, bought in enumerate(self._bought):
            left = self._left[index]
            if (
                bought.region == pool.region
                and bought.family == kind[1]
                and (bought.resource.parent == pool.resource.parent) is near
                and (said.commitment is None or said.commitment.term == bought.term)
                and left[0] >= vcpu - 1e-6
                and left[1] >= gib - 1e-6
            ):
                self._left[index] = (max(left[0] - vcpu, 0.0), max(left[1] - gib, 0.0))
                self._used_by[index].append(said.pool or pool.called)
                return Commitment(term=bought.term)
        return None


@lru_cache(maxsize=256)
def _kind(name: str) -> tuple[MachineType, str | None] | None:
    try:
        return machine("gcp", name), family("gcp", name).commitment_type
    except UnknownMachineType:
        return None


def _committed_usd(book: PriceBook, bought: Committed, vcpu: float, gib: float) -> tuple[float, list[Rate]]:
    """USD a month of so much of a family, from two machine types of it that differ in memory per vCPU."""
    shapes: list[tuple[MachineType, Rate]] = []
    for name in book.machines("gcp", bought.region):
        kind = _kind(name)
        if kind is None or kind[1] != bought.family or kind[0].accelerator:
            continue
        listed = book.machine("gcp", bought.region, name).on_demand
        if listed is None or (shapes and abs(_ratio(shapes[0][0]) - _ratio(kind[0])) < 1):
            continue
        shapes.append((kind[0], listed))
        if len(shapes) == 2:
            break
    if len(shapes) < 2:
        raise UnknownPrice(
            f"No price of committed {bought.family} in {bought.region} is known. State negotiated rates."
        )
    (one, first), (other, second) = shapes
    per_gib = (second.usd / other.vcpu - first.usd / one.vcpu) / (_ratio(other) - _ratio(one))
    per_vcpu = first.usd / one.vcpu - per_gib * _ratio(one)
    discount = book.commitment("gcp", bought.region, one.name, bought.term, "no_upfront")
    hourly = (vcpu * per_vcpu + gib * per_gib) * (1 - discount.discount)
    return max(hourly, 0.0) * HOURS_PER_MONTH, [first, second, discount.rate]


def _ratio(shape: MachineType) -> float:
    return shape.memory_gib / shape.vcpu
