"""The plan of a workload: pure functions from its specification to Kubernetes objects."""

from typing import Any

from penstock.names import MANAGED_BY
from penstock.nodes.plan import scheduling
from penstock.workloads.spec import ServiceNamespaceSpec, WorkloadSpec

START = "penstock.dev/start-seconds"
"""Annotation of pods: how long they take until they serve. Dashboards and simulations read it."""
DRAIN = "penstock.dev/drain-seconds"
"""Annotation of pods: how long their longest request takes. The policy `grace-period` reads it."""
_PROBE_SECONDS = 5
SCRAPE_SECONDS = 15


def labels(name: str) -> dict[str, str]:
    """By which its pods are found."""
    return {"app.kubernetes.io/name": name}


def deployment(name: str, spec: WorkloadSpec) -> dict[str, Any]:
    """Its pods. How many is left to an autoscaler."""
    placed = scheduling(*spec.refs)
    notes = {START: str(spec.cold_start_seconds), DRAIN: str(spec.drain_seconds)}
    pod = {
        "nodeSelector": placed["node_selector"],
        "tolerations": placed["tolerations"],
        "terminationGracePeriodSeconds": spec.grace_seconds,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": [_spread(name, key) for key in _DOMAINS],
        "containers": [_container(spec)],
    }
    if spec.priority_class:
        pod["priorityClassName"] = spec.priority_class
    return {
        "metadata": _metadata(name, spec),
        "spec": {
            "selector": {"matchLabels": labels(name)},
            # A pod of the new template serves before one of the old goes; one with a GPU may have no room beside it.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": _rolling(spec)},
            "progressDeadlineSeconds": deadline(spec),
            "template": {"metadata": {"labels": {**spec.labels, **labels(name)}, "annotations": notes}, "spec": pod},
        },
    }


def deadline(spec: WorkloadSpec) -> int:
    """Seconds in which the next pod has to become ready: a node may have to start, an image to be pulled."""
    return 600 + spec.cold_start_seconds


def service(name: str, spec: WorkloadSpec) -> dict[str, Any]:
    """By what name it is reached in the cluster, on port 80."""
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    return {"metadata": _metadata(name, spec), "spec": {"selector": labels(name), "ports": ports}}


def disruption_budget(name: str, spec: WorkloadSpec) -> dict[str, Any]:
    """A node may be drained while at most one of its pods is away; even a single one may be moved."""
    return {
        "metadata": _metadata(name, spec),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": labels(name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def pod_monitor(name: str, spec: WorkloadSpec) -> dict[str, Any]:
    """How Prometheus finds its metrics."""
    endpoint = {"port": "http", "path": spec.metrics_path, "interval": f"{SCRAPE_SECONDS}s"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": _metadata(name, spec),
        "spec": {"selector": {"matchLabels": labels(name)}, "podMetricsEndpoints": [endpoint]},
    }


def namespace(name: str, spec: ServiceNamespaceSpec) -> dict[str, Any]:
    """https://kubernetes.io/docs/concepts/security/pod-security-admission/"""
    security = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"metadata": {"name": name, "labels": {**spec.labels, **MANAGED_BY, **security}}}


def _metadata(name: str, spec: WorkloadSpec) -> dict[str, Any]:
    return {"name": name, "namespace": spec.namespace, "labels": {**spec.labels, **labels(name), **MANAGED_BY}}


def _container(spec: WorkloadSpec) -> dict[str, Any]:
    amounts = {"cpu": spec.requests.cpu, "memory": spec.requests.memory}
    limits = {"memory": spec.requests.memory}
    if spec.requests.gpus:
        amounts[spec.gpu_resource] = limits[spec.gpu_resource] = str(spec.requests.gpus)
    ready = {"httpGet": {"path": spec.health_path, "port": "http"}, "periodSeconds": _PROBE_SECONDS}
    container: dict[str, Any] = {
        "name": "server",
        "image": spec.image,
        "ports": [{"name": "http", "containerPort": spec.port, "protocol": "TCP"}],
        "resources": {"requests": amounts, "limits": limits},
        "readinessProbe": {**ready, "failureThreshold": 2},
        # As long as this has not passed, the others rest: a model that loads is not killed for being slow.
        "startupProbe": {**ready, "failureThreshold": max(3, -(-2 * spec.cold_start_seconds // _PROBE_SECONDS))},
        "livenessProbe": {**ready, "failureThreshold": 6},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if spec.pre_stop_seconds:
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": spec.pre_stop_seconds}}}
    if spec.image_pull_policy:
        container["imagePullPolicy"] = spec.image_pull_policy.value
    if spec.command:
        container["command"] = spec.command
    if spec.arguments:
        container["args"] = spec.arguments
    if variables := [*_plain(spec), *_secret(spec)]:
        container["env"] = variables
    return container


def _plain(spec: WorkloadSpec) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in sorted(spec.environment.items())]


def _secret(spec: WorkloadSpec) -> list[dict[str, Any]]:
    pairs = ((name, source.split("/", 1)) for name, source in sorted(spec.secret_environment.items()))
    return [{"name": name, "valueFrom": {"secretKeyRef": {"name": at, "key": key}}} for name, (at, key) in pairs]


_DOMAINS = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def _spread(name: str, domain: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": domain,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(name)},
    }


def _rolling(spec: WorkloadSpec) -> dict[str, Any]:
    return {"maxSurge": 0, "maxUnavailable": 1} if spec.requests.gpus else {"maxSurge": "25%", "maxUnavailable": 0}
