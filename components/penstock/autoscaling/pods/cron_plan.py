"""The plan of a `CronScaleToZero`: the ScaledObject that it is, as a pure function from its specification.

Without `hard_off` the window is one trigger among others: KEDA wakes the target as soon as any is active, takes the
largest wish, and goes to 0 a cool-down after the last one.

With `hard_off` one formula decides, in replicas (target 1): outside of the window it is 0, so not above the
activation target of 0, and KEDA goes to 0 a cool-down later, whatever the replicas are; in the window it is at least
the window's replicas, so KEDA wakes the target and its HorizontalPodAutoscaler does the rest. A formula makes KEDA
look at nothing else. A trigger that fails would keep it from opening and from closing, so after three polls `??`
stands in for it: with the number of pods that there are, or a stated one.

kedacore/keda pkg/scaling/scale_handler.go, pkg/scaling/executor/scale_scaledobjects.go,
pkg/scaling/modifiers/formula.go and pkg/fallback/fallback.go@v2.21.0; `??` came with 2.20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.autoscaling.pods.cron_spec import PODS, WINDOW, CronScaleToZeroSpec
from penstock.autoscaling.pods.event_args import FallbackBehavior
from penstock.autoscaling.pods.event_plan import scaled_object
from penstock.autoscaling.pods.event_spec import EventSpec, FallbackSpec, ModifiersSpec
from penstock.autoscaling.pods.trigger_spec import CronSpec, OtherSpec, TriggerSpec, number

_POLLS = 3


def scaled_object_of(name: str, spec: CronScaleToZeroSpec) -> dict[str, Any]:
    """The ScaledObject `name`."""
    return scaled_object(name, event_spec(spec))


def event_spec(spec: CronScaleToZeroSpec) -> EventSpec:
    """The window as what KEDA knows: triggers, and a formula where the end overrules them."""
    window = TriggerSpec(
        name=WINDOW,
        cron=CronSpec(timezone=spec.timezone, start=spec.start, end=spec.end, desired_replicas=spec.desired_replicas),
    )
    others = [_named(trigger, index) for index, trigger in enumerate(spec.triggers)]
    asked: dict[str, Any] = {"triggers": [window, *others]}
    if spec.closes_on_others:
        counted = [_counted(spec.pod_labels)] if spec.pod_labels else []
        asked["triggers"] += counted
        asked["scaling_modifiers"] = ModifiersSpec(
            formula=formula(others, PODS if counted else _unknown(spec)), target=1
        )
        asked["fallback"] = FallbackSpec(
            failure_threshold=_POLLS, replicas=_unknown(spec), behavior=FallbackBehavior.SCALING_MODIFIERS
        )
    return EventSpec(
        target=spec.target,
        min_replicas=0,
        max_replicas=spec.max_replicas,
        polling_seconds=spec.polling_seconds,
        cooldown_seconds=spec.cooldown_seconds,
        behavior=spec.behavior,
        **asked,
    )


def formula(others: list[TriggerSpec], unknown: int | str) -> str:
    """How many replicas are wanted: the largest wish while the window is open, and none while it is not.

    `unknown` is how many a trigger wishes for while it fails: a number, or the name of a trigger that tells it.
    """
    wishes = [WINDOW, *(_wish(trigger, unknown) for trigger in others if not trigger.measures_pods)]
    return f"{WINDOW} > 0 ? max({', '.join(wishes)}) : 0"


def _wish(trigger: TriggerSpec, unknown: int | str) -> str:
    threshold = _threshold(trigger)
    # `??` binds tighter than `*`.
    instead = f"({unknown} * {number(threshold)})" if isinstance(unknown, str) else number(unknown * threshold)
    return f"({trigger.name} ?? {instead}) / {number(threshold)}"


def _counted(labels: Mapping[str, str]) -> TriggerSpec:
    """How many pods there are. kedacore/keda pkg/scalers/kubernetes_workload_scaler.go@v2.21.0."""
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return TriggerSpec(
        name=PODS, other=OtherSpec(type="kubernetes-workload", metadata={"podSelector": selector, "value": "1"})
    )


def _unknown(spec: CronScaleToZeroSpec) -> int:
    return spec.replicas_when_unknown or spec.desired_replicas


def _threshold(trigger: TriggerSpec) -> float:
    source = trigger.prometheus or trigger.metrics_api or trigger.redis_list
    return source.threshold if source else 1  # another window: its value is in replicas already


def _named(trigger: TriggerSpec, index: int) -> TriggerSpec:
    return trigger if trigger.name else trigger.model_copy(update={"name": f"trigger_{index}"})
