"""What brings a part of the bill under its ceiling. Every fix is priced before it is told: applied, it passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from changes import PoolChange, pool_changes
from priced import Measure, Priced, Scope, usd

from penstock_cost.book import PriceBook
from penstock_cost.money import UnknownPrice
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import cloud_of

MOST_POOLS = 3
"""The dearest pools for which fixes are looked for."""
_CENT = 0.005


class Fix(NamedTuple):
    """A change that makes the ceiling hold."""

    text: str
    usd: float
    """What the part of the bill costs with it."""
    changed: Mapping[str, Resource] = {}
    """The resources as they would be; none where the change is none of resources."""


class Search:
    """The search for fixes of one part of the bill."""

    def __init__(self, priced: Priced, scope: Scope, measure: Measure, limit: float) -> None:
        self._priced, self._scope, self._measure, self._limit = priced, scope, measure, limit
        self._pools = pool_changes(priced, scope, measure)
        self._holes = len(priced.holes(scope))

    def fixes(self) -> list[Fix]:
        """Each alone brings it under the ceiling; where none does, lower maxima of several pools together."""
        found: list[Fix] = []
        for pool in self._pools[:MOST_POOLS]:
            found += [*self._maximum(pool), *self._machine(pool), *self._commitment(pool)]
        return found or list(self._together())

    def least(self) -> float:
        """What it costs with every maximum lowered as far as it may be."""
        return self._cost(self._priced.with_resources(self._lowered(self._pools)))

    def _maximum(self, pool: PoolChange, others: Mapping[str, Resource] | None = None) -> Iterator[Fix]:
        """The largest maximum that fits."""
        low, high = pool.minimum // pool.unit, pool.maximum // pool.unit - 1
        stack = {**self._priced.stack.by_urn, **(others or {})}
        best: Fix | None = None
        while low <= high:
            middle = (low + high) // 2
            changed = {**(others or {}), **pool.with_maximum(stack, middle * pool.unit)}
            cost = self._fits(self._priced.with_resources(changed))
            if cost is None:
                high = middle - 1
            else:
                best = Fix(f"{_maximum_text(pool, middle * pool.unit)} ({usd(cost)})", cost, changed)
                low = middle + 1
        if best:
            yield best

    def _machine(self, pool: PoolChange) -> Iterator[Fix]:
        """The cheapest machine that holds as much, if the ceiling holds with it."""
        cloud, name = _cloud(pool), pool.machine()
        if not cloud or not name:
            return
        try:
            others = PriceBook.bundled().alternatives(cloud, pool.item.region, name)
        except UnknownPrice:
            return
        for other in others[:5]:
            changed = pool.with_machine(self._priced.stack.by_urn, other.name)
            cost = self._fits(self._priced.with_resources(changed))
            if cost is not None:
                yield Fix(f"{other.name} instead of {name} in '{pool.name}' ({usd(cost)})", cost, changed)
                return

    def _commitment(self, pool: PoolChange) -> Iterator[Fix]:
        after = pool.committed(self._priced)
        cost = self._fits(after) if after else None
        if cost is not None:
            least = int(pool.item.counts[0])
            yield Fix(f"a 1-year commitment for the minimum of {least} of '{pool.name}' ({usd(cost)})", cost)

    def _together(self) -> Iterator[Fix]:
        """Lower maxima of several pools, the dearest first, and as few of them as it takes."""
        for count in range(2, len(self._pools) + 1):
            lowered, last = self._pools[: count - 1], self._pools[count - 1]
            others = self._lowered(lowered)
            texts = [_maximum_text(pool, pool.minimum) for pool in lowered]
            cost = self._fits(self._priced.with_resources({**others, **self._lowered([last], others)}))
            if cost is None:
                continue
            for fix in self._maximum(last, others):
                together = ", ".join([*texts, fix.text.partition(" (")[0]])
                yield Fix(f"together: {together} ({usd(fix.usd)})", fix.usd, fix.changed)
                return
            changed = {**others, **self._lowered([last], others)}
            together = ", ".join([*texts, _maximum_text(last, last.minimum)])
            yield Fix(f"together: {together} ({usd(cost)})", cost, changed)
            return

    def _lowered(self, pools: list[PoolChange], others: Mapping[str, Resource] | None = None) -> dict[str, Resource]:
        changed = dict(others or {})
        for pool in pools:
            if pool.minimum < pool.maximum:
                changed |= pool.with_maximum({**self._priced.stack.by_urn, **changed}, pool.minimum)
        return changed

    def _cost(self, after: Priced) -> float:
        return after.cost(self._scope, self._measure)

    def _fits(self, after: Priced) -> float | None:
        """What it costs then, if that is within the ceiling and nothing has lost its price."""
        cost = self._cost(after)
        return cost if cost <= self._limit + _CENT and len(after.holes(self._scope)) <= self._holes else None


def _maximum_text(pool: PoolChange, machines: int) -> str:
    zones = f", {machines // pool.unit} a zone" if pool.unit > 1 else ""
    return f"maximum {machines} of '{pool.name}'{zones}"


def _cloud(pool: PoolChange) -> str:
    return cloud_of(pool.item.type)
