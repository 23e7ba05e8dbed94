"""What one component offers to others.

A component cannot be another component's input (a component package's schema has no such type), so each offers
a plain value: a cluster a `ClusterRef`, a pool a `PoolRef`. A workload takes its selector, its tolerations, its
grace period and its price from the pool it is meant for, so that they cannot drift apart.
"""

from enum import StrEnum
from typing import Any, NotRequired, TypedDict

import pulumi


class Cloud(StrEnum):
    """Where a cluster runs."""

    GCP = "gcp"
    """Google Kubernetes Engine (Standard, regional)."""
    AWS = "aws"
    """Amazon Elastic Kubernetes Service (managed node groups)."""
    AZURE = "azure"
    """Azure Kubernetes Service."""
    EXISTING = "existing"
    """A cluster that is reached by a kubeconfig: kind, on-premises, self-managed. Its nodes are not ours to make."""


class Purchase(StrEnum):
    """How the machines of a pool are bought."""

    ON_DEMAND = "on_demand"
    """List price, no promise in either direction."""
    SPOT = "spot"
    """Spare capacity at a discount; the cloud may take a machine back at any time."""
    RESERVED = "reserved"
    """An always-on baseline covered by a declared commitment: the price changes, the machine does not."""
    CAPACITY_BLOCK = "capacity_block"
    """Machines bought ahead for a stated time (AWS)."""
    FLEX = "flex"
    """Machines that the cloud gives when it has them, for at most a stated time (GCP flex-start)."""


class TaintEffect(StrEnum):
    """What a taint does to a pod that does not tolerate it, in Kubernetes' own spelling."""

    NO_SCHEDULE = "NoSchedule"
    """The pod is not placed there."""
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    """The pod is placed there only when there is no other place."""
    NO_EXECUTE = "NoExecute"
    """The pod is not placed there, and is evicted if it already runs there."""


class ClusterRef(TypedDict):
    """What other components need to know of a cluster."""

    cloud: pulumi.Input[str]
    """The cloud it runs in, a value of `Cloud`."""
    name: pulumi.Input[str]
    """The cloud's name of the cluster."""
    location: pulumi.Input[str]
    """The region of the cluster, for example `us-central1`."""
    zones: pulumi.Input[list[str]]
    """The zones its nodes may use; a pool that names no zones of its own uses all of them."""
    project: NotRequired[pulumi.Input[str]]
    """The cloud's unit of ownership: GCP project id, AWS account id, Azure subscription id."""
    resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group in which it lies."""
    subnets: NotRequired[dict[str, pulumi.Input[str]]]
    """AWS and Azure: the id of the nodes' subnet in each zone. On Azure one subnet serves all zones."""
    node_identity: NotRequired[pulumi.Input[str]]
    """What nodes run as: email of the service account (GCP; the default account where absent), ARN of the IAM role
    (AWS)."""
    node_security_group: NotRequired[pulumi.Input[str]]
    """AWS: the security group of the nodes, EKS's own for the cluster."""
    identity_principal: NotRequired[pulumi.Input[str]]
    """Azure: principal id of the cluster's own identity, which must be let use a pool's capacity reservation."""
    labels: NotRequired[dict[str, str]]
    """The labels by which its cost is allocated; pools put them on their machines."""
    version: NotRequired[pulumi.Input[str]]
    """Its minor version of Kubernetes, for example `1.34`, where it was stated."""
    isolated: NotRequired[pulumi.Input[bool]]
    """Whether its network has no way out. Default: false."""
    registry: NotRequired[pulumi.Input[str]]
    """The registry that mirrors the public ones, from which images of controllers are taken."""


def member(cluster: pulumi.Input[ClusterRef], key: str) -> pulumi.Output[Any]:
    """One member of a cluster's reference, which may be a value with outputs inside or an output of the whole."""
    if isinstance(cluster, dict):
        return pulumi.Output.from_input(cluster.get(key))
    whole: pulumi.Output[Any] = pulumi.Output.from_input(cluster)
    return whole.apply(lambda ref: ref.get(key))


class Taint(TypedDict):
    """A taint of a pool's nodes."""

    key: str
    """The key, for example `dedicated`."""
    value: NotRequired[str]
    """The value, for example `database`. Default: empty."""
    effect: NotRequired[TaintEffect]
    """What it does to a pod that does not tolerate it. Default: `NoSchedule`."""


class NodeCapacity(TypedDict):
    """What one empty node of a pool offers to pods, after what the system keeps for itself."""

    cpu_millicores: int
    """Allocatable CPU in thousandths of a core."""
    memory_mib: int
    """Allocatable memory in MiB."""
    accelerators: int
    """What the node offers of its accelerator resource: GPUs, or their shares or partitions. 0 without one."""
    accelerator_resource: NotRequired[str]
    """The name of that resource in a pod's limits, for example `nvidia.com/gpu`."""
    accelerator_type: NotRequired[str]
    """The cloud's name of the accelerator, for example `nvidia-l4`."""
    accelerator_shared: NotRequired[bool]
    """Whether several pods use one GPU by turns or side by side, unseparated. Default: false."""
    accelerator_partition: NotRequired[str]
    """The size of the MIG partitions into which each GPU is cut, for example `1g.5gb`; absent where it is whole."""


class PoolRef(TypedDict):
    """What workloads, autoscalers and estimates need to know of a node pool."""

    name: str
    """The name of the pool in the settings; its nodes carry it as the label `penstock/pool`."""
    cloud: str
    """The cloud it runs in, a value of `Cloud`."""
    purchase: str
    """How its machines are bought, a value of `Purchase`."""
    commitment_term: NotRequired[str]
    """The term of the commitment that covers it, for example `1y`; absent where none does."""
    commitment_payment: NotRequired[str]
    """When that commitment is paid, for example `no_upfront`."""
    machine_types: list[str]
    """The cloud's names of its machine types, the preferred one first."""
    min_nodes: int
    """The fewest nodes, over all zones."""
    max_nodes: int
    """The most nodes, over all zones."""
    labels: dict[str, str]
    """The labels of its nodes, as declared: a workload selects by these."""
    taints: list[Taint]
    """All taints of its nodes, also those that the cloud adds: a workload has to tolerate these."""
    capacity: NodeCapacity
    """What one node offers to pods."""
    termination_notice_seconds: NotRequired[int]
    """How long a pod has when the cloud takes the machine back; absent where it does not."""
    image: NotRequired[str]
    """The operating system of its nodes, a value of `NodeImage`; absent where nobody here knows."""
    gpu_driver: NotRequired[str]
    """Of a GPU pool, which driver the cloud installs, a value of `GpuDriver`; with `disabled` an operator in the
    cluster brings driver and device plugin."""
    group_pattern: NotRequired[str]
    """A regular expression that matches the names of its scaling groups and no other pool's, for the autoscaler's
    priorities; absent where there are none or the cloud's own autoscaler takes no priorities."""
