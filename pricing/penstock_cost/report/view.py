"""What all renderings have in common: which lines there are, and how amounts and prices are put into words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from penstock_cost.money import Estimate, total
from penstock_cost.report.document import HoleEntry, ItemEntry, Report

MOST_LINES = 25
"""With more lines than this the least are folded into one."""
STALE_DAYS = 90
"""Prices that are older than this are worth a refresh."""
NO_TENANT = "shared"
KINDS = {
    "machines": "machines",
    "accelerators": "accelerators",
    "disks": "disks",
    "control_plane": "control planes",
    "network": "network",
    "database": "databases",
    "tokens": "tokens",
    "other": "other",
}


class Line(NamedTuple):
    """A line of a rendering: an item, or several small ones."""

    name: str
    """The pool's, or the resource's."""
    what: str
    cost: Estimate
    item: ItemEntry | None
    """None: folded."""


def lines(report: Report, most: int = MOST_LINES) -> list[Line]:
    """The items by pool or resource, the dearest pool first; the least ones folded where they are more than `most`."""
    entries = sorted(report.items, key=lambda item: -item.ceiling)
    shown, folded = (entries, []) if len(entries) <= most else (entries[: most - 1], entries[most - 1 :])
    groups: dict[str, list[ItemEntry]] = {}
    for item in shown:
        groups.setdefault(item.pool or item.urn or item.name, []).append(item)
    dearest = sorted(groups.values(), key=lambda group: -sum(item.ceiling for item in group))
    found = [Line(item.pool or item.name, what(item), item.estimate, item) for group in dearest for item in group]
    if folded:
        found.append(Line(f"and {len(folded)} more", "", total(item.estimate for item in folded), None))
    return found


def what(item: ItemEntry) -> str:
    """What is paid for, with how many machines: `2-10 x m5.large, spot`."""
    least, _, most, _ = (value for _, value in item.counts)
    if not most:
        return one_line(item.what)
    return f"{span(least, most)} x {one_line(item.what)}"


def span(least: float, most: float) -> str:
    """`2-10`, or `3` where both are the same."""
    return f"{least:g}" if least == most else f"{least:g}-{most:g}"


def usd(amount: float) -> str:
    """`1,234.50`; never `-0.00`."""
    return f"{round(amount, 2) + 0.0:,.2f}"


def change(amount: float) -> str:
    """`+1,234.50`, `-3.00`, or `0.00`."""
    rounded = round(amount, 2)
    return "0.00" if not rounded else f"{'+' if rounded > 0 else '-'}{abs(rounded):,.2f}"


def one_line(text: str) -> str:
    """The text without line breaks and control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def shortened(text: str, width: int) -> str:
    """The text, cut to a width."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def kind(name: str) -> str:
    """What a kind of item is called."""
    return KINDS.get(name, name.replace("_", " "))


def headline(report: Report) -> str:
    """The whole in a sentence."""
    of = f"Stack {one_line(report.stack)}: " if report.stack else ""
    span_text = (
        f"${usd(report.floor)}"
        if usd(report.floor) == usd(report.ceiling)
        else f"${usd(report.floor)} to ${usd(report.ceiling)}"
    )
    return f"{of}{span_text} a month, ${usd(report.expected)} expected (confidence: {report.confidence})"


def price_sentence(report: Report) -> str:
    """Of when the prices are, and what to do where they are old."""
    prices = report.prices
    when = f"of {prices.newest}" if prices.oldest == prices.newest else f"of {prices.oldest} to {prices.newest}"
    which = "Negotiated and list prices" if prices.negotiated else "List prices"
    age = f"the newest is {prices.age_days} days old" if prices.age_days != 1 else "the newest is a day old"
    advice = " `penstock cost refresh` brings newer ones." if prices.age_days > STALE_DAYS else ""
    return f"{which} {when}; {age}.{advice}"


def open_holes(report: Report) -> list[HoleEntry]:
    """What has no price, and nobody allowed that."""
    return [hole for hole in report.holes if not hole.allowed]


def by_reason(holes: Iterable[HoleEntry]) -> list[tuple[str, str, list[str]]]:
    """Holes of the same type and reason together, as type, reason and names."""
    found: dict[tuple[str, str], list[str]] = {}
    for hole in holes:
        found.setdefault((one_line(hole.type), one_line(hole.reason)), []).append(one_line(hole.name))
    return [(kind_of, reason, names) for (kind_of, reason), names in found.items()]


def some(names: list[str], most: int = 5) -> str:
    """`a, b and 7 more`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def uncertain(report: Report) -> list[ItemEntry]:
    """Items whose expected cost is a guess, the dearest first: nobody stated how many there will be."""
    return [item for item in report.items if item.confidence == "low" and item.ceiling > item.floor]
