"""What may be asked of `CronScaleToZero`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, StrictBool

from penstock.autoscaling.pods import preflight
from penstock.autoscaling.pods.behavior import BehaviorSpec
from penstock.autoscaling.pods.crontab import opening_problems, zone_problems
from penstock.autoscaling.pods.event_args import MetricType
from penstock.autoscaling.pods.target import TargetSpec
from penstock.autoscaling.pods.trigger_spec import TriggerSpec
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

WINDOW = "window"
"""The name of the window's own trigger."""
PODS = "pods"
"""The name of the trigger that counts pods."""


class CronScaleToZeroSpec(Spec):
    """See `CronScaleToZeroArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "min_replicas": "Outside of the window there are none, which is what this is for. Drop it, or use "
        "EventAutoscaler with a cron trigger.",
        "time_zone": "Write timezone.",
    }

    target: TargetSpec = Field(description="the workload, with name and namespace")
    timezone: str = Field(description="the IANA name of the time zone")
    start: str = Field(description="when the window opens, as a cron expression")
    end: str = Field(description="when it closes, as a cron expression")
    desired_replicas: WholeNumber = Field(ge=0, description="the replicas in the window")
    max_replicas: WholeNumber = Field(ge=1, description="the most replicas")
    triggers: list[TriggerSpec] = []
    hard_off: StrictBool = False
    pod_labels: dict[str, str] | None = Field(default=None, min_length=1)
    replicas_when_unknown: WholeNumber | None = Field(default=None, ge=1)
    cooldown_seconds: WholeNumber = Field(default=300, ge=0, le=86400)
    polling_seconds: WholeNumber = Field(default=30, ge=1, le=3600)
    behavior: BehaviorSpec = BehaviorSpec()

    @property
    def closes_on_others(self) -> bool:
        """Whether there are other triggers that the end of the window has to overrule."""
        return self.hard_off and any(not trigger.measures_pods for trigger in self.triggers)

    @rule
    def the_zone_is_known(self) -> Iterator[Problem]:
        yield from zone_problems("timezone", self.timezone)

    @rule
    def the_window_opens_and_closes(self) -> Iterator[Problem]:
        yield from opening_problems(self.start, self.end)

    @rule
    def there_are_replicas_in_it(self) -> Iterator[Problem]:
        if self.desired_replicas == 0:
            yield Problem(
                "desired_replicas",
                "A window tells when there are replicas, not when there are none, and KEDA refuses one of 0. Write the "
                "hours in which some are wanted, with at least 1: outside of them there are none.",
            )
        if self.desired_replicas > self.max_replicas:
            yield Problem("max_replicas", f"Write at least {self.desired_replicas}, the replicas of the window.")

    @rule
    def pods_get_time_to_start(self) -> Iterator[Problem]:
        start = self.target.cold_start_seconds
        yield from preflight.cooldown_problems("cooldown_seconds", self.cooldown_seconds, start, 0)

    @rule
    def it_fits_its_pools(self) -> Iterator[Problem]:
        yield from preflight.room_problems("max_replicas", self.max_replicas, self.target.gpus, self.target.pools)

    @rule
    def names_are_told_apart(self) -> Iterator[Problem]:
        names = Counter([WINDOW, PODS, *(trigger.name for trigger in self.triggers if trigger.name)])
        for name, times in names.items():
            if times > 1:
                reserved = " That is one of our own triggers." if name in (WINDOW, PODS) else ""
                yield Problem("triggers", f"Several are called '{name}'.{reserved} Give each a name of its own.")

    @rule
    def the_end_can_overrule_the_others(self) -> Iterator[Problem]:
        if not self.hard_off:
            for field in {"replicas_when_unknown", "pod_labels"} & self.model_fields_set:
                yield Problem(field, "Without hard_off the replicas stay as they are while a trigger fails. Drop this.")
            return
        for index, trigger in enumerate(self.triggers):
            if trigger.other:
                yield Problem(
                    f"triggers[{index}].other",
                    "A formula has no thresholds but those that are known here. Write prometheus, metrics_api or "
                    "redis_list, or drop hard_off.",
                )
            if trigger.metric_type is MetricType.VALUE:
                yield Problem(
                    f"triggers[{index}].metric_type",
                    "With hard_off all triggers are one formula, which counts replicas, and a ratio is no count. Write "
                    "AverageValue with a query that grows with the load, or drop hard_off.",
                )

    @rule
    def the_unknown_fits(self) -> Iterator[Problem]:
        if self.replicas_when_unknown is not None and self.replicas_when_unknown > self.max_replicas:
            yield Problem("replicas_when_unknown", f"Write at most {self.max_replicas}, the max_replicas.")
        if self.replicas_when_unknown is not None and self.pod_labels is not None:
            yield Problem("replicas_when_unknown", "With pod_labels their number stays. Write one of the two.")
