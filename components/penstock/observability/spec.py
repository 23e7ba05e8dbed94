"""What may be asked of `MetricsStack`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pools import Pool, home_problems, homes, pool_problems
from penstock.nodes.args import GpuDriver
from penstock.nodes.plan import GPU_RESOURCE
from penstock.observability.args import MetricsMode
from penstock.observability.custom_metrics import served
from penstock.observability.spec_parts import CustomMetricSpec, PrometheusSpec
from penstock.problems import Problem
from penstock.refs import Cloud
from penstock.spec import Spec, rule

LIGHTWEIGHT_NODES = 14
"""So many nodes metrics-server watches in less than 50 MiB: see `values_parts`."""
# A label of DNS, as Kubernetes wants it of namespaces.
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OWN_METRICS_SERVER = {Cloud.GCP: "GKE", Cloud.AZURE: "AKS"}
_OF_PROMETHEUS = {
    "prometheus": "It settles how Prometheus runs, and mode: lightweight has none.",
    "custom_metrics": "Custom metrics are made from those of Prometheus, and mode: lightweight has none.",
    "custom_metric_rules": "Custom metrics are made from those of Prometheus, and mode: lightweight has none.",
    "hpa_metrics": "Metrics of type Pods and Object are made from those of Prometheus: mode: lightweight has none, so "
    "let these autoscalers go by CPU or memory.",
    "gpu_metrics": "Metrics of GPUs are kept by Prometheus, and mode: lightweight has none.",
    "grafana": "It shows what Prometheus keeps, and mode: lightweight has none.",
    "alertmanager": "It passes on the alerts of Prometheus, and mode: lightweight has none.",
}


class MetricsStackSpec(Spec):
    """The metrics by which a cluster scales; see `MetricsStackArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "external_metrics": "External metrics are served by KEDA alone. Write event_autoscaling: true.",
        "resource_metrics": "Resource metrics are served by metrics-server alone. Drop this.",
        "keda": "Write event_autoscaling: true.",
        "vpa": "Write vertical_autoscaling: true.",
        "dcgm": "Write gpu_metrics: true.",
        "version": "The versions of the charts are pinned here. Drop this.",
    }

    cloud: Cloud = Field(description="gcp, aws, azure or existing")
    pools: list[Pool] = Field(min_length=1, description="the refs of the cluster's pools")
    mode: MetricsMode = MetricsMode.FULL
    metrics_server: bool | None = None
    insecure_kubelets: bool = False
    prometheus: PrometheusSpec = PrometheusSpec()
    custom_metrics: bool | None = None
    custom_metric_rules: list[CustomMetricSpec] = []
    hpa_metrics: list[str] = []
    gpu_metrics: bool | None = None
    event_autoscaling: bool = False
    vertical_autoscaling: bool = False
    grafana: bool = False
    alertmanager: bool = False
    placed_on: list[str] | None = Field(default=None, min_length=1)
    namespace: str = "monitoring"
    chart_repository: str | None = Field(default=None, min_length=1)
    registry: Any = None
    """A text, or a Pulumi output of one."""

    @property
    def has_prometheus(self) -> bool:
        return self.mode is MetricsMode.FULL

    @property
    def installs_metrics_server(self) -> bool:
        return self.cloud is Cloud.EXISTING if self.metrics_server is None else self.metrics_server

    @property
    def nodes(self) -> int:
        """The most nodes that the pools may have."""
        return sum(pool.max_nodes for pool in self.pools)

    @property
    def serves_custom_metrics(self) -> bool:
        asked = bool(self.custom_metric_rules or self.hpa_metrics)
        return asked if self.custom_metrics is None else self.custom_metrics

    @property
    def gpu_pools(self) -> list[Pool]:
        """The pools with NVIDIA GPUs of which nobody else tells: where an operator brings the driver, it brings the
        exporter too."""
        return [
            pool
            for pool in self.pools
            if pool.has_gpus
            and pool.capacity.accelerator_resource == GPU_RESOURCE
            and pool.gpu_driver is not GpuDriver.DISABLED
        ]

    @property
    def collects_gpu_metrics(self) -> bool:
        return self.has_prometheus and bool(self.gpu_pools) and self.gpu_metrics is not False

    @property
    def hosts(self) -> list[Pool]:
        """The pools on whose nodes it runs; empty where it runs on nodes of no pool."""
        return homes(self.pools, self.placed_on)

    @rule
    def pools_are_of_the_cluster(self) -> Iterator[Problem]:
        yield from pool_problems(self.cloud, self.pools)

    @rule
    def it_runs_where_there_is_a_node(self) -> Iterator[Problem]:
        yield from home_problems(
            self.pools,
            self.placed_on,
            of="the metrics",
            loss="without metrics nothing scales",
            required=self.cloud is not Cloud.EXISTING,
        )

    @rule
    def the_cloud_has_it_already(self) -> Iterator[Problem]:
        if self.metrics_server and self.cloud in _OWN_METRICS_SERVER:
            yield Problem(
                "metrics_server", f"{_OWN_METRICS_SERVER[self.cloud]} runs its own metrics-server. Drop this."
            )
        if self.insecure_kubelets and not self.installs_metrics_server:
            yield Problem("insecure_kubelets", "It is for metrics-server, which is not installed here. Drop this.")
        if self.vertical_autoscaling and self.cloud is Cloud.GCP:
            yield Problem(
                "vertical_autoscaling",
                "GKE runs its own vertical pod autoscaler, and the Cluster has it switched on. Drop this: "
                "VerticalPodAutoscaler objects work as they are.",
            )

    @rule
    def lightweight_has_no_prometheus(self) -> Iterator[Problem]:
        if self.has_prometheus:
            return
        for name, reason in _OF_PROMETHEUS.items():
            if name in self.model_fields_set and getattr(self, name):
                yield Problem(name, f"{reason} Drop this, or write mode: full.")
        if self.installs_metrics_server and self.nodes > LIGHTWEIGHT_NODES:
            yield Problem(
                "mode",
                f"The pools may have {self.nodes} nodes, and metrics-server watches {LIGHTWEIGHT_NODES} at most in "
                "less than 50 MiB. Write mode: full.",
            )

    @rule
    def metrics_that_autoscalers_use_are_served(self) -> Iterator[Problem]:
        if not self.has_prometheus:
            return
        if self.custom_metrics is False and (self.hpa_metrics or self.custom_metric_rules):
            used = "hpa_metrics" if self.hpa_metrics else "custom_metric_rules"
            yield Problem(
                "custom_metrics",
                f"Metrics of pods and objects are served by prometheus-adapter, and {used} asks for some. Drop this.",
            )
        known = served(self.custom_metric_rules)
        for index, name in enumerate(self.hpa_metrics):
            if name not in known:
                yield Problem(
                    f"hpa_metrics[{index}]",
                    f"Nobody serves '{name}'. Write it in custom_metric_rules, or use one of: "
                    f"{', '.join(sorted(known))}.",
                )

    @rule
    def rules_have_names_of_their_own(self) -> Iterator[Problem]:
        for name, times in Counter(metric.name for metric in self.custom_metric_rules).items():
            if times > 1:
                yield Problem("custom_metric_rules", f"'{name}' stands there more than once. Write it once.")

    @rule
    def windows_hold_several_samples(self) -> Iterator[Problem]:
        least = 2 * self.prometheus.scrape_seconds
        for index, metric in enumerate(self.custom_metric_rules):
            if metric.window_seconds < least:
                yield Problem(
                    f"custom_metric_rules[{index}].window_seconds",
                    f"Samples come every {self.prometheus.scrape_seconds} s, so that this may hold one alone. Write at "
                    f"least {least}.",
                )

    @rule
    def there_are_gpus_to_tell_of(self) -> Iterator[Problem]:
        if self.gpu_metrics and self.has_prometheus and not self.gpu_pools:
            yield Problem(
                "gpu_metrics",
                "None of the pools has NVIDIA GPUs of which nobody else tells. Drop this.",
            )

    @rule
    def names_are_ones(self) -> Iterator[Problem]:
        if not _NAMESPACE.fullmatch(self.namespace):
            yield Problem(
                "namespace",
                f"'{self.namespace}' is no namespace. Write lower-case letters, digits or '-', such as monitoring.",
            )
        if self.namespace == "kube-system":
            yield Problem("namespace", "kube-system is the cluster's own. Write another, such as monitoring.")
        if self.chart_repository and not self.chart_repository.startswith(("https://", "oci://")):
            yield Problem(
                "chart_repository", f"Write a place that begins with https:// or oci://, not '{self.chart_repository}'."
            )
