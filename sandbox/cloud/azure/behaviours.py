"""Which behaviour each type of resource has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.cloud.azure.arm import GROUP
from sandbox.cloud.azure.cluster import ClusterBehaviour
from sandbox.cloud.azure.groups import (
    RESERVATION,
    RESERVATION_GROUP,
    AttachedBehaviour,
    NestedBehaviour,
    ParentBehaviour,
    ReservationBehaviour,
    ResourceGroupBehaviour,
    RoleAssignmentBehaviour,
)
from sandbox.cloud.azure.network import NAT_GATEWAY, ReferencedBehaviour, SubnetBehaviour, VirtualNetworkBehaviour
from sandbox.cloud.azure.nodes import AGENT_POOL
from sandbox.cloud.azure.permissions import IDENTITY, ROLE_ASSIGNMENT
from sandbox.cloud.azure.pools import CLUSTER, AgentPoolBehaviour
from sandbox.cloud.azure.subnets import NETWORK, SUBNET
from sandbox.cloud.catalogue import Behaviour
from sandbox.cloud.paths import EVERY
from sandbox.cloud.schema import Sdk
from sandbox.cloud.store import Store

_ADDRESS: Final = "azure-native:network:PublicIPAddress"
_FIREWALL: Final = "azure-native:network:NetworkSecurityGroup"
_ROUTES: Final = "azure-native:network:RouteTable"


def behaviours(store: Store, sdk: Sdk) -> Mapping[str, Behaviour]:
    """The behaviours, by type; types that are not here do what their facts row says."""
    parent, nested, attached = ParentBehaviour(store), NestedBehaviour(store), AttachedBehaviour(store)
    return {
        GROUP: ResourceGroupBehaviour(store),
        NETWORK: VirtualNetworkBehaviour(store, sdk),
        SUBNET: SubnetBehaviour(store),
        CLUSTER: ClusterBehaviour(store),
        AGENT_POOL: AgentPoolBehaviour(store),
        RESERVATION_GROUP: nested,
        RESERVATION: ReservationBehaviour(store),
        ROLE_ASSIGNMENT: RoleAssignmentBehaviour(store),
        IDENTITY: parent,
        "azure-native:containerregistry:Registry": parent,
        "azure-native:network:PrivateEndpoint": parent,
        "azure-native:privatedns:PrivateZone": nested,
        "azure-native:monitor:DiagnosticSetting": attached,
        "azure-native:monitor:DataCollectionRuleAssociation": attached,
        **_referenced(store),
    }


def _referenced(store: Store) -> dict[str, Behaviour]:
    """Parts of a network that stay while something uses them; the text for a NAT gateway is a guess."""
    return {
        NAT_GATEWAY: ReferencedBehaviour(
            store,
            {SUBNET: ("natGateway", "id")},
            "InUseNatGatewayCannotBeDeleted",
            "Nat gateway {id} cannot be deleted because it is in use by {user}.",
        ),
        _ADDRESS: ReferencedBehaviour(
            store,
            {NAT_GATEWAY: ("publicIpAddresses", EVERY, "id")},
            "PublicIPAddressCannotBeDeleted",
            "Public IP address {id} can not be deleted since it is still allocated to resource {user}. "
            "In order to delete the public IP, disassociate/detach the Public IP address from the resource. "
            "To learn how to do this, see aka.ms/deletepublicip.",
        ),
        _FIREWALL: ReferencedBehaviour(
            store,
            {SUBNET: ("networkSecurityGroup", "id")},
            "InUseNetworkSecurityGroupCannotBeDeleted",
            "Network security group {id} cannot be deleted because it is in use by the following resources: {user}. "
            "In order to delete the Network security group, remove the association with the resource(s). "
            "To learn how to do this, see aka.ms/deletensg.",
        ),
        _ROUTES: ReferencedBehaviour(
            store,
            {SUBNET: ("routeTable", "id")},
            "InUseRouteTableCannotBeDeleted",
            "Route table {id} is in use and cannot be deleted.",
        ),
    }
