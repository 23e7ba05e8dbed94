"""The bill as a table for terminals, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from penstock_cost.money import CostError, Estimate
from penstock_cost.report.changes import CAUSES, Difference, difference_headline, not_compared, prices_compared
from penstock_cost.report.document import Report, restored
from penstock_cost.report.view import (
    NO_TENANT,
    Line,
    by_reason,
    change,
    headline,
    kind,
    lines,
    one_line,
    open_holes,
    price_sentence,
    shortened,
    some,
    uncertain,
    usd,
)

WIDTH = 100
MOST_REASONS = 12
"""Why something has no price: further types and reasons are only counted."""
_GAP = 2
"""Columns between two cells, and that tabulate leaves beside the words of the head."""
_HEAD = ("USD a month", "", "floor", "expected", "ceiling")


def table(report: Report | Mapping[str, Any]) -> str:
    """The whole bill, or its document, without a line break at its end. Raises CostError for what is no report."""
    return "\n".join(_lines(report if isinstance(report, Report) else restored(report)))


def difference_table(given: Difference) -> str:
    """What a change costs, and why, without a line break at its end."""
    return "\n".join(_difference_lines(given))


def _difference_lines(given: Difference) -> Iterator[str]:
    yield from wrapped(difference_headline(given))
    yield ""
    rows: list[Row] = []
    for one in given.changes:
        name = one.pool or one.name
        for cause in one.causes:
            because = " and ".join(CAUSES[name] for name in cause.causes)
            rows.append((name, f"{because}: {cause.text}", cause.delta.estimate))
            name = ""
    if rows:
        rows.append(SEPARATOR)
        title = "by cause"
        for cause in given.causes:
            rows.append((title, cause.text, cause.delta.estimate))
            title = ""
        rows.append(SEPARATOR)
    rows.append(("difference", "", given.delta.estimate))
    yield from grid(rows, words=change)
    yield ""
    if new := [hole for hole in given.new_holes if not hole.allowed]:
        yield from wrapped(f"New without a price, so that the change costs more than this ({len(new)}):")
        for kind_of, reason, names in by_reason(new)[:MOST_REASONS]:
            yield from wrapped(f"{some(names)} ({kind_of}): {reason}", "  - ", "    ")
    if given.closed_holes:
        closed = some([one_line(hole.name) for hole in given.closed_holes])
        yield from wrapped(f"No longer without a price ({len(given.closed_holes)}): {closed}.")
    yield from wrapped(not_compared(given))
    yield from wrapped(prices_compared(given))


def _lines(report: Report) -> Iterator[str]:
    yield from wrapped(headline(report))
    yield ""
    yield from grid([*_items(lines(report)), *_sums(report)])
    if usd(report.bounded_ceiling) != usd(report.ceiling):
        yield from wrapped(f"The workloads can ask for at most ${usd(report.bounded_ceiling)} of the ceiling.")
    yield ""
    yield from _holes(report)
    if low := uncertain(report):
        guesses = some([f"{one_line(item.pool or item.name)} ({item.basis})" for item in low], 4)
        yield from wrapped(f"Expected with low confidence: {guesses}.")
    if report.free:
        yield f"{report.free} resources cost nothing." if report.free > 1 else "1 resource costs nothing."
    yield from wrapped(price_sentence(report))


Row = tuple[str, str, Estimate]
SEPARATOR: Row = ("", "", Estimate(0, 0, 0, 0))


def grid(rows: Sequence[Row], words: Callable[[float], str] = usd) -> Iterator[str]:
    """Rows of two texts and amounts, fitted to the width. `SEPARATOR` draws a line."""
    tabulate = _tabulate()
    numbers = [[words(amount) for amount in row[2][:3]] for row in rows]
    wide = [max([len(_HEAD[2 + at]) + _GAP, *(len(row[at]) for row in numbers)]) for at in range(3)]
    left = max(WIDTH - sum(wide) - _GAP * 4, 20)
    texts_of = ([row[0] for row in rows], [row[1] for row in rows])
    longest = [
        max([len(_HEAD[at]) + _GAP, *(len(one_line(text)) for text in texts)]) for at, texts in enumerate(texts_of)
    ]
    first = min(longest[0], max(left - longest[1], left * 2 // 5))
    widths = (first, min(longest[1], left - first))
    cells = [
        [*(shortened(one_line(text), width) for text, width in zip(row[:2], widths, strict=True)), *texts]
        for row, texts in zip(rows, numbers, strict=True)
    ]
    drawn = tabulate(
        cells,
        headers=_HEAD,
        tablefmt="simple",
        colalign=("left", "left", "right", "right", "right"),
        disable_numparse=True,
    ).splitlines()
    rule = drawn[1]
    for row, line in zip([None, None, *rows], drawn, strict=True):
        yield rule.replace("-", "─") if line is rule or row is SEPARATOR else line.rstrip()


def _items(shown: Sequence[Line]) -> Iterator[Row]:
    previous = None
    for line in shown:
        yield (line.name if line.name != previous else "", line.what, line.cost)
        previous = line.name


def _sums(report: Report) -> Iterator[Row]:
    """By kind, by tenant where there are some, and of all."""
    kinds = [(kind(group.name), group) for group in report.kinds]
    tenants = [(group.name or NO_TENANT, group) for group in report.tenants]
    for title, groups, needed in (
        ("by kind", kinds, len(kinds) > 1),
        ("by tenant", tenants, any(group.name for group in report.tenants)),
    ):
        if needed:
            yield SEPARATOR
            for name, group in groups:
                yield (title, name, group.estimate)
                title = ""
    yield SEPARATOR
    yield ("total", "", report.estimate)


def _holes(report: Report) -> Iterator[str]:
    if found := open_holes(report):
        yield from wrapped(f"Without a price, so that the stack costs more than the total ({len(found)}):")
        reasons = by_reason(sorted(found, key=lambda hole: not hole.pool))
        for kind_of, reason, names in reasons[:MOST_REASONS]:
            yield from wrapped(f"{some(names)} ({kind_of}): {reason}", "  - ", "    ")
        if (more := len(reasons) - MOST_REASONS) > 0:
            yield f"  - and {more} more types or reasons, which `--format json` lists"
        yield ""
    if allowed := [hole for hole in report.holes if hole.allowed]:
        told = some([f"{name} ({kind_of})" for kind_of, _, of_it in by_reason(allowed) for name in of_it])
        yield from wrapped(f"Without a price, which the configuration allows ({len(allowed)}): {told}.")


def wrapped(text: str, first: str = "", others: str = "") -> list[str]:
    """Lines of at most `WIDTH` columns."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)


def _tabulate() -> Callable[..., str]:
    try:
        from tabulate import tabulate
    except ImportError:
        raise CostError("Tables need the package tabulate. Install penstock-cost[report].") from None
    return tabulate
