"""What brings a part of the bill under its ceiling. Every fix is priced before it is told: applied, it passes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from changes import PoolChange, pool_changes
from priced import Measure, Priced, Scope, usd

from penstock_cost.book import PriceBook
from penstock_cost.money import UnknownPrice
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import cloud_of

MOST_POOLS = 3
"""The dearest pools for which fixes are looked for."""
COMMITMENT = "a 1-year commitment for the minimum"
_CENT = 0.005


class Fix(NamedTuple):
    """A change that makes the ceiling hold."""

    parts: tuple[str, ...]
    """What to change, each as a phrase; several of them only help together."""
    usd: float
    """What the part of the bill costs with it."""
    changed: Mapping[str, Resource] = {}
    """The resources as they would be; none where the change is none of resources."""
    removed: tuple[str, ...] = ()
    """The URNs of the resources that would no longer be."""

    @property
    def text(self) -> str:
        """For example `maximum 8 of 'gpu' ($17,886.40)`."""
        return f"{'together: ' if len(self.parts) > 1 else ''}{', '.join(self.parts)} ({usd(self.usd)})"


class _Step(NamedTuple):
    parts: tuple[str, ...]
    after: Priced
    changed: Mapping[str, Resource]


class Search:
    """The search for fixes of one part of the bill."""

    def __init__(self, priced: Priced, scope: Scope, measure: Measure, limit: float) -> None:
        self._priced, self._scope, self._measure, self._limit = priced, scope, measure, limit
        self._pools = pool_changes(priced, scope, measure)
        self._holes = len(priced.holes(scope))

    def fixes(self) -> list[Fix]:
        """Each alone brings it under the ceiling; where none does, several changes together."""
        found: list[Fix] = []
        for pool in self._pools[:MOST_POOLS]:
            found += [*self._maximum(pool), *self._machine(pool), *self._commitment(pool)]
        return found or list(self._together()) or list(self._further())

    def least(self) -> float:
        """What it costs with every change of these kinds that lowers it."""
        rest = Search(self._without(self._idle()), self._scope, self._measure, self._limit)
        return min(self._cost(step.after) for step in rest._steps())

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
                best = Fix((_maximum_text(pool, middle * pool.unit),), cost, changed)
                low = middle + 1
        if best:
            yield best

    def _machine(self, pool: PoolChange) -> Iterator[Fix]:
        """The cheapest machine that holds as much, if the ceiling holds with it."""
        for text, changed in _cheaper(pool, self._priced.stack.by_urn):
            cost = self._fits(self._priced.with_resources(changed))
            if cost is not None:
                yield Fix((text,), cost, changed)
                return

    def _commitment(self, pool: PoolChange) -> Iterator[Fix]:
        after = pool.committed(self._priced)
        cost = self._fits(after) if after else None
        if cost is not None:
            yield Fix((_commitment_text(pool),), cost)

    def _together(self) -> Iterator[Fix]:
        """Lower maxima of several pools, the dearest first, and as few of them as it takes."""
        count = self._fewest(self._pools, lambda some: self._priced.with_resources(self._lowered(some)))
        if not count:
            return
        lowered, last = (
            [pool for pool in self._pools[: count - 1] if pool.minimum < pool.maximum],
            self._pools[count - 1],
        )
        parts = [_maximum_text(pool, pool.minimum) for pool in lowered]
        for fix in self._maximum(last, self._lowered(lowered)):
            yield fix._replace(parts=(*parts, *fix.parts))

    def _further(self) -> Iterator[Fix]:
        """Where no maxima are enough: without idle pools, then with cheaper ones. Not below the floor."""
        if self._priced.cost(self._scope, "floor") > self._limit:
            return
        idle = self._idle()
        if not idle:
            yield from self._cheapest()
            return
        lowered = self._lowered(self._pools)
        count = self._fewest(idle, lambda some: self._without(some).with_resources(lowered))
        gone = idle[: count or len(idle)]
        rest = self._without(gone)
        cost = self._fits(rest)
        found = [Fix((), cost)] if cost is not None else Search(rest, self._scope, self._measure, self._limit).fixes()
        for fix in found[:1]:
            removed = (*(pool.urn for pool in gone), *fix.removed)
            yield fix._replace(parts=(*(f"without '{pool.name}'" for pool in gone), *fix.parts), removed=removed)

    def _cheapest(self) -> Iterator[Fix]:
        """Every maximum lowered, and as many cheaper machines and commitments as it takes, the dearest pools first."""
        for parts, after, changed in self._steps():
            cost = self._fits(after)
            if cost is not None:
                yield Fix(parts, cost, changed)
                return

    def _steps(self) -> Iterator[_Step]:
        """From the lowest maxima on, one cheaper machine or commitment more each time."""
        changed = self._lowered(self._pools)
        parts = [_maximum_text(pool, pool.minimum) for pool in self._pools if pool.minimum < pool.maximum]
        now = self._priced.with_resources(changed)
        yield _Step(tuple(parts), now, changed)
        for pool in self._pools:
            for text, cheaper in _cheaper(pool, now.stack.by_urn):
                after = now.with_resources(cheaper)
                if self._helps(now, after):
                    now, changed = after, {**changed, **cheaper}
                    parts.append(text)
                    yield _Step(tuple(parts), now, changed)
                    break
        for pool in self._pools:
            committed = pool.committed(now)
            if committed and self._helps(now, committed):
                now = committed
                parts.append(_commitment_text(pool))
                yield _Step(tuple(parts), now, changed)

    def _fewest(self, pools: list[PoolChange], after: Callable[[list[PoolChange]], Priced]) -> int:
        """How many of the pools, the first of them, it takes at least; 0 where all of them are not enough."""

        def fits(some: int) -> bool:
            return self._fits(after(pools[:some])) is not None

        if not pools or not fits(len(pools)):
            return 0
        return bisect_left(range(1, len(pools) + 1), True, key=fits) + 1

    def _idle(self) -> list[PoolChange]:
        """What could be left out, but never all of it."""
        return [pool for pool in self._pools if pool.idle][: len(self._pools) - 1]

    def _without(self, pools: list[PoolChange]) -> Priced:
        return self._priced.without([pool.urn for pool in pools])

    def _helps(self, before: Priced, after: Priced) -> bool:
        return self._cost(after) < self._cost(before) and len(after.holes(self._scope)) <= self._holes

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


def _cheaper(pool: PoolChange, stack: Mapping[str, Resource]) -> Iterator[tuple[str, dict[str, Resource]]]:
    """Cheaper machines that hold as much, each as a phrase and as the pool that has it; the cheapest first."""
    cloud, name = cloud_of(pool.item.type), pool.machine()
    if not cloud or not name:
        return
    try:
        others = PriceBook.bundled().alternatives(cloud, pool.item.region, name)
    except UnknownPrice:
        return
    for other in others[:5]:
        yield f"{other.name} instead of {name} in '{pool.name}'", pool.with_machine(stack, other.name)


def _commitment_text(pool: PoolChange) -> str:
    return f"{COMMITMENT} of {int(pool.item.counts[0])} of '{pool.name}'"


def _maximum_text(pool: PoolChange, machines: int) -> str:
    zones = f", {machines // pool.unit} a zone" if pool.unit > 1 else ""
    return f"maximum {machines} of '{pool.name}'{zones}"
