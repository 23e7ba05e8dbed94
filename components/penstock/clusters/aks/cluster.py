"""An AKS cluster and what it stands on: resource group, network, identity, roles, logs.

The only pool that is made with it is its System pool, which AKS demands and whose taint keeps workloads off. Workers
are pools of their own, so that changing one never touches the cluster. What Azure does itself in the cluster's
resource group, for example for load balancers, would fail on a management lock; so deletion protection is Pulumi's.
"""

from typing import Any

import pulumi
import pulumi_azure_native as azure

from penstock.clusters.aks import logs, plan
from penstock.clusters.aks.network import network
from penstock.clusters.aks.roles import Role, grant
from penstock.clusters.aks.spec import AksClusterSpec
from penstock.clusters.kubeconfig import kubeconfig
from penstock.clusters.made import Made, reference
from penstock.clusters.spec import AdoptedClusterSpec


def adopt(spec: AksClusterSpec, adopted: AdoptedClusterSpec, parent: pulumi.Resource) -> Made:
    """Looks an existing cluster up. The lookup fails, naming the cluster, where there is none."""
    found = azure.containerservice.get_managed_cluster_output(
        resource_group_name=adopted.resource_group,
        resource_name=adopted.name,
        opts=pulumi.InvokeOutputOptions(parent=parent),
    )
    ref = reference(spec, found.name)
    ref["resource_group"] = adopted.resource_group
    ref["project"] = found.id.apply(lambda known: known.split("/")[2])
    principal: pulumi.Output[Any] = found.identity.apply(plan.user_assigned_principal)
    subnet: pulumi.Output[Any] = found.agent_pool_profiles.apply(plan.subnet_of)
    ref["identity_principal"] = principal
    ref["subnets"] = dict.fromkeys(spec.zones or [], subnet)
    return Made(ref, _kubeconfig(adopted.resource_group, found.name, [], parent))


def create(name: str, spec: AksClusterSpec, parent: pulumi.Resource) -> Made:
    """Makes the cluster and what it stands on. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    kept = pulumi.ResourceOptions(parent=parent, protect=spec.deletion_protection)
    client = azure.authorization.get_client_config_output(opts=pulumi.InvokeOutputOptions(parent=parent))
    group = azure.resources.ResourceGroup(name, location=spec.location, tags=spec.labels, opts=kept)
    net = network(name, spec, group.name, kept)
    identity = azure.managedidentity.UserAssignedIdentity(
        name, resource_group_name=group.name, location=spec.location, tags=spec.labels, opts=kept
    )
    workspace = logs.workspace(name, spec, group.name, opts)

    # A private cluster links its DNS zone to the network, not only its nodes to the subnet.
    scope = net.network_id if spec.private else net.subnet_id
    as_identity = (identity.principal_id, "ServicePrincipal", opts)
    before = [grant(f"{name}-network", Role.NETWORK_CONTRIBUTOR, scope, *as_identity)]
    args = plan.cluster_args(spec)
    if spec.secrets_key is not None:
        args["security_profile"] |= {"azure_key_vault_kms": _secrets_key(spec.secrets_key, parent)}
        before.append(grant(f"{name}-secrets", Role.KEY_VAULT_CRYPTO_USER, spec.secrets_key, *as_identity))
    if spec.authorized_networks:
        named = [authorized.cidr for authorized in spec.authorized_networks]
        args["api_server_access_profile"] = {
            "authorized_ip_ranges": [*named, *([net.egress_address] if net.egress_address else [])]
        }
    args |= {
        "identity": {"type": "UserAssigned", "user_assigned_identities": [identity.id]},
        "aad_profile": {"managed": True, "enable_azure_rbac": True, "tenant_id": client.tenant_id},
        "network_profile": plan.network_profile(spec) | {"outbound_type": net.outbound_type},
        "agent_pool_profiles": [plan.system_pool(spec) | {"vnet_subnet_id": net.subnet_id}],
        "addon_profiles": logs.addons(spec, workspace.id),
    }
    cluster = azure.containerservice.ManagedCluster(
        name,
        **args,
        resource_group_name=group.name,
        dns_prefix=name,
        tags=spec.labels,
        opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=before, ignore_changes=plan.IGNORED)),
    )
    admins = _admins(name, spec, cluster.id, client, opts)
    if spec.maintenance_window:
        for config in plan.MAINTENANCE:
            azure.containerservice.MaintenanceConfiguration(
                f"{name}-{config}",
                config_name=config,
                resource_group_name=group.name,
                resource_name_=cluster.name,
                **plan.maintenance(spec.maintenance_window),
                opts=opts,
            )
    logs.send(name, spec, group.name, cluster.id, workspace.id, opts)

    ref = reference(spec, cluster.name)
    ref["resource_group"] = group.name
    ref["project"] = client.subscription_id
    ref["identity_principal"] = identity.principal_id
    ref["subnets"] = dict.fromkeys(spec.zones or [], net.subnet_id)
    return Made(ref, _kubeconfig(group.name, cluster.name, admins, parent))


def _admins(
    name: str, spec: AksClusterSpec, cluster_id: pulumi.Output[str], client: Any, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Lets whoever deploys administer what runs in the cluster, and the groups that are named.

    Azure takes up to five minutes to act on it. To own a subscription is not enough: that is a role over resources of
    Azure, and what runs in a cluster is none.
    """
    grants = [
        grant(
            f"{name}-deployer",
            Role.AKS_RBAC_CLUSTER_ADMIN,
            cluster_id,
            client.object_id,
            client.client_id.apply(plan.principal_type),
            opts,
        )
    ]
    for index, admin in enumerate(spec.admins):
        grants.append(grant(f"{name}-admin-{index}", Role.AKS_RBAC_CLUSTER_ADMIN, cluster_id, admin, "Group", opts))
    return [*grants]


def _secrets_key(key: pulumi.Input[str], parent: pulumi.Resource) -> dict[str, Any]:
    """The settings for a key of the owner's: its current version, which a new deployment renews."""
    parts = pulumi.Output.from_input(key).apply(plan.key_id)
    found = azure.keyvault.get_key_output(
        resource_group_name=parts.apply(lambda parts: parts.resource_group),
        vault_name=parts.apply(lambda parts: parts.vault),
        key_name=parts.apply(lambda parts: parts.key),
        opts=pulumi.InvokeOutputOptions(parent=parent),
    )
    return {"enabled": True, "key_id": found.key_uri_with_version, "key_vault_network_access": "Public"}


def _kubeconfig(
    group: pulumi.Input[str], name: pulumi.Output[str], grants: list[pulumi.Resource], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """A kubeconfig of whoever uses it, known when those who use it are let in."""
    given = azure.containerservice.list_managed_cluster_user_credentials_output(
        resource_group_name=group,
        resource_name=name,
        format="exec",
        opts=pulumi.InvokeOutputOptions(parent=parent, depends_on=grants),
    )
    endpoint = given.kubeconfigs.apply(lambda given: plan.endpoint([{"value": one.value} for one in given]))
    return pulumi.Output.all(name, endpoint, [granted.urn for granted in grants]).apply(
        lambda known: kubeconfig(known[0], known[1][0], known[1][1], plan.CREDENTIALS)
    )
