"""What a test about Azure begins with: a resource group, and in it networks, identities, clusters and agent pools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.cloud_client import Live, Session, running_cloud

SUBSCRIPTION = "12345678-1234-1234-1234-123456789012"
GROUP = "azure-native:resources:ResourceGroup"
NETWORK = "azure-native:network:VirtualNetwork"
SUBNET = "azure-native:network:Subnet"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
ROLE_ASSIGNMENT = "azure-native:authorization:RoleAssignment"
CLUSTER = "azure-native:containerservice:ManagedCluster"
AGENT_POOL = "azure-native:containerservice:AgentPool"
RESERVATION_GROUP = "azure-native:compute:CapacityReservationGroup"
RESERVATION = "azure-native:compute:CapacityReservation"

_ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
NETWORK_CONTRIBUTOR = f"{_ROLES}/4d97b98b-1d4f-4787-a291-c67834d212e7"
SYSTEM: dict[str, Any] = {"name": "system", "mode": "System", "count": 3, "vmSize": "Standard_D4s_v5"}
SPOT: dict[str, Any] = {"scaleSetPriority": "Spot"}
SCALING: dict[str, Any] = {"enableAutoScaling": True, "minCount": 1, "maxCount": 5, "count": 1}


class Azure:
    """A pretend Azure with one resource group, `apps` in westeurope."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.cloud = session.cloud
        self.provider = session.provider("azure-native", location="westeurope", subscriptionId=SUBSCRIPTION)
        self.group = self.make(GROUP, "apps", resourceGroupName="apps", within=False)

    def make(self, type_: str, name: str, *, within: bool = True, **inputs: Any) -> Live:
        """Creates a resource, in the group unless told otherwise."""
        return self.provider.create(type_, name, {"resourceGroupName": "apps", **inputs} if within else inputs)

    def network(self, **more: Any) -> Live:
        """The network 10.10.0.0/16."""
        space = {"addressSpace": {"addressPrefixes": ["10.10.0.0/16"]}}
        return self.make(NETWORK, "net", **({"virtualNetworkName": "net"} | space | more))

    def subnet(self, prefix: str = "10.10.0.0/20", name: str = "nodes", **more: Any) -> Live:
        """A subnet of the network `net`."""
        return self.make(SUBNET, name, **({"virtualNetworkName": "net", "addressPrefix": prefix} | more))

    def identity(self, **more: Any) -> Live:
        """A user-assigned identity."""
        return self.make(IDENTITY, "aks", **({"resourceName": "aks"} | more))

    def grant(self, scope: str, principal: str, name: str = "role") -> Live:
        """A role for an identity."""
        return self.make(
            ROLE_ASSIGNMENT,
            name,
            within=False,
            scope=scope,
            principalId=principal,
            principalType="ServicePrincipal",
            roleDefinitionId=NETWORK_CONTRIBUTOR,
        )

    def cluster(self, **more: Any) -> Live:
        """A cluster with one pool, `system`."""
        return self.make(CLUSTER, "main", **self.wanted(**more))

    def wanted(self, **more: Any) -> dict[str, Any]:
        """The inputs of such a cluster, without its resource group."""
        least = {"identity": {"type": "SystemAssigned"}, "dnsPrefix": "main", "agentPoolProfiles": [SYSTEM]}
        return {"resourceName": "main"} | least | more

    def pool(self, **more: Any) -> Live:
        """An agent pool `web` of the cluster `main`."""
        return self.make(AGENT_POOL, "web", **self.wanted_pool(**more))

    def wanted_pool(self, **more: Any) -> dict[str, Any]:
        """The inputs of such a pool, without its resource group."""
        least = {"mode": "User", "count": 1, "vmSize": "Standard_D4s_v5"}
        return {"resourceName": "main", "agentPoolName": "web"} | least | more


@contextmanager
def running_azure(state: Path, faults: list[dict[str, Any]] | None = None) -> Iterator[Azure]:
    """A pretend Azure in this process, stopped at the end."""
    with running_cloud(state, faults or ()) as session:
        yield Azure(session)
