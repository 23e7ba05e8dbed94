"""The inputs of `MetricsStack`, as users and other Pulumi languages see them."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import Cloud, ClusterRef, PoolRef


class MetricsMode(StrEnum):
    """How much is measured."""

    FULL = "full"
    """Prometheus, and all that reads it."""
    LIGHTWEIGHT = "lightweight"
    """No Prometheus: CPU and memory only, by metrics-server, which then requests less than 50 MiB. There are no custom
    metrics of pods or objects, no rules that must hold for a time, no metrics of GPUs, and of KEDA's triggers only
    those that ask nobody (cron, cpu, memory) or a source of their own."""


class MetricKind(StrEnum):
    """What is made of a series before an autoscaler sees it."""

    QUEUE = "queue"
    """Its mean over the window, summed up: things that wait or are worked on."""
    GAUGE = "gauge"
    """Its mean over the window, averaged: percentages, of which a sum says nothing."""
    LATENCY = "latency"
    """Its maximum over the window, the highest of all."""
    RATE = "rate"
    """The increase of a counter per second over the window, summed up."""


class MetricOf(StrEnum):
    """Whose metric it is: by which label of the series, in addition to `namespace`."""

    POD = "pod"
    """Of each pod: for metrics of type Pods."""
    SERVICE = "service"
    """Of a Service: for metrics of type Object."""
    DEPLOYMENT = "deployment"
    """Of a Deployment: for metrics of type Object."""


class CustomMetric(TypedDict):
    """A metric of custom.metrics.k8s.io, made from a series of Prometheus."""

    name: str
    """Its name there, for example `jobs_per_second`. One of this name replaces ours."""
    series: str
    """The series, which must have the label `namespace`, for example `jobs_total`."""
    kind: MetricKind
    """What is made of it."""
    of: NotRequired[MetricOf]
    """Whose it is. Default: `pod`."""
    window_seconds: NotRequired[int]
    """Over what time, 30 to 3600. Default: 60."""
    labels: NotRequired[dict[str, str]]
    """Only samples with these values of labels count."""


class PrometheusSettings(TypedDict):
    """Prometheus itself."""

    scrape_seconds: NotRequired[int]
    """How often metrics are collected that scaling depends on, 5 to 30. Default: 15."""
    retention_days: NotRequired[int]
    """For how long samples are kept, 1 to 365. Default: 7."""
    storage_gib: NotRequired[int]
    """The size of its volume; samples take 85 % of it at most. Default: 50."""
    storage_class: NotRequired[str]
    """The storage class of its volume. Default: the cluster's own."""
    memory_mib: NotRequired[int]
    """The memory it requests and may use, at least 512: about 4 KiB for each series. Default: 2048."""
    replicas: NotRequired[int]
    """How many there are, each of which scrapes everything, 1 or 2. Default: 1."""


class MetricsStackArgs(TypedDict):
    """The metrics by which a cluster scales."""

    cluster: pulumi.Input[ClusterRef]
    """The cluster: the `ref` of a `Cluster`."""
    cloud: Cloud
    """The cloud of that cluster, which decides what it has already."""
    pools: list[PoolRef]
    """The pools of the cluster: the `ref` of each. They decide where the GPU exporter runs, and all the rest."""
    mode: NotRequired[MetricsMode]
    """How much is measured. Default: `full`."""
    metrics_server: NotRequired[bool]
    """Whether metrics-server is installed. GKE and AKS bring their own. Default: only in existing clusters; EKS
    clusters of ours have it as an add-on, so write true for an adopted one that has none."""
    insecure_kubelets: NotRequired[bool]
    """Whether metrics-server believes kubelets whose certificates nobody has signed that the cluster trusts, as those
    of kind. Default: false."""
    prometheus: NotRequired[PrometheusSettings]
    """Prometheus itself."""
    custom_metrics: NotRequired[bool]
    """Whether prometheus-adapter serves custom.metrics.k8s.io, which autoscalers need whose metrics are of type Pods or
    Object. It serves nothing else: the resource metrics are metrics-server's, the external ones KEDA's. Default: where
    `custom_metric_rules` or `hpa_metrics` say something."""
    custom_metric_rules: NotRequired[list[CustomMetric]]
    """Metrics that it serves beside our own: `queue_depth` and `p95_latency_seconds` of Services,
    `http_requests_per_second`, `pii_checks_per_second`, `active_executions`, `vllm_num_requests_waiting`,
    `vllm_num_requests_running`, `vllm_kv_cache_usage_perc`, `dcgm_gpu_utilization_percent` and `dcgm_fb_free_mib` of
    pods."""
    hpa_metrics: NotRequired[list[str]]
    """The names of metrics of type Pods or Object that autoscalers use. Names that nobody serves are refused."""
    gpu_metrics: NotRequired[bool]
    """Whether the metrics of NVIDIA GPUs are collected: by DCGM's exporter on the nodes that have some, on GKE from the
    one that GKE runs. Default: true in mode `full` where a pool has such GPUs."""
    event_autoscaling: NotRequired[bool]
    """Whether KEDA is installed, for event-driven scaling, to and from zero. Default: false."""
    vertical_autoscaling: NotRequired[bool]
    """Whether the vertical pod autoscaler is installed. GKE brings its own. Default: false."""
    grafana: NotRequired[bool]
    """Whether Grafana is installed, with the dashboards of the Prometheus chart. Default: false."""
    alertmanager: NotRequired[bool]
    """Whether the Alertmanager is installed, with the alerts of the Prometheus chart. Default: false."""
    placed_on: NotRequired[list[str]]
    """The names of those pools on whose nodes all of it runs. Default: all that always have a node, are neither spot
    nor GPU, and have no taints."""
    namespace: NotRequired[str]
    """The namespace of Prometheus and of what belongs to it, which is made. Default: `monitoring`."""
    chart_repository: NotRequired[str]
    """Where charts are pulled from, by whoever deploys: one mirror of all of them, `https://…` or `oci://…`. Default:
    the repositories of the projects."""
    registry: NotRequired[pulumi.Input[str]]
    """The registry that mirrors those of the images under the same paths, for example `mirror.example.com/k8s`.
    Default: the cluster's."""
