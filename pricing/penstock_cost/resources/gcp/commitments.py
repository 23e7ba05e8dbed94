"""Resource-based commitments of Compute Engine, which cannot be undone."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Committed
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, of

_TERMS = {"TWELVE_MONTH": "1y", "THIRTY_SIX_MONTH": "3y"}
_MB_PER_GIB = 1024


@prices("gcp:compute/regionCommitment:RegionCommitment")
def commitment(resource: Resource, context: Context) -> Iterator[Found]:
    """vCPU and memory of a machine family that are paid for to the end of the term."""
    values = of(resource)
    plan = values.text("plan")
    if plan not in _TERMS:
        raise Unpriced(f"plan is '{plan}'. Write {' or '.join(_TERMS)}.", "plan")
    amounts = {"VCPU": 0.0, "MEMORY": 0.0}
    for part in values.children("resources"):
        kind = part.text("type")
        if kind not in amounts:
            raise Unpriced(f"No price of committed {kind} is known here.", part.at("type"))
        amounts[kind] += part.number("amount")
    yield Committed(
        resource=resource,
        region=context.region(resource),
        family=values.text("type", "GENERAL_PURPOSE"),
        vcpu=amounts["VCPU"],
        gib=amounts["MEMORY"] / _MB_PER_GIB,
        term=_TERMS[plan],
    )
