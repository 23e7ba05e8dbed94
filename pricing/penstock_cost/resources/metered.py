"""Types that cost only what they are used for."""

from __future__ import annotations

from penstock_cost.bill import Hole, Item
from penstock_cost.money import UnknownPrice, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.kinds import metered
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import cloud_of


def metered_line(resource: Resource, context: Context) -> Item | Hole:
    """What its stated use costs; a hole where none is stated, or has no price. Raises Unpriced."""
    usage = context.usage(resource)
    rows = metered(resource.type)
    stated = [(row, amount) for row in rows if (amount := getattr(usage, row["usage"])) is not None]
    if not stated:
        wanted = " and ".join(dict.fromkeys(row["usage"] for row in rows))
        return context.hole(resource, f"It {rows[0]['reason']}. State that as its usage ({wanted}), or allow the type.")
    cloud, region = cloud_of(resource.type), context.region(resource)
    usd, rates = 0.0, []
    for row, amount in stated:
        try:
            rate = context.rate(cloud, region, row["item"])
        except UnknownPrice:
            return context.hole(
                resource, f"No price of {row['item']} in {region} is known. State it as a negotiated rate."
            )
        usd += amount * rate.usd
        rates.append(rate)
    what = ", ".join(f"{amount:g} {row['usage'].replace('_', ' ')}" for row, amount in stated)
    return context.line(resource, what, "other", always(usd), rates, basis="stated usage", region=region)
