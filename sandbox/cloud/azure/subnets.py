"""Address ranges of networks and subnets, and who uses a subnet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sandbox.cloud.azure import arm
from sandbox.cloud.azure.nodes import AGENT_POOL
from sandbox.cloud.paths import first
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties

NETWORK: Final = "azure-native:network:VirtualNetwork"
SUBNET: Final = "azure-native:network:Subnet"
_ENDPOINT: Final = "azure-native:network:PrivateEndpoint"

Range = ipaddress.IPv4Network | ipaddress.IPv6Network


def ranges(texts: Iterable[str], of: str) -> list[Range]:
    """The ranges that are written down; raises `CloudError` for one with bits after its prefix, or that is none."""
    return [_range(text, of) for text in texts]


def _range(text: str, of: str) -> Range:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        reason = f"The address prefix {text} of resource {of} is not formatted correctly."
        advice = "It should follow CIDR notation, for example 10.0.0.0/24."
        raise arm.refusal(400, "InvalidCIDRNotation", f"{reason} {advice}") from None


def prefixes(subnet: Properties) -> list[str]:
    """A subnet's ranges, whichever of the two properties has them."""
    return subnet.get("addressPrefixes") or ([subnet["addressPrefix"]] if subnet.get("addressPrefix") else [])


def overlap(one: Range, other: Range) -> bool:
    """Whether two ranges share addresses."""
    return one.version == other.version and one.overlaps(other)


def users(store: Store, subnet: str) -> Iterator[str]:
    """The ids of what has addresses in a subnet."""
    for pool in store.all(AGENT_POOL):
        if any(arm.same(pool.outputs.get(name), subnet) for name in ("vnetSubnetID", "podSubnetID")):
            yield pool.id
    for endpoint in store.all(_ENDPOINT):
        if arm.same(first(endpoint.outputs, ("subnet", "id")), subnet):
            yield endpoint.id


def require_unused(store: Store, subnet: CloudResource) -> None:
    """Raises `CloudError` for a subnet that something has addresses in."""
    user = next(users(store, subnet.id), None)
    if user is not None:
        reason = f"Subnet {arm.name_of(subnet.id)} is in use by {user} and cannot be deleted."
        advice = "In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
        raise arm.refusal(400, "InUseSubnetCannotBeDeleted", f"{reason} {advice}")


def require_same_network(store: Store, pool: CloudResource, others: Iterable[CloudResource]) -> None:
    """Raises `CloudError` unless all pools of a cluster lie in one virtual network, AKS's own or the user's."""
    mine = _network(pool.outputs.get("vnetSubnetID"))
    for other in others:
        if other.id != pool.id and not arm.same(_network(other.outputs.get("vnetSubnetID")), mine):
            raise arm.invalid(
                "agentPoolProfile.vnetSubnetID", "All node pools must reside in the same virtual network."
            )


def _network(subnet: Any) -> str:
    return arm.parent_of(subnet) if subnet else "AKS's own"
