"""Single virtual machines."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.azure.clusters import GROUP
from penstock_cost.resources.azure.disks import storage
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import of


@prices("azure-native:compute:VirtualMachine")
def virtual_machine(resource: Resource, context: Context) -> Iterator[Found]:
    """One machine that always runs, with its disks. Windows licences are not in its price."""
    values, region = of(resource), context.region(resource)
    disks: list[Disk] = []
    for disk in storage(context, resource, region, values.child("storageProfile")):
        if isinstance(disk, Disk):
            disks.append(disk)
        else:
            yield disk
    yield Pool(
        resource=resource,
        cloud="azure",
        region=region,
        machines=(values.child("hardwareProfile").text("vmSize"),),
        minimum=1,
        maximum=1,
        fixed=True,
        purchase="spot" if values.text("priority", "Regular") in ("Spot", "Low") else "on_demand",
        disks=tuple(disks),
        holds=frozenset(one.urn for one in context.stack.joined(resource, "capacityReservation", GROUP)),
    )
