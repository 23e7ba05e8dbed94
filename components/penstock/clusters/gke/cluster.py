"""A GKE cluster and what it stands on: network, node service account, key for the secrets in etcd.

The temporary default pool that GKE insists on is removed: workers are pools of their own, so that changing one
never touches the cluster.
"""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from penstock.clusters.gke import plan
from penstock.clusters.gke.spec import GkeClusterSpec
from penstock.clusters.kubeconfig import kubeconfig
from penstock.clusters.made import Made, reference
from penstock.clusters.spec import AdoptedClusterSpec, AdoptedNetworkSpec, NetworkSpec


@dataclass(frozen=True)
class _Network:
    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]
    pod_range: pulumi.Input[str]
    service_range: pulumi.Input[str]
    egress: list[pulumi.Resource]


def adopt(spec: GkeClusterSpec, adopted: AdoptedClusterSpec, parent: pulumi.Resource) -> Made:
    """Looks an existing cluster up. The lookup fails, naming the cluster, where there is none."""
    project = _project(spec, parent)
    found = gcp.container.get_cluster_output(
        name=adopted.name, location=spec.location, project=project.project_id, opts=_invoke(parent)
    )
    by_name = found.control_plane_endpoints_configs.apply(plan.open_dns_endpoint)
    by_address = pulumi.Output.all(found.endpoint, found.master_auths).apply(
        lambda known: (known[0], known[1][0]["cluster_ca_certificate"])
    )
    reached = pulumi.Output.all(by_name, by_address).apply(lambda ways: (ways[0], None) if ways[0] else ways[1])
    ref = reference(spec, found.name)
    ref["project"] = project.project_id
    if adopted.node_identity is not None:
        ref["node_identity"] = adopted.node_identity
    return Made(ref, _kubeconfig(found.name, reached.apply(lambda way: way[0]), reached.apply(lambda way: way[1])))


def create(name: str, spec: GkeClusterSpec, parent: pulumi.Resource) -> Made:
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
    ref = reference(spec, cluster.name)
    ref["project"] = project.project_id
    ref["node_identity"] = email
    # The DNS endpoint works from everywhere IAM lets a caller in, and has a publicly signed certificate.
    endpoint = cluster.control_plane_endpoints_config.dns_endpoint_config.endpoint
    return Made(ref, _kubeconfig(cluster.name, endpoint, None))


def _kubeconfig(
    name: pulumi.Output[str], endpoint: pulumi.Output[str], ca_certificate: pulumi.Output[str | None] | None
) -> pulumi.Output[str]:
    return pulumi.Output.all(name, endpoint, ca_certificate).apply(
        lambda known: kubeconfig(known[0], f"https://{known[1]}", known[2], plan.CREDENTIALS)
    )


def _project(spec: GkeClusterSpec, parent: pulumi.Resource) -> Any:
    return gcp.organizations.get_project_output(project_id=spec.project, opts=_invoke(parent))


def _invoke(parent: pulumi.Resource) -> pulumi.InvokeOutputOptions:
    return pulumi.InvokeOutputOptions(parent=parent)


def _network(name: str, spec: GkeClusterSpec, project: pulumi.Output[str], opts: pulumi.ResourceOptions) -> _Network:
    if spec.network.adopt:
        return _adopted(spec.network.adopt)
    assert spec.location
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
    if spec.isolated:  # Google's own services are reached by private access
        return _Network(network.id, subnetwork.id, "pods", "services", egress=[])
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
    name: str, spec: GkeClusterSpec, project: Any, opts: pulumi.ResourceOptions
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
