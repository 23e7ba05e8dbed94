"""Managed instance groups of Compute Engine."""

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

_TEMPLATES = (
    "gcp:compute/instanceTemplate:InstanceTemplate",
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
)
_AUTOSCALERS = ("gcp:compute/autoscaler:Autoscaler", "gcp:compute/regionAutoscaler:RegionAutoscaler")


@prices(
    "gcp:compute/instanceGroupManager:InstanceGroupManager",
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
)
def group(resource: Resource, context: Context) -> Iterator[Found]:
    """The machines of a group, as its template makes them and its autoscaler bounds them."""
    values, region = of(resource), context.region(resource)
    made_by = context.stack.joined(resource, "versions", *_TEMPLATES)
    if len(made_by) != 1:
        raise Unpriced(
            "Its machines are those of no single instance template of this program. Make one in the program.",
            "versions",
        )
    template = of(made_by[0])
    machine = template.text("machineType").rpartition("/")[2]
    disks: list[Disk] = []
    for disk in _disks(context, resource, region, machine, template):
        if isinstance(disk, Disk):
            disks.append(disk)
        else:
            yield disk
    holds, takes_open = held_by(context, made_by[0], template.child("reservationAffinity"), "reservationAffinity")
    least, most, desired = _bounds(resource, values, context)
    yield Pool(
        resource=resource,
        cloud="gcp",
        region=region,
        machines=(machine,),
        minimum=least,
        maximum=most,
        desired=desired,
        purchase="spot" if spot(template.child("scheduling")) else "on_demand",
        accelerator=accelerator(template, machine),
        disks=tuple(disks),
        holds=holds,
        takes_open=takes_open,
    )


def _bounds(resource: Resource, values: Values, context: Context) -> tuple[int, int, int | None]:
    for token in _AUTOSCALERS:
        for autoscaler in context.stack.by_type.get(token, ()):
            if resource.urn in autoscaler.made_from("target"):
                policy = of(autoscaler).child("autoscalingPolicy")
                return policy.whole("minReplicas"), policy.whole("maxReplicas"), None
    size = values.whole("targetSize")
    return size, size, None


def _disks(context: Context, resource: Resource, region: str, machine: str, template: Values) -> Iterator[Disk | Hole]:
    local = 0
    for part in template.children("disks"):
        if part.text("type", "PERSISTENT") == "SCRATCH":
            local += 1
        elif "source" not in part:
            try:
                yield network_disk(context, region, part, "diskSizeGb", "diskType", "pd-standard")
            except Unpriced as problem:
                yield context.hole(resource, problem.reason, problem.path, pool=resource.name)
            except UnknownPrice as problem:
                yield context.hole(resource, str(problem), part.at("diskType"), pool=resource.name)
    yield from scratch(context, region, machine, local)
