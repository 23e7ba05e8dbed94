"""AKS clusters.

A cluster's `agentPoolProfiles` and the AgentPool resources are two views of the same pools. The provider sends the
list as the program gives it; AKS then updates the pools that are in the list, refuses those that it does not know, and
leaves alone those that are not in it. The answer, and so Pulumi's outputs and, after a refresh, its inputs, have every
pool. Sources: pulumi/pulumi-azure-native#579, #1686, #2719 and #4264; the texts: Azure/AKS#4383 (pools that are new),
Azure/AKS#1568 (no system pool), Azure/AKS#2495 (no pool), Azure/bicep-registry-modules#7130 (vmSize).
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any, Final

from sandbox.cloud.azure import arm, cluster_network, cluster_rules, pools, versions
from sandbox.cloud.azure.credentials import host
from sandbox.cloud.azure.nodes import AGENT_POOL
from sandbox.cloud.azure.permissions import IDENTITY
from sandbox.cloud.azure.subnets import require_same_network
from sandbox.cloud.catalogue import Behaviour
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties

_LONG_TERM: Final = "AKSLongTermSupport"
# Source: specification 2025-09-01 and MicrosoftDocs/azure-aks-docs@fb060abe (free-standard-pricing-tiers,
# auto-upgrade-node-os-image, concepts-network-isolated, node-auto-provisioning).
_DEFAULTS: Final[Properties] = {
    "sku": {"name": "Base", "tier": "Free"},
    "supportPlan": "KubernetesOfficial",
    "enableRBAC": True,
    "disableLocalAccounts": False,
    "powerState": {"code": "Running"},
    "publicNetworkAccess": "Enabled",
    "maxAgentPools": 100,
    "networkProfile": {},
    "oidcIssuerProfile": {"enabled": False},
    "securityProfile": {},
    "storageProfile": {
        "diskCSIDriver": {"enabled": True},
        "fileCSIDriver": {"enabled": True},
        "snapshotController": {"enabled": True},
    },
    "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
    "bootstrapProfile": {"artifactSource": "Direct"},
    "nodeProvisioningProfile": {"mode": "Manual", "defaultNodePools": "Auto"},
    "workloadAutoScalerProfile": {},
    "metricsProfile": {"costAnalysis": {"enabled": False}},
}
_MOST_POOLS = 100


class ClusterBehaviour(Behaviour):
    """A cluster: what AKS adds, the pools that it brings along, its versions."""

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        wanted = outputs.get("kubernetesVersion")
        version = versions.resolve(wanted, long_term=outputs.get("supportPlan") == _LONG_TERM)
        outputs |= {"currentKubernetesVersion": version, "kubernetesVersion": wanted or version}
        self._complete(resource)
        _address(resource)
        self._make_pools(resource)

    def reading(self, resource: CloudResource, prior: Properties) -> None:
        resource.outputs["agentPoolProfiles"] = _profiles(self.store, resource)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        """What AKS made up stays; the version moves by a step; listed pools change with the cluster."""
        outputs, before = new.outputs, old.outputs
        lasting = ("fqdn", "privateFQDN", "azurePortalFQDN", "resourceUID", "nodeResourceGroup", "identityProfile")
        for name in lasting:
            if before.get(name) is not None:
                outputs[name] = before[name] if name != "identityProfile" else outputs.get(name) or before[name]
        for name in ("networkProfile", "autoScalerProfile"):
            outputs[name] = {**(before.get(name) or {}), **(new.inputs.get(name) or {})}
        issuer = (before.get("oidcIssuerProfile") or {}).get("issuerURL")
        if issuer:
            outputs["oidcIssuerProfile"] = {**outputs["oidcIssuerProfile"], "issuerURL": issuer}
        wanted = new.inputs.get("kubernetesVersion")
        long_term = outputs.get("supportPlan") == _LONG_TERM
        version = versions.step(before["currentKubernetesVersion"], wanted, long_term=long_term)
        outputs |= {"currentKubernetesVersion": version, "kubernetesVersion": wanted or before["kubernetesVersion"]}
        self._complete(new)
        cluster_rules.require_no_fixed_change(old, new)
        self._change_pools(old, new)

    def deleting(self, resource: CloudResource) -> None:
        forget_objects(self.store, resource)
        for inside in arm.within(self.store, resource.id):
            self.store.remove(inside)

    def _complete(self, cluster: CloudResource) -> None:
        outputs = cluster.outputs
        for name, value in _DEFAULTS.items():
            if isinstance(value, dict):
                outputs[name] = {**copy.deepcopy(value), **(outputs.get(name) or {})}
            elif outputs.get(name) is None:
                outputs[name] = value
        outputs.setdefault("resourceUID", hashlib.sha256(cluster.id.encode()).hexdigest()[:24])
        if not outputs["oidcIssuerProfile"].get("enabled"):
            outputs["oidcIssuerProfile"] = {"enabled": False}
        cluster_network.fill(outputs["networkProfile"])
        cluster_rules.check(outputs, cluster.id, self.store)
        cluster_network.check(outputs, self.store)
        self._name_kubelet(cluster)

    def _name_kubelet(self, cluster: CloudResource) -> None:
        """The machines' identity: one that AKS makes beside the machines, unless the program gives one."""
        profile = cluster.outputs.get("identityProfile") or {}
        given = profile.get("kubeletidentity") or {}
        subscription = arm.segment(cluster.id, "subscriptions")
        own = (
            f"/subscriptions/{subscription}/resourcegroups/{cluster.outputs['nodeResourceGroup']}/providers/"
            f"Microsoft.ManagedIdentity/userAssignedIdentities/{arm.name_of(cluster.id)}-agentpool"
        )
        id_ = given.get("resourceId") or own
        found = arm.find(self.store, IDENTITY, id_)
        known = found.outputs if found else {}
        shown = {
            "resourceId": id_,
            "clientId": given.get("clientId") or known.get("clientId") or arm.guid(f"{id_}#clientId"),
            "objectId": given.get("objectId") or known.get("principalId") or arm.guid(f"{id_}#principalId"),
        }
        cluster.outputs["identityProfile"] = {**profile, "kubeletidentity": shown}

    def _make_pools(self, cluster: CloudResource) -> None:
        listed = cluster.outputs.get("agentPoolProfiles") or []
        if not listed:
            raise arm.refusal(400, "InvalidParameter", "Required parameter agentPoolProfiles is missing (null).")
        if not any(profile.get("mode") == "System" for profile in listed):
            raise arm.refusal(400, "BadRequest", "Must define at least one system pool.")
        names = [profile.get("name") for profile in listed]
        if len(set(names)) < len(names):
            raise arm.invalid("agentPoolProfiles", "The names of agent pools must be unique.")
        made = [self._pool(cluster, profile) for profile in listed]
        for pool in made:
            pools.settle(self.store, pool, cluster)
            require_same_network(self.store, pool, made)
        for pool in made:
            self.store.add(pool)
        cluster.outputs["agentPoolProfiles"] = _profiles(self.store, cluster)

    def _change_pools(self, old: CloudResource, new: CloudResource) -> None:
        there = {arm.name_of(pool.id): pool for pool in pools.pools_of(self.store, old.id)}
        listed = new.inputs.get("agentPoolProfiles") or []
        changed = []
        for profile in listed:
            name = profile["name"]
            if name not in there:
                raise _introduced()
            before, after = there[name], self._pool(new, profile)
            after.urn, after.live = before.urn, before.live
            _require_same_size(before, after)
            pools.change(self.store, before, after, new)
            changed.append(after)
        for pool in changed:
            self.store.put(pool)
        new.outputs["agentPoolProfiles"] = _profiles(self.store, new)

    def _pool(self, cluster: CloudResource, profile: Properties) -> CloudResource:
        inputs = {name: value for name, value in profile.items() if name != "name"}
        id_ = f"{cluster.id}/agentPools/{profile.get('name')}"
        shown = {"name": profile.get("name"), "provisioningState": "Succeeded", **copy.deepcopy(inputs)}
        shown |= {"type": inputs.get("type") or "VirtualMachineScaleSets", "eTag": arm.guid(f"{id_}#etag")}
        return CloudResource(AGENT_POOL, id_, cluster.urn, inputs, shown)


def forget_objects(store: Store, cluster: CloudResource) -> None:
    """What ran in a cluster that is gone, whichever way its API server was addressed."""
    name = host(cluster)
    for server in (name, name.partition(":")[0]):
        store.remove_all(scope=server)


def _address(cluster: CloudResource) -> None:
    """The names of the API server: `<prefix>-<8 hex>.hcp.<region>.azmk8s.io`, or in a private zone."""
    outputs = cluster.outputs
    place = str(outputs["location"]).replace(" ", "").lower()
    prefix = outputs.get("dnsPrefix") or outputs.get("fqdnSubdomain")
    stem = f"{prefix}-{hashlib.sha256(cluster.id.encode()).hexdigest()[:8]}"
    access = outputs.get("apiServerAccessProfile") or {}
    if access.get("enablePrivateCluster"):
        zone = f"{arm.guid(f'{cluster.id}#zone')}.privatelink.{place}.azmk8s.io"
        own = str(access.get("privateDNSZone") or "system")
        name = f"{outputs['fqdnSubdomain']}.{arm.name_of(own)}" if outputs.get("fqdnSubdomain") else f"{stem}.{zone}"
        outputs["privateFQDN"] = name
    if not access.get("enablePrivateCluster") or access.get("enablePrivateClusterPublicFQDN") is not False:
        outputs["fqdn"] = f"{stem}.hcp.{place}.azmk8s.io"
    outputs["azurePortalFQDN"] = f"{stem}.portal.hcp.{place}.azmk8s.io"


def hide_addresses(cluster: CloudResource) -> None:
    """Drops an address that the cluster does not have, though the SDK promises it."""
    access = cluster.outputs.get("apiServerAccessProfile") or {}
    private = bool(access.get("enablePrivateCluster"))
    if not private:
        cluster.outputs.pop("privateFQDN", None)
    elif access.get("enablePrivateClusterPublicFQDN") is False:
        cluster.outputs.pop("fqdn", None)


def _profiles(store: Store, cluster: CloudResource) -> list[Properties]:
    """Every pool as the cluster shows it, with its present size."""
    left_out = {"azureApiVersion", "systemData", "resourceGroupName", "resourceName", "agentPoolName"}
    return [
        {name: value for name, value in pool.outputs.items() if name not in left_out}
        | {"name": arm.name_of(pool.id), "type": pool.inputs.get("type") or "VirtualMachineScaleSets"}
        for pool in pools.pools_of(store, cluster.id)
    ]


def _introduced() -> Exception:
    advice = "For agent pool specific change, please use per agent pool operations: https://aka.ms/agent-pool-rest-api"
    reason = "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through managed"
    return arm.refusal(400, "BadRequest", f"{reason} cluster operations. {advice}")


def _require_same_size(before: CloudResource, after: CloudResource) -> None:
    size: Any = after.inputs.get("vmSize")
    if size is not None and not arm.same(size, before.outputs.get("vmSize")):
        raise arm.refusal(
            400,
            "PropertyChangeNotAllowed",
            'Changing property "agentPoolProfile.vmSize" is not allowed in an api-version before "2026-01-02-preview".',
        )
