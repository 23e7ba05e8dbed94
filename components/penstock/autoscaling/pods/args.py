"""What the inputs of all autoscalers of pods have in common: the target, and how fast it may change."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import PoolRef


class Target(TypedDict):
    """What is scaled, and what is known of it that can contradict how it is scaled."""

    name: pulumi.Input[str]
    """The name of the workload, for example that of a Deployment."""
    namespace: pulumi.Input[str]
    """Its namespace, in which the autoscaler is made."""
    kind: NotRequired[str]
    """Its kind. Default: `Deployment`."""
    api_version: NotRequired[str]
    """The API group and version of that kind. Default: `apps/v1`."""
    cold_start_seconds: NotRequired[int]
    """How long a new pod takes until it serves, 0 to 3600. Default: not known."""
    termination_grace_seconds: NotRequired[int]
    """`terminationGracePeriodSeconds` of its pods. Default: not known."""
    pre_stop_seconds: NotRequired[int]
    """How long the preStop hook of its pods takes. Default: 0."""
    drain_seconds: NotRequired[int]
    """How long its longest request may take once a pod accepts no more. Default: 0."""
    gpus: NotRequired[int]
    """How many GPUs (or shares or partitions of one) each pod asks for. Default: 0."""
    gpu_memory_utilization: NotRequired[float]
    """The part of a GPU's memory that its server takes at its start (vLLM's `--gpu-memory-utilization`), above 0, up
    to 1. Default: not known."""
    pools: NotRequired[list[PoolRef]]
    """The pools on which its pods run: the `ref` of each. What they can hold bounds the replicas. Default: not
    known."""


class SelectPolicy(StrEnum):
    """Which of several policies decides."""

    MAX = "Max"
    """The one that allows the largest change."""
    MIN = "Min"
    """The one that allows the smallest change."""
    DISABLED = "Disabled"
    """None: there is no scaling in this direction."""


class ScalingPolicy(TypedDict):
    """By how much the replicas may change within a time: percent or pods, one of the two."""

    percent: NotRequired[int]
    """By this part of the replicas at the beginning of the period, at least 1."""
    pods: NotRequired[int]
    """By this many pods, at least 1."""
    period_seconds: int
    """The time, 1 to 1800 seconds."""


class ScalingRules(TypedDict):
    """How fast the replicas may change in one direction."""

    stabilization_seconds: NotRequired[int]
    """For how long past wishes count, 0 to 3600: up goes by the lowest of them, down by the highest. Default:
    Kubernetes', 0 up and 300 down."""
    policies: NotRequired[list[ScalingPolicy]]
    """By how much they may change. Default: Kubernetes', the larger of 100 % and 4 pods in 15 s up, and 100 % in 15 s
    down."""
    select: NotRequired[SelectPolicy]
    """Which of several policies decides. Default: `Max`."""
    tolerance_percent: NotRequired[float]
    """Within which distance of the target nothing changes, 0 to 100. Kubernetes 1.35 or later. Default: the
    cluster's, 10."""


class Behavior(TypedDict):
    """How fast the replicas may change."""

    scale_up: NotRequired[ScalingRules]
    """Upwards. Default: as Kubernetes does it."""
    scale_down: NotRequired[ScalingRules]
    """Downwards. Default: as Kubernetes does it."""


class ControlledResource(StrEnum):
    """What a vertical autoscaler sizes, and what utilization is measured of."""

    CPU = "cpu"
    """CPU."""
    MEMORY = "memory"
    """Memory."""
