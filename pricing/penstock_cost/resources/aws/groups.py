"""EC2 Auto Scaling groups."""

from __future__ import annotations

import math
from collections.abc import Iterator

from penstock_cost.resources.aws.templates import TEMPLATE, Template, held_by, template_of, volumes
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of


@prices("aws:autoscaling/group:Group")
def group(resource: Resource, context: Context) -> Iterator[Found]:
    """The instances of a group, those on demand and those on spot apart where a policy mixes them."""
    values = of(resource)
    mixed = values.child("mixedInstancesPolicy")
    template = _template(context, resource, values, mixed)
    machines = _machines(mixed, template)
    region = context.region(resource)
    disks: list[Disk] = []
    for disk in volumes(context, resource, region, list(template.values.children("blockDeviceMappings")), None):
        if isinstance(disk, Disk):
            disks.append(disk)
        else:
            yield disk
    if not list(template.values.children("blockDeviceMappings")):
        yield context.hole(
            resource,
            "The size of its root disks is that of their image. Write blockDeviceMappings in the launch template.",
            "blockDeviceMappings",
            pool=resource.name,
        )
    desired = None if values.unknown("desiredCapacity") else values.whole("desiredCapacity", None)
    pool = Pool(
        resource=resource,
        cloud="aws",
        region=region,
        machines=machines,
        minimum=values.whole("minSize"),
        maximum=values.whole("maxSize"),
        desired=desired,
        disks=tuple(disks),
        holds=held_by(context, template.values, template.resource),
        takes_open=template.takes_open,
    )
    if not mixed.data:
        yield pool._replace(
            purchase={"spot": "spot", "capacity-block": "capacity_block"}.get(template.market, "on_demand")
        )
        return
    yield from _parts(pool, mixed.child("instancesDistribution"))


def _parts(pool: Pool, distribution: Values) -> Iterator[Pool]:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html"""
    base = distribution.whole("onDemandBaseCapacity", 0)
    percent = distribution.number("onDemandPercentageAboveBaseCapacity", 100)
    if percent > 100:
        raise Unpriced(
            f"{percent:g} % is no share. Write 0 to 100.", distribution.at("onDemandPercentageAboveBaseCapacity")
        )

    def on_demand(instances: int) -> int:
        first = min(instances, base)
        return first + math.ceil((instances - first) * percent / 100)

    least, most = pool.minimum, pool.maximum
    wanted = least if pool.desired is None else min(max(pool.desired, least), most)
    if most < least:
        yield pool  # refused where it is asked for
        return
    counts = on_demand(least), on_demand(most), on_demand(wanted)
    if counts[1]:
        yield pool._replace(
            minimum=counts[0], maximum=counts[1], desired=counts[2], part="on-demand", purchase="on_demand"
        )
    if counts[1] < most:
        yield pool._replace(
            minimum=least - counts[0],
            maximum=most - counts[1],
            desired=wanted - counts[2],
            part="spot",
            purchase="spot",
            holds=frozenset(),
            takes_open=False,
        )


def _template(context: Context, resource: Resource, values: Values, mixed: Values) -> Template:
    found = template_of(context, resource)
    if found is None and mixed.data:
        named = context.stack.joined(resource, "mixedInstancesPolicy", TEMPLATE)
        found = Template(named[0], of(named[0])) if len(named) == 1 else None
    if found is None:
        path = (
            "mixedInstancesPolicy"
            if mixed.data
            else "launchTemplate"
            if "launchTemplate" in values
            else "launchConfiguration"
        )
        raise Unpriced(
            "Its instances are those of no launch template of this program. Make one in the program and use it.", path
        )
    return found


def _machines(mixed: Values, template: Template) -> tuple[str, ...]:
    overrides = list(mixed.child("launchTemplate").children("overrides")) if mixed.data else []
    machines = []
    for override in overrides:
        if override.text("weightedCapacity", "1") != "1":
            raise Unpriced(
                "Its sizes are weights, not numbers of instances. Drop the weights.", override.at("weightedCapacity")
            )
        if "instanceRequirements" in override:
            raise Unpriced(
                "Its instances are chosen by their attributes, so any type may come. List instance types instead.",
                override.at("instanceRequirements"),
            )
        if "instanceType" in override:
            machines.append(override.text("instanceType"))
    if machines:
        return tuple(machines)
    if not template.machine:
        raise Unpriced("Its launch template names no instanceType. Write one.", "instanceType")
    return (template.machine,)
