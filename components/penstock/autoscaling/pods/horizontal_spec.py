"""What may be asked of `HorizontalAutoscaler`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pods import preflight
from penstock.autoscaling.pods.behavior import BehaviorSpec
from penstock.autoscaling.pods.target import TargetSpec, name_problems
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule


class PodsMetricSpec(Spec):
    name: str = Field(min_length=1, description="its name in custom.metrics.k8s.io")
    average: float = Field(gt=0, description="the average over all pods that is aimed at")
    selector: dict[str, str] = {}


class ObjectMetricSpec(Spec):
    name: str = Field(min_length=1, description="its name in custom.metrics.k8s.io")
    object_name: Any = Field(description="the name of the object")
    object_kind: str = Field(default="Service", min_length=1)
    object_api_version: str = Field(default="v1", min_length=1)
    average: float | None = Field(default=None, gt=0)
    value: float | None = Field(default=None, gt=0)
    selector: dict[str, str] = {}

    @rule
    def one_target(self) -> Iterator[Problem]:
        if (self.average is None) == (self.value is None):
            yield Problem("", "Write either average, for what grows with the load, or value, for what is a ratio.")

    @rule
    def the_object_has_a_name(self) -> Iterator[Problem]:
        yield from name_problems("object_name", self.object_name)


class HorizontalSpec(Spec):
    """See `HorizontalAutoscalerArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "external_metrics": preflight.EXTERNAL_METRICS,
        "metrics": "Write cpu_percent, memory_percent, pods_metrics or object_metrics. " + preflight.EXTERNAL_METRICS,
        "behaviour": "Write behavior, as Kubernetes spells it.",
        "replicas": "The replicas are what it decides. Write min_replicas and max_replicas.",
    }

    target: TargetSpec = Field(description="the workload, with name and namespace")
    min_replicas: WholeNumber = Field(ge=0, description="the fewest replicas")
    max_replicas: WholeNumber = Field(ge=1, description="the most replicas")
    cpu_percent: WholeNumber | None = Field(default=None, ge=1, le=1000)
    memory_percent: WholeNumber | None = Field(default=None, ge=1, le=1000)
    container: str | None = None
    pods_metrics: list[PodsMetricSpec] = []
    object_metrics: list[ObjectMetricSpec] = []
    behavior: BehaviorSpec = BehaviorSpec()

    @property
    def needs_adapter(self) -> bool:
        """Whether prometheus-adapter has to serve its metrics."""
        return bool(self.pods_metrics or self.object_metrics)

    @property
    def resources(self) -> list[str]:
        """On which of cpu and memory it scales."""
        return [n for n, p in (("cpu", self.cpu_percent), ("memory", self.memory_percent)) if p is not None]

    @rule
    def it_never_goes_to_zero(self) -> Iterator[Problem]:
        if self.min_replicas == 0:
            yield Problem(
                "min_replicas",
                "A HorizontalPodAutoscaler cannot scale to zero: the feature is off in every release of Kubernetes. "
                "Write at least 1, or use EventAutoscaler.",
            )

    @rule
    def bounds(self) -> Iterator[Problem]:
        if self.min_replicas > self.max_replicas:
            yield Problem("max_replicas", f"Write at least {self.min_replicas}, the min_replicas.")

    @rule
    def something_is_measured(self) -> Iterator[Problem]:
        if not (self.resources or self.pods_metrics or self.object_metrics):
            yield Problem("", "Nothing tells how many replicas to have. Write cpu_percent, memory_percent or a metric.")
        if self.container and not self.resources:
            yield Problem("container", "Only CPU and memory are measured by container. Write cpu_percent, or drop it.")

    @rule
    def metrics_are_told_apart(self) -> Iterator[Problem]:
        names = [metric.name for metric in self.pods_metrics] + [
            f"{metric.name} of {metric.object_kind} {metric.object_name}" for metric in self.object_metrics
        ]
        for name, times in Counter(names).items():
            if times > 1:
                yield Problem("", f"The metric {name} stands there {times} times. Write it once.")

    @rule
    def it_fits_its_pools(self) -> Iterator[Problem]:
        yield from preflight.room_problems("max_replicas", self.max_replicas, self.target.gpus, self.target.pools)
