"""Helm charts that the sandbox knows: each stands for an add-on, with those of its values that matter here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from sandbox.cluster.addons import (
    barman_cloud,
    cloudnative_pg,
    keda,
    metrics_server,
    prometheus,
    prometheus_adapter,
    vpa,
)
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from sandbox.cluster.cluster import Cluster

Values = Mapping[str, Any]
KNOWN_CHARTS: Final[Mapping[str, str]] = {
    "metrics-server": metrics_server.NAME,
    "kube-prometheus-stack": prometheus.NAME,
    "prometheus-adapter": prometheus_adapter.NAME,
    "keda": keda.NAME,
    "vertical-pod-autoscaler": vpa.NAME,
    "cloudnative-pg": cloudnative_pg.NAME,
    "plugin-barman-cloud": barman_cloud.NAME,
}
"""The add-on that each chart stands for."""


def enable(cluster: Cluster, chart_name: str, values: Values) -> None:
    """Have what a chart would install: its custom resources, and its processes, which run with its values.

    Where all that is there already, nothing happens. Raises `SandboxError` where the chart is not known, the cluster
    does not run, or the values ask for what cannot be.
    """
    cluster.enable({_addon(chart_name): settings(chart_name, values)})


def disable(cluster: Cluster, chart_name: str) -> None:
    """End the processes and remove what was made for them. Custom resource definitions and namespaces stay."""
    cluster.disable(_addon(chart_name))


def settings(chart_name: str, values: Values) -> dict[str, Any]:
    """The settings of the add-on that the values of its chart amount to."""
    return _READERS[_addon(chart_name)](values)


def _addon(chart_name: str) -> str:
    try:
        return KNOWN_CHARTS[chart_name]
    except KeyError:
        known = ", ".join(KNOWN_CHARTS)
        raise SandboxError(f"The sandbox's cluster knows no chart {chart_name}. It knows {known}.") from None


def _metrics_server(values: Values) -> dict[str, Any]:
    words = [*(values.get("defaultArgs") or ()), *(values.get("args") or ())]
    stated = (re.fullmatch(r"--([a-z-]+)=(\S+)", word) for word in words)
    return {found[1]: found[2] for found in stated if found and found[1] in metrics_server.TIMES}


def _kube_prometheus_stack(values: Values) -> dict[str, Any]:
    """By default the operator's Prometheus scrapes every 30 s, and the chart's takes only rules with a label `release`,
    which names the release.
    """
    spec = _within(values, "prometheus", "prometheusSpec")
    usual = {"scrapeInterval": "30s", "scrapeTimeout": "10s", "evaluationInterval": "30s"}
    times = (spec.get(name) or its for name, its in usual.items())
    found: dict[str, Any] = dict(zip(prometheus.TIMES, times, strict=True))
    selector = spec.get("ruleSelector") or {}
    if selector.get("matchExpressions"):
        raise SandboxError(
            "The sandbox's Prometheus selects rules by matchLabels alone: "
            "write prometheus.prometheusSpec.ruleSelector without matchExpressions."
        )
    if labels := selector.get("matchLabels"):
        found[prometheus.LABELS] = dict(labels)
    elif spec.get("ruleSelectorNilUsesHelmValues", True):
        found[prometheus.LABELS] = {"release": None}
    return found


def _prometheus_adapter(values: Values) -> dict[str, Any]:
    rules = values.get("rules") or {}
    taken = {"resource": "metrics.k8s.io, which metrics-server", "external": "external.metrics.k8s.io, which KEDA"}
    for name, api in taken.items():
        if rules.get(name):
            raise SandboxError(
                f"prometheus-adapter is to serve {api} serves: of an API there is one server. Leave out rules.{name}."
            )
    place = values.get("prometheus") or {}
    url, port = place.get("url") or "http://prometheus.default.svc", place.get("port") or 9090
    found: dict[str, Any] = {
        prometheus_adapter.RULES: [*(rules.get("custom") or ())],
        prometheus_adapter.URL: f"{url}:{port}{place.get('path') or ''}",
    }
    if interval := values.get("metricsRelistInterval"):
        found[prometheus_adapter.RELIST] = interval
    if rules.get("default", True):
        found[prometheus_adapter.RULES] += prometheus_adapter.DEFAULT_RULES
    return found


def _keda(values: Values) -> dict[str, Any]:
    policy = _within(values, "webhooks").get("failurePolicy")
    return {keda.FAILURE_POLICY: policy} if policy else {}


def _vertical_pod_autoscaler(values: Values) -> dict[str, Any]:
    keys = {"recommender": vpa.RECOMMENDER, "updater": vpa.UPDATER, "admissionController": vpa.ADMISSION}
    off = [name for key, name in keys.items() if _within(values, key).get("enabled") is False]
    return {vpa.OFF: off} if off else {}


def _cloudnative_pg(values: Values) -> dict[str, Any]:
    sorts = (cloudnative_pg.MUTATING, cloudnative_pg.VALIDATING)
    found = {sort: policy for sort in sorts if (policy := _within(values, "webhook", sort).get("failurePolicy"))}
    data = dict(_within(values, "config", "data"))
    return {**found, **({cloudnative_pg.CONFIG: data} if data else {})}


def _plugin_barman_cloud(values: Values) -> dict[str, Any]:
    """A repository or a registry alone leaves the rest as it is."""
    given = _within(values, "sidecarImage")
    parts = {name: given.get(name) or usual for name, usual in barman_cloud.IMAGE.items()}
    image = f"{parts['registry']}/{parts['repository']}:{parts['tag']}"
    made = _within(values, "certificate")
    missing = [side for side in barman_cloud.SIDES if made.get(f"create{side.title()}Certificate") is False]
    found: dict[str, Any] = {barman_cloud.SIDECAR: image} if any(given.values()) else {}
    return {**found, **({barman_cloud.GIVEN: missing} if missing else {})}


def _within(values: Values, *keys: str) -> Values:
    """What stands in nested values; nothing, where they end before."""
    for key in keys:
        values = values.get(key) or {}
    return values


_READERS: Final[Mapping[str, Callable[[Values], dict[str, Any]]]] = {
    metrics_server.NAME: _metrics_server,
    prometheus.NAME: _kube_prometheus_stack,
    prometheus_adapter.NAME: _prometheus_adapter,
    keda.NAME: _keda,
    vpa.NAME: _vertical_pod_autoscaler,
    cloudnative_pg.NAME: _cloudnative_pg,
    barman_cloud.NAME: _plugin_barman_cloud,
}
