"""What the charts are installed with: pure functions from the specification, in the charts' own spelling.

Each is the chart's default but for what is said here; the table of charts names the sources that were read.
"""

from typing import Any

from penstock.autoscaling.placement import on_pools, tolerations
from penstock.nodes.plan import GPU_TAINT_KEY
from penstock.observability import charts
from penstock.observability.custom_metrics import rules
from penstock.observability.prometheus_values import prometheus
from penstock.observability.spec import MetricsStackSpec
from penstock.observability.values_parts import (
    disruption,
    mirrored,
    on_hosts,
    prometheus_host,
    replicas,
    requested,
    resources,
)
from penstock.refs import Cloud

__all__ = [
    "adapter",
    "gpu_exporter",
    "keda",
    "memory_mib",
    "metrics_server",
    "prometheus",
    "prometheus_host",
    "vertical",
]

# The control plane of GKE reaches pods of private nodes on the port of kubelets and no other without a firewall rule
# of its own: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/private-clusters (2026-11-21)
_REACHED_BY_GKE = 10250


def metrics_server(spec: MetricsStackSpec, registry: str | None) -> dict[str, Any]:
    """Of CPU and memory."""
    said: dict[str, Any] = {
        "replicas": replicas(spec),
        "podDisruptionBudget": {"enabled": replicas(spec) > 1, "minAvailable": 1},
        "resources": resources(charts.METRICS_SERVER, spec),
        **on_hosts(spec),
        **mirrored(registry, "registry.k8s.io/metrics-server/metrics-server"),
    }
    if spec.insecure_kubelets:
        said["args"] = ["--kubelet-insecure-tls"]
    return said


def adapter(spec: MetricsStackSpec, registry: str | None) -> dict[str, Any]:
    """Of custom.metrics.k8s.io and nothing else: `rules` says neither `resource` nor `external`."""
    said: dict[str, Any] = {
        "prometheus": {"url": prometheus_host(spec), "port": 9090},
        "rules": {"default": False, "custom": rules(spec.custom_metric_rules)},
        # Whether there is a new series is looked up so often, within twice the time in which it is scraped.
        "metricsRelistInterval": f"{2 * spec.prometheus.scrape_seconds}s",
        "replicas": replicas(spec),
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "resources": resources(charts.ADAPTER, spec),
        **on_hosts(spec),
        **mirrored(registry, "registry.k8s.io/prometheus-adapter/prometheus-adapter"),
    }
    if spec.cloud is Cloud.GCP:
        said["listenPort"] = _REACHED_BY_GKE
    return said


def gpu_exporter(spec: MetricsStackSpec, registry: str | None) -> dict[str, Any]:
    """On nodes with GPUs alone; its series carry the namespace and the pod that uses the GPU."""
    others = [each for each in tolerations(spec.gpu_pools) if each["key"] != GPU_TAINT_KEY]
    return {
        "affinity": on_pools(spec.gpu_pools),
        "tolerations": [{"key": GPU_TAINT_KEY, "operator": "Exists"}, *others],
        "serviceMonitor": {
            "enabled": True,
            "interval": f"{spec.prometheus.scrape_seconds}s",
            "scrapeTimeout": f"{min(10, spec.prometheus.scrape_seconds)}s",
            "honorLabels": True,
        },
        "resources": resources(charts.GPU_EXPORTER, spec),
        **mirrored(registry, "nvcr.io/nvidia/k8s/dcgm-exporter"),
    }


def keda(spec: MetricsStackSpec, registry: str | None) -> dict[str, Any]:
    """Its operator reads secrets of its own namespace only; a second scaler of a workload is refused."""
    count = replicas(spec)
    told = {"enabled": spec.has_prometheus, "serviceMonitor": {"enabled": spec.has_prometheus}}
    said: dict[str, Any] = {
        "operator": {"replicaCount": count},
        "metricsServer": {"replicaCount": count},
        "webhooks": {"replicaCount": count, "failurePolicy": "Fail"},
        "permissions": {"operator": {"restrict": {"secret": True}}},
        "image": {"pullPolicy": "IfNotPresent"},
        "podDisruptionBudget": {part: disruption(spec) for part in ("operator", "metricServer", "webhooks")},
        "resources": {part: resources(charts.KEDA, spec) for part in ("operator", "metricServer", "webhooks")},
        "prometheus": dict.fromkeys(("operator", "metricServer", "webhooks"), told),
        **on_hosts(spec),
    }
    if spec.cloud is Cloud.GCP:
        said["service"] = {"portHttpsTarget": _REACHED_BY_GKE}
        said["webhooks"]["port"] = _REACHED_BY_GKE
    if registry:
        said["global"] = {"image": {"registry": registry.rstrip("/")}}
    return said


def vertical(spec: MetricsStackSpec, registry: str | None) -> dict[str, Any]:
    """Recommender, updater and admission controller."""
    images = {
        "recommender": "vpa-recommender",
        "updater": "vpa-updater",
        "admissionController": "vpa-admission-controller",
    }
    said: dict[str, Any] = {
        part: {
            "replicas": replicas(spec),
            "podDisruptionBudget": {"enabled": replicas(spec) > 1, "minAvailable": 1},
            "resources": resources(charts.VERTICAL, spec),
            **on_hosts(spec),
            **mirrored(registry, f"registry.k8s.io/autoscaling/{image}"),
        }
        for part, image in images.items()
    }
    said["admissionController"]["certGen"] = {
        **on_hosts(spec),
        **mirrored(registry, "registry.k8s.io/ingress-nginx/kube-webhook-certgen"),
    }
    return said


def memory_mib(chart: str, spec: MetricsStackSpec) -> int:
    """What its pods request together, less those that run on every node."""
    each = requested(chart, spec).memory_mib
    if chart == charts.PROMETHEUS:
        parts = (charts.OPERATOR, charts.STATE_METRICS)
        return each * spec.prometheus.replicas + sum(requested(part, spec).memory_mib for part in parts)
    if chart == charts.GPU_EXPORTER:
        return 0
    parts_of = {charts.KEDA: 3, charts.VERTICAL: 3}
    return each * replicas(spec) * parts_of.get(chart, 1)
