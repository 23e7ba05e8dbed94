"""Managed node groups of EKS."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.bill import Hole
from penstock_cost.resources.aws.templates import Template, held_by, template_of, volumes
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.labels import labels_of, taint
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import prices
from penstock_cost.resources.values import Unpriced, Values, of

# https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html: instanceTypes and diskSize
_DEFAULT_MACHINE, _DEFAULT_DISK_GIB, _WINDOWS_DISK_GIB = "t3.medium", 20, 50
_PURCHASES = {"ON_DEMAND": "on_demand", "SPOT": "spot", "CAPACITY_BLOCK": "capacity_block"}


@prices("aws:eks/nodeGroup:NodeGroup")
def node_group(resource: Resource, context: Context) -> Iterator[Pool | Hole]:
    """A managed node group: its machines, with their root disks."""
    values, region = of(resource), context.region(resource)
    template = template_of(context, resource)
    foreign = "launchTemplate" in values and template is None
    capacity = values.text("capacityType", "ON_DEMAND")
    if capacity not in _PURCHASES:
        raise Unpriced(f"capacityType is '{capacity}'. Write {' or '.join(_PURCHASES)}.", "capacityType")
    scaling = values.child("scalingConfig")
    disks: list[Disk] = []
    for disk in _disks(context, resource, region, values, template, foreign):
        if isinstance(disk, Disk):
            disks.append(disk)
        else:
            yield disk
    cluster = context.stack.joined(resource, "clusterName", "aws:eks/cluster:Cluster")
    yield Pool(
        resource=resource,
        cloud="aws",
        region=region,
        machines=_machines(values, template, foreign),
        purchase="capacity_block" if template and template.market == "capacity-block" else _PURCHASES[capacity],
        minimum=scaling.whole("minSize"),
        maximum=scaling.whole("maxSize"),
        desired=None if scaling.unknown("desiredSize") else scaling.whole("desiredSize", None),
        disks=tuple(disks),
        labels={**labels_of(values, "labels"), "eks.amazonaws.com/capacityType": capacity},
        taints=tuple(taint(one) for one in values.children("taints")),
        cluster=cluster[0].urn if cluster else "",
        holds=held_by(context, template.values, template.resource) if template else frozenset(),
        takes_open=template.takes_open if template else True,
    )


def _machines(values: Values, template: Template | None, foreign: bool) -> tuple[str, ...]:
    machines = values.texts("instanceTypes")
    if machines:
        return tuple(machines)
    if foreign:
        raise Unpriced(
            "Its instance types are those of a launch template outside of this program. Write instanceTypes.",
            "launchTemplate",
        )
    return ((template.machine if template else "") or _DEFAULT_MACHINE,)


def _disks(
    context: Context, resource: Resource, region: str, values: Values, template: Template | None, foreign: bool
) -> Iterator[Disk | Hole]:
    if foreign:
        yield context.hole(
            resource,
            "Its disks are those of a launch template outside of this program. Make the template in the program.",
            "launchTemplate",
            pool=resource.name,
        )
        return
    windows = values.text("amiType", "").startswith("WINDOWS")
    mappings = list(template.values.children("blockDeviceMappings")) if template else []
    default = _WINDOWS_DISK_GIB if windows else _DEFAULT_DISK_GIB
    if mappings:
        yield from volumes(context, resource, region, mappings, default)
    else:
        yield from volumes(
            context, resource, region, [Values({"volumeSize": values.number("diskSize", default)})], None
        )
