"""Virtual networks, their subnets, and what cannot go while something uses it.

Source of the texts: errors of Microsoft.Network as users met them, microsoft/AzureTRE#2111 (NetcfgInvalidSubnet) and
Azure/azure-cli#10917; of the codes: Microsoft Learn (how to delete a virtual network, network security groups).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.cloud.azure import arm
from sandbox.cloud.azure.defaults import complete
from sandbox.cloud.azure.subnets import NETWORK, SUBNET, overlap, prefixes, ranges, require_unused
from sandbox.cloud.catalogue import Behaviour
from sandbox.cloud.paths import Path, find
from sandbox.cloud.schema import Sdk
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties

NAT_GATEWAY: Final = "azure-native:network:NatGateway"


class VirtualNetworkBehaviour(Behaviour):
    """A network: subnets can be given with it, or lie in it as resources of their own."""

    def __init__(self, store: Store, sdk: Sdk) -> None:
        super().__init__(store)
        self._sdk = sdk

    def creating(self, resource: CloudResource) -> None:
        self._require_space(resource)
        self._list(resource, resource.outputs.get("subnets") or [])
        self.reading(resource, {})

    def reading(self, resource: CloudResource, prior: Properties) -> None:
        found = sorted(arm.within(self.store, resource.id, SUBNET))
        resource.outputs["subnets"] = [{"id": subnet.id, **subnet.outputs} for subnet in found]

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        """A list of subnets is all there shall be; without one the provider repeats those that there are."""
        self._require_space(new)
        for subnet in arm.within(self.store, old.id, SUBNET):
            check_subnet(self.store, subnet, new)
        if "subnets" in new.inputs:
            self._list(new, new.inputs["subnets"] or [])
        self.reading(new, prior)

    def deleting(self, resource: CloudResource) -> None:
        found = list(arm.within(self.store, resource.id, SUBNET))
        for subnet in found:
            require_unused(self.store, subnet)
        for subnet in found:
            self.store.remove(subnet)

    def _require_space(self, network: CloudResource) -> None:
        space = (network.outputs.get("addressSpace") or {}).get("addressPrefixes") or []
        if not space:
            reason = f"Virtual network {arm.name_of(network.id)} has no address space."
            raise arm.refusal(400, "InvalidRequestFormat", f"{reason} Give addressSpace.addressPrefixes.")
        ranges(space, network.id)

    def _list(self, network: CloudResource, wanted: list[Properties]) -> None:
        names = [str(subnet.get("name")).lower() for subnet in wanted]
        for subnet in list(arm.within(self.store, network.id, SUBNET)):
            if arm.name_of(subnet.id).lower() not in names:
                require_unused(self.store, subnet)
                self.store.remove(subnet)
        for inputs in wanted:
            self._put(network, inputs)

    def _put(self, network: CloudResource, inputs: Properties) -> None:
        id_ = f"{network.id}/subnets/{inputs.get('name')}"
        subnet = CloudResource(SUBNET, id_, network.urn, inputs, dict(inputs))
        check_subnet(self.store, subnet, network)
        subnet_type = self._sdk.resource(SUBNET)
        assert subnet_type is not None, "the SDK has subnets"
        complete(subnet_type, subnet, self.store)
        if arm.find(self.store, SUBNET, id_) is None:
            self.store.add(subnet)
        else:
            self.store.put(subnet)


class SubnetBehaviour(Behaviour):
    """A subnet: inside its network, beside the others."""

    def creating(self, resource: CloudResource) -> None:
        check_subnet(self.store, resource, self._network(resource))

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        check_subnet(self.store, new, self._network(new))
        if prefixes(old.outputs) != prefixes(new.outputs):
            require_unused(self.store, old)

    def deleting(self, resource: CloudResource) -> None:
        require_unused(self.store, resource)

    def _network(self, subnet: CloudResource) -> CloudResource:
        return arm.found(self.store, NETWORK, arm.parent_of(subnet.id))


def check_subnet(store: Store, subnet: CloudResource, network: CloudResource) -> None:
    """Raises `CloudError` for a subnet that does not fit into its network."""
    name, theirs = arm.name_of(subnet.id), arm.name_of(network.id)
    mine = ranges(prefixes(subnet.outputs), subnet.id)
    space = ranges(network.outputs["addressSpace"]["addressPrefixes"], network.id)
    unfit = f"Subnet '{name}' is not valid in virtual network '{theirs}'."
    if not mine:
        raise arm.refusal(400, "NetcfgInvalidSubnet", unfit)
    if any(not any(overlap(part, whole) and part.prefixlen >= whole.prefixlen for whole in space) for part in mine):
        raise arm.refusal(400, "NetcfgInvalidSubnet", unfit)
    for other in arm.within(store, network.id, SUBNET):
        taken = ranges(prefixes(other.outputs), other.id)
        if not arm.same(other.id, subnet.id) and any(overlap(a, b) for a in mine for b in taken):
            reason = "because its IP address range overlaps with that of an existing subnet"
            text = f"Subnet '{name}' is not valid {reason} in virtual network '{theirs}'."
            raise arm.refusal(400, "NetcfgSubnetRangesOverlap", text)


class ReferencedBehaviour(Behaviour):
    """A resource that cannot be deleted while others refer to it."""

    def __init__(self, store: Store, referrers: dict[str, Path], code: str, text: str) -> None:
        super().__init__(store)
        self._referrers, self._code, self._text = referrers, code, text

    def deleting(self, resource: CloudResource) -> None:
        user = next(self._users(resource.id), None)
        if user is not None:
            raise arm.refusal(400, self._code, self._text.format(id=resource.id, user=user))

    def _users(self, id_: str) -> Iterator[str]:
        for type_, path in self._referrers.items():
            for other in self.store.all(type_):
                if any(arm.same(value, id_) for _, value in find(other.outputs, path)):
                    yield other.id
