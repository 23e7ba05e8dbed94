"""What AKS refuses of a cluster.

Texts that Azure was seen to answer have their source beside them. The others are the sentences of AKS's documentation,
MicrosoftDocs/azure-aks-docs@fb060abe6a8fef960d4c487b543bf7b1e97808fe (egress-outboundtype, nat-gateway,
network-isolated, api-server-authorized-ip-ranges, private-clusters, manage-local-accounts-managed-azure-ad,
workload-identity-overview, use-managed-identity, use-oidc-issuer, long-term-support, cost-analysis), since AKS's own
are not published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.cloud.azure import arm
from sandbox.cloud.azure.arm import refusal
from sandbox.cloud.paths import first
from sandbox.cloud.store import CloudResource, Store

_REGISTRY: Final = "azure-native:containerregistry:Registry"
_MOST_RANGES = 200
_LONGEST_GROUP = 80


def check(cluster: Mapping[str, Any], id_: str, store: Store) -> None:
    """Raises `CloudError` for the first rule that the cluster breaks."""
    for error in _errors(cluster, id_, store):
        raise error


def _errors(cluster: Mapping[str, Any], id_: str, store: Store) -> Iterator[Exception]:
    if not (cluster.get("dnsPrefix") or cluster.get("fqdnSubdomain")):
        yield refusal(400, "InvalidParameter", "Required parameter dnsPrefix is missing (null).")
    group = str(cluster.get("nodeResourceGroup"))
    if len(group) > _LONGEST_GROUP:
        # Azure-Terraform/terraform-azurerm-kubernetes#33.
        yield refusal(
            400,
            "InvalidParameter",
            f"The length of the node resource group name is too long. The maximum length is {_LONGEST_GROUP} and the "
            f"length of the value provided is {len(group)}. "
            "Please see https://aka.ms/aks-naming-rules for more details.",
        )
    if arm.same(group, arm.segment(id_, "resourceGroups")):
        yield arm.invalid("nodeResourceGroup", "It must be a group of its own, not the cluster's.")
    yield from _identity(cluster)
    yield from _server(cluster)
    yield from _plans(cluster)
    yield from _outbound(cluster, store)


def _identity(cluster: Mapping[str, Any]) -> Iterator[Exception]:
    identity = cluster.get("identity") or {}
    kind, users = identity.get("type"), identity.get("userAssignedIdentities") or []
    if kind in (None, "None") and not cluster.get("servicePrincipalProfile"):
        yield refusal(400, "InvalidParameter", "Required parameter servicePrincipalProfile is missing (null).")
    if (kind == "UserAssigned") != bool(users):
        yield arm.invalid("identity", f"type {kind} does not go with {len(users)} user-assigned identities.")
    if len(users) > 1:
        yield arm.invalid(
            "identity.userAssignedIdentities", "Only one user-assigned identity is allowed for a cluster."
        )
    own = (cluster.get("identityProfile") or {}).get("kubeletidentity") or {}
    if own.get("resourceId") and kind != "UserAssigned":
        yield arm.invalid("identityProfile.kubeletidentity", "It needs a user-assigned control plane identity.")


def _server(cluster: Mapping[str, Any]) -> Iterator[Exception]:
    access = cluster.get("apiServerAccessProfile") or {}
    open_to = access.get("authorizedIPRanges") or []
    if open_to and access.get("enablePrivateCluster"):
        yield arm.invalid(
            "apiServerAccessProfile.authorizedIPRanges", "Authorized IP ranges can't be applied to private clusters."
        )
    if len(open_to) > _MOST_RANGES:
        yield arm.invalid("apiServerAccessProfile.authorizedIPRanges", "You can specify up to 200 IP ranges.")
    login = cluster.get("aadProfile") or {}
    if cluster.get("disableLocalAccounts") and not login:
        yield arm.invalid("disableLocalAccounts", "It needs a cluster with managed Microsoft Entra ID integration.")
    if login.get("enableAzureRBAC") and not login.get("managed"):
        yield arm.invalid("aadProfile.enableAzureRBAC", "Azure RBAC needs managed Microsoft Entra ID integration.")
    if cluster.get("enableRBAC") is False and login:
        yield arm.invalid("aadProfile", "It needs Kubernetes RBAC.")
    trusted = first(cluster, ("oidcIssuerProfile", "enabled"))
    if first(cluster, ("securityProfile", "workloadIdentity", "enabled")) and not trusted:
        yield arm.invalid("securityProfile.workloadIdentity", "Workload identity needs the OIDC issuer.")


def _plans(cluster: Mapping[str, Any]) -> Iterator[Exception]:
    tier = (cluster.get("sku") or {}).get("tier") or "Free"
    if cluster.get("supportPlan") == "AKSLongTermSupport" and tier != "Premium":
        yield arm.invalid("supportPlan", "AKSLongTermSupport needs the Premium tier.")
    if first(cluster, ("metricsProfile", "costAnalysis", "enabled")) and tier == "Free":
        yield arm.invalid("metricsProfile.costAnalysis", "Cost analysis needs the Standard or Premium tier.")


def _outbound(cluster: Mapping[str, Any], store: Store) -> Iterator[Exception]:
    """What the way out demands of the subnets, which each pool may name, and of the bootstrap."""
    network = cluster.get("networkProfile") or {}
    way = network.get("outboundType")
    pools = cluster.get("agentPoolProfiles") or []
    named = [pool["vnetSubnetID"] for pool in pools if pool.get("vnetSubnetID")]
    if way == "managedNATGateway" and named:
        yield arm.invalid("networkProfile.outboundType", "managedNATGateway needs a virtual network that AKS manages.")
    if way == "userAssignedNATGateway" and (missing := _without("natGateway", named, store)):
        yield arm.invalid("networkProfile.outboundType", f"Subnet {missing} is not associated with a NAT gateway.")
    if way == "userDefinedRouting" and (missing := _without("routeTable", named, store)):
        # Microsoft Learn, Troubleshoot Azure Kubernetes Service.
        reason = f"An existing route table has not been associated with subnet {missing}."
        advice = "Please update the route table association"
        yield refusal(400, "ExistingRouteTableNotAssociatedWithSubnet", f"{reason} {advice}")
    if way != "loadBalancer" and network.get("loadBalancerProfile"):
        yield arm.invalid("networkProfile.loadBalancerProfile", f"It cannot be set with outboundType {way}.")
    if way != "managedNATGateway" and network.get("natGatewayProfile"):
        yield arm.invalid("networkProfile.natGatewayProfile", f"It cannot be set with outboundType {way}.")
    bootstrap = cluster.get("bootstrapProfile") or {}
    if way == "none" and bootstrap.get("artifactSource") != "Cache":
        yield arm.invalid("bootstrapProfile.artifactSource", "With outboundType none it must be Cache.")
    registry = bootstrap.get("containerRegistryId")
    if registry and bootstrap.get("artifactSource") != "Cache":
        yield arm.invalid("bootstrapProfile.containerRegistryId", "It needs artifactSource Cache.")
    found = arm.find(store, _REGISTRY, registry) if registry else None
    if found is not None and first(found.outputs, ("sku", "name")) != "Premium":
        yield arm.invalid("bootstrapProfile.containerRegistryId", "The container registry must be of the Premium SKU.")


def _without(attachment: str, named: list[str], store: Store) -> str:
    """The first subnet that lacks something; `that AKS manages` when no pool names one."""
    found = ((name, arm.find(store, "azure-native:network:Subnet", name)) for name in named)
    lacking = [name for name, subnet in found if subnet is None or not subnet.outputs.get(attachment)]
    return next(iter(lacking), "") if named else "that AKS manages"


def require_no_fixed_change(old: CloudResource, new: CloudResource) -> None:
    """Raises `CloudError` for what nothing replaces, and AKS does not change."""
    for path in _FIXED:
        before, after = first(old.outputs, path), first(new.outputs, path)
        if (before or None) != (after or None):
            raise refusal(
                400, "PropertyChangeNotAllowed", f"Changing property '{'.'.join(path)}' is not allowed."
            )  # the form of pulumi/pulumi-azure-native#959
    if first(old.outputs, _OIDC) and not first(new.outputs, _OIDC):
        raise refusal(400, "BadRequest", "You can't disable OIDC issuer once enabled.")
    if old.outputs.get("aadProfile") and not new.outputs.get("aadProfile"):
        raise refusal(400, "BadRequest", "Microsoft Entra ID integration cannot be disabled once it is enabled.")


_FIXED: Final = (
    ("apiServerAccessProfile", "enablePrivateCluster"),
    ("apiServerAccessProfile", "privateDNSZone"),
    ("networkProfile", "loadBalancerSku"),
    ("enableRBAC",),
)
_OIDC: Final = ("oidcIssuerProfile", "enabled")
