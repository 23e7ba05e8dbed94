"""What may be asked of `EventAutoscaler`.

What KEDA itself refuses: kedacore/keda apis/keda/v1alpha1/{scaledobject_types,scaledobject_webhook}.go@v2.21.0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from penstock.autoscaling.pods import preflight
from penstock.autoscaling.pods.behavior import BehaviorSpec
from penstock.autoscaling.pods.event_args import FallbackBehavior, MetricType
from penstock.autoscaling.pods.target import TargetSpec
from penstock.autoscaling.pods.trigger_spec import TriggerSpec
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

LONGEST_NAME = 63 - len("keda-hpa-")
"""KEDA puts the name of its HorizontalPodAutoscaler, `keda-hpa-` and the ScaledObject's, into a label."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")


class FallbackSpec(Spec):
    failure_threshold: WholeNumber = Field(ge=1, description="how many times in a row a trigger has to fail")
    replicas: WholeNumber = Field(ge=0, description="the replicas then")
    behavior: FallbackBehavior = FallbackBehavior.STATIC

    @rule
    def it_never_takes_all_away(self) -> Iterator[Problem]:
        if self.replicas == 0:
            yield Problem(
                "replicas",
                "With 0 KEDA takes all replicas away as soon as a trigger fails, whatever the behavior. Write at least "
                "1, or drop fallback: then they stay as they are.",
            )


class ModifiersSpec(Spec):
    formula: str = Field(min_length=1, description="the formula over the names of the triggers")
    target: float = Field(gt=0, description="what is aimed at of its value")
    activation_target: float = 0
    metric_type: MetricType = MetricType.AVERAGE_VALUE

    @property
    def words(self) -> set[str]:
        """The names that stand in the formula."""
        return set(_WORD.findall(_TEXT.sub("", self.formula)))


class EventSpec(Spec):
    """See `EventAutoscalerArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "behaviour": "Write behavior, as Kubernetes spells it.",
        "metrics": "Write triggers.",
        "cooldown_period": "Write cooldown_seconds.",
        "polling_interval": "Write polling_seconds.",
    }

    target: TargetSpec = Field(description="the workload, with name and namespace")
    min_replicas: WholeNumber = Field(ge=0, description="the fewest replicas")
    max_replicas: WholeNumber = Field(ge=1, description="the most replicas")
    triggers: list[TriggerSpec] = Field(min_length=1, description="what tells how many replicas are wanted")
    idle_replicas: WholeNumber | None = Field(default=None, ge=0)
    polling_seconds: WholeNumber = Field(default=30, ge=1, le=3600)
    cooldown_seconds: WholeNumber = Field(default=300, ge=0, le=86400)
    initial_cooldown_seconds: WholeNumber = Field(default=0, ge=0, le=86400)
    fallback: FallbackSpec | None = None
    scaling_modifiers: ModifiersSpec | None = None
    behavior: BehaviorSpec = BehaviorSpec()

    @property
    def least(self) -> int:
        """The fewest replicas that there ever are."""
        return self.min_replicas if self.idle_replicas is None else 0

    @rule
    def bounds(self) -> Iterator[Problem]:
        if self.min_replicas > self.max_replicas:
            yield Problem("max_replicas", f"Write at least {self.min_replicas}, the min_replicas.")
        if self.idle_replicas is not None and self.idle_replicas > 0:
            yield Problem("idle_replicas", "KEDA knows no other number of idle replicas than 0. Write 0, or drop this.")
        if self.idle_replicas == 0 and self.min_replicas == 0:
            yield Problem("idle_replicas", "It goes to 0 anyway, by its min_replicas. Drop this.")

    @rule
    def windows_fit_below_the_most(self) -> Iterator[Problem]:
        for index, trigger in enumerate(self.triggers):
            if trigger.cron and trigger.cron.desired_replicas > self.max_replicas:
                yield Problem(
                    f"triggers[{index}].cron.desired_replicas",
                    f"There are never more than {self.max_replicas}, the max_replicas. Write at most that.",
                )

    @rule
    def something_wakes_it(self) -> Iterator[Problem]:
        yield from preflight.waking_problems("triggers", self.least, (trigger.type for trigger in self.triggers))

    @rule
    def pods_get_time_to_start(self) -> Iterator[Problem]:
        start = self.target.cold_start_seconds
        yield from preflight.cooldown_problems("cooldown_seconds", self.cooldown_seconds, start, self.least)

    @rule
    def it_fits_its_pools(self) -> Iterator[Problem]:
        yield from preflight.room_problems("max_replicas", self.max_replicas, self.target.gpus, self.target.pools)

    @rule
    def names_are_told_apart(self) -> Iterator[Problem]:
        for name, times in Counter(trigger.name for trigger in self.triggers if trigger.name).items():
            if times > 1:
                yield Problem("triggers", f"{times} triggers are called '{name}'. Give each a name of its own.")

    @rule
    def the_formula_knows_its_triggers(self) -> Iterator[Problem]:
        if self.scaling_modifiers is None:
            return
        measured = [(i, t) for i, t in enumerate(self.triggers) if not t.measures_pods]
        for index, trigger in measured:
            if not trigger.name:
                yield Problem(f"triggers[{index}].name", "A formula knows triggers by their names. Write one.")
            elif trigger.name not in self.scaling_modifiers.words:
                yield Problem(
                    "scaling_modifiers.formula",
                    f"The trigger '{trigger.name}' does not stand in it, so it would have no effect. Add it to the "
                    "formula, or drop the trigger.",
                )
        if not measured:
            yield Problem("scaling_modifiers", "CPU and memory do not count in a formula, and there is nothing else.")

    @rule
    def something_can_fall_back(self) -> Iterator[Problem]:
        if self.fallback is None:
            return
        if all(trigger.measures_pods for trigger in self.triggers):
            yield Problem("fallback", "KEDA has none for CPU and memory. Drop this.")
        if self.scaling_modifiers is None and self.fallback.behavior is FallbackBehavior.SCALING_MODIFIERS:
            yield Problem("fallback.behavior", "There is no formula that it could leave this to. Write another one.")
        if self.scaling_modifiers and self.scaling_modifiers.target % 1:
            # KEDA reads the target as a whole number when it looks whether the fallback is valid.
            yield Problem("scaling_modifiers.target", "With a fallback KEDA takes only whole numbers. Write one.")
