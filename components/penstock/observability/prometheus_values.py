"""What kube-prometheus-stack is installed with."""

from typing import Any

from penstock.observability import charts
from penstock.observability.spec import MetricsStackSpec
from penstock.observability.values_parts import on_hosts, resources
from penstock.refs import Cloud

# What scaling does not depend on is scraped at the chart's usual pace.
_OTHERS = "30s"
# Monitors and rules of all namespaces count, not only those that have the labels of this release.
_EVERYBODYS = ("ruleSelector", "serviceMonitorSelector", "podMonitorSelector", "probeSelector", "scrapeConfigSelector")
# Of a managed control plane nothing of these can be reached, and of others neither, unless they are told to listen.
_UNREACHABLE = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
_SHARE_OF_VOLUME = 0.85


def prometheus(spec: MetricsStackSpec, registry: str | None) -> dict[str, Any]:
    """Prometheus, its operator, and the exporters of objects and nodes."""
    shows = spec.grafana or spec.alertmanager
    said: dict[str, Any] = {
        "grafana": {"enabled": spec.grafana, **on_hosts(spec)},
        "alertmanager": {"enabled": spec.alertmanager, "alertmanagerSpec": on_hosts(spec)},
        "defaultRules": {"create": shows},
        "kubeApiServer": {"enabled": shows},
        "coreDns": {"enabled": spec.cloud is not Cloud.GCP},
        **{part: {"enabled": False} for part in _UNREACHABLE},
        "kubelet": {"serviceMonitor": _kubelet(spec)},
        "kube-state-metrics": {
            "resources": resources(charts.STATE_METRICS, spec),
            "prometheus": {"monitor": {"http": {"interval": _OTHERS}}},
            **on_hosts(spec),
        },
        "prometheus-node-exporter": {
            "resources": resources(charts.NODE_EXPORTER, spec),
            "prometheus": {"monitor": {"interval": _OTHERS}},
        },
        "prometheusOperator": {
            "resources": resources(charts.OPERATOR, spec),
            "admissionWebhooks": {"patch": on_hosts(spec)},
            **on_hosts(spec),
        },
        "prometheus": {
            "prometheusSpec": _prometheus_spec(spec),
            "podDisruptionBudget": {"enabled": spec.prometheus.replicas > 1, "minAvailable": 1},
            "additionalPodMonitors": _pod_monitors(spec),
        },
    }
    if registry:
        said["global"] = {"imageRegistry": registry.rstrip("/")}
    return said


def _prometheus_spec(spec: MetricsStackSpec) -> dict[str, Any]:
    asked = spec.prometheus
    every = f"{asked.scrape_seconds}s"
    claim: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{asked.storage_gib}Gi"}},
    }
    if asked.storage_class:
        claim["storageClassName"] = asked.storage_class
    return {
        "replicas": asked.replicas,
        "scrapeInterval": every,
        "scrapeTimeout": f"{min(10, asked.scrape_seconds)}s",
        "evaluationInterval": every,
        "retention": f"{asked.retention_days}d",
        # Its megabytes are MiB: https://prometheus.io/docs/prometheus/latest/storage/ (2026-11-21)
        "retentionSize": f"{int(asked.storage_gib * 1024 * _SHARE_OF_VOLUME)}MB",
        "storageSpec": {"volumeClaimTemplate": {"spec": claim}},
        "resources": resources(charts.PROMETHEUS, spec),
        **{f"{selector}NilUsesHelmValues": False for selector in _EVERYBODYS},
        **on_hosts(spec),
    }


def _kubelet(spec: MetricsStackSpec) -> dict[str, Any]:
    """The usage of containers is collected at the pace of scaling, and of probes nothing.

    Without an `interval`, which in this chart's template would win over that of containers.
    """
    return {"cAdvisorInterval": f"{spec.prometheus.scrape_seconds}s", "probes": False}


def _pod_monitors(spec: MetricsStackSpec) -> list[dict[str, Any]]:
    """GKE runs DCGM's exporter on nodes with GPUs; it is scraped where it is.

    Its namespace and labels: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/dcgm-metrics (2026-11-21)
    """
    if spec.cloud is not Cloud.GCP or not spec.collects_gpu_metrics:
        return []
    endpoint = {"port": "metrics", "interval": f"{spec.prometheus.scrape_seconds}s", "honorLabels": True}
    return [
        {
            "name": "gke-gpus",
            "namespaceSelector": {"matchNames": ["gke-managed-system"]},
            "selector": {"matchLabels": {"app.kubernetes.io/name": "gke-managed-dcgm-exporter"}},
            "podMetricsEndpoints": [endpoint],
        }
    ]
