"""A GKE cluster and what it stands on: network, node service account, key for the secrets in etcd.

The temporary default pool that GKE insists on is removed: workers are pools of their own, so that changing one
never touches the cluster.
"""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from penstock.clusters import gke_plan as plan
from penstock.clusters.spec import AdoptedClusterSpec, AdoptedNetworkSpec, ClusterSpec, NetworkSpec


@dataclass(frozen=True)
class GkeCluster:
    """What the component hands on."""

    name: pulumi.Output[str]
    project: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """Host name or address of the API server."""
    ca_certificate: pulumi.Output[str | None] | None
    """Base64 of the PEM certificate it is verified by; None where a public authority signs it."""
    node_service_account: pulumi.Output[str] | None


@dataclass(frozen=True)
class _Network:
    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]
    pod_range: pulumi.Input[str]
    service_range: pulumi.Input[str]
    egress: list[pulumi.Resource]


def adopt(spec: ClusterSpec, adopted: AdoptedClusterSpec, parent: pulumi.Resource) -> GkeCluster:
    """Looks an existing cluster up. The lookup fails, naming the cluster, where there is none."""
    project = _project(spec, parent)
    found = gcp.container.get_cluster_output(
        name=adopted.name, location=spec.location, project=project.project_id, opts=_invoke(parent)
    )
    account = adopted.node_service_account
    by_name = found.control_plane_endpoints_configs.apply(plan.open_dns_endpoint)
    by_address = pulumi.Output.all(found.endpoint, found.master_auths).apply(
        lambda known: (known[0], known[1][0]["cluster_ca_certificate"])
    )
    reached = pulumi.Output.all(by_name, by_address).apply(lambda ways: (ways[0], None) if ways[0] else ways[1])
    return GkeCluster(
        name=found.name,
        project=project.project_id,
        endpoint=reached.apply(lambda way: way[0]),
        ca_certificate=reached.apply(lambda way: way[1]),
        node_service_account=pulumi.Output.from_input(account) if account is not None else None,
    )


def create(name: str, spec: ClusterSpec, parent: pulumi.Resource) -> GkeCluster:
    """Makes the cluster and what it stands on. Child names derive from `name`."""
    project = _project(spec, parent)
    kept = pulumi.ResourceOptions(parent=parent, protect=spec.deletion_protection)
    network = _network(name, spec, project.project_id, kept)
    email = _node_service_account(name, project.project_id, parent)
    key, key_grant = _secrets_key(name, spec, project, kept)

    args = plan.cluster_args(spec) | {
        "project": project.project_id,
        "network": network.network,
        "subnetwork": network.subnetwork,
        "ip_allocation_policy": {
            "cluster_secondary_range_name": network.pod_range,
            "services_secondary_range_name": network.service_range,
        },
        "workload_identity_config": {"workload_pool": pulumi.Output.concat(project.project_id, ".svc.id.goog")},
        "database_encryption": {"state": "ENCRYPTED", "key_name": key},
        "node_config": {"service_account": email, **plan.DEFAULT_POOL_NODE_CONFIG},
    }
    cluster = gcp.container.Cluster(
        name,
        **args,
        opts=pulumi.ResourceOptions.merge(
            kept,
            # The default pool is gone after creation: what it looked like must not be compared any more.
            pulumi.ResourceOptions(
                depends_on=[*network.egress, *key_grant], ignore_changes=["nodeConfig", "initialNodeCount"]
            ),
        ),
    )
    return GkeCluster(
        name=cluster.name,
        project=project.project_id,
        # The DNS endpoint works from everywhere IAM lets a caller in, and has a publicly signed certificate.
        endpoint=cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint,
        ca_certificate=None,
        node_service_account=email,
    )


def _project(spec: ClusterSpec, parent: pulumi.Resource) -> Any:
    return gcp.organizations.get_project_output(project_id=spec.project, opts=_invoke(parent))


def _invoke(parent: pulumi.Resource) -> pulumi.InvokeOutputOptions:
    return pulumi.InvokeOutputOptions(parent=parent)


def _network(name: str, spec: ClusterSpec, project: pulumi.Output[str], opts: pulumi.ResourceOptions) -> _Network:
    if spec.network.adopt:
        return _adopted(spec.network.adopt)
    return _own_network(name, spec.network, spec.location, project, opts)


def _adopted(adopted: AdoptedNetworkSpec) -> _Network:
    return _Network(adopted.network, adopted.subnetwork, adopted.pod_range, adopted.service_range, egress=[])


def _own_network(
    name: str, spec: NetworkSpec, region: str, project: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> _Network:
    network = gcp.compute.Network(
        f"{name}-network", project=project, auto_create_subnetworks=False, routing_mode="REGIONAL", opts=opts
    )
    subnetwork = gcp.compute.Subnetwork(
        f"{name}-nodes",
        project=project,
        region=region,
        network=network.id,
        ip_cidr_range=spec.node_cidr,
        private_ip_google_access=True,
        secondary_ip_ranges=[
            {"range_name": "pods", "ip_cidr_range": spec.pod_cidr},
            {"range_name": "services", "ip_cidr_range": spec.service_cidr},
        ],
        opts=opts,
    )
    router = gcp.compute.Router(f"{name}-router", project=project, region=region, network=network.id, opts=opts)
    nat = gcp.compute.RouterNat(
        f"{name}-nat", project=project, region=region, router=router.name, **plan.NAT, opts=opts
    )
    return _Network(network.id, subnetwork.id, "pods", "services", egress=[nat])


def _node_service_account(name: str, project: pulumi.Output[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    """Makes the account and grants its roles. Its email is known in a preview already, and depends on the account."""
    opts = pulumi.ResourceOptions(parent=parent)
    account_id = plan.account_id(name)
    account = gcp.serviceaccount.Account(
        f"{name}-nodes",
        account_id=account_id,
        display_name=f"Nodes of the cluster {name}",
        project=project,
        opts=opts,
    )
    email = pulumi.Output.all(account.urn, project).apply(
        lambda known: plan.service_account_email(account_id, known[1])
    )
    for role in plan.NODE_ROLES:
        gcp.projects.IAMMember(
            f"{name}-nodes-{role.rpartition('.')[2].lower()}",
            project=project,
            role=role,
            member=pulumi.Output.concat("serviceAccount:", email),
            opts=opts,
        )
    return email


def _secrets_key(
    name: str, spec: ClusterSpec, project: Any, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Input[str], list[pulumi.Resource]]:
    if spec.secrets_key is not None:
        return spec.secrets_key, []
    # Key rings can never be deleted; a name of its own each time keeps a second deployment possible.
    ring = gcp.kms.KeyRing(f"{name}-keys", location=spec.location, project=project.project_id, opts=opts)
    key = gcp.kms.CryptoKey(f"{name}-secrets", key_ring=ring.id, rotation_period=plan.KEY_ROTATION, opts=opts)
    grant = gcp.kms.CryptoKeyIAMMember(
        f"{name}-secrets-gke",
        crypto_key_id=key.id,
        role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
        member=pulumi.Output.concat(
            "serviceAccount:service-", project.number, "@container-engine-robot.iam.gserviceaccount.com"
        ),
        opts=opts,
    )
    return key.id, [grant]
