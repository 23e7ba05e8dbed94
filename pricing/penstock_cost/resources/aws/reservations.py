"""Capacity that is held or bought ahead."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.aws.templates import RESERVATION, reservation_names
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Reservation
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import of


@prices(RESERVATION)
def capacity_reservation(resource: Resource, context: Context) -> Iterator[Found]:
    """An on-demand capacity reservation: as many machines as it holds, at the list price, used or not."""
    values = of(resource)
    yield Reservation(
        resource=resource,
        cloud="aws",
        region=context.region(resource),
        machine=values.text("instanceType"),
        machines=values.whole("instanceCount"),
        names=reservation_names(context, resource),
        open=values.text("instanceMatchCriteria", "open") == "open",
    )


@prices("aws:ec2/capacityBlockReservation:CapacityBlockReservation")
def capacity_block(resource: Resource, context: Context) -> Iterator[Found]:
    """A capacity block, which is paid for when it is bought, at the price of its offering."""
    yield context.hole(
        resource,
        "A capacity block costs what its offering said (aws ec2 describe-capacity-block-offerings), all of it at once "
        "and for good: no list has that price. Look it up, and allow the type.",
        "capacityBlockOfferingId",
    )
