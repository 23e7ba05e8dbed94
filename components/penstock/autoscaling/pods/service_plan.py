"""The objects of a `ServiceAutoscaler`: pure functions from its specification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.autoscaling.pods import band, sustained
from penstock.autoscaling.pods.args import ControlledResource
from penstock.autoscaling.pods.behavior import BehaviorSpec, RulesSpec
from penstock.autoscaling.pods.event_args import MetricType
from penstock.autoscaling.pods.event_spec import EventSpec, ModifiersSpec
from penstock.autoscaling.pods.horizontal_spec import HorizontalSpec, ObjectMetricSpec, PodsMetricSpec
from penstock.autoscaling.pods.service_spec import RESOURCES, ServiceSpec
from penstock.autoscaling.pods.signals import OF_OBJECT, OF_PODS, Scope, query
from penstock.autoscaling.pods.tables import Rules, Signal
from penstock.autoscaling.pods.trigger_spec import PrometheusSpec, TriggerSpec, UtilizationSpec
from penstock.spec import check

# A value above which a composite is active: a service of a table always is, since it never goes to 0.
_ALWAYS = -1.0
_RATIOS = (Signal.P95_SECONDS, Signal.GPU_PERCENT, Signal.WAITING_REQUESTS)


def scope_of(spec: ServiceSpec) -> Scope:
    """Whose metrics are meant."""
    target = spec.target
    queries = {signal.value: text for signal, text in spec.queries.items()}
    service = spec.metric_service or target.name
    return Scope(target.namespace, service, target.name, target.kind, spec.cpu_cores, queries)


def horizontal_spec(spec: ServiceSpec) -> HorizontalSpec:
    """The service as what a HorizontalPodAutoscaler knows."""
    targets, service = spec.chosen_targets, spec.metric_service or spec.target.name
    cpu, memory = targets.get(Signal.CPU_PERCENT), targets.get(Signal.MEMORY_PERCENT)
    of_object = [
        ObjectMetricSpec(
            name=name,
            object_name=service,
            **{"value" if signal in _RATIOS else "average": targets[signal]},
        )
        for signal, name in OF_OBJECT.items()
        if signal in targets
    ]
    return HorizontalSpec(
        target=spec.target,
        min_replicas=spec.least or 1,
        max_replicas=spec.most or 1,
        cpu_percent=None if cpu is None else round(cpu),
        memory_percent=None if memory is None else round(memory),
        pods_metrics=[
            PodsMetricSpec(name=name, average=targets[signal]) for signal, name in OF_PODS.items() if signal in targets
        ],
        object_metrics=of_object,
        behavior=spec.behavior or spec.row.behavior,
    )


def event_spec(spec: ServiceSpec) -> EventSpec:
    """The service as what KEDA knows."""
    rules, inside = spec.row.rules, spec.row.band
    if rules:
        triggers = [_recorded(name, spec) for name in sustained.recorded(rules)]
        modifiers = _ratio(sustained.formula(rules, spec.row.up_percent or 0))
    elif inside:
        triggers = [_measured(signal, spec, threshold=spec.chosen_targets[signal]) for signal in band.SIGNALS]
        modifiers = _ratio(band.formula(inside, spec.chosen_targets))
    else:
        windows = [check(TriggerSpec, window) for window in spec.windows]
        triggers, modifiers = [*_aimed(spec), *windows], None
    return EventSpec(
        target=spec.target,
        min_replicas=spec.least or 1,
        max_replicas=spec.most or 1,
        triggers=triggers,
        polling_seconds=spec.polling_seconds,
        scaling_modifiers=modifiers,
        behavior=behavior_of(spec, rules),
    )


def behavior_of(spec: ServiceSpec, rules: Rules | None) -> BehaviorSpec:
    """How fast replicas may change; of rules that have to hold for a while the table's times are scaled like theirs."""
    if spec.behavior or not rules or spec.rule_time_scale == 1:
        return spec.behavior or spec.row.behavior
    table, scale = spec.row.behavior, spec.rule_time_scale
    return BehaviorSpec(scale_up=_scaled(table.scale_up, scale), scale_down=_scaled(table.scale_down, scale))


def prometheus_rule(name: str, spec: ServiceSpec) -> dict[str, Any] | None:
    """The PrometheusRule `name`; None where nothing has to hold for a while."""
    if spec.row.rules is None:
        return None
    times = sustained.Times(spec.rule_time_scale, spec.scrape_seconds)
    made = sustained.prometheus_rule(name, spec.row.rules, scope_of(spec), times)
    made["metadata"]["labels"] |= spec.rule_labels
    return made


def _aimed(spec: ServiceSpec) -> Iterator[TriggerSpec]:
    for signal, value in spec.chosen_targets.items():
        if signal in RESOURCES:
            used = UtilizationSpec(resource=ControlledResource(RESOURCES[signal]), percent=round(value))
            yield TriggerSpec(name=signal.value, utilization=used)
        else:
            yield _measured(signal, spec, threshold=value)


def _measured(signal: Signal, spec: ServiceSpec, threshold: float) -> TriggerSpec:
    return _trigger(signal.value, query(signal, scope_of(spec)), spec, threshold, ratio=signal in _RATIOS)


def _recorded(record: str, spec: ServiceSpec) -> TriggerSpec:
    return _trigger(record, sustained.series(record, scope_of(spec)), spec, 1, ratio=True)


def _trigger(name: str, text: str, spec: ServiceSpec, threshold: float, *, ratio: bool) -> TriggerSpec:
    return TriggerSpec(
        name=name,
        prometheus=PrometheusSpec(query=text, threshold=threshold, address=spec.prometheus_address),
        metric_type=MetricType.VALUE if ratio else MetricType.AVERAGE_VALUE,
    )


def _ratio(formula: str) -> ModifiersSpec:
    return ModifiersSpec(formula=formula, target=1, activation_target=_ALWAYS, metric_type=MetricType.VALUE)


def _scaled(rules: RulesSpec | None, scale: float) -> RulesSpec | None:
    if rules is None:
        return None
    policies = [
        policy.model_copy(update={"period_seconds": min(1800, sustained.scaled(policy.period_seconds, scale))})
        for policy in rules.policies or []
    ]
    window = min(3600, sustained.scaled(rules.stabilization_seconds or 0, scale))
    return rules.model_copy(update={"stabilization_seconds": window, "policies": policies or None})
