"""The inputs of `VerticalAutoscaler`."""

from enum import StrEnum
from typing import NotRequired, TypedDict

from penstock.autoscaling.pods.args import ControlledResource, Target


class VerticalMode(StrEnum):
    """What a vertical autoscaler does with what it recommends."""

    OFF = "Off"
    """Nothing: it only recommends."""
    INITIAL = "Initial"
    """New pods get it; running ones are left alone."""
    RECREATE = "Recreate"
    """Running pods get it too, by being replaced one by one."""
    IN_PLACE_OR_RECREATE = "InPlaceOrRecreate"
    """Running pods get it without a restart where that is possible, and else by being replaced. Kubernetes 1.33 or
    later."""


class ControlledValues(StrEnum):
    """What a vertical autoscaler sets."""

    REQUESTS_AND_LIMITS = "RequestsAndLimits"
    """Requests, and limits in the proportion that they had."""
    REQUESTS_ONLY = "RequestsOnly"
    """Requests; limits stay."""


class ContainerBounds(TypedDict):
    """Between what a container is sized."""

    container: NotRequired[str]
    """The container. Default: `*`, every one that is not named otherwise."""
    min_cpu: NotRequired[str]
    """The least CPU, for example `200m`. Default: none."""
    min_memory: NotRequired[str]
    """The least memory, for example `512Mi`. Default: none."""
    max_cpu: NotRequired[str]
    """The most CPU, for example `4`. Default: none, and so more than a node may have."""
    max_memory: NotRequired[str]
    """The most memory, for example `8Gi`. Default: none, and so more than a node may have."""
    resources: NotRequired[list[ControlledResource]]
    """What of it is sized. Default: CPU and memory."""
    values: NotRequired[ControlledValues]
    """What is set. Default: `RequestsAndLimits`."""
    ignored: NotRequired[bool]
    """Whether the container is left alone. Default: false."""


class VerticalAutoscalerArgs(TypedDict):
    """A VerticalPodAutoscaler."""

    target: Target
    """What it sizes."""
    mode: NotRequired[VerticalMode]
    """What it does with what it recommends. Default: `Off`."""
    containers: NotRequired[list[ContainerBounds]]
    """Between what its containers are sized. Required unless the mode is `Off`."""
    min_replicas: NotRequired[int]
    """How many replicas there have to be for one to be replaced, at least 1. Default: 2, so that no workload goes away
    with its only pod."""
    scaled_on: NotRequired[list[ControlledResource]]
    """On which of CPU and memory another autoscaler scales the target's replicas. Default: none of them."""
