"""The plan of an EKS cluster: pure functions from its specification to provider inputs."""

import csv
import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from penstock.clusters.args import Observability, ReleaseChannel
from penstock.clusters.eks.spec import EksClusterSpec

# What EC2 machines need to join and to hand pods their roles, and pulling images. The network plugin has a role of its
# own. https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
# https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html
CLUSTER_POLICIES = ("AmazonEKSClusterPolicy",)
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"

# Pods that still know roles by OpenID Connect alone (most older charts) can be given one too.
OIDC_AUDIENCE = "sts.amazonaws.com"

# The longest that AWS makes anybody wait, in which a deletion can be taken back. Without its key the cluster is lost.
KEY_DELETION_DAYS = 30
LOG_RETENTION_DAYS = 90

# Every type is billed by volume. Audit and authenticator say who did what and who was let in.
# https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
LOG_TYPES = {
    Observability.SYSTEM: ("audit", "authenticator"),
    Observability.FULL: ("api", "audit", "authenticator", "controllerManager", "scheduler"),
}
_SUPPORT = {ReleaseChannel.REGULAR: "STANDARD", ReleaseChannel.EXTENDED: "EXTENDED"}

_CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    # Whole /28 prefixes go to a node instead of single addresses: more pods a node, and fewer calls to EC2. And network
    # policies are enforced, as on the other clouds.
    # https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html
    # https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
    "vpc-cni": {
        "enableNetworkPolicy": "true",
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
    },
    # More than two replicas where there are more nodes. https://docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html
    "coredns": {"autoScaling": {"enabled": True}},
    # EKS has no default storage class of its own since 1.30.
    # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/charts/aws-ebs-csi-driver/values.yaml
    "aws-ebs-csi-driver": {"defaultStorageClass": {"enabled": True}},
}


class Stage(StrEnum):
    """When an add-on is made, in this order."""

    FIRST = "first"
    """Others need it."""
    BEFORE_NODES = "before_nodes"
    """Nodes need it. It is active at once."""
    WITH_NODES = "with_nodes"
    """It becomes active only when there are nodes: they must not wait for it."""


class Addon(NamedTuple):
    """An add-on that EKS manages."""

    name: str
    """EKS's name of it."""
    short: str
    """Its name within the names of resources."""
    stage: Stage
    observability: Observability
    """FULL where only that wants it."""
    namespace: str
    service_account: str
    policy: str
    """The AWS managed policy of the role of that service account; empty where it needs none."""


def addons(observability: Observability, stage: Stage) -> list[Addon]:
    """The add-ons of a cluster that are made at that stage."""
    wanted = (Observability.SYSTEM, observability)
    return [addon for addon in _addons() if addon.observability in wanted and addon.stage is stage]


@cache
def _addons() -> list[Addon]:
    lines = (files(__package__) / "data" / "addons.csv").read_text(encoding="utf-8").splitlines()
    return [
        Addon(
            name=row["name"],
            short=row["short"],
            stage=Stage(row["stage"]),
            observability=Observability(row["observability"]),
            namespace=row["namespace"],
            service_account=row["service_account"],
            policy=row["policy"],
        )
        for row in csv.DictReader(lines)
    ]


def addon_args(addon: Addon) -> dict[str, Any]:
    """Every provider input of the add-on that does not depend on another resource.

    What somebody changed of it by hand stays when its version changes.
    """
    args: dict[str, Any] = {
        "addon_name": addon.name,
        "resolve_conflicts_on_create": "OVERWRITE",
        "resolve_conflicts_on_update": "PRESERVE",
    }
    if addon.name in _CONFIGURATIONS:
        args["configuration_values"] = json.dumps(_CONFIGURATIONS[addon.name])
    return args


def cluster_args(spec: EksClusterSpec) -> dict[str, Any]:
    """Every provider input of the cluster that does not depend on another resource."""
    args: dict[str, Any] = {
        "region": spec.location,
        "upgrade_policy": {"support_type": _SUPPORT[spec.release_channel]},
        "access_config": {
            "authentication_mode": "API",
            # Whoever makes the cluster reaches it at once. EKS keeps that entry, so a later deployment by somebody else
            # neither takes it away nor gets it: the others are named in admins.
            "bootstrap_cluster_creator_admin_permissions": True,
        },
        "bootstrap_self_managed_addons": False,  # they come as add-ons, which EKS keeps up to date
        "enabled_cluster_log_types": list(LOG_TYPES[spec.observability]),
        "kubernetes_network_config": {"service_ipv4_cidr": spec.network.service_cidr},
        "deletion_protection": spec.deletion_protection,
        "tags": spec.labels,
    }
    if spec.version:
        args["version"] = spec.version
    return args


def vpc_config(spec: EksClusterSpec) -> dict[str, Any]:
    """Who reaches the control plane: nodes from inside always; from outside whom IAM lets in, unless it is private."""
    config: dict[str, Any] = {"endpoint_private_access": True, "endpoint_public_access": not spec.private_endpoint}
    if spec.authorized_networks and not spec.private_endpoint:
        config["public_access_cidrs"] = [network.cidr for network in spec.authorized_networks]
    return config


def https_from(cidrs: Mapping[str, str]) -> list[Any]:
    """Security group rules that let these ranges, each with its description, in by HTTPS."""
    return [
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [cidr], "description": description}
        for cidr, description in cidrs.items()
    ]


def partition(region: str) -> str:
    """The part of AWS that a region belongs to, with which its ARNs begin."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")


def managed_policy(region: str, name: str) -> str:
    """The ARN of an AWS managed policy."""
    return f"arn:{partition(region)}:iam::aws:policy/{name}"


def access_policy(region: str, name: str) -> str:
    """The ARN of one of EKS's access policies."""
    return f"arn:{partition(region)}:eks::aws:cluster-access-policy/{name}"


def trust_of_nodes(region: str) -> str:
    """The trust policy of a role that EC2 machines run as."""
    return _trust("ec2.amazonaws.com.cn" if partition(region) == "aws-cn" else "ec2.amazonaws.com", ["sts:AssumeRole"])


def trust_of_cluster() -> str:
    """The trust policy of the control plane's role."""
    return _trust("eks.amazonaws.com", ["sts:AssumeRole"])


def trust_of_pods(cluster: str, addon: Addon) -> str:
    """The trust policy of an add-on's role: its service account in this cluster and nobody else.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    tags = {
        "eks-cluster-name": cluster,
        "kubernetes-namespace": addon.namespace,
        "kubernetes-service-account": addon.service_account,
    }
    condition = {"StringEquals": {f"aws:RequestTag/{tag}": value for tag, value in tags.items()}}
    return _trust("pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"], condition)


def _trust(service: str, actions: list[str], condition: Mapping[str, Any] | None = None) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def credentials(cluster: str, region: str) -> dict[str, Any]:
    """How the kubeconfig's user logs in: with whatever identity the AWS command line has."""
    return {
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", cluster, "--region", region, "--output", "json"],
        "installHint": "Install the AWS command line, version 2, and log in.",
    }
