"""The plan of a metrics stack: pure functions from its specification to charts and what they need."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from penstock.names import MANAGED_BY
from penstock.observability import charts, values
from penstock.observability.custom_metrics import served
from penstock.observability.spec import MetricsStackSpec
from penstock.refs import Cloud

KEDA_NAMESPACE = "keda"
_SYSTEM = "kube-system"
PROMETHEUS_PORT = 9090


class Release(NamedTuple):
    """A chart that is installed, under its own name."""

    chart: charts.Chart
    namespace: str
    after: tuple[str, ...]
    """The charts that have to be there before."""

    def values(self, spec: MetricsStackSpec, registry: str | None) -> dict[str, Any]:
        """What it is installed with; images come from `registry`, where there is one, instead of their own."""
        return _VALUES[self.chart.chart](spec, registry)


def releases(spec: MetricsStackSpec) -> list[Release]:
    """The charts, each behind what it needs."""
    prometheus = (charts.PROMETHEUS,) if spec.has_prometheus else ()
    gpu_exporter = spec.collects_gpu_metrics and spec.cloud is not Cloud.GCP
    wanted = [
        (charts.METRICS_SERVER, spec.installs_metrics_server, _SYSTEM, ()),
        (charts.PROMETHEUS, spec.has_prometheus, spec.namespace, ()),
        (charts.ADAPTER, spec.serves_custom_metrics, spec.namespace, prometheus),
        (charts.GPU_EXPORTER, gpu_exporter, spec.namespace, prometheus),
        (charts.KEDA, spec.event_autoscaling, KEDA_NAMESPACE, prometheus),
        (charts.VERTICAL, spec.vertical_autoscaling, _SYSTEM, ()),
    ]
    return [Release(charts.charts()[name], space, after) for name, wants, space, after in wanted if wants]


def namespaces(spec: MetricsStackSpec) -> dict[str, dict[str, str]]:
    """The namespaces that are made, with their labels: which security pods there must keep to."""
    made: dict[str, dict[str, str]] = {}
    if spec.has_prometheus:
        # Exporters of nodes and GPUs see the host: its processes, its network, its devices.
        made[spec.namespace] = _security("privileged")
    if spec.event_autoscaling:
        made[KEDA_NAMESPACE] = _security("baseline")
    return made


def prometheus_url(spec: MetricsStackSpec) -> str:
    """Where Prometheus answers inside of the cluster; empty where there is none."""
    return f"{values.prometheus_host(spec)}:{PROMETHEUS_PORT}" if spec.has_prometheus else ""


def custom_metrics(spec: MetricsStackSpec) -> list[str]:
    """The names of the metrics of pods and objects that are served."""
    return sorted(served(spec.custom_metric_rules)) if spec.serves_custom_metrics else []


def memory_mib(spec: MetricsStackSpec) -> int:
    """What all of it requests, less what runs on every node (GPU node) and is counted with that."""
    return sum(values.memory_mib(release.chart.chart, spec) for release in releases(spec))


def _security(level: str) -> dict[str, str]:
    return {**MANAGED_BY, "pod-security.kubernetes.io/enforce": level}


_VALUES: Mapping[str, Callable[[MetricsStackSpec, str | None], dict[str, Any]]] = {
    charts.METRICS_SERVER: values.metrics_server,
    charts.PROMETHEUS: values.prometheus,
    charts.ADAPTER: values.adapter,
    charts.GPU_EXPORTER: values.gpu_exporter,
    charts.KEDA: values.keda,
    charts.VERTICAL: values.vertical,
}
