"""Types that cost the same whatever their properties say."""

from __future__ import annotations

from functools import cache

from penstock_cost import tables
from penstock_cost.bill import Item
from penstock_cost.money import HOURS_PER_MONTH, UnknownPrice, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.regions import region_or_default
from penstock_cost.resources.tokens import cloud_of, plain


@cache
def flat_rows() -> dict[str, tables.Row]:
    """flat.csv by type."""
    return {row["type"]: row for row in tables.read("flat")}


def flat_line(resource: Resource, context: Context) -> Item:
    """What one costs a month. Raises UnknownPrice and Unpriced."""
    row, cloud = flat_rows()[plain(resource.type)], cloud_of(resource.type)
    region = region_or_default(context.stack, resource)
    try:
        rate = context.rate(cloud, region, row["item"])
    except UnknownPrice as problem:
        raise UnknownPrice(f"A {row['what']} costs money ({row['source']}). {problem}") from None
    usd = rate.usd * HOURS_PER_MONTH if rate.unit.endswith("hour") else rate.usd
    return context.line(resource, row["what"], row["kind"], always(usd), [rate], region=region)
