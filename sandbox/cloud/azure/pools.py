"""AKS agent pools: those of their own, and those that a cluster brings along.

To Azure both are the same resource. A pool that a cluster lists is recorded under the cluster's URN.
"""

from __future__ import annotations

import time
from typing import Final

from sandbox.cloud.azure import arm, permissions, pool_rules, subnets, versions
from sandbox.cloud.azure.nodes import AGENT_POOL, bounds
from sandbox.cloud.catalogue import Behaviour
from sandbox.cloud.errors import CloudError
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties

CLUSTER: Final = "azure-native:containerservice:ManagedCluster"
_RESERVATION: Final = "azure-native:compute:CapacityReservation"
# Source: specification 2025-09-01 (defaults) and MicrosoftDocs/azure-aks-docs articles/aks/spot-node-pool.md
# @fb060abe6a8fef960d4c487b543bf7b1e97808fe (what a new pool shows).
_DEFAULTS: Final[Properties] = {
    "enableAutoScaling": False,
    "enableEncryptionAtHost": False,
    "enableFIPS": False,
    "enableNodePublicIP": False,
    "enableUltraSSD": False,
    "kubeletDiskType": "OS",
    "mode": "User",
    "osDiskSizeGB": 128,
    "osDiskType": "Managed",
    "osType": "Linux",
    "powerState": {"code": "Running"},
    "scaleDownMode": "Delete",
    "type": "VirtualMachineScaleSets",
    "workloadRuntime": "OCIContainer",
}
_MOST_PODS = {"overlay": 250, "azure": 30}
_MOST_PODS_OTHERWISE = 110


class AgentPoolBehaviour(Behaviour):
    """A pool: what AKS adds to it, what it lets change, and its size, which the autoscaler moves."""

    def creating(self, resource: CloudResource) -> None:
        cluster = self.cluster_of(resource)
        settle(self.store, resource, cluster)
        subnets.require_same_network(self.store, resource, pools_of(self.store, cluster.id))

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        change(self.store, old, new, self.cluster_of(new))

    def deleting(self, resource: CloudResource) -> None:
        others = pools_of(self.store, arm.parent_of(resource.id))
        if resource.outputs.get("mode") == "System" and not any(
            pool.outputs.get("mode") == "System" for pool in others if pool.id != resource.id
        ):
            raise arm.refusal(400, "BadRequest", "Must define at least one system pool.")

    def cluster_of(self, pool: CloudResource) -> CloudResource:
        """The pool's cluster; raises `CloudError` when it is gone."""
        return arm.found(self.store, CLUSTER, arm.parent_of(pool.id))


def pools_of(store: Store, cluster: str) -> list[CloudResource]:
    """The pools of a cluster in the order in which they came."""
    return sorted(arm.within(store, cluster, AGENT_POOL), key=lambda pool: pool.live.get("since", 0))


def settle(store: Store, pool: CloudResource, cluster: CloudResource) -> None:
    """Checks a new pool and completes its outputs as AKS does."""
    outputs = pool.outputs
    _check(pool, cluster)
    permissions.require_subnet(store, cluster, outputs.get("vnetSubnetID"))
    for name, value in _DEFAULTS.items():
        outputs.setdefault(name, value)
    least, _ = bounds(outputs)
    current = cluster.outputs["currentKubernetesVersion"]
    wanted = outputs.get("orchestratorVersion")
    long_term = cluster.outputs.get("supportPlan") == "AKSLongTermSupport"
    version = versions.resolve(wanted, long_term=long_term) if wanted else current
    versions.check_pool(version, current)
    outputs.setdefault("orchestratorVersion", current)
    outputs.setdefault("count", max(least, 1))
    outputs.setdefault("maxPods", _most_pods(cluster.outputs.get("networkProfile") or {}))
    outputs |= {"currentOrchestratorVersion": version, "nodeImageVersion": _image(outputs)}
    outputs.setdefault("osSKU", "Windows2022" if outputs["osType"] == "Windows" else "Ubuntu")
    _mark(outputs)
    _reserve(store, pool, cluster)
    pool.live["since"] = time.time_ns()


def change(store: Store, old: CloudResource, new: CloudResource, cluster: CloudResource) -> None:
    """Checks a pool's update and completes its outputs.

    The size of a pool that scales itself is its autoscaler's, whatever count is sent: Azure's own templates send the
    first one at every deployment. Sources: Azure/bicep-registry-modules avm/res/container-service/managed-cluster/
    agent-pool/main.bicep@01aef26f; hashicorp/terraform-provider-azurerm#26417; that a new minimum is enforced:
    MicrosoftDocs/azure-aks-docs articles/aks/cluster-autoscaler.md@fb060abe.
    """
    outputs, before = new.outputs, old.outputs
    pool_rules.check_change(before, new.inputs)
    if outputs.get("enableAutoScaling") and before.get("enableAutoScaling"):
        outputs["count"] = before["count"]
    # What a pool has and the program does not mention stays.
    cleared = {"minCount", "maxCount", "nodeLabels", "nodeTaints", "tags"}
    for name, value in before.items():
        if name not in cleared:
            outputs.setdefault(name, value)
    if outputs.get("enableAutoScaling"):
        least, most = bounds(outputs)
        outputs["count"] = min(max(outputs["count"], least), most)
    _check(new, cluster)
    version = versions.step(before["currentOrchestratorVersion"], new.inputs.get("orchestratorVersion"), long_term=True)
    versions.check_pool(version, cluster.outputs["currentKubernetesVersion"])
    outputs["currentOrchestratorVersion"] = version
    if before.get("mode") == "System" and outputs.get("mode") != "System":
        AgentPoolBehaviour(store).deleting(old)
    _mark(outputs)


def _check(pool: CloudResource, cluster: CloudResource) -> None:
    pool_rules.check(pool.outputs, arm.name_of(pool.id))
    provisioning = (cluster.outputs.get("nodeProvisioningProfile") or {}).get("mode")
    if provisioning == "Auto" and pool.outputs.get("enableAutoScaling"):
        raise arm.invalid(
            "agentPoolProfile.enableAutoScaling",
            "Autoscaling node pools cannot be created with node provisioning mode Auto; fixed size node pools can.",
        )


def _mark(outputs: Properties) -> None:
    """AKS gives spot pools a label and a taint, again at every update, whether the program knows of them or not.

    Sources: MicrosoftDocs/azure-aks-docs articles/aks/spot-node-pool.md; in
    kubernetes-sigs/cluster-api-provider-azure#3976 a controller that does not know them never comes to rest.
    """
    if outputs.get("scaleSetPriority") != "Spot":
        return
    outputs["nodeLabels"] = {**(outputs.get("nodeLabels") or {}), pool_rules.SPOT_LABEL: "spot"}
    taints = outputs.get("nodeTaints") or []
    outputs["nodeTaints"] = taints if pool_rules.SPOT_TAINT in taints else [*taints, pool_rules.SPOT_TAINT]
    outputs.setdefault("scaleSetEvictionPolicy", "Delete")
    outputs.setdefault("spotMaxPrice", -1)


def _reserve(store: Store, pool: CloudResource, cluster: CloudResource) -> None:
    """Ties a pool to its capacity reservation group; to one that has no reservations AKS only pretends to.

    Source: MicrosoftDocs/azure-aks-docs articles/aks/use-capacity-reservation-groups.md: the pool is made, with a
    warning.
    """
    group = pool.outputs.get("capacityReservationGroupID")
    if not group:
        return
    permissions.require_reservations(store, cluster, group)
    reserved = list(arm.within(store, group, _RESERVATION))
    if not reserved:
        del pool.outputs["capacityReservationGroupID"]
    elif not any(arm.same(found.outputs["sku"]["name"], pool.outputs["vmSize"]) for found in reserved):
        raise _no_such_reservation(group, pool.outputs["vmSize"])


def _no_such_reservation(group: str, size: str) -> CloudError:
    reason = f"The capacity reservation group {group} doesn't have a reservation matching the size {size}."
    return arm.refusal(400, "BadRequest", reason)


def _most_pods(network: Properties) -> int:
    """Source: MicrosoftDocs/azure-aks-docs articles/aks/concepts-network-ip-address-planning.md."""
    return _MOST_PODS.get(network.get("networkPluginMode") or network.get("networkPlugin") or "", _MOST_PODS_OTHERWISE)


def _image(outputs: Properties) -> str:
    if outputs["osType"] == "Windows":
        return "AKSWindows-2022-containerd-20348.3561.250416"
    azure_linux = str(outputs.get("osSKU")).startswith(("AzureLinux", "CBLMariner"))
    return f"{'AKSAzureLinux-V3gen2' if azure_linux else 'AKSUbuntu-2204gen2containerd'}-202608.13.0"
