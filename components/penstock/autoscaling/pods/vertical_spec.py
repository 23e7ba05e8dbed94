"""What may be asked of `VerticalAutoscaler`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, StrictBool
from pydantic_core import PydanticCustomError

from penstock.autoscaling.pods import preflight
from penstock.autoscaling.pods.args import ControlledResource
from penstock.autoscaling.pods.quantities import amount_problems, order_problems
from penstock.autoscaling.pods.target import TargetSpec
from penstock.autoscaling.pods.vertical_args import ControlledValues, VerticalMode
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

EVERY = "*"
BOTH = [ControlledResource.CPU, ControlledResource.MEMORY]


def _not_auto(value: object) -> object:
    if value == "Auto":
        raise PydanticCustomError(
            "deprecated_mode",
            "Auto is deprecated and does what Recreate does. Write InPlaceOrRecreate, which restarts pods only where "
            "it must, or Recreate to keep what it did",
        )
    return value


class ContainerSpec(Spec):
    container: str = Field(default=EVERY, min_length=1)
    min_cpu: str | None = None
    min_memory: str | None = None
    max_cpu: str | None = None
    max_memory: str | None = None
    resources: list[ControlledResource] = Field(default=BOTH, min_length=1)
    values: ControlledValues = ControlledValues.REQUESTS_AND_LIMITS
    ignored: StrictBool = False

    @rule
    def amounts(self) -> Iterator[Problem]:
        yield from amount_problems("min_cpu", self.min_cpu, "200m")
        yield from amount_problems("max_cpu", self.max_cpu, "4")
        yield from amount_problems("min_memory", self.min_memory, "512Mi")
        yield from amount_problems("max_memory", self.max_memory, "8Gi")
        yield from order_problems("max_cpu", self.min_cpu, self.max_cpu)
        yield from order_problems("max_memory", self.min_memory, self.max_memory)


class VerticalSpec(Spec):
    """See `VerticalAutoscalerArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {"update_mode": "Write mode.", "bounds": "Write containers."}

    target: TargetSpec = Field(description="the workload, with name and namespace")
    mode: Annotated[VerticalMode, BeforeValidator(_not_auto)] = VerticalMode.OFF
    containers: list[ContainerSpec] = []
    min_replicas: WholeNumber = Field(default=2, ge=1)
    scaled_on: list[ControlledResource] = []

    @property
    def resized(self) -> set[str]:
        """Which of cpu and memory it changes of any container."""
        if self.mode is VerticalMode.OFF:
            return set()
        found = {each.value for one in self.containers if not one.ignored for each in one.resources}
        every = any(one.container == EVERY for one in self.containers)
        return found if every else {each.value for each in BOTH}

    @rule
    def what_changes_pods_is_bounded(self) -> Iterator[Problem]:
        if self.mode is VerticalMode.OFF:
            return
        if not self.containers:
            yield Problem(
                "containers",
                "Without a most it may ask for more than any node has, and the pods would wait for ever. Write max_cpu "
                "and max_memory of its containers, or the mode Off.",
            )
        for index, one in enumerate(self.containers):
            for resource in one.resources if not one.ignored else []:
                if getattr(one, f"max_{resource}") is None:
                    yield Problem(
                        f"containers[{index}].max_{resource}",
                        "Without a most it may ask for more than any node has. Write what the nodes can give.",
                    )

    @rule
    def each_container_once(self) -> Iterator[Problem]:
        for name, times in Counter(one.container for one in self.containers).items():
            if times > 1:
                yield Problem("containers", f"'{name}' stands there {times} times. Write it once.")

    @rule
    def it_leaves_alone_what_replicas_are_scaled_on(self) -> Iterator[Problem]:
        yield from preflight.one_metric_problems("mode", self.resized, self.scaled_on)
