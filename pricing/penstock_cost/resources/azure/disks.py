"""Managed disks."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.bill import Hole
from penstock_cost.money import UnknownPrice, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.disks import disk
from penstock_cost.resources.found import Disk
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of


@prices("azure-native:compute:Disk")
def managed_disk(resource: Resource, context: Context) -> Iterator[Found]:
    """A disk of its own, at the price of its size rounded up."""
    values, region = of(resource), context.region(resource)
    made = disk(
        context,
        "azure",
        region,
        values.child("sku").text("name", "Standard_LRS"),
        values.number("diskSizeGB"),
        path="sku.name",
    )
    yield context.line(resource, made.what, "disks", always(made.usd), made.rates, region=region)


def storage(context: Context, resource: Resource, region: str, profile: Values) -> Iterator[Disk | Hole]:
    """The disks in a storage profile. A disk that exists already is a resource of its own, and paid for there."""
    for part in (profile.child("osDisk"), *profile.children("dataDisks")):
        if part.child("diffDiskSettings").text("option", "") == "Local":
            continue
        if part.text("createOption", "FromImage") == "Attach":
            continue
        try:
            kind = part.child("managedDisk").text("storageAccountType", "Standard_LRS")
            if "diskSizeGB" not in part:
                raise Unpriced(
                    "Its size is that of its image, which is not known here. Write it.", part.at("diskSizeGB")
                )
            yield disk(
                context,
                "azure",
                region,
                kind,
                part.number("diskSizeGB"),
                path=part.at("managedDisk.storageAccountType"),
            )
        except Unpriced as problem:
            yield context.hole(resource, problem.reason, problem.path, pool=resource.name)
        except UnknownPrice as problem:
            yield context.hole(resource, str(problem), part.at("diskSizeGB"), pool=resource.name)
