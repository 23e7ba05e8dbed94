"""Capacity that is held in a zone."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Reservation
from penstock_cost.resources.gcp.machines import RESERVATION, accelerator
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import of


@prices(RESERVATION)
def reservation(resource: Resource, context: Context) -> Iterator[Found]:
    """Machines that are held, at the list price, used or not."""
    values = of(resource)
    specific = values.child("specificReservation")
    machine = specific.child("instanceProperties")
    name = machine.text("machineType")
    if machine.list("localSsds"):
        yield context.hole(
            resource,
            "Local SSDs that a reservation holds are paid for too, and are not in its price here. Allow the type, and "
            "count what its bill says.",
            machine.at("localSsds"),
        )
    yield Reservation(
        resource=resource,
        cloud="gcp",
        region=context.region(resource),
        machine=name,
        machines=specific.whole("count"),
        names=frozenset({resource.urn, str(values.data.get("name") or resource.name)}),
        open=not values.flag("specificReservationRequired"),
        accelerator=accelerator(machine, name, "acceleratorType", "acceleratorCount"),
    )
