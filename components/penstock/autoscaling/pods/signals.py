"""How a signal of a service is measured: queries to Prometheus, and names in custom.metrics.k8s.io.

Queues are averages over a minute, latencies maxima over a minute, rates rates over a minute: one scrape that fails or
that is odd changes nothing. Every query is of one namespace, and of one service or of its pods alone, so that no
tenant's load scales another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from penstock.autoscaling.pods.tables import Signal

WINDOW_SECONDS = 60

# The ends of pods' names: a Deployment's have that of their ReplicaSet and five characters, a StatefulSet's a number.
_ENDS = {"Deployment": "-[a-z0-9]+-[a-z0-9]+", "StatefulSet": "-[0-9]+"}

OF_OBJECT = {Signal.QUEUE: "queue_depth", Signal.P95_SECONDS: "p95_latency_seconds"}
"""The names of metrics of a Service in custom.metrics.k8s.io."""
OF_PODS = {
    Signal.WAITING_REQUESTS: "vllm_num_requests_waiting",
    Signal.REQUESTS_PER_SECOND: "http_requests_per_second",
    Signal.PII_CHECKS_PER_SECOND: "pii_checks_per_second",
    Signal.ACTIVE_EXECUTIONS: "active_executions",
    Signal.GPU_PERCENT: "dcgm_gpu_utilization_percent",
}
"""The names of metrics of pods in custom.metrics.k8s.io."""


class Scope(NamedTuple):
    """Whose metrics are meant."""

    namespace: str
    service: str
    """The value of the label `service`."""
    workload: str
    """The name of what owns the pods."""
    kind: str = "Deployment"
    cpu_cores: float | None = None
    """What CPU each pod requests; None: kube-state-metrics tells."""
    queries: Mapping[str, str] = {}
    """Queries by signal in place of ours."""

    @property
    def by_service(self) -> str:
        """The selector of a metric of the service."""
        return f'{{namespace="{self.namespace}",service="{self.service}"}}'

    @property
    def by_pod(self) -> str:
        """The selector of a metric of each of its pods."""
        return f"{{{self.pods}}}"

    @property
    def pods(self) -> str:
        """What selects its pods."""
        return f'namespace="{self.namespace}",pod=~"{self.workload}{_ENDS.get(self.kind, "-.+")}"'


def query(signal: Signal, scope: Scope, seconds: int = WINDOW_SECONDS) -> str:
    """The query for a signal over so many seconds: one number, and no sample where the metric is missing."""
    return scope.queries.get(signal.value) or _QUERIES[signal](scope, f"[{seconds}s]")


def _cpu(scope: Scope, window: str) -> str:
    used = f'sum(rate(container_cpu_usage_seconds_total{{{scope.pods},container!=""}}{window}))'
    if scope.cpu_cores is None:
        requested = f'sum(kube_pod_container_resource_requests{{{scope.pods},resource="cpu"}})'
    else:
        pods = f'count(count by (pod) (container_cpu_usage_seconds_total{{{scope.pods},container!=""}}))'
        requested = f"({scope.cpu_cores:g} * {pods})"
    return f"100 * {used} / {requested}"


def _memory(scope: Scope, window: str) -> str:
    used = f'sum(avg_over_time(container_memory_working_set_bytes{{{scope.pods},container!=""}}{window}))'
    return f'100 * {used} / sum(kube_pod_container_resource_requests{{{scope.pods},resource="memory"}})'


def _free_vram(scope: Scope, window: str) -> str:
    free = f"sum(avg_over_time(DCGM_FI_DEV_FB_FREE{scope.by_pod}{window}))"
    used = f"sum(avg_over_time(DCGM_FI_DEV_FB_USED{scope.by_pod}{window}))"
    return f"100 * {free} / ({free} + {used})"


_QUERIES: dict[Signal, Callable[[Scope, str], str]] = {
    Signal.CPU_PERCENT: _cpu,
    Signal.MEMORY_PERCENT: _memory,
    Signal.QUEUE: lambda scope, window: f"sum(avg_over_time(queue_depth{scope.by_service}{window}))",
    Signal.WAITING_REQUESTS: lambda scope, window: (
        f"avg(avg_over_time(vllm:num_requests_waiting{scope.by_pod}{window}))"
    ),
    Signal.P95_SECONDS: lambda scope, window: f"max(max_over_time(p95_latency_seconds{scope.by_service}{window}))",
    Signal.REQUESTS_PER_SECOND: lambda scope, window: f"sum(rate(http_requests_total{scope.by_pod}{window}))",
    Signal.PII_CHECKS_PER_SECOND: lambda scope, window: f"sum(rate(pii_checks_total{scope.by_pod}{window}))",
    Signal.ACTIVE_EXECUTIONS: lambda scope, window: f"sum(avg_over_time(active_executions{scope.by_pod}{window}))",
    Signal.GPU_PERCENT: lambda scope, window: f"avg(avg_over_time(DCGM_FI_DEV_GPU_UTIL{scope.by_pod}{window}))",
    Signal.FREE_VRAM_PERCENT: _free_vram,
}
