"""An EKS cluster and what it stands on: network, roles, key for what etcd holds, logs, add-ons, administrators.

They are made in this order, and go against it: network and roles; control plane; the add-ons that nodes need; pools, by
the cluster's name, which waits for those; the add-ons that need nodes; whatever uses the kubeconfig. EKS calls add-ons
active only when they run: so a cluster wants a pool of at least one node, without taints, in the same deployment. It
waits for one for 20 minutes.
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from penstock.clusters.eks import identity, plan
from penstock.clusters.eks.identity import after
from penstock.clusters.eks.network import Network, adopted_network, own_network
from penstock.clusters.eks.spec import EksClusterSpec
from penstock.clusters.kubeconfig import kubeconfig
from penstock.clusters.made import Made, reference
from penstock.clusters.spec import AdoptedClusterSpec


def adopt(spec: EksClusterSpec, adopted: AdoptedClusterSpec, parent: pulumi.Resource) -> Made:
    """Looks an existing cluster up. The lookup fails, naming the cluster, where there is none."""
    found = aws.eks.get_cluster_output(
        name=adopted.name, region=spec.location, opts=pulumi.InvokeOutputOptions(parent=parent)
    )
    ref = reference(spec, found.name)
    ref["project"] = _account(parent)
    ref["node_identity"] = adopted.node_identity
    ref["node_security_group"] = found.vpc_config.cluster_security_group_id
    ref["subnets"] = {zone: (adopted.subnets or {})[zone] for zone in spec.zones or ()}
    return Made(ref, _kubeconfig(spec, found.name, found.endpoint, found.certificate_authorities[0].data))


def create(name: str, spec: EksClusterSpec, parent: pulumi.Resource) -> Made:
    """Makes the cluster and what it stands on. Child names derive from `name`, which is EKS's name of it too."""
    kept = pulumi.ResourceOptions(parent=parent, protect=spec.deletion_protection)
    taken = spec.network.adopt.subnets if spec.network.adopt else None
    network = adopted_network(spec, taken, parent) if taken else own_network(name, spec, kept)
    nodes = identity.role(
        f"{name}-nodes",
        spec,
        plan.trust_of_nodes(spec.location or ""),
        plan.NODE_POLICIES,
        f"Nodes of the cluster {name}",
        parent,
    )
    cluster = _control_plane(name, spec, network, kept)
    first = _addons(name, spec, cluster, plan.Stage.FIRST, [], parent)
    early = _addons(name, spec, cluster, plan.Stage.BEFORE_NODES, first, parent)
    late = _addons(name, spec, cluster, plan.Stage.WITH_NODES, early, parent)
    _openid_connect(name, spec, cluster, parent)
    granted = identity.admins(name, spec, cluster.name, parent)

    ref = reference(spec, after(cluster.name, [*first, *early]))
    ref["project"] = _account(parent)
    ref["node_identity"] = nodes
    ref["node_security_group"] = cluster.vpc_config.cluster_security_group_id
    ref["subnets"] = {zone: network.subnets[zone] for zone in spec.zones or ()}
    # Whoever works in the cluster does so while its administrators have access, and its volumes a driver.
    config = _kubeconfig(spec, cluster.name, cluster.endpoint, cluster.certificate_authority.data)
    return Made(ref, after(config, [*granted, *late]))


def _control_plane(name: str, spec: EksClusterSpec, network: Network, kept: pulumi.ResourceOptions) -> aws.eks.Cluster:
    assert kept.parent
    # Otherwise EKS makes it by itself, and keeps its logs for ever.
    logs = aws.cloudwatch.LogGroup(
        f"{name}-logs",
        region=spec.location,
        name=f"/aws/eks/{name}/cluster",
        retention_in_days=plan.LOG_RETENTION_DAYS,
        tags=spec.labels,
        opts=pulumi.ResourceOptions(parent=kept.parent),
    )
    vpc_config: dict[str, Any] = {**plan.vpc_config(spec), "subnet_ids": list(network.subnets.values())}
    if spec.private_endpoint and spec.authorized_networks:
        vpc_config["security_group_ids"] = [_entrance(name, spec, network, kept).id]
    args = plan.cluster_args(spec) | {
        "role_arn": identity.role(
            f"{name}-cluster",
            spec,
            plan.trust_of_cluster(),
            plan.CLUSTER_POLICIES,
            f"Control plane of the cluster {name}",
            kept.parent,
        ),
        "vpc_config": vpc_config,
        "encryption_config": {"provider": {"key_arn": _secrets_key(name, spec, kept)}, "resources": ["secrets"]},
    }
    made: aws.eks.Cluster = aws.eks.Cluster(
        name,
        **args,
        name=name,
        opts=pulumi.ResourceOptions.merge(
            kept,
            # EKS refuses to spread the control plane over other zones later. A zone that comes is for nodes alone.
            # https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
            pulumi.ResourceOptions(depends_on=[logs, *network.ready], ignore_changes=["vpcConfig.subnetIds"]),
        ),
    )
    return made


def _entrance(name: str, spec: EksClusterSpec, network: Network, opts: pulumi.ResourceOptions) -> aws.ec2.SecurityGroup:
    """Lets networks that reach the VPC in to the private endpoint: by itself it lets in the nodes alone."""
    return aws.ec2.SecurityGroup(
        f"{name}-control-plane",
        region=spec.location,
        vpc_id=network.vpc,
        description=f"Who reaches the control plane of the cluster {name}",
        ingress=plan.https_from({allowed.cidr: allowed.name or allowed.cidr for allowed in spec.authorized_networks}),
        tags={**spec.labels, "Name": f"{name}-control-plane"},
        opts=opts,
    )


def _secrets_key(name: str, spec: EksClusterSpec, opts: pulumi.ResourceOptions) -> pulumi.Input[str]:
    """The key that everything in etcd is encrypted with, in place of one that AWS owns."""
    if spec.secrets_key is not None:
        adopted: pulumi.Input[str] = spec.secrets_key
        return adopted
    made: pulumi.Output[str] = aws.kms.Key(
        f"{name}-secrets",
        region=spec.location,
        description=f"What the cluster {name} keeps in etcd",
        enable_key_rotation=True,
        deletion_window_in_days=plan.KEY_DELETION_DAYS,
        tags=spec.labels,
        opts=opts,
    ).arn
    return made


def _addons(
    name: str,
    spec: EksClusterSpec,
    cluster: aws.eks.Cluster,
    stage: plan.Stage,
    earlier: list[pulumi.Resource],
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """Makes the add-ons of that stage, and the roles that they hand their pods."""
    made: list[pulumi.Resource] = []
    for addon in plan.addons(spec.observability, stage):
        args = plan.addon_args(addon) | {"addon_version": _addon_version(addon, spec, cluster, parent)}
        if addon.policy:
            role = identity.role(
                f"{name}-{addon.short}",
                spec,
                plan.trust_of_pods(name, addon),
                [addon.policy],
                f"{addon.name} in the cluster {name}",
                parent,
            )
            args["pod_identity_associations"] = [{"role_arn": role, "service_account": addon.service_account}]
        made.append(
            aws.eks.Addon(
                f"{name}-{addon.short}",
                **args,
                region=spec.location,
                cluster_name=cluster.name,
                tags=spec.labels,
                opts=pulumi.ResourceOptions(parent=parent, depends_on=earlier),
            )
        )
    return made


def _addon_version(
    addon: plan.Addon, spec: EksClusterSpec, cluster: aws.eks.Cluster, parent: pulumi.Resource
) -> pulumi.Output[str]:
    """EKS's default for the cluster's version of Kubernetes: with that it goes up, which EKS does not do by itself."""
    version: pulumi.Output[str] = aws.eks.get_addon_version_output(
        addon_name=addon.name,
        kubernetes_version=cluster.version,
        region=spec.location,
        opts=pulumi.InvokeOutputOptions(parent=parent),
    ).version
    return version


def _openid_connect(name: str, spec: EksClusterSpec, cluster: aws.eks.Cluster, parent: pulumi.Resource) -> None:
    """Makes AWS trust the cluster's tokens, for pods that cannot use pod identity."""
    aws.iam.OpenIdConnectProvider(
        f"{name}-pods",
        url=cluster.identities[0].oidcs[0].issuer,
        client_id_lists=[plan.OIDC_AUDIENCE],
        tags=spec.labels,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _account(parent: pulumi.Resource) -> pulumi.Output[str]:
    account: pulumi.Output[str] = aws.get_caller_identity_output(
        opts=pulumi.InvokeOutputOptions(parent=parent)
    ).account_id
    return account


def _kubeconfig(
    spec: EksClusterSpec, name: pulumi.Output[str], endpoint: pulumi.Output[str], certificate: pulumi.Output[str]
) -> pulumi.Output[str]:
    return pulumi.Output.all(name, endpoint, certificate).apply(
        lambda known: kubeconfig(known[0], known[1], known[2], plan.credentials(known[0], spec.location or ""))
    )
