"""In which region a resource lies."""

from __future__ import annotations

import re

from penstock_cost.resources.model import UNKNOWN_TEXT, Resource, Stack
from penstock_cost.resources.tokens import cloud_of
from penstock_cost.resources.values import Unpriced, Values

# The properties that say it, the most exact first; a zone is cut to its region.
_SAYS = {
    "aws": ("region", "availabilityZone"),
    "gcp": ("region", "location", "zone"),
    "azure": ("location",),
}
_CONFIG = {
    "aws": ("aws:region",),
    "gcp": ("gcp:region", "gcp:zone"),
    "azure": ("azure-native:location",),
}
# Properties by which a resource lies where another one does.
_LIES_WITH = ("cluster", "resourceName", "resourceGroupName", "instanceGroupManager", "target", "vmId", "subnetId")
_AWS_ZONE = re.compile(r"(?<=\d)[a-z]$")
_GCP_ZONE = re.compile(r"(?<=\d)-[a-z]$")


def region_of(stack: Stack, resource: Resource) -> str:
    """The region in the cloud's own spelling. Raises Unpriced where nothing tells it.

    Its own property says it, or that of the cluster or resource group it lies in, or its explicit provider, or the
    configuration of the stack.
    """
    cloud = cloud_of(resource.type)
    region = _region(stack, resource, cloud, set())
    if not region:
        raise Unpriced(
            f"Nothing tells in which region it is. Set {' or '.join(_CONFIG.get(cloud, ('the region',)))} "
            "or the region of its provider.",
            _SAYS.get(cloud, ("region",))[0],
        )
    return region


_ANY = {"aws": "us-east-1", "gcp": "us-central1", "azure": "eastus"}
"""Where the price of what lies in no region is looked up, unless the stack has a region."""


def region_or_default(stack: Stack, resource: Resource) -> str:
    """The region of what may be global, such as a zone of DNS. Raises Unpriced where it is stated and not known yet."""
    cloud = cloud_of(resource.type)
    region = _region(stack, resource, cloud, set())
    return _ANY.get(cloud, "") if region in ("", "global") else region


def _region(stack: Stack, resource: Resource, cloud: str, seen: set[str]) -> str:
    seen.add(resource.urn)
    values = Values(resource.properties)
    for name in _SAYS.get(cloud, ()):
        if name not in values:
            continue
        return tidy(cloud, values.text(name))
    for name in _LIES_WITH:
        for urn in resource.made_from(name):
            other = stack.by_urn.get(urn)
            if (
                other
                and urn not in seen
                and cloud_of(other.type) == cloud
                and (found := _region(stack, other, cloud, seen))
            ):
                return found
    provider = stack.provider_of(resource)
    if provider:
        for name in _SAYS.get(cloud, ()):
            if name in (own := Values(provider.properties)):
                return tidy(cloud, own.text(name))
    for key in _CONFIG.get(cloud, ()):
        if isinstance(value := stack.config.get(key), str) and value and value != UNKNOWN_TEXT:
            return tidy(cloud, value)
    return ""


def tidy(cloud: str, place: str) -> str:
    """The region of a place: `us-central1-a` lies in `us-central1`, `East US` is `eastus`."""
    if cloud == "azure":
        return place.replace(" ", "").lower()
    return (_AWS_ZONE if cloud == "aws" else _GCP_ZONE).sub("", place)
