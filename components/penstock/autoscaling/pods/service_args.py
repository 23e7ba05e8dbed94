"""The inputs of `ServiceAutoscaler`."""

from enum import StrEnum
from typing import NotRequired, TypedDict

from penstock.autoscaling.pods.args import Behavior, Target
from penstock.autoscaling.pods.vertical_args import ContainerBounds, VerticalMode


class ServiceTable(StrEnum):
    """A table of services."""

    STANDARD = "standard"
    """The platform's services: orchestrator, reflex, planner, executor, coder, judge, guardian, retriever."""
    ENTERPRISE = "enterprise"
    """The same for large tenants: orchestrator, and the arms planner, executor, coder, judge, guardian, retriever."""
    LLM_SERVING = "llm-serving"
    """Servers of language models: by requests that wait, then by latency; GPUs as a guard."""
    APP = "app"
    """An application: by CPU and latency that have held for minutes."""
    WORKER_LLM = "worker-llm"
    """Workers with a language model: by their queue and GPUs; no more of them while GPU memory is short."""
    WORKER_RL = "worker-rl"
    """Workers of reinforcement learning: by their queue."""


class ReplicaScaler(StrEnum):
    """What scales the replicas."""

    HORIZONTAL = "horizontal"
    """A HorizontalPodAutoscaler; metrics other than CPU and memory come from prometheus-adapter."""
    EVENT = "event"
    """A ScaledObject of KEDA, which asks Prometheus itself."""


class Traffic(TypedDict):
    """What load is expected when, so that replicas are there before it is."""

    timezone: str
    """The IANA name of the time zone of the hours, for example `America/Los_Angeles`."""
    profile: list[float]
    """The requests a second of each hour: 24 numbers for a day, or 168 for a week from Monday 00:00."""
    replica_rate: float
    """The requests a second that one replica serves, above 0."""
    lead_minutes: NotRequired[int]
    """How long before its hour the replicas are asked for, 0 to 59. Default: 10."""
    headroom_percent: NotRequired[float]
    """How much more than the profile is made ready for, at least 0. Default: 0."""
    round_to: NotRequired[int]
    """Multiples to which replicas are rounded up, which makes fewer windows, at least 1. Default: 1."""


class ServiceAutoscalerArgs(TypedDict):
    """How a service of a table is scaled."""

    table: ServiceTable
    """The table."""
    service: NotRequired[str]
    """The service in the table, for example `orchestrator`. Default: the table's only one."""
    target: Target
    """What is scaled. Its name and namespace have to be plain texts here, since queries name them."""
    scaler: NotRequired[ReplicaScaler]
    """What scales it. Default: the table's, `horizontal` for standard and enterprise, `event` for the others and with
    `traffic`."""
    min_replicas: NotRequired[int]
    """The fewest replicas, at least 1. Default: the table's; app, worker-llm and worker-rl have none."""
    max_replicas: NotRequired[int]
    """The most replicas. Default: the table's; app, worker-llm and worker-rl have none."""
    traffic: NotRequired[Traffic]
    """The load that is expected: windows of time in which there are at least the replicas for it. KEDA opens them, and
    they do not go with values that have to be passed or to hold for a while. Default: none."""
    targets: NotRequired[dict[str, float]]
    """Other targets than the table's, by signal: for each replica `queue`, `waiting_requests`, `requests_per_second`,
    `pii_checks_per_second` and `active_executions`; of what pods request `cpu_percent` and `memory_percent`; of the
    whole `p95_seconds` and `gpu_percent`. Default: the table's."""
    behavior: NotRequired[Behavior]
    """How fast the replicas may change. Default: the table's."""
    vertical_mode: NotRequired[VerticalMode]
    """What is done with what is recommended for the size of its pods. Default: `Off`, since replicas are scaled on CPU
    or memory."""
    containers: NotRequired[list[ContainerBounds]]
    """Between what its containers are sized. Default: the table's, for all containers alike; where it has none there
    is no VerticalPodAutoscaler."""
    metric_service: NotRequired[str]
    """The value of the label `service` that its metrics have. Default: the name of the target."""
    queries: NotRequired[dict[str, str]]
    """Other queries than ours, by signal, for metrics of other names. Default: ours."""
    cpu_request: NotRequired[str]
    """What CPU each pod requests, for example `500m`, of which `cpu_percent` is a percentage in rules. Default: what
    kube-state-metrics tells."""
    prometheus_address: NotRequired[str]
    """Where Prometheus answers. Default: `http://prometheus-operated.monitoring.svc:9090`."""
    rule_time_scale: NotRequired[float]
    """By what all times of rules that have to hold for a while are multiplied, 0.01 to 10; below 1 for rehearsals.
    Default: 1."""
    scrape_seconds: NotRequired[int]
    """How often Prometheus asks for these metrics, 1 to 60. Signals are taken over a minute, times `rule_time_scale`,
    but over no less than two and a half of this. Default: 15."""
    rule_labels: NotRequired[dict[str, str]]
    """Labels of the PrometheusRule, where Prometheus takes only those that have some. Default: none but ours."""
    polling_seconds: NotRequired[int]
    """How often KEDA asks while there are no replicas, 1 to 3600. Default: 30."""
