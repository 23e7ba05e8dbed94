"""Traffic that was stated and belongs to no resource."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.bill import Hole, Item
from penstock_cost.money import CostError, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.options import Egress

_ITEMS = {"other_zone": "egress_inter_zone", "other_region": "egress_inter_region"}


def egress_lines(context: Context) -> Iterator[Item | Hole]:
    """A line for each stated traffic out of a region."""
    for egress in context.options.egress:
        where = egress.to.replace("_", " ")
        stand_in = Resource(urn="", type="", name=f"egress from {egress.region} to {where}", properties={})
        try:
            yield _line(egress, where, stand_in, context)
        except CostError as problem:
            yield context.hole(stand_in, str(problem))


def _line(egress: Egress, where: str, stand_in: Resource, context: Context) -> Item:
    if egress.to in _ITEMS:
        rate = context.rate(egress.cloud, egress.region, _ITEMS[egress.to])
        usd, rates = egress.gb * rate.usd, [rate]
    else:
        usd = context.book.tiered(egress.cloud, egress.region, "egress_internet", egress.gb)
        rates = [context.book.tier_rate(egress.cloud, egress.region, "egress_internet", egress.gb)]
    return context.line(
        stand_in,
        f"{egress.gb:g} GB to {where}",
        "network",
        always(usd),
        rates,
        basis="stated usage",
        region=egress.region,
    )
