"""What is watched of the cache's tiers: alerts and a dashboard for Grafana, as pure functions from their specification.

Services count each request once in each tier that it comes to: `hit` where that answers, else `miss`, and then it comes
to the next. So the requests are those of L1, and the share of hits is that of all tiers together.
"""

from __future__ import annotations

import json
from typing import Any

from penstock.data.cache import plan
from penstock.data.cache.spec import CacheTiersSpec
from penstock.data.postgres.monitors import unsuccessful

_REFRESH_SECONDS = 5400
"""How long after its start a refresh may still be under way: an hour and a half."""
_WIDTH, _HEIGHT = 12, 8


def hit_rate(spec: CacheTiersSpec, by: str = "namespace") -> str:
    """The share of requests that some tier answers, over the window, 0 where none does."""
    return f"({_hits(spec, by)}) / ({requests(spec, by)})"


def requests(spec: CacheTiersSpec, by: str = "namespace") -> str:
    """The requests of the window."""
    return f'sum by ({by}) (increase({spec.metric}{{tier="l1"}}[{spec.hit_rate.window_seconds}s]))'


def alerts(name: str, spec: CacheTiersSpec) -> list[dict[str, Any]]:
    """The rules of alerts."""
    rate = spec.hit_rate
    low = f"{hit_rate(spec)} < {rate.percent / 100:g} and {requests(spec)} >= {rate.after_requests}"
    found = [
        _alert(
            "CacheHitRateLow",
            low,
            "5m",
            f"Of the requests of the last {rate.window_seconds} s less than {rate.percent} % were answered by the "
            "cache {{ $labels.namespace }}: {{ $value | humanizePercentage }}.",
            name,
        )
    ]
    if spec.views:
        stale = unsuccessful(plan.refresh_name(name), _REFRESH_SECONDS)
        found.append(_alert("CacheViewsStale", stale, "5m", "The materialised views have not been refreshed.", name))
    return found


def prometheus_rule(name: str, spec: CacheTiersSpec) -> dict[str, Any]:
    """The alerts as Prometheus' operator takes them."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": name,
            "namespace": spec.namespace,
            "labels": {**plan.labels(name), **spec.rule_labels},
        },
        "spec": {"groups": [{"name": f"penstock-cache-{name}", "rules": alerts(name, spec)}]},
    }


def dashboard_map(name: str, spec: CacheTiersSpec) -> dict[str, Any]:
    """The ConfigMap that Grafana's sidecar finds by its label."""
    labels = {**plan.labels(name), "grafana_dashboard": "1"}
    return {
        "metadata": {"name": f"{name}-dashboard", "namespace": spec.dashboard_namespace, "labels": labels},
        "data": {f"{name}-cache.json": json.dumps(dashboard(name, spec), indent=2, sort_keys=True)},
    }


def dashboard(name: str, spec: CacheTiersSpec) -> dict[str, Any]:
    """The dashboard: shares of hits, requests, times, memory and evictions of Redis, age of the views."""
    rate, hits = (f"rate({spec.metric}{labels}[5m])" for labels in ("", '{result="hit"}'))
    redis = f'{{namespace="$namespace", pod=~"{spec.redis["name"]}-[0-9]+"}}'
    panels = [
        ("Share of hits by mode", "percentunit", [(hit_rate(spec, "mode"), "{{mode}}")]),
        ("Share of hits by tier", "percentunit", [(f"sum by (tier) ({hits}) / sum by (tier) ({rate})", "{{tier}}")]),
        ("Requests by tier and result", "reqps", [(f"sum by (tier, result) ({rate})", "{{tier}} {{result}}")]),
        ("Memory of Redis", "bytes", [(f"redis_memory_used_bytes{redis}", "{{pod}}"),
                                      (f"redis_memory_max_bytes{redis}", "{{pod}} at most")]),
        ("Evicted entries", "ops", [(f"rate(redis_evicted_keys_total{redis}[5m])", "{{pod}}")]),
    ]  # fmt: skip
    if spec.views:
        of = f'{{cronjob="{plan.refresh_name(name)}"}}'
        age = (f"time() - kube_cronjob_status_last_successful_time{of}", "since the last refresh")
        panels.append(("Age of the views", "s", [age]))
    return {
        "title": f"Cache {name}",
        "uid": f"penstock-cache-{name}"[:40],
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_data_source(), _namespaces()]},
        "panels": [_text(spec), *(_panel(number, *panel) for number, panel in enumerate(panels))],
    }


def _hits(spec: CacheTiersSpec, by: str) -> str:
    hits = f'sum by ({by}) (increase({spec.metric}{{result="hit"}}[{spec.hit_rate.window_seconds}s]))'
    return f"{hits} or {requests(spec, by)} * 0"


def _alert(alert: str, expr: str, lasting: str, summary: str, name: str) -> dict[str, Any]:
    labels = {"severity": "warning", "cache": name}
    return {"alert": alert, "expr": expr, "for": lasting, "labels": labels, "annotations": {"summary": summary}}


def _data_source() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "Data source"}


def _namespaces() -> dict[str, Any]:
    values = "label_values(redis_memory_used_bytes, namespace)"
    source = {"type": "prometheus", "uid": "${source}"}
    return {"name": "namespace", "type": "query", "query": values, "datasource": source, "refresh": 2}


def _text(spec: CacheTiersSpec) -> dict[str, Any]:
    lines = [f"- **{mode}**: {found['ttl_seconds']} s, {found['extended_ttl_seconds']} s while the share of hits holds"
             for mode, found in plan.settings(spec)["modes"].items()]  # fmt: skip
    lines += [f"- **L1**: {spec.local.ttl_seconds} s, {spec.local.size_mb} MB a process",
              f"- **L2**: {spec.shared.ttl_seconds} s, {spec.shared_mib} MiB"]  # fmt: skip
    place = {"x": 0, "y": 0, "w": _WIDTH, "h": _HEIGHT}
    options = {"mode": "markdown", "content": "\n".join(lines)}
    return {"id": 1, "type": "text", "title": "Settings", "gridPos": place, "options": options}


def _panel(number: int, title: str, unit: str, queries: list[tuple[str, str]]) -> dict[str, Any]:
    row, column = divmod(number + 1, 2)
    return {
        "id": number + 2,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": expr, "legendFormat": legend}
            for index, (expr, legend) in enumerate(queries)
        ],
    }
