"""The inputs of `HorizontalAutoscaler`."""

from typing import NotRequired, TypedDict

import pulumi

from penstock.autoscaling.pods.args import Behavior, Target


class PodsMetric(TypedDict):
    """A metric of each pod, of which the average is kept at a target. It comes from prometheus-adapter."""

    name: str
    """Its name in custom.metrics.k8s.io, for example `http_requests_per_second`."""
    average: float
    """The average over all pods that is aimed at, above 0."""
    selector: NotRequired[dict[str, str]]
    """The labels that its series have to have. Default: any."""


class ObjectMetric(TypedDict):
    """A metric of one object, for example of a Service. It comes from prometheus-adapter."""

    name: str
    """Its name in custom.metrics.k8s.io, for example `queue_depth`."""
    object_name: pulumi.Input[str]
    """The name of the object, in the namespace of the target."""
    object_kind: NotRequired[str]
    """Its kind. Default: `Service`."""
    object_api_version: NotRequired[str]
    """The API group and version of that kind. Default: `v1`."""
    average: NotRequired[float]
    """What is aimed at of it for each replica, above 0, as for a queue. This or `value`."""
    value: NotRequired[float]
    """What is aimed at of the whole, above 0, as for a latency. This or `average`."""
    selector: NotRequired[dict[str, str]]
    """The labels that its series have to have. Default: any."""


class HorizontalAutoscalerArgs(TypedDict):
    """A HorizontalPodAutoscaler."""

    target: Target
    """What it scales."""
    min_replicas: int
    """The fewest replicas, at least 1."""
    max_replicas: int
    """The most replicas."""
    cpu_percent: NotRequired[int]
    """The CPU utilization aimed at, in percent of what the pods request, 1 to 1000. Default: not looked at."""
    memory_percent: NotRequired[int]
    """The memory utilization aimed at, in percent of what the pods request, 1 to 1000. Default: not looked at."""
    container: NotRequired[str]
    """The container whose CPU and memory are measured. Default: all of a pod."""
    pods_metrics: NotRequired[list[PodsMetric]]
    """Metrics of each pod. They need prometheus-adapter."""
    object_metrics: NotRequired[list[ObjectMetric]]
    """Metrics of one object. They need prometheus-adapter."""
    behavior: NotRequired[Behavior]
    """How fast the replicas may change. Default: as Kubernetes does it."""
