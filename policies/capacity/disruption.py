"""Disruption budgets under which no node can ever be drained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from objects import BUDGET, HPA, SCALED, SCALED_OBJECT, kind_of, namespace_of, of_kinds, pod_labels, same, target_of

from penstock_cost.crossguard import Finding, NotKnown, Seen, items, read, text, whole
from penstock_cost.crossguard.rules import findings
from penstock_cost.crossguard.values import known_texts, strings
from penstock_cost.resources.model import Resource

_WHY = "so no node under them can be drained: upgrades and scale-downs stop there."


def disruption_allowed(stack: Seen, _config: object, _configs: object) -> Iterator[Finding]:
    """A PodDisruptionBudget that allows no disruption."""
    for budget in stack.by_type.get(BUDGET, ()):
        yield from findings(budget, lambda budget=budget: _budget(stack, budget))  # type: ignore[misc]


def _budget(stack: Seen, budget: Resource) -> Iterator[Finding]:
    spec = budget.properties
    name = f"PodDisruptionBudget '{budget.name}'"
    most, least = read(spec, "spec.maxUnavailable"), read(spec, "spec.minAvailable")
    if 0 in (_percent(most), _count(most)):
        yield Finding(f"{name} has maxUnavailable: {_plain(most)}, {_WHY} Write maxUnavailable: 1.", budget.urn)
    if least is None:
        return
    if (_percent(least) or 0) >= 100:
        yield Finding(f"{name} has minAvailable: {least}, {_WHY} Write maxUnavailable: 1 instead.", budget.urn)
        return
    for workload in _selected(stack, budget):
        replicas = _fewest(stack, workload)
        percent, count = _percent(least), _count(least)
        kept = math.ceil(replicas * percent / 100) if percent is not None else count or 0
        if kept >= replicas > 0:
            yield Finding(
                f"{name} keeps {kept} of {replicas} replicas of {kind_of(workload)} '{workload.name}', {_WHY} "
                "Write maxUnavailable: 1 instead of minAvailable, or run more replicas.",
                budget.urn,
            )


def _selected(stack: Seen, budget: Resource) -> Iterator[Resource]:
    """The workloads whose pods the budget selects; an empty selector means all of its namespace."""
    if not isinstance(read(budget.properties, "spec.selector"), Mapping):
        return
    wanted = known_texts(budget.properties, "spec.selector.matchLabels")
    read(budget.properties, "spec.selector.matchLabels")  # not known: nothing can be told
    expressions = [one for _, one in items(budget.properties, "spec.selector.matchExpressions")]
    for workload in of_kinds(stack, *SCALED):
        if workload.provider != budget.provider or namespace_of(workload) != namespace_of(budget):
            continue
        labels = pod_labels(workload)
        if wanted.items() <= labels.items() and all(_holds(one, labels) for one in expressions):
            yield workload


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a requirement of `matchExpressions` holds for these labels. Raises NotKnown."""
    key, operator = text(expression, "key"), text(expression, "operator")
    values = strings(expression, "values") or []
    if operator in ("Exists", "DoesNotExist"):
        return (key in labels) is (operator == "Exists")
    return (labels.get(key) in values) is (operator != "NotIn")


def _fewest(stack: Seen, workload: Resource) -> int:
    """The fewest replicas with which it runs. Raises NotKnown."""
    for kind, path, default in ((HPA, "spec.minReplicas", 1), (SCALED_OBJECT, "spec.minReplicaCount", 0)):
        for scaler in stack.by_type.get(kind, ()):
            try:
                scales_it = same(target_of(stack, scaler), workload)
            except NotKnown:
                continue
            if scales_it:
                found = whole(scaler.properties, path)
                return default if found is None else found
    stated = whole(workload.properties, "spec.replicas")
    return 1 if stated is None else stated


def _percent(value: object) -> int | None:
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal():
        return int(value[:-1])
    return None


def _count(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if value.isdecimal() else None
    return int(value) if isinstance(value, int | float) else None


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) else value
