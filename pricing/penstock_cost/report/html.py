"""The bill as one HTML page that needs nothing else: for people who decide about money."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock_cost.money import CostError, Estimate
from penstock_cost.report.chart import chart
from penstock_cost.report.document import GroupEntry, ItemEntry, Report, restored
from penstock_cost.report.view import (
    NO_TENANT,
    by_reason,
    kind,
    open_holes,
    price_sentence,
    span,
    usd,
)

if TYPE_CHECKING:
    from jinja2 import Template

NO_POOL = "outside of pools"
MOST_BARS = 20
"""The least pools are drawn as one."""
PURCHASES = {"on_demand": "on demand", "capacity_block": "capacity block", "flex": "flex-start"}
UNITS = {"hour": "an hour", "month": "a month"}


class Source(NamedTuple):
    """Where prices were read."""

    number: int
    text: str
    as_of: str


class Row(NamedTuple):
    """A line of the table."""

    item: ItemEntry
    machines: str
    purchase: str
    prices: tuple[tuple[str, int], ...]
    """Each price in words, with the number of its source."""


def html(report: Report | Mapping[str, Any]) -> str:
    """The page of a report or of its document. Raises CostError."""
    if not isinstance(report, Report):
        report = restored(report)
    sources = _sources(report)
    return _template().render(
        report=report,
        pools=chart(_bars(report.pools, NO_POOL)),
        kinds=[(kind(group.name), group) for group in report.kinds],
        tenants=[(group.name or NO_TENANT, group) for group in report.tenants],
        has_tenants=any(group.name for group in report.tenants),
        rows=[_row(item, sources) for item in report.items],
        sources=list(sources.values()),
        holes=by_reason(sorted(open_holes(report), key=lambda hole: not hole.pool)),
        open_holes=len(open_holes(report)),
        allowed=by_reason(hole for hole in report.holes if hole.allowed),
        prices=price_sentence(report).replace("`", ""),
        made=report.generated.replace("T", " ").replace("+00:00", " UTC"),
        bounded=usd(report.bounded_ceiling) != usd(report.ceiling),
    )


def _bars(groups: tuple[GroupEntry, ...], unnamed: str) -> list[tuple[str, Estimate]]:
    shown = [(group.name or unnamed, group.estimate) for group in groups if group.items]
    if len(shown) <= MOST_BARS:
        return shown
    rest = shown[MOST_BARS - 1 :]
    least = Estimate(*(sum(amounts) for amounts in zip(*(cost for _, cost in rest), strict=True)))
    return [*shown[: MOST_BARS - 1], (f"{len(rest)} more", least)]


def _sources(report: Report) -> dict[tuple[str, str], Source]:
    found: dict[tuple[str, str], Source] = {}
    for rate in (rate for item in report.items for rate in item.rates):
        key = (rate.source, rate.as_of)
        found.setdefault(key, Source(len(found) + 1, *key))
    return found


def _row(item: ItemEntry, sources: Mapping[tuple[str, str], Source]) -> Row:
    return Row(
        item=item,
        machines=_machines(item),
        purchase=PURCHASES.get(item.purchase, item.purchase),
        prices=tuple(
            (f"${rate.usd:,.6g} {UNITS.get(rate.unit, f'a {rate.unit}')}", sources[rate.source, rate.as_of].number)
            for rate in item.rates
        ),
    )


def _machines(item: ItemEntry) -> str:
    if not item.counts.ceiling:
        return ""
    bounds = f"{span(item.counts.floor, item.counts.ceiling)} {'machine' if item.counts.ceiling == 1 else 'machines'}"
    return bounds if item.counts.floor == item.counts.ceiling else f"{bounds}, {item.counts.expected:.3g} on average"


@cache
def _template() -> Template:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise CostError("HTML needs the package jinja2. Install penstock-cost[report].") from None
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["usd"] = usd
    return environment.get_template("report.html")
