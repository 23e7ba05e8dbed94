"""The plan of a cluster autoscaler: pure functions from its specification.

Flags: kubernetes/autoscaler cluster-autoscaler/config/flags/flags.go@cluster-autoscaler-1.36.1, all of which
cluster-autoscaler-1.32.7 has too.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from penstock.autoscaling.args import Expander, MachineProvider
from penstock.autoscaling.pools import Pool
from penstock.autoscaling.spec import ClusterAutoscalerSpec
from penstock.nodes.plan import POOL_LABEL
from penstock.refs import Cloud, Purchase

PORT = 8085

# A machine with GPUs takes longer to boot and to load its driver. AWS takes this limit for all groups alike only.
_PROVISION_MINUTES = 5
_PROVISION_MINUTES_WITH_GPUS = 15

# What is paid for anyway comes first. The highest number wins; every group has to match something, or it never grows.
# kubernetes/autoscaler cluster-autoscaler/expander/priority/readme.md@cluster-autoscaler-1.36.1
_PRIORITIES: Mapping[Purchase, int] = {
    Purchase.RESERVED: 50,
    Purchase.CAPACITY_BLOCK: 50,
    Purchase.SPOT: 40,
    Purchase.FLEX: 30,
    Purchase.ON_DEMAND: 20,
}
_LOWEST_PRIORITY = 1
CATCH_ALL = ".*"

# Labels that differ between groups that are alike; those of zones and hosts the autoscaler knows itself. The purchase
# is not among them: balancing must not put nodes on demand beside those on spot.
# kubernetes/autoscaler cluster-autoscaler/processors/nodegroupset/aws_nodegroups.go@cluster-autoscaler-1.36.1
_NOT_COMPARED: Mapping[Cloud, Sequence[str]] = {
    Cloud.AWS: (
        POOL_LABEL,
        "eks.amazonaws.com/nodegroup-image",
        "eks.amazonaws.com/sourceLaunchTemplateId",
        "eks.amazonaws.com/sourceLaunchTemplateVersion",
    ),
    Cloud.EXISTING: (POOL_LABEL,),
}


class Whereabouts(NamedTuple):
    """What is known of the cluster, as plain values."""

    cluster: str
    """Its name."""
    isolated: bool
    """Whether its network has no way out."""


def flags(spec: ClusterAutoscalerSpec, where: Whereabouts) -> list[str]:
    """Its command line."""
    down = spec.scale_down
    utilization = down.utilization_percent / 100
    expanders = {Expander.LEAST_WASTE: "least-waste", Expander.PRIORITY: "priority,least-waste"}
    given = [
        f"--cloud-provider={spec.provider.value}",
        f"--namespace={spec.namespace}",
        *(f"--node-group-auto-discovery={groups}" for groups in discovery(spec, where.cluster)),
        f"--expander={expanders[spec.chosen_expander]}",
        "--balance-similar-node-groups=true",
        *(f"--balancing-ignore-label={label}" for label in _NOT_COMPARED[spec.cloud]),
        f"--scale-down-utilization-threshold={utilization}",
        f"--scale-down-gpu-utilization-threshold={utilization}",
        f"--scale-down-unneeded-time={down.unneeded_minutes}m",
        f"--scale-down-delay-after-add={down.delay_after_add_minutes}m",
        # Else a single pod with an emptyDir, or of kube-system without a disruption budget, keeps a node for ever.
        "--skip-nodes-with-local-storage=false",
        "--skip-nodes-with-system-pods=false",
        f"--max-node-provision-time={provision_minutes(spec)}m",
        "--emit-per-nodegroup-metrics=true",
        "--v=2",
    ]
    if spec.max_nodes is not None:
        given.append(f"--max-nodes-total={spec.max_nodes}")
    if spec.provider is MachineProvider.AWS and where.isolated:
        # It would otherwise ask EC2 for its machine types on start.
        # https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
        given.append("--aws-use-static-instance-list=true")
    return given


def provision_minutes(spec: ClusterAutoscalerSpec) -> int:
    """How long a machine may take to become a node before another group is tried.

    A group that says itself that it has no capacity is left at once, whatever this is.
    """
    if spec.node_provision_minutes is not None:
        return spec.node_provision_minutes
    return _PROVISION_MINUTES_WITH_GPUS if any(pool.has_gpus for pool in spec.pools) else _PROVISION_MINUTES


def discovery(spec: ClusterAutoscalerSpec, cluster: str) -> list[str]:
    """How the scaling groups are found.

    AWS and Azure by tags, with the bounds that the groups have (AWS) or that their tags `min` and `max` say (Azure).
    Compute Engine by name, where the bounds are given here: each group its part of the pool's.
    kubernetes/autoscaler cluster-autoscaler/cloudprovider/{aws/README.md,azure/README.md,gce/gce_manager.go}@
    cluster-autoscaler-1.36.1
    """
    if spec.provider is MachineProvider.AWS:
        return [f"asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{cluster}"]
    if spec.provider is MachineProvider.AZURE:
        return [f"label:cluster-autoscaler-enabled=true,cluster-autoscaler-name={cluster}"]
    groups = spec.self_managed.groups if spec.self_managed else {}
    return [
        f"mig:namePrefix={prefix},min={least},max={most}"
        for pool in spec.pools
        for prefix, least, most in zip(
            groups[pool.name],
            parts(pool.min_nodes, len(groups[pool.name])),
            parts(pool.max_nodes, len(groups[pool.name])),
            strict=True,
        )
    ]


def parts(whole: int, count: int) -> list[int]:
    """`whole` in `count` parts that differ by at most one, the larger ones first."""
    each, left = divmod(whole, count)
    return [each + (index < left) for index in range(count)]


def priorities(spec: ClusterAutoscalerSpec) -> dict[int, list[str]]:
    """For each priority, the highest first, the regular expressions of the groups that have it."""
    levels: dict[int, list[str]] = {}
    for pool in sorted(spec.pools, key=lambda pool: -_PRIORITIES[pool.purchase]):
        levels.setdefault(_PRIORITIES[pool.purchase], []).extend(_patterns(spec, pool))
    return {**levels, _LOWEST_PRIORITY: [CATCH_ALL]}


def _patterns(spec: ClusterAutoscalerSpec, pool: Pool) -> list[str]:
    if spec.self_managed is None:
        return [pool.group_pattern] if pool.group_pattern else []
    # Compute Engine's groups go by their address, the others by their name.
    start = "/instanceGroups/" if spec.provider is MachineProvider.GCE else "^"
    return [f"{start}{prefix}" for prefix in spec.self_managed.groups[pool.name]]


def priorities_yaml(spec: ClusterAutoscalerSpec) -> str:
    """`priorities` as the priority expander reads it: whole numbers for keys, lists of texts."""
    lines = []
    for priority, patterns in priorities(spec).items():
        # A text in JSON is one in YAML, with every backslash safe.
        lines += [f"{priority}:", *(f"  - {json.dumps(pattern)}" for pattern in patterns)]
    return "\n".join(lines) + "\n"


def requests(pools: Sequence[Pool]) -> dict[str, str]:
    """The CPU and memory that it asks for: 100m and 300Mi up to 100 nodes, and with each further node of the pools'
    bounds 1m, up to a whole core, and 1Mi.

    A core is what it wants in clusters of up to 1000 nodes (kubernetes/autoscaler cluster-autoscaler/FAQ.md@
    cluster-autoscaler-1.36.1); how its memory grows is nowhere said, so this is an estimate.
    """
    further = max(0, sum(pool.max_nodes for pool in pools) - 100)
    return {"cpu": f"{min(1000, 100 + further)}m", "memory": f"{300 + further}Mi"}


def memory_limit(pools: Sequence[Pool]) -> str:
    """Twice what it asks for. CPU has no limit: a throttled autoscaler is late when it matters most."""
    further = max(0, sum(pool.max_nodes for pool in pools) - 100)
    return f"{2 * (300 + further)}Mi"


def environment(spec: ClusterAutoscalerSpec, location: Any) -> dict[str, Any]:
    """Its environment; values may be outputs, as `location`, the region of the cluster, may be."""
    machines = spec.self_managed
    if spec.provider is MachineProvider.AWS:
        region = machines.region if machines and machines.region is not None else location
        # The regional endpoint of the token service is the one that an isolated network reaches.
        return {"AWS_REGION": region, "AWS_STS_REGIONAL_ENDPOINTS": "regional"}
    if spec.provider is MachineProvider.AZURE and machines:
        # kubernetes/autoscaler cluster-autoscaler/cloudprovider/azure/azure_config.go@cluster-autoscaler-1.36.1
        by_identity = "ARM_USE_MANAGED_IDENTITY_EXTENSION" if machines.identity is None else _WORKLOAD_IDENTITY
        return {
            "ARM_SUBSCRIPTION_ID": machines.subscription,
            "ARM_RESOURCE_GROUP": machines.resource_group,
            "ARM_VM_TYPE": "vmss",
            by_identity: "true",
        }
    return {}


_WORKLOAD_IDENTITY = "ARM_USE_WORKLOAD_IDENTITY_EXTENSION"


def identity_annotations(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    """What its service account says of its identity in the cloud, where one is given."""
    machines = spec.self_managed
    if machines is None or machines.identity is None:
        return {}
    keys = {
        MachineProvider.AWS: "eks.amazonaws.com/role-arn",
        MachineProvider.AZURE: "azure.workload.identity/client-id",
    }
    return {keys[machines.provider]: machines.identity}


def uses_workload_identity(spec: ClusterAutoscalerSpec) -> bool:
    """Whether Azure's webhook has to give its pods a token."""
    machines = spec.self_managed
    return bool(machines and machines.provider is MachineProvider.AZURE and machines.identity is not None)
