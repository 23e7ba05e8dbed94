"""What a change costs, by line of the bill and by cause, so that newer prices are not blamed on the change."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any, NamedTuple

from penstock_cost.bill import PER_MACHINE
from penstock_cost.money import Estimate, total
from penstock_cost.report.changes import CAUSES, Amounts, Cause, Change, Difference
from penstock_cost.report.document import HoleEntry, ItemEntry, Report
from penstock_cost.report.view import one_line, span, what

FEWEST = 0.001
"""Machines; what one of fewer costs is not computed from them."""
SMALLEST = 0.005
"""USD a month; less than this is no difference."""


class _Pair(NamedTuple):
    before: ItemEntry | None
    after: ItemEntry | None


def difference(before: Report, after: Report) -> Difference:
    """What it costs to go from one to the other."""
    unpriced = {_place(hole.urn, hole.name) for one in (before, after) for hole in one.holes}
    changes = [made for pair in _pairs(before.items, after.items) if (made := _change(pair, unpriced))]
    changes.sort(key=lambda one: (-abs(one.delta.ceiling), -abs(one.delta.expected), one.urn, one.what_after))
    holes_before, holes_after = ({_hole_key(hole): hole for hole in one.holes} for one in (before, after))
    return Difference(
        stack=after.stack or before.stack,
        before=_amounts(before.estimate),
        after=_amounts(after.estimate),
        delta=_amounts(_minus(after.estimate, before.estimate)),
        causes=tuple(_sums(changes)),
        changes=tuple(changes),
        new_holes=tuple(hole for key, hole in holes_after.items() if key not in holes_before),
        closed_holes=tuple(hole for key, hole in holes_before.items() if key not in holes_after),
        lasting_holes=tuple(hole for key, hole in holes_after.items() if key in holes_before),
        prices_before=before.prices.newest,
        prices_after=after.prices.newest,
    )


def _pairs(before: Iterable[ItemEntry], after: Iterable[ItemEntry]) -> Iterator[_Pair]:
    """Lines of the same resource and kind; those that pay for the same thing first, the others in their order."""
    old, new = _by_key(before), _by_key(after)
    for key in dict.fromkeys([*old, *new]):
        mine, theirs = old.get(key, []), new.get(key, [])
        for one in list(mine):
            same = next((other for other in theirs if other.what == one.what), None)
            if same:
                mine.remove(one)
                theirs.remove(same)
                yield _Pair(one, same)
        for at in range(max(len(mine), len(theirs))):
            yield _Pair(mine[at] if at < len(mine) else None, theirs[at] if at < len(theirs) else None)


def _by_key(items: Iterable[ItemEntry]) -> dict[tuple[str, ...], list[ItemEntry]]:
    """Stack and project are left out, so that two stacks of a program can be compared."""
    found: dict[tuple[str, ...], list[ItemEntry]] = {}
    for item in items:
        found.setdefault((_place(item.urn, item.name), item.kind), []).append(item)
    return found


def _place(urn: str, name: str) -> str:
    return "::".join(urn.split("::")[2:]) or f"{urn}{name}"


def _hole_key(hole: HoleEntry) -> tuple[str, str]:
    return (_place(hole.urn, hole.name), hole.property)


def _change(pair: _Pair, unpriced: Container[str]) -> Change | None:
    before, after = pair
    shown = after or before
    assert shown is not None
    old, new = (one.estimate if one else Estimate(0, 0, 0, 0) for one in pair)
    delta = _minus(new, old)
    if before and after:
        causes = list(_causes(before, after, delta))
    else:
        name = ("new", "priced") if after else ("removed", "unpriced")
        causes = [_cause((name[_place(shown.urn, shown.name) in unpriced],), what(shown), delta)]
    if not causes:
        return None
    return Change(
        change="changed" if before and after else "new" if after else "removed",
        **{field: getattr(shown, field) for field in ("urn", "name", "pool", "type", "kind")},
        what_before=what(before) if before else "",
        what_after=what(after) if after else "",
        before=_amounts(old),
        after=_amounts(new),
        delta=_amounts(delta),
        causes=tuple(causes),
    )


def _causes(before: ItemEntry, after: ItemEntry, delta: Estimate) -> Iterator[Cause]:
    """The number of machines at the old prices apart; what is left is of the prices, or of what was chosen."""
    chosen = list(_chosen(before, after))
    recounted = _counts(before) != _counts(after)
    # A further machine may cost more than those before it: beyond a commitment, or below a discount for long use.
    alone = recounted and not chosen and _prices(before) == _prices(after)
    counted = delta if alone else _of_counts(before, after)
    rest = _minus(delta, counted)
    if recounted:
        yield _cause(("count",), _count_text(before, after), counted)
    if not _any(rest) and not (chosen and not _any(delta)):
        return
    if chosen:
        yield _cause(tuple(name for name, _ in chosen), ", ".join(text for _, text in chosen), rest)
    elif _prices(before) != _prices(after):
        yield _cause(("price",), _price_text(before, after), rest)
    elif before.basis == after.basis == PER_MACHINE:
        yield _cause(("count",), f"{one_line(after.what)} for each", rest)
    elif after.kind != "machines":
        yield _cause(("size",), f"{one_line(before.what)} → {one_line(after.what)}", rest)
    else:
        yield _cause(("other",), f"{one_line(before.basis)} → {one_line(after.basis)}", rest)


def _of_counts(before: ItemEntry, after: ItemEntry) -> Estimate:
    """What another number of machines makes, each at what one cost before; where none ran before, at what it costs."""
    made = []
    for old, new, cost, later in zip(_counts(before), _counts(after), before.estimate, after.estimate, strict=True):
        one = cost / old if old > FEWEST else later / new if new > FEWEST else 0.0
        made.append((new - old) * one)
    return Estimate(*made)


def _chosen(before: ItemEntry, after: ItemEntry) -> Iterator[tuple[str, str]]:
    """What somebody changed, beside the count."""
    if before.kind == "machines" and _machines(before) != _machines(after):
        yield "type", f"{_machines(before)} → {_machines(after)}"
    for field in ("region", "purchase"):
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield field, f"{old or 'none'} → {new or 'none'}"
    if before.kind != "machines" and before.what != after.what:
        yield "size", f"{one_line(before.what)} → {one_line(after.what)}"
    for field in ("pool", "tenant"):
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield "other", f"{field}: {one_line(old) or 'none'} → {one_line(new) or 'none'}"


def _machines(item: ItemEntry) -> str:
    return one_line(item.what.partition(",")[0])


def _counts(item: ItemEntry) -> tuple[float, ...]:
    return tuple(value for _, value in item.counts)


def _prices(item: ItemEntry) -> list[tuple[float, str]]:
    return sorted((rate.usd, rate.unit) for rate in item.rates)


def _count_text(before: ItemEntry, after: ItemEntry) -> str:
    old, new = _counts(before), _counts(after)
    if (old[0], old[2]) != (new[0], new[2]):
        return f"{span(old[0], old[2])} → {span(new[0], new[2])}"
    if old[1] != new[1]:
        return f"{old[1]:.4g} → {new[1]:.4g} on average"
    return f"{old[3]:.4g} → {new[3]:.4g} that the workloads can ask for"


def _price_text(before: ItemEntry, after: ItemEntry) -> str:
    old, new = (max((rate.as_of for rate in item.rates), default="") for item in (before, after))
    return f"{old or 'no date'} → {new or 'no date'}"


def _sums(changes: Iterable[Change]) -> Iterator[Cause]:
    found: dict[tuple[str, ...], list[Estimate]] = {}
    for cause in (cause for one in changes for cause in one.causes):
        found.setdefault(tuple(dict.fromkeys(cause.causes)), []).append(cause.delta.estimate)
    order = [*CAUSES]
    for names in sorted(found, key=lambda names: (order.index(names[0]), names)):
        yield _cause(names, " and ".join(CAUSES[name] for name in names), total(found[names]))


def _any(estimate: Estimate) -> bool:
    return any(abs(amount) >= SMALLEST for amount in estimate)


def _cause(causes: tuple[str, ...], text: str, delta: Estimate) -> Cause:
    return Cause(causes=tuple(dict.fromkeys(causes)), text=text, delta=_amounts(delta))


def _minus(one: Estimate, other: Estimate) -> Estimate:
    return Estimate(*(mine - theirs for mine, theirs in zip(one, other, strict=True)))


def _amounts(estimate: Estimate | Any) -> Amounts:
    floor, expected, ceiling, bounded = estimate
    return Amounts(floor=floor, expected=expected, ceiling=ceiling, bounded_ceiling=bounded)
