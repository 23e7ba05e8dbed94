"""Rules that have to hold for some time: recording rules of Prometheus, and the formula in which KEDA joins them.

Each signal is recorded every 15 s. That it was above a value for 3 min is `min_over_time(signal[3m]) > value`, and
that there were samples all the time, so that a series that has just begun proves nothing. `scale_up` and `scale_down`
are 1 or 0. Where a signal has no sample now, they have none either: KEDA then gets no answer, and replicas stay as
they are.

KEDA's formula makes a ratio of them, which is compared as a `Value` with 1: up is what the rule adds to what is
*ready*, so that pods which still start are waited for and not asked for twice; down is 0, as fast as the policies of
the behavior let it; 1 changes nothing. A ratio needs no count of replicas from elsewhere, which would be late. Up wins
over down. A block makes up a 1 and leaves down as it is: the wish is never above what there is, and never stuck.
All ratios differ from 1 by more than the HorizontalPodAutoscaler's tolerance of 10 %.
kubernetes/kubernetes pkg/controller/podautoscaler/replica_calculator.go@v1.36.3 (GetExternalMetricReplicas).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from penstock.autoscaling.pods.horizontal_plan import metadata
from penstock.autoscaling.pods.signals import WINDOW_SECONDS, Scope, query
from penstock.autoscaling.pods.tables import Rules, Sustained
from penstock.autoscaling.pods.trigger_spec import number

INTERVAL_SECONDS = 15
UP, DOWN, BLOCKED = "scale_up", "scale_down", "scale_block"
_SILENT_INTERVALS = 20
_SCRAPES_IN_A_WINDOW = 2.5


class Times(NamedTuple):
    """How long things take."""

    scale: float = 1
    """By what all times are multiplied."""
    scrape_seconds: int = 15

    @property
    def interval(self) -> int:
        """How often rules are evaluated, in seconds."""
        return max(1, min(INTERVAL_SECONDS, round(INTERVAL_SECONDS * self.scale)))

    @property
    def window(self) -> int:
        """Over how many seconds signals are taken: a rate needs two samples."""
        return max(round(WINDOW_SECONDS * self.scale), math.ceil(_SCRAPES_IN_A_WINDOW * self.scrape_seconds))

    def of(self, minutes: float) -> int:
        """The seconds that something has to hold."""
        return max(2 * self.interval, round(minutes * 60 * self.scale))


def prometheus_rule(name: str, rules: Rules, scope: Scope, times: Times) -> dict[str, Any]:
    """The PrometheusRule `name` that records what `rules` are about."""
    group = {"name": f"penstock.{scope.namespace}.{name}", "interval": f"{times.interval}s"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata(name, scope.namespace),
        "spec": {"groups": [{**group, "rules": list(_rules(rules, scope, times))}]},
    }


def formula(rules: Rules, up_percent: int) -> str:
    """Which way replicas go, as a ratio."""
    up = number(1 + up_percent / 100)
    wish = f"({BLOCKED} > 0 ? 1 : {up})" if rules.block else up
    return f"{UP} > 0 ? {wish} : ({DOWN} > 0 ? 0 : 1)"


def recorded(rules: Rules) -> list[str]:
    """What of the recorded series the formula is made of."""
    return [UP, DOWN, *([BLOCKED] if rules.block else [])]


def series(record: str, scope: Scope) -> str:
    """A recorded series."""
    return f"penstock:service:{record}{scope.by_service}"


def _rules(rules: Rules, scope: Scope, times: Times) -> Iterator[dict[str, Any]]:
    labels = {"namespace": scope.namespace, "service": scope.service}
    for signal in rules.signals:
        yield {
            "record": f"penstock:service:{signal.value}",
            "expr": query(signal, scope, times.window),
            "labels": labels,
        }
    for record, some in ((UP, rules.up), (DOWN, rules.down)):
        expression = _any([_held(each, scope, times) for each in some])
        yield {"record": f"penstock:service:{record}", "expr": expression, "labels": labels}
    if rules.block:
        yield {"record": f"penstock:service:{BLOCKED}", "expr": _holds_now(rules.block, scope), "labels": labels}
    yield _alert(recorded(rules), scope, labels, times)


def _held(one: Sustained, scope: Scope, times: Times) -> str:
    """1 where it has held all the time, 0 where not, and nothing where the signal is missing now."""
    seconds = times.of(one.minutes)
    signal, samples = series(one.signal.value, scope), seconds // times.interval - 1
    extreme, sign, limit = _comparison(one)
    held = f"({extreme}_over_time({signal}[{seconds}s]) {sign} bool {limit})"
    return f"({held} * (count_over_time({signal}[{seconds}s]) >= bool {samples}) and {signal})"


def _holds_now(one: Sustained, scope: Scope) -> str:
    _, sign, limit = _comparison(one)
    return f"{series(one.signal.value, scope)} {sign} bool {limit}"


def _comparison(one: Sustained) -> tuple[str, str, str]:
    """Of which extreme it is true, and how it is compared."""
    return ("min", ">", number(one.above)) if one.above is not None else ("max", "<", number(one.below or 0.0))


def _any(alternatives: Sequence[str]) -> str:
    """1 where any holds; nothing where one of them is missing."""
    return alternatives[0] if len(alternatives) == 1 else f"clamp_max({' + '.join(alternatives)}, 1)"


def _alert(records: Sequence[str], scope: Scope, labels: dict[str, str], times: Times) -> dict[str, Any]:
    missing = " or ".join(f"absent({series(record, scope)})" for record in records)
    return {
        "alert": "PenstockScalingHolds",
        "expr": missing,
        "for": f"{_SILENT_INTERVALS * times.interval}s",
        "labels": {**labels, "severity": "warning"},
        "annotations": {
            "summary": f"Replicas of {scope.workload} stay as they are: a metric that decides about them is missing."
        },
    }


def scaled(seconds: int, scale: float) -> int:
    """A time of the table, at least a second."""
    return max(1, round(seconds * scale)) if seconds else 0
