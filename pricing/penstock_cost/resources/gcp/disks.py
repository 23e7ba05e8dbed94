"""Persistent disks."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.money import always
from penstock_cost.resources.context import Context
from penstock_cost.resources.gcp.machines import network_disk
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import of

_REGIONAL = "gcp:compute/regionDisk:RegionDisk"


@prices("gcp:compute/disk:Disk", _REGIONAL)
def persistent_disk(resource: Resource, context: Context) -> Iterator[Found]:
    """A disk of its own. A regional one lies in two zones and costs twice as much.

    https://cloud.google.com/compute/disks-image-pricing
    """
    region = context.region(resource)
    disk = network_disk(context, region, of(resource), "size", "type", "pd-standard")
    copies = 2 if resource.type == _REGIONAL else 1
    yield context.line(
        resource,
        disk.what + (", in two zones" if copies == 2 else ""),
        "disks",
        always(copies * disk.usd),
        disk.rates,
        region=region,
    )
