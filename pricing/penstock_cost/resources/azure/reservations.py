"""On-demand capacity reservations."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.azure.clusters import GROUP
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Reservation
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import of


@prices("azure-native:compute:CapacityReservation")
def capacity_reservation(resource: Resource, context: Context) -> Iterator[Found]:
    """Machines that are held, at the list price, used or not; pools name its group."""
    sku = of(resource).child("sku")
    groups = context.stack.joined(resource, "capacityReservationGroupName", GROUP)
    yield Reservation(
        resource=resource,
        cloud="azure",
        region=context.region(resource),
        machine=sku.text("name"),
        machines=sku.whole("capacity"),
        names=frozenset({resource.urn, *(group.urn for group in groups)}),
    )
