"""The bill and what a change costs as Markdown, for comments on pull requests."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from penstock_cost.money import Estimate
from penstock_cost.report.changes import (
    CAUSES,
    Change,
    Difference,
    difference_headline,
    not_compared,
    prices_compared,
)
from penstock_cost.report.document import HoleEntry, Report
from penstock_cost.report.view import (
    NO_TENANT,
    by_reason,
    change,
    headline,
    kind,
    lines,
    one_line,
    open_holes,
    price_sentence,
    some,
    usd,
)

MOST_CHANGES = 40
"""Further ones are only summed."""
_AMOUNTS = ("floor", "expected", "ceiling")
_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
"""Two dollar signs in a line would be taken for a formula."""


def markdown(report: Report) -> str:
    """The whole bill."""
    parts = [f"### {escaped(headline(report))}", _bill(report)]
    if usd(report.bounded_ceiling) != usd(report.ceiling):
        parts.append(f"The workloads can ask for at most ${usd(report.bounded_ceiling)} of the ceiling.")
    for title, groups, named in (
        ("By kind", report.kinds, kind),
        ("By tenant", report.tenants, lambda name: name or NO_TENANT),
    ):
        if len(groups) > 1:
            rows = [(escaped(named(group.name)), _amounts(group.estimate)) for group in groups]
            parts.append(_details(title, _grid((title, *_AMOUNTS), rows)))
    parts.append(_holes("Without a price, so that the stack costs more than this", open_holes(report)))
    parts.append(
        _holes("Without a price, which the configuration allows", [one for one in report.holes if one.allowed])
    )
    parts.append(f"<sub>USD a month of 730 hours. {escaped(price_sentence(report))}</sub>")
    return "\n\n".join(part for part in parts if part)


def markdown_difference(given: Difference) -> str:
    """What a change costs, and why."""
    parts = [f"### {escaped(difference_headline(given))}", _totals(given)]
    if not given.changes:
        parts.append("No line of the bill changes.")
    else:
        rows = [(_causes_of(cause.causes), _changes(cause.delta.estimate)) for cause in given.causes]
        parts.append(_grid(("because of", *_AMOUNTS), rows))
        parts.append(_details("By resource", _resources(given.changes)))
    parts.append(_holes("New without a price, so that the change costs more than this", _unallowed(given.new_holes)))
    parts.append(_holes("No longer without a price", given.closed_holes))
    parts.append(not_compared(given))
    parts.append(f"<sub>USD a month of 730 hours. {escaped(prices_compared(given))}</sub>")
    return "\n\n".join(part for part in parts if part)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: names may hold anything."""
    shown = html.escape(one_line(text), quote=False).replace("@", "@\u200b")  # names nobody
    return _SPECIAL.sub(r"\\\1", shown)


def _bill(report: Report) -> str:
    rows = [(f"{escaped(line.name)} | {escaped(line.what)}", _amounts(line.cost)) for line in lines(report)]
    rows.append(("**total** | ", [f"**{amount}**" for amount in _amounts(report.estimate)]))
    return _grid(("pool or resource | what", *_AMOUNTS), rows, texts=2)


def _totals(given: Difference) -> str:
    rows = [
        ("before", _amounts(given.before.estimate)),
        ("after", _amounts(given.after.estimate)),
        ("**difference**", [f"**{amount}**" for amount in _changes(given.delta.estimate)]),
    ]
    return _grid(("USD a month", *_AMOUNTS), rows)


def _resources(changes: Sequence[Change]) -> str:
    rows = [(_resource(one), _changes(one.delta.estimate)) for one in changes[:MOST_CHANGES]]
    if rest := changes[MOST_CHANGES:]:
        summed = Estimate(*(sum(amounts) for amounts in zip(*(one.delta.estimate for one in rest), strict=True)))
        rows.append((f"and {len(rest)} more | | ", _changes(summed)))
    return _grid(("pool or resource | change | because of", *_AMOUNTS), rows, texts=3)


def _resource(one: Change) -> str:
    name = escaped(one.pool or one.name)
    if one.change != "changed":
        return f"{name} | {_causes_of(one.causes[0].causes)} | {escaped(one.what_after or one.what_before)}"
    told = "; ".join(f"{_causes_of(cause.causes)}: {escaped(cause.text)}" for cause in one.causes)
    return f"{name} | {escaped(kind(one.kind))} | {told}"


def _causes_of(causes: Iterable[str]) -> str:
    return " and ".join(CAUSES[cause] for cause in causes)


def _grid(head: Sequence[str], rows: Iterable[tuple[str, Iterable[str]]], texts: int = 1) -> str:
    def drawn() -> Iterator[str]:
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * texts}{'--:|' * (len(head) - 1)}"
        for text, amounts in rows:
            yield f"| {text} | {' | '.join(amounts)} |"

    return "\n".join(drawn())


def _details(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _holes(title: str, holes: Sequence[HoleEntry]) -> str:
    if not holes:
        return ""
    told = [
        f"- {escaped(some(names))} ({escaped(of)}): {escaped(reason)}"
        for of, reason, names in by_reason(sorted(holes, key=lambda hole: not hole.pool))
    ]
    return _details(f"{title} ({len(holes)})", "\n".join(told))


def _unallowed(holes: Iterable[HoleEntry]) -> list[HoleEntry]:
    return [hole for hole in holes if not hole.allowed]


def _amounts(estimate: Estimate) -> list[str]:
    return [usd(amount) for amount in estimate[:3]]


def _changes(estimate: Estimate) -> list[str]:
    return [change(amount) for amount in estimate[:3]]
