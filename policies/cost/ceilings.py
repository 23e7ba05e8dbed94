"""Ceilings of the stack, of pools, tenants and environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from fixes import COMMITMENT, Search
from priced import Measure, Priced, Scope, everything, holds_pools, pool_of, priced, usd
from pydantic import Field

from penstock_cost.bill import Hole, Item
from penstock_cost.crossguard import Finding, Seen
from penstock_cost.crossguard.rules import Config
from penstock_cost.crossguard.values import known_texts

_MEASURE = (
    "What is held to it: the ceiling (every bound at its maximum), bounded (what the workloads can ask "
    "for), expected or floor."
)
_WORDS = {
    "floor": "at its floor",
    "expected": "as expected",
    "ceiling": "at its ceiling",
    "bounded": "at the most that its workloads can ask for",
}
_LABELS = ("tags", "labels", "resourceLabels", "nodeLabels", "nodeConfig.resourceLabels", "metadata.labels")


class StackCeiling(Config):
    usd: float | None = Field(default=None, gt=0, description="USD a month that the stack may cost.")
    measure: Measure = Field(default="ceiling", description=_MEASURE)


class Ceiling(Config):
    pattern: str = Field(min_length=1, description="A glob of the name.")
    usd: float = Field(gt=0, description="USD a month that each that matches may cost.")
    measure: Measure = Field(default="ceiling", description=_MEASURE)


class Ceilings(Config):
    limits: tuple[Ceiling, ...] = Field(default=(), description="The first whose pattern matches a name counts.")


def stack_ceiling(stack: Seen, config: StackCeiling, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """The stack above its ceiling, or not known to be below it."""
    if config.usd is not None:
        yield from held(priced(stack, configs), "The stack", everything, config.usd, config.measure)


def pool_ceilings(stack: Seen, config: Ceilings, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """Pools above their ceilings."""
    if config.limits:
        bill = priced(stack, configs)
        yield from _each(bill, config, "Pool", pool_of)
        for hole in bill.bill.holes:
            if holds_pools(hole) and not hole.allowed:
                yield Finding(f"The pools of '{hole.name}' cannot be held to a ceiling: {hole.reason}", hole.urn)


def tenant_ceilings(stack: Seen, config: Ceilings, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """Tenants above their ceilings. What they share is not in them."""
    if config.limits:
        yield from _each(priced(stack, configs), config, "Tenant", lambda line: line.tenant)


def environment_ceilings(stack: Seen, config: Ceilings, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """Environments above their ceilings: by the label or tag `environment`, else the name of the stack."""
    if config.limits:
        bill = priced(stack, configs)
        yield from _each(bill, config, "Environment", lambda line: environment(bill, line))


def environment(bill: Priced, line: Item | Hole) -> str:
    """The environment of a line: its resource's label, that of a component above, or the stack's name."""
    resource = bill.stack.by_urn.get(line.urn)
    for one in (resource, *bill.stack.ancestors(resource)) if resource else ():
        for path in _LABELS:
            if found := known_texts(one.properties, path).get("environment"):
                return found
    return bill.name


def held(bill: Priced, what: str, scope: Scope, limit: float, measure: Measure) -> Iterator[Finding]:
    """What is wrong with a part of the bill under its ceiling: holes, or too much."""
    for hole in bill.holes(scope):
        at = f" ({hole.property})" if hole.property and hole.property not in hole.reason else ""
        yield Finding(
            f"'{hole.name}' ({hole.type}) has no price{at}, so {_lower(what)} cannot be held to {usd(limit)}: "
            f"{hole.reason}",
            hole.urn,
        )
    cost = bill.cost(scope, measure)
    if cost <= limit + 0.005:
        return
    dearest = max((item for item in bill.bill.items if scope(item)), key=lambda item: getattr(item.cost, measure))
    yield Finding(
        f"{_sum(bill, what, scope, measure)} {usd(cost)} a month {_WORDS[measure]}, which exceeds {usd(limit)} by "
        f"{usd(cost - limit)}. {_advice(bill, scope, limit, measure)}",
        dearest.urn,
    )


def _sum(bill: Priced, what: str, scope: Scope, measure: Measure) -> str:
    machines = [item for item in bill.bill.items if scope(item) and item.kind == "machines"]
    if len(machines) != 1:
        return f"{what} costs"
    count = machines[0].counts[("floor", "expected", "ceiling", "bounded").index(measure)]
    return f"{what}: {count:g} × {machines[0].what} ="  # noqa: RUF001 (people read it as times)


def _advice(bill: Priced, scope: Scope, limit: float, measure: Measure) -> str:
    search = Search(bill, scope, measure, limit)
    fixes = search.fixes()
    fits = f"Fits: {'; '.join(fix.text for fix in fixes)}." if fixes else ""
    if any(part.startswith(COMMITMENT) for fix in fixes for part in fix.parts):
        fits += " A commitment that is bought is said in `annotations` of `estimate`, or by the pool itself."
    floor = bill.cost(scope, "floor")
    if floor > limit:
        return f"The floor is {usd(floor)}; no maximum can meet this ceiling. " + (
            fits or "Lower the minimum of a pool, choose smaller machines, or raise the ceiling."
        )
    if fits:
        return fits
    return (
        "With every maximum lowered to its minimum (or 1), without idle pools, and with the cheapest machines and "
        f"commitments it is still {usd(search.least())}; no maximum can meet this ceiling. Choose smaller machines, or "
        "raise the ceiling."
    )


def _each(bill: Priced, config: Ceilings, what: str, key: Callable[[Item | Hole], str]) -> Iterator[Finding]:
    lines: list[Item | Hole] = [*bill.bill.items, *bill.bill.holes]
    for name in dict.fromkeys(key(line) for line in lines):
        limit = next((one for one in config.limits if name and fnmatchcase(name, one.pattern)), None)
        if limit:
            scope = partial(_is, key, name)
            yield from held(bill, f"{what} '{name}'", scope, limit.usd, limit.measure)


def _is(key: Callable[[Item | Hole], str], name: str, line: Item | Hole) -> bool:
    return key(line) == name


def _lower(what: str) -> str:
    return what[0].lower() + what[1:]
