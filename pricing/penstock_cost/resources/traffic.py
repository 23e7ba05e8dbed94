"""What is paid for each GB."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.bill import Item
from penstock_cost.money import always
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import cloud_of


def not_stated(resource: Resource, context: Context, what: str) -> tuple[str, ...]:
    """The note on a resource whose GB nobody stated: they are not in the bill."""
    return (
        () if context.usage(resource).gb is not None else (f"The GB that {what} are not in it: state gb as its usage.",)
    )


def gb_lines(resource: Resource, context: Context, item: str, what: str) -> Iterator[Item]:
    """The line for the GB that were stated as the resource's usage, if any were."""
    gb = context.usage(resource).gb
    if gb is None:
        return
    region = context.region(resource)
    rate = context.rate(cloud_of(resource.type), region, item)
    yield context.line(
        resource,
        f"{gb:g} GB that {what}",
        "network",
        always(gb * rate.usd),
        [rate],
        basis="stated usage",
        region=region,
    )
