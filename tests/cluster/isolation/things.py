"""What people of a tenant try to make: each is accepted as it stands here, and refused with one thing changed."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.cluster import Cluster
from sandbox.cluster.api import Object
from tests.cluster.isolation.tenants import IMAGE, SPACE


def pod() -> Object:
    """A pod that a tenant may have. The sandbox has no node of that pool, so that it goes as soon as it is deleted."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {
            "nodeSelector": {"penstock/pool": "gpu"},
            "tolerations": [{"key": "workload-type", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}],
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container("main")],
        },
    }


def container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": IMAGE,
        "imagePullPolicy": "Always",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }


def changed(thing: Object, path: str, value: Any) -> Object:
    """A copy with another value at a path, such as `spec.containers.0.image`."""
    made = copy.deepcopy(thing)
    *parents, last = path.split(".")
    at: Any = made
    for step in parents:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    at[int(last) if isinstance(at, list) else last] = value
    return made


def service(**spec: Any) -> Object:
    ports = [{"port": 80}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": ports, **spec}}


def job(name: str, pod: Object) -> Object:
    template = {"spec": {**pod["spec"], "restartPolicy": "Never"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template}}


def deployment(pod: Object) -> Object:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod["spec"]}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def claim(name: str, size: str) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def scaled(**spec: Any) -> Object:
    trigger = {
        "type": "cron",
        "metadata": {"timezone": "UTC", "start": "0 8 * * *", "end": "0 9 * * *", "desiredReplicas": "1"},
    }
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": {"name": "web"}, "maxReplicaCount": 5, "triggers": [trigger], **spec},
    }


def route(**spec: Any) -> Object:
    parents = [{"name": "public", "namespace": "gateway"}]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"parentRefs": parents, "hostnames": ["acme.example.com"], **spec},
    }


def used(cluster: Cluster, resource: str) -> str:
    quota = cluster.api.get(f"/api/v1/namespaces/{SPACE}/resourcequotas/quota")
    return str(quota["status"]["used"][resource])
