"""`MetricsStack`: what a cluster measures in order to scale, as charts.

metrics-server where the cloud has none; Prometheus; prometheus-adapter for metrics of pods and objects; the exporter of
NVIDIA GPUs where the cloud runs none; KEDA and the vertical pod autoscaler, if they are asked for. Each API of metrics
has one server: metrics.k8s.io metrics-server, custom.metrics.k8s.io prometheus-adapter, external.metrics.k8s.io KEDA.
"""

from typing import Any

import pulumi

from penstock.autoscaling.around import cluster_problems
from penstock.clouds import cloud_problems, known_cloud
from penstock.component import InvalidInputs, checked
from penstock.observability.args import MetricsStackArgs


class MetricsStack(pulumi.ComponentResource):
    """The metrics by which a cluster scales: one in a cluster.

    Pass the cluster's Kubernetes provider with `opts.provider`, and its pools with `opts.depends_on`; let autoscalers
    depend on it. Charts are installed by Helm releases, hooks included, and are waited for.
    """

    prometheus_url: str
    """Where Prometheus answers inside of the cluster; empty where there is none."""
    custom_metric_names: list[str]
    """The names of the metrics of pods and objects that are served, for autoscalers of type Pods and Object."""
    charts: dict[str, str]
    """The charts that are installed, with their versions."""
    memory_mib: int
    """The memory that all of it requests, in MiB, less what runs on every node."""

    def __init__(self, name: str, args: MetricsStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.observability.spec import MetricsStackSpec

        also = list(cluster_problems(args))
        if known_cloud(args.get("cloud")) is None:
            raise InvalidInputs(type(self).__name__, name, [*also, *cloud_problems(args.get("cloud"))])
        asked: dict[str, Any] = {key: value for key, value in args.items() if key != "cluster"}
        spec = checked(type(self), name, MetricsStackSpec, asked, also)
        super().__init__("penstock:index:MetricsStack", name, {}, opts)
        from penstock.observability import plan, resources

        resources.create(name, spec, args["cluster"], self)
        self.prometheus_url = plan.prometheus_url(spec)
        self.custom_metric_names = plan.custom_metrics(spec)
        self.charts = {release.chart.chart: release.chart.version for release in plan.releases(spec)}
        self.memory_mib = plan.memory_mib(spec)
        self.register_outputs(
            {
                "prometheus_url": self.prometheus_url,
                "custom_metric_names": self.custom_metric_names,
                "charts": self.charts,
                "memory_mib": self.memory_mib,
            }
        )
