"""The inputs of `ClusterAutoscaler` and `GpuDevicePlugin`, as users and other Pulumi languages see them."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import Cloud, ClusterRef, PoolRef


class Expander(StrEnum):
    """By what the autoscaler chooses among the pools on which a waiting pod would fit."""

    LEAST_WASTE = "least_waste"
    """The one that would have the least CPU and memory left over."""
    PRIORITY = "priority"
    """First what is paid for anyway, then spot, then on demand; among equals the least waste."""


class MachineProvider(StrEnum):
    """Who makes the machines of a cluster that runs in a cloud without being the cloud's own."""

    AWS = "aws"
    """EC2 Auto Scaling groups."""
    GCE = "gce"
    """Managed instance groups of Compute Engine."""
    AZURE = "azure"
    """Azure Virtual Machine Scale Sets."""


class SelfManaged(TypedDict):
    """The scaling groups behind the pools of a self-managed cluster, and how they are reached."""

    provider: MachineProvider
    """Who makes the machines."""
    groups: NotRequired[dict[str, list[str]]]
    """For each pool, what the names of its scaling groups begin with: one entry a group. Required with `gce`, which
    finds them by it and gives each its part of the pool's bounds, and with the priority expander."""
    identity: NotRequired[pulumi.Input[str]]
    """What the autoscaler runs as: ARN of an IAM role (AWS), client id of a managed identity (Azure, by workload
    identity). Default: what its machine runs as."""
    region: NotRequired[pulumi.Input[str]]
    """AWS: the region of the groups. Default: the cluster's location."""
    subscription: NotRequired[pulumi.Input[str]]
    """Azure: id of the subscription of the scale sets; required there."""
    resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group of the scale sets; required there."""


class ScaleDown(TypedDict):
    """When nodes are taken away."""

    utilization_percent: NotRequired[int]
    """A node goes when its pods request less than this part of its CPU and memory (a GPU node: of its GPUs) and fit
    elsewhere, 0 to 100. Default: 50."""
    unneeded_minutes: NotRequired[int]
    """How long it has to stay below that, 1 to 240. Default: 5."""
    delay_after_add_minutes: NotRequired[int]
    """How long after a node was added none is taken away, 0 to 240. Default: 5."""


class ClusterAutoscalerArgs(TypedDict):
    """The cluster autoscaler."""

    cluster: pulumi.Input[ClusterRef]
    """The cluster it scales: the `ref` of a `Cluster`."""
    cloud: Cloud
    """The cloud of that cluster: `aws`, or `existing` for a self-managed one. The others scale their pools
    themselves."""
    pools: list[PoolRef]
    """The pools of the cluster: the `ref` of each. They decide its size, its place and its priorities."""
    self_managed: NotRequired[SelfManaged]
    """Existing clusters: the scaling groups behind the pools; required there, refused elsewhere."""
    placed_on: NotRequired[list[str]]
    """The names of those pools on whose nodes it runs. Default: all that always have a node, are neither spot nor
    GPU, and have no taints."""
    expander: NotRequired[Expander]
    """How it chooses among pools. Default: `priority` where there are both spot and on-demand pools, so that on
    demand stands in when there is no spot capacity; otherwise `least_waste`."""
    scale_down: NotRequired[ScaleDown]
    """When nodes are taken away."""
    node_provision_minutes: NotRequired[int]
    """How long a new machine may take to become a node before another pool is tried, 2 to 60. Default: 5, and 15 where
    there is a GPU pool: such machines start slowly, and the limit is one for all pools."""
    max_nodes: NotRequired[int]
    """The most nodes of the whole cluster, those of no pool included. Default: what its scaling groups allow."""
    replicas: NotRequired[int]
    """How many run, of which one works and the others take over within seconds, 1 to 3. Default: 2."""
    version: NotRequired[str]
    """The cluster's minor version of Kubernetes, for example `1.34`: the autoscaler's has to be the same. Default: what
    the cluster says, or else the newest that is known here."""
    registry: NotRequired[pulumi.Input[str]]
    """The registry that mirrors registry.k8s.io, for example `mirror.example.com/k8s`. Default: the cluster's."""
    namespace: NotRequired[str]
    """The namespace, which has to exist. Default: `kube-system`."""


class GpuDevicePluginArgs(TypedDict):
    """The NVIDIA device plugin, which tells Kubernetes of a node's GPUs."""

    cluster: pulumi.Input[ClusterRef]
    """The cluster in which it runs: the `ref` of a `Cluster`."""
    cloud: Cloud
    """The cloud of that cluster. GKE brings its own."""
    pools: list[PoolRef]
    """The pools on whose nodes it runs: the `ref` of each. Passed over are those without NVIDIA GPUs, those with
    Bottlerocket, which brings its own, and those with `driver: disabled`, where the operator that brings the driver
    brings this too."""
    runtime_class: NotRequired[str]
    """The RuntimeClass that gives containers the GPUs, where the nodes' default runtime does not. EKS and AKS images
    need none. Default: none."""
    registry: NotRequired[pulumi.Input[str]]
    """The registry that mirrors nvcr.io. Default: the cluster's."""
