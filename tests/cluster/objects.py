"""Objects to try a cluster with, and waiting for what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cluster import Cluster
from sandbox.cluster.api import Api, Object
from sandbox.cluster.objects import conditions
from sandbox.cluster.processes import wait_until

SECONDS = 300.0


def pod_template(
    labels: Mapping[str, str],
    requests: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Object:
    """A template of pods with one container."""
    amounts = dict(requests or {"cpu": "100m", "memory": "64Mi"})
    container = {"name": "main", "image": "example/main:1", "resources": {"requests": amounts, "limits": amounts}}
    meta = {"labels": dict(labels), "annotations": dict(annotations or {})}
    return {"metadata": meta, "spec": {"containers": [container], **spec}}


def pod(name: str, **template: Any) -> Object:
    """A single pod."""
    made = pod_template({"app": name}, **template)
    return {"apiVersion": "v1", "kind": "Pod", **made, "metadata": {**made["metadata"], "name": name}}


def deployment(name: str, replicas: int, **template: Any) -> Object:
    """A Deployment."""
    labels = {"app": name}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod_template(labels, **template)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def await_(what: str, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Fail, saying what has not happened, unless it does in time."""
    assert wait_until(condition, seconds), f"Within {seconds:g} s it did not happen that {what}."


def await_ready(api: Api, thing: Object) -> Object:
    """Wait until a Deployment has all its replicas ready, or a pod is ready, and return it."""
    path = api.path(thing)

    def ready() -> bool:
        found = api.get(path)
        if found["kind"] == "Pod":
            return condition(found, "Ready") == "True"
        return bool(found["status"].get("readyReplicas", 0) == found["spec"]["replicas"])

    await_(f"{thing['kind']} {thing['metadata']['name']} is ready", ready)
    return api.get(path)


def condition(thing: Object, kind: str) -> str | None:
    """The status of a condition, `None` where there is no such condition."""
    found = conditions(thing).get(kind)
    return str(found["status"]) if found else None


def pids(cluster: Cluster) -> dict[str, int | None]:
    """The process of each component."""
    return {found.name: found.pid for found in cluster.status()}


def states(cluster: Cluster) -> dict[str, str]:
    """How each component does."""
    return {found.name: found.state for found in cluster.status()}
