"""EBS volumes."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.money import always
from penstock_cost.resources.aws.templates import volume
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import of


@prices("aws:ebs/volume:Volume")
def ebs_volume(resource: Resource, context: Context) -> Iterator[Found]:
    """A volume of its own: its size, and what of its operations and throughput is paid for."""
    region = context.region(resource)
    disk = volume(context, region, of(resource), "type", "size")
    yield context.line(resource, disk.what, "disks", always(disk.usd), disk.rates, region=region)
