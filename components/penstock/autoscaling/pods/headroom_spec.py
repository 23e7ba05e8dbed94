"""What may be asked of `WarmHeadroom`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict, Field

from penstock.autoscaling.pods import preflight
from penstock.autoscaling.pods.headroom_args import BufferVersion, HeadroomKind
from penstock.autoscaling.pods.quantities import amount_problems
from penstock.autoscaling.pods.target import name_problems
from penstock.autoscaling.pools import Pool
from penstock.nodes.plan import GPU_RESOURCE
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule


class LabelledPool(Pool):
    """What matters here of a pool's `PoolRef`: also the labels of its nodes."""

    model_config = ConfigDict(extra="ignore")

    labels: dict[str, str] = {}


class PodShapeSpec(Spec):
    cpu: str = Field(description="CPU, for example 500m")
    memory: str = Field(description="memory, for example 1Gi")
    gpus: WholeNumber = Field(default=0, ge=0)
    gpu_resource: str = GPU_RESOURCE

    @rule
    def amounts(self) -> Iterator[Problem]:
        yield from amount_problems("cpu", self.cpu, "500m")
        yield from amount_problems("memory", self.memory, "1Gi")


class ScalableSpec(Spec):
    name: Any = Field(description="the name of the workload")
    kind: str = Field(default="Deployment", min_length=1)
    api_group: str = "apps"

    @rule
    def it_has_a_name(self) -> Iterator[Problem]:
        yield from name_problems("name", self.name)


class WarmHeadroomSpec(Spec):
    """See `WarmHeadroomArgs` for what each field means."""

    namespace: Any = Field(description="the namespace")
    kind: HeadroomKind = HeadroomKind.CAPACITY_BUFFER
    replicas: WholeNumber | None = Field(default=None, ge=1)
    percent: WholeNumber | None = Field(default=None, ge=1, le=1000)
    pod: PodShapeSpec | None = None
    target: ScalableSpec | None = None
    pools: list[LabelledPool] = []
    buffer_version: BufferVersion = BufferVersion.V1BETA1
    priority: WholeNumber = Field(default=-10, ge=-10, le=-1)
    registry: Any = None
    """A text, or a Pulumi output of one."""

    @rule
    def the_namespace_has_a_name(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)

    @rule
    def its_size_is_known(self) -> Iterator[Problem]:
        if self.replicas is None and self.percent is None:
            yield Problem("replicas", "Write for how many pods there is room, or percent of a target's replicas.")
        if self.percent is not None and self.target is None:
            yield Problem("percent", "It is a part of a workload's replicas. Write that workload as target.")

    @rule
    def its_shape_is_known(self) -> Iterator[Problem]:
        if (self.pod is None) == (self.target is None):
            yield Problem("pod", "Write either what a pod asks for, or the target whose pods these are.")
        if self.target is not None and self.pools:
            yield Problem("pools", "The pods of the target say themselves where they run. Drop this.")

    @rule
    def placeholders_are_plain_pods(self) -> Iterator[Problem]:
        if self.kind is HeadroomKind.CAPACITY_BUFFER:
            for field in {"priority", "registry"} & self.model_fields_set:
                yield Problem(field, "A buffer has no pods. Drop this, or write kind: placeholder.")
            return
        if self.target is not None:
            yield Problem(
                "target",
                "Placeholders follow no workload: their number and shape are fixed. Write pod and replicas, or kind: "
                "capacity_buffer where the node autoscaler knows it.",
            )
        if "buffer_version" in self.model_fields_set:
            yield Problem("buffer_version", "Placeholders are no CapacityBuffer. Drop this.")

    @rule
    def pools_can_be_meant(self) -> Iterator[Problem]:
        if self.pools and not set.intersection(*(set(pool.labels.items()) for pool in self.pools)):
            yield Problem(
                "pools",
                "They have no label in common, so no selector can mean all of them. Give them one, for example "
                "workload-type, or make a WarmHeadroom for each.",
            )
        if self.pod:
            yield from preflight.pool_gpu_problems(self.pod.gpus, self.pools)
            most, gpus = self.replicas or 0, self.pod.gpus
            yield from preflight.room_problems("replicas", most, gpus, self.pools)
