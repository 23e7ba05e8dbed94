"""What the values of several charts have in common."""

from typing import Any, NamedTuple

from penstock.autoscaling.placement import on_pools, tolerations
from penstock.observability import charts
from penstock.observability.args import MetricsMode
from penstock.observability.spec import MetricsStackSpec


class Requested(NamedTuple):
    """What a pod requests: thousandths of a core, and MiB, of which it may use `limit_mib`."""

    cpu_millicores: int
    memory_mib: int
    limit_mib: int


_REQUESTED = {
    charts.OPERATOR: Requested(50, 128, 256),
    charts.STATE_METRICS: Requested(20, 128, 512),
    charts.NODE_EXPORTER: Requested(20, 32, 64),
    charts.ADAPTER: Requested(100, 128, 512),
    charts.GPU_EXPORTER: Requested(100, 256, 512),
    charts.KEDA: Requested(100, 100, 1000),
    charts.VERTICAL: Requested(50, 128, 512),
}
"""Those of KEDA are its chart's own; the others leave room for some hundred pods."""


def requested(part: str, spec: MetricsStackSpec) -> Requested:
    """What a pod of a chart, or of a part of one, requests."""
    if part == charts.METRICS_SERVER:
        return _metrics_server(spec)
    if part == charts.PROMETHEUS:
        return Requested(250, spec.prometheus.memory_mib, spec.prometheus.memory_mib)
    return _REQUESTED[part]


def resources(part: str, spec: MetricsStackSpec) -> dict[str, Any]:
    """The same as Kubernetes spells it. No limit of CPU is set: being throttled would make metrics late."""
    asked = requested(part, spec)
    requests = {"cpu": f"{asked.cpu_millicores}m", "memory": f"{asked.memory_mib}Mi"}
    return {"requests": requests, "limits": {"memory": f"{asked.limit_mib}Mi"}}


def replicas(spec: MetricsStackSpec) -> int:
    """How many there are of what the control plane asks: one stands in for the other."""
    return 1 if spec.mode is MetricsMode.LIGHTWEIGHT else 2


def disruption(spec: MetricsStackSpec) -> dict[str, int]:
    """The budget for disruptions, where there is one to spare."""
    return {"minAvailable": 1} if replicas(spec) > 1 else {}


def on_hosts(spec: MetricsStackSpec) -> dict[str, Any]:
    """Where it runs: on nodes of the pools that always have some; anywhere, where there are none."""
    if not spec.hosts:
        return {}
    return {"affinity": on_pools(spec.hosts), "tolerations": tolerations(spec.hosts)}


def mirrored(registry: str | None, image: str) -> dict[str, Any]:
    """The repository of an image in the registry that mirrors its own, under the same path; nothing without one."""
    if not registry:
        return {}
    return {"image": {"repository": f"{registry.rstrip('/')}/{image.partition('/')[2]}"}}


def prometheus_host(spec: MetricsStackSpec) -> str:
    """Prometheus, without its port: the service that its operator makes for all that it runs."""
    return f"http://prometheus-operated.{spec.namespace}.svc"


def _metrics_server(spec: MetricsStackSpec) -> Requested:
    """A thousandth of a core and 2 MiB for each node, by the README of kubernetes-sigs/metrics-server (2026-08-04).

    We add 20 MiB for the process itself. In mode `full` not less than its chart's own 100m and 200 MiB.
    """
    cpu, memory = max(10, spec.nodes), 20 + 2 * spec.nodes
    if spec.mode is MetricsMode.FULL:
        cpu, memory = max(100, cpu), max(200, memory)
    return Requested(cpu, memory, memory if spec.mode is MetricsMode.LIGHTWEIGHT else 2 * memory)
