"""A bill as a document: what `--format json` writes, and a diff reads back. report.schema.json describes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from penstock_cost.bill import Bill, Hole, Item, by
from penstock_cost.money import Confidence, CostError, Estimate, Rate, total

if TYPE_CHECKING:
    from penstock_cost.book import PriceBook

NEGOTIATED = "negotiated"
"""How the source of a negotiated rate begins."""
Usd = Annotated[float, Field(allow_inf_nan=False)]
"""USD a month of 730 hours, unless its description says otherwise."""
Amount = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _Costs(_Part):
    floor: Usd
    """USD a month with every bound at its minimum."""
    expected: Usd
    """USD a month with the counts that schedules, profiles or workloads tell."""
    ceiling: Usd
    """USD a month with every bound at its maximum, spot machines at the on-demand price of their fallback."""
    bounded_ceiling: Usd
    """The ceiling that the autoscaled workloads can really ask for."""

    @property
    def estimate(self) -> Estimate:
        """The four as the bill has them."""
        return Estimate(self.floor, self.expected, self.ceiling, self.bounded_ceiling)


class RateEntry(_Part):
    """A price of a list."""

    usd: Usd
    """USD for one unit."""
    unit: str
    source: str
    as_of: str
    """YYYY-MM-DD, YYYY-MM or YYYY; empty where it was stated without a date."""
    confidence: Confidence


class Counts(_Part):
    """How many machines."""

    floor: Amount
    expected: Amount
    ceiling: Amount
    bounded_ceiling: Amount


class ItemEntry(_Costs):
    """A line of the bill. A resource may have several."""

    urn: str
    """The resource; empty for what is no resource."""
    name: str
    type: str
    what: str
    """What is paid for."""
    kind: str
    """`machines`, `accelerators`, `disks`, `control_plane`, `network`, `database`, `tokens` or `other`."""
    confidence: Confidence
    basis: str
    """From what the expected cost was computed."""
    rates: tuple[RateEntry, ...]
    region: str
    pool: str
    """The node pool it belongs to; empty where it is none."""
    tenant: str
    """Empty: shared."""
    purchase: str
    """How machines are bought; empty elsewhere."""
    unit_usd_per_hour: Amount
    """Machines: USD an hour of one, as bought; 0 elsewhere."""
    counts: Counts
    gpus: Amount
    """Machines: GPUs of one machine."""
    notes: tuple[str, ...]
    irrevocable: bool
    """Whether it is a purchase that cannot be undone."""


class GroupEntry(_Costs):
    """The sum of the items of a pool, a tenant or a kind."""

    name: str
    """Empty: what belongs to none."""
    confidence: Confidence
    """The least of its items; low where it has holes that nobody allowed."""
    items: int
    holes: int


class HoleEntry(_Part):
    """What costs money, or may, and has no price here. It is in none of the sums."""

    urn: str
    name: str
    type: str
    reason: str
    """Why, and what to write so that it gets a price."""
    property: str
    """The path of the property that is unknown; empty where it is the whole type."""
    allowed: bool
    """Whether the configuration accepts it as a hole."""
    pool: str
    tenant: str


class Prices(_Part):
    """Of when the prices are."""

    oldest: str
    """The oldest price that was used, YYYY-MM-DD, YYYY-MM or YYYY."""
    newest: str
    age_days: int
    """Days from the newest price to the day of the report."""
    negotiated: bool
    """Whether negotiated rates were used."""


class Report(_Costs):
    """What a stack costs a month."""

    format: Literal["penstock-cost/1"] = "penstock-cost/1"
    stack: str
    generated: str
    """When it was made, in ISO 8601."""
    currency: Literal["USD"] = "USD"
    hours_per_month: Literal[730] = 730
    confidence: Confidence
    """The least of its items; low where there are holes that nobody allowed."""
    items: tuple[ItemEntry, ...]
    """The dearest first."""
    pools: tuple[GroupEntry, ...]
    tenants: tuple[GroupEntry, ...]
    kinds: tuple[GroupEntry, ...]
    holes: tuple[HoleEntry, ...]
    """What has no price. Where there are some, the sums are too low."""
    free: int
    """How many resources are known to cost nothing."""
    prices: Prices

    def bill(self) -> Bill:
        """The bill that it was made from, its items in the order of the document."""
        return Bill(tuple(map(_item, self.items)), tuple(Hole(**dict(hole)) for hole in self.holes), self.free)


def document(bill: Bill, *, book: PriceBook, stack: str, generated: datetime) -> dict[str, Any]:
    """The bill as JSON values. `stack` may be empty."""
    return report(bill, book=book, stack=stack, generated=generated).model_dump(mode="json")


def report(bill: Bill, *, book: PriceBook, stack: str, generated: datetime) -> Report:
    """The bill with its sums."""
    items = sorted(bill.items, key=lambda item: (-item.cost.ceiling, -item.cost.expected, item.urn, item.what))
    return Report(
        **_costs(bill.cost),
        stack=stack,
        generated=generated.isoformat(timespec="seconds"),
        confidence=bill.confidence,
        items=tuple(map(_entry, items)),
        pools=_groups(bill, "pool"),
        tenants=_groups(bill, "tenant"),
        kinds=_groups(bill, "kind"),
        holes=tuple(HoleEntry(**hole._asdict()) for hole in bill.holes),
        free=bill.free,
        prices=_prices(bill.items, book, generated.date()),
    )


def restored(given: Mapping[str, Any]) -> Report:
    """The report that a document is. Raises CostError with every problem."""
    try:
        return Report.model_validate(given)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}." for one in error.errors()]
        raise CostError(
            "\n".join(["This is no report of this version of penstock-cost; make it anew.", *problems])
        ) from None


def schema() -> dict[str, Any]:
    """The JSON Schema of the document; report.schema.json is this."""
    made = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _costs(cost: Estimate) -> dict[str, float]:
    floor, expected, ceiling, bounded = cost
    return {"floor": floor, "expected": expected, "ceiling": ceiling, "bounded_ceiling": bounded}


def _entry(item: Item) -> ItemEntry:
    fields = item._asdict() | _costs(item.cost)
    del fields["cost"]
    fields["rates"] = tuple(RateEntry(**rate._asdict()) for rate in item.rates)
    fields["counts"] = Counts(**_costs(Estimate(*item.counts)))
    return ItemEntry(**fields)


def _item(entry: ItemEntry) -> Item:
    fields = {name: value for name, value in entry if name not in Counts.model_fields}
    fields["cost"] = entry.estimate
    fields["rates"] = tuple(Rate(**dict(rate)) for rate in entry.rates)
    fields["counts"] = tuple(value for _, value in entry.counts)
    return Item(**fields)


def _groups(bill: Bill, field: Literal["pool", "tenant", "kind"]) -> tuple[GroupEntry, ...]:
    """The dearest first; what belongs to none last. A hole is of no kind."""
    items = by(bill.items, lambda item: str(getattr(item, field)))
    holes = [str(getattr(hole, field, "")) for hole in bill.holes] if field != "kind" else []
    groups = []
    for name in dict.fromkeys([*items, *(hole for hole in holes if hole)]):
        part = bill.only(lambda one, name=name: getattr(one, field, None) == name)  # type: ignore[misc]
        cost = total(item.cost for item in part.items)
        groups.append(
            GroupEntry(
                **_costs(cost), name=name, confidence=part.confidence, items=len(part.items), holes=holes.count(name)
            )
        )
    return tuple(sorted(groups, key=lambda group: (not group.name, -group.ceiling, group.name)))


def _prices(items: Iterable[Item], book: PriceBook, today: date) -> Prices:
    rates = [rate for item in items for rate in item.rates]
    days = sorted({rate.as_of for rate in rates if _day(rate.as_of)}, key=_day) or list(book.as_of())
    return Prices(
        oldest=days[0],
        newest=days[-1],
        age_days=max((today - _day(days[-1])).days, 0) if _day(days[-1]) else 0,
        negotiated=any(rate.source.startswith(NEGOTIATED) for rate in rates),
    )


def _day(text: str) -> Any:
    """The first day of what a date of a price says; None where it is none."""
    try:
        year, month, day = [*(int(part) for part in text.split("-")), 1, 1][:3]
        return date(year, month, day)
    except ValueError:
        return None
