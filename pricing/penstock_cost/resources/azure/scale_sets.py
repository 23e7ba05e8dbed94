"""Virtual machine scale sets."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.azure.clusters import GROUP
from penstock_cost.resources.azure.disks import storage
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of

_AUTOSCALING = ("azure-native:insights:AutoscaleSetting", "azure-native:monitor:AutoscaleSetting")


@prices("azure-native:compute:VirtualMachineScaleSet")
def scale_set(resource: Resource, context: Context) -> Iterator[Found]:
    """The machines of a scale set, within the bounds of its autoscale setting."""
    values, region = of(resource), context.region(resource)
    profile, sku = values.child("virtualMachineProfile"), values.child("sku")
    if "priorityMixPolicy" in values:
        raise Unpriced("A mix of spot and on-demand machines in one set has no price here.", "priorityMixPolicy")
    disks: list[Disk] = []
    for disk in storage(context, resource, region, profile.child("storageProfile")):
        if isinstance(disk, Disk):
            disks.append(disk)
        else:
            yield disk
    least, most, desired = _bounds(resource, sku, context)
    yield Pool(
        resource=resource,
        cloud="azure",
        region=region,
        machines=(sku.text("name"),),
        minimum=least,
        maximum=most,
        desired=desired,
        purchase="spot" if profile.text("priority", "Regular") in ("Spot", "Low") else "on_demand",
        disks=tuple(disks),
        holds=frozenset(one.urn for one in context.stack.joined(resource, "virtualMachineProfile", GROUP)),
    )


def _bounds(resource: Resource, sku: Values, context: Context) -> tuple[int, int, int | None]:
    """Over all profiles of its autoscale setting: the fewest, the most, and the default of the first."""
    for token in _AUTOSCALING:
        for setting in context.stack.by_type.get(token, ()):
            if resource.urn in setting.made_from("targetResourceUri"):
                capacities = [profile.child("capacity") for profile in of(setting).children("profiles")]
                if capacities:
                    return (
                        min(capacity.whole("minimum") for capacity in capacities),
                        max(capacity.whole("maximum") for capacity in capacities),
                        capacities[0].whole("default", None),
                    )
    size = sku.whole("capacity")
    return size, size, None
