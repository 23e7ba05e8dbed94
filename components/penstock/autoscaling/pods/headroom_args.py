"""The inputs of `WarmHeadroom`."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import PoolRef


class HeadroomKind(StrEnum):
    """How headroom is held."""

    CAPACITY_BUFFER = "capacity_buffer"
    """By a CapacityBuffer: the node autoscaler keeps room without any pods. The cluster autoscaler knows it from 1.34
    on with `--capacity-buffer-controller-enabled` and `--capacity-buffer-pod-injection-enabled`, Karpenter with its
    feature gate `CapacityBuffer`."""
    PLACEHOLDER = "placeholder"
    """By pods that do nothing and give way to any other: for every other node autoscaler."""


class BufferVersion(StrEnum):
    """The version of CapacityBuffer that the cluster has."""

    V1BETA1 = "v1beta1"
    """The cluster autoscaler's."""
    V1ALPHA1 = "v1alpha1"
    """That of Karpenter 1.14 and of older cluster autoscalers."""


class PodShape(TypedDict):
    """What one pod asks for."""

    cpu: str
    """CPU, for example `500m`."""
    memory: str
    """Memory, for example `1Gi`."""
    gpus: NotRequired[int]
    """GPUs. Default: 0."""
    gpu_resource: NotRequired[str]
    """The name of that resource. Default: `nvidia.com/gpu`."""


class ScalableTarget(TypedDict):
    """A workload in the same namespace whose pods' shape and number headroom follows."""

    name: pulumi.Input[str]
    """Its name."""
    kind: NotRequired[str]
    """Its kind. Default: `Deployment`."""
    api_group: NotRequired[str]
    """The API group of that kind. Default: `apps`."""


class WarmHeadroomArgs(TypedDict):
    """Room that is kept free on nodes, so that a spike finds it."""

    namespace: pulumi.Input[str]
    """The namespace in which it is made."""
    kind: NotRequired[HeadroomKind]
    """How it is held. Default: `capacity_buffer`."""
    replicas: NotRequired[int]
    """For how many pods there is room, at least 1. This or `percent`; with both the larger counts."""
    percent: NotRequired[int]
    """For what part of the replicas of `target` there is room, 1 to 1000; at least for one."""
    pod: NotRequired[PodShape]
    """What one of these pods asks for. This or `target`."""
    target: NotRequired[ScalableTarget]
    """The workload whose pods these are. This or `pod`."""
    pools: NotRequired[list[PoolRef]]
    """The pools on which there is room: the `ref` of each. With `target` they are its own. Default: any."""
    buffer_version: NotRequired[BufferVersion]
    """The version of CapacityBuffer. Default: `v1beta1`."""
    priority: NotRequired[int]
    """The priority of placeholders, -10 to -1: for a lower one no nodes are asked for. Default: -10."""
    registry: NotRequired[pulumi.Input[str]]
    """The registry that mirrors registry.k8s.io, from which placeholders' image comes. Default: registry.k8s.io."""
