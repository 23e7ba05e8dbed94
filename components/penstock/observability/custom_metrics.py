"""The rules of prometheus-adapter: pure functions from metrics to what its chart takes as `rules.custom`.

Only custom.metrics.k8s.io is served. Of the other two APIs there is another server each (metrics-server, KEDA), and a
second one would take over from it: so there are never any `rules.resource` or `rules.external`.
"""

import csv
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from penstock.observability.args import MetricKind, MetricOf
from penstock.observability.spec_parts import CustomMetricSpec

_QUERIES = {
    MetricKind.QUEUE: "sum(avg_over_time({series}{{{labels}}}[{window}s])) by (<<.GroupBy>>)",
    MetricKind.GAUGE: "avg(avg_over_time({series}{{{labels}}}[{window}s])) by (<<.GroupBy>>)",
    MetricKind.LATENCY: "max(max_over_time({series}{{{labels}}}[{window}s])) by (<<.GroupBy>>)",
    MetricKind.RATE: "sum(rate({series}{{{labels}}}[{window}s])) by (<<.GroupBy>>)",
}
_RESOURCES: dict[MetricOf, dict[str, str]] = {
    MetricOf.POD: {"resource": "pod"},
    MetricOf.SERVICE: {"resource": "service"},
    MetricOf.DEPLOYMENT: {"group": "apps", "resource": "deployment"},
}


@cache
def our_metrics() -> tuple[CustomMetricSpec, ...]:
    """The metrics of the platform, from the table."""
    lines = (files(__package__) / "data" / "metrics.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(lines)
    return tuple(
        CustomMetricSpec(name=row["name"], series=row["series"], kind=MetricKind(row["kind"]), of=MetricOf(row["of"]))
        for row in rows
    )


def served(asked: Sequence[CustomMetricSpec]) -> dict[str, CustomMetricSpec]:
    """All metrics by their names: ours, and those that are asked for, which replace ours of the same name."""
    return {metric.name: metric for metric in (*our_metrics(), *asked)}


def rules(asked: Sequence[CustomMetricSpec]) -> list[dict[str, Any]]:
    """The rules for all of them."""
    return [rule(metric) for metric in served(asked).values()]


def rule(metric: CustomMetricSpec) -> dict[str, Any]:
    """The rule for one: which series, whose they are, what they are called, and what is made of them."""
    label = metric.of.value
    extra = "".join(f",{key}={json.dumps(value)}" for key, value in sorted(metric.labels.items()))
    query = _QUERIES[metric.kind].format(
        series="<<.Series>>", labels=f"<<.LabelMatchers>>{extra}", window=metric.window_seconds
    )
    return {
        "seriesQuery": f'{metric.series}{{namespace!="",{label}!=""{extra}}}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, label: dict(_RESOURCES[metric.of])}},
        "name": {"matches": f"^{re.escape(metric.series)}$", "as": metric.name},
        "metricsQuery": query,
    }
