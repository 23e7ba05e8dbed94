"""What the cluster autoscaler may do: pure functions to policies of AWS and rules of Kubernetes."""

import json
from typing import Any

from penstock.autoscaling.args import Expander

NAME = "cluster-autoscaler"
"""The name of all its objects, which there are once in a cluster; its lease and its rules go by it."""
STATUS_CONFIG_MAP = "cluster-autoscaler-status"
PRIORITIES_CONFIG_MAP = "cluster-autoscaler-priority-expander"

# kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/README.md@cluster-autoscaler-1.36.1. AWS lets nobody
# narrow a Describe action of Auto Scaling or EC2 to some groups.
_READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "eks:DescribeNodegroup",
)
_WRITES = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")


def aws_policy(cluster: str) -> str:
    """The policy of its role: it reads all scaling groups, and changes those that EKS has tagged as this cluster's."""
    owned = {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}
    statements = [
        {"Sid": "Read", "Effect": "Allow", "Action": list(_READS), "Resource": "*"},
        {
            "Sid": "Scale",
            "Effect": "Allow",
            "Action": list(_WRITES),
            "Resource": "*",
            "Condition": {"StringEquals": owned},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def aws_trust(cluster: str, namespace: str) -> str:
    """The trust policy of its role: its service account in this cluster and nobody else.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    tags = {"eks-cluster-name": cluster, "kubernetes-namespace": namespace, "kubernetes-service-account": NAME}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {f"aws:RequestTag/{tag}": value for tag, value in tags.items()}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def cluster_rules() -> list[dict[str, Any]]:
    """What it may do in the whole cluster: see what the scheduler sees, taint nodes, evict pods, tell of it.

    kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml@
    cluster-autoscaler-1.36.1, less what its source does not use any more (endpoints, the status of pods, the group
    `extensions`, changes to jobs).
    """
    see = ["get", "list", "watch"]
    return [
        _rule("", ["nodes"], [*see, "update"]),
        _rule(
            "",
            ["namespaces", "persistentvolumeclaims", "persistentvolumes", "pods", "replicationcontrollers", "services"],
            see,
        ),
        _rule("", ["pods/eviction"], ["create"]),
        _rule("", ["events"], ["create", "patch"]),
        _rule("apps", ["daemonsets", "replicasets", "statefulsets"], see),
        _rule("batch", ["jobs"], see),
        _rule("policy", ["poddisruptionbudgets"], see),
        _rule("resource.k8s.io", ["deviceclasses", "resourceclaims", "resourceslices"], see),
        _rule(
            "storage.k8s.io",
            ["csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"],
            see,
        ),
    ]


def own_rules(expander: Expander) -> list[dict[str, Any]]:
    """What it may do in its own namespace: hold its lease, write its status, and read its priorities.

    The priority expander watches all ConfigMaps of the namespace; RBAC cannot narrow that to one.
    """
    rules = [
        _rule("coordination.k8s.io", ["leases"], ["create"]),
        _rule("coordination.k8s.io", ["leases"], ["get", "update"], [NAME]),
        _rule("", ["configmaps"], ["create"]),
        _rule("", ["configmaps"], ["delete", "get", "update"], [STATUS_CONFIG_MAP]),
    ]
    if expander is Expander.PRIORITY:
        rules.append(_rule("", ["configmaps"], ["get", "list", "watch"]))
    return rules


def _rule(group: str, resources: list[str], verbs: list[str], names: list[str] | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"apiGroups": [group], "resources": resources, "verbs": verbs}
    return {**rule, "resourceNames": names} if names else rule
