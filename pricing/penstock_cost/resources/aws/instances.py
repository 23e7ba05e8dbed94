"""Single EC2 instances."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.bill import Hole
from penstock_cost.money import UnknownPrice
from penstock_cost.resources.aws.templates import held_by, template_of, volume, volumes
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of

_SPOT = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"


@prices("aws:ec2/instance:Instance", _SPOT)
def instance(resource: Resource, context: Context) -> Iterator[Found]:
    """One instance that always runs, with its disks and its public address."""
    values, region = of(resource), context.region(resource)
    template = template_of(context, resource)
    if values.text("tenancy", "default") != "default":
        raise Unpriced("Instances on dedicated hardware have other prices, which are not known here.", "tenancy")
    machine = values.text("instanceType", "") or (template.machine if template else "")
    if not machine:
        raise Unpriced("It has no instanceType, nor has a launch template of this program. Write one.", "instanceType")
    market = values.child("instanceMarketOptions").text("marketType", "") or (template.market if template else "")
    disks: list[Disk] = []
    for disk in _disks(
        context, resource, region, values, list(template.values.children("blockDeviceMappings")) if template else []
    ):
        if isinstance(disk, Disk):
            disks.append(disk)
        else:
            yield disk
    if not values.unknown("associatePublicIpAddress") and values.flag("associatePublicIpAddress"):
        yield context.hourly(resource, "external_ipv4", "public IPv4 address", "network")
    reserves = template.values if template and "capacityReservationSpecification" not in values else values
    yield Pool(
        resource=resource,
        cloud="aws",
        region=region,
        machines=(machine,),
        minimum=1,
        maximum=1,
        fixed=True,
        purchase={"spot": "spot", "capacity-block": "capacity_block"}.get(
            "spot" if resource.type == _SPOT else market, "on_demand"
        ),
        disks=tuple(disks),
        holds=held_by(context, reserves, template.resource if template and reserves is template.values else resource),
        takes_open=template.takes_open if template and reserves is template.values else _open(values),
    )


def _open(values: Values) -> bool:
    wish = values.child("capacityReservationSpecification")
    return "capacityReservationTarget" not in wish and wish.text("capacityReservationPreference", "open") == "open"


def _disks(
    context: Context, resource: Resource, region: str, values: Values, mappings: list[Values]
) -> Iterator[Disk | Hole]:
    """Its root disk and more. Without a stated size the image decides, and nobody here knows that."""
    root = values.child("rootBlockDevice")
    more = list(values.children("ebsBlockDevices"))
    if not root.data and mappings:
        yield from volumes(context, resource, region, mappings, None)
    for part in more if (mappings and not root.data) else [root, *more]:
        try:
            yield volume(context, region, part, "volumeType", "volumeSize")
        except Unpriced as problem:
            yield context.hole(
                resource, problem.reason, problem.path or "rootBlockDevice.volumeSize", pool=resource.name
            )
        except UnknownPrice as problem:
            yield context.hole(resource, str(problem), part.at("volumeType"), pool=resource.name)
