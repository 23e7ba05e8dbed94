"""Single machines of Compute Engine."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.bill import Hole
from penstock_cost.money import UnknownPrice
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.gcp.machines import accelerator, held_by, network_disk, scratch, spot
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of


@prices("gcp:compute/instance:Instance")
def instance(resource: Resource, context: Context) -> Iterator[Found]:
    """One machine that always runs, with its disks and its public addresses."""
    values, region = of(resource), context.region(resource)
    machine = values.text("machineType").rpartition("/")[2]
    disks: list[Disk] = []
    for disk in _disks(context, resource, region, machine, values):
        if isinstance(disk, Disk):
            disks.append(disk)
        else:
            yield disk
    addresses = _ephemeral_addresses(values)
    if addresses:
        yield context.hourly(resource, "external_ipv4", f"{addresses} public IPv4 address", "network", count=addresses)
    holds, takes_open = held_by(context, resource, values.child("reservationAffinity"), "reservationAffinity")
    yield Pool(
        resource=resource,
        cloud="gcp",
        region=region,
        machines=(machine,),
        minimum=1,
        maximum=1,
        fixed=True,
        purchase="spot" if spot(values.child("scheduling")) else "on_demand",
        accelerator=accelerator(values, machine),
        disks=tuple(disks),
        holds=holds,
        takes_open=takes_open,
    )


def _ephemeral_addresses(values: Values) -> int:
    """Public addresses that it gets by itself. One that it is given is a resource of its own, and paid for there."""
    return sum(
        1
        for interface in values.children("networkInterfaces")
        for access in interface.list("accessConfigs")
        if not (isinstance(access, dict) and access.get("natIp") is not None)
    )


def _disks(context: Context, resource: Resource, region: str, machine: str, values: Values) -> Iterator[Disk | Hole]:
    boot = values.child("bootDisk")
    if "source" not in boot:
        yield from _disk(context, resource, region, boot.child("initializeParams"))
    # What is attached (attachedDisks) is a disk of its own, and paid for there.
    yield from scratch(context, region, machine, len(values.list("scratchDisks")))


def _disk(context: Context, resource: Resource, region: str, values: Values) -> Iterator[Disk | Hole]:
    try:
        yield network_disk(context, region, values, "size", "type", "pd-standard")
    except Unpriced as problem:
        yield context.hole(resource, problem.reason, problem.path, pool=resource.name)
    except UnknownPrice as problem:
        yield context.hole(resource, str(problem), values.at("type"), pool=resource.name)
