"""The pods of a Qdrant cluster: pure functions from its specification to parts of Kubernetes objects."""

from typing import Any

from penstock.data.placement import pod_placement
from penstock.data.qdrant.spec import QdrantSpec
from penstock.data.qdrant.texts import GRPC, HTTP, METRICS, PEER

ADMIN_NAME = "admin"
USER = 1000
"""Whom the image runs as, and whose its files are; the Jobs' image runs as anybody."""
_GRACE_SECONDS = 60
_LEAVING_SECONDS = 5
_PROBE_SECONDS = 5
STORAGE, SNAPSHOTS = "storage", "snapshots"
_BOOTSTRAP = "/qdrant/init/bootstrap"
"""Where it stands by which node this one joins."""


def labels(name: str) -> dict[str, str]:
    """By which its nodes are found."""
    return {"app.kubernetes.io/name": "qdrant", "app.kubernetes.io/instance": name}


def admin_labels(name: str) -> dict[str, str]:
    """By which the pods of its Jobs are found."""
    return {"app.kubernetes.io/name": "qdrant-admin", "app.kubernetes.io/instance": name}


def headless(name: str) -> str:
    """The name of the Service by which nodes find one another."""
    return f"{name}-headless"


def keys_secret(name: str) -> str:
    """The name of the Secret with its keys."""
    return f"{name}-keys"


def admin_map(name: str) -> str:
    """The name of the ConfigMap with the administrator's program."""
    return f"{name}-{ADMIN_NAME}"


def pod_security() -> dict[str, Any]:
    """That of all its pods: what Pod Security calls restricted."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> dict[str, Any]:
    """That of all its containers."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def secret_variable(variable: str, secret: str, key: str, *, optional: bool = False) -> dict[str, Any]:
    """A variable that a Secret holds."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key, "optional": optional}}}


def node(name: str, spec: QdrantSpec, tls_secret: Any) -> dict[str, Any]:
    """The pod of a node."""
    config = {"name": "config", "configMap": {"name": name, "defaultMode": 0o555}}
    program = {"name": ADMIN_NAME, "configMap": {"name": admin_map(name)}}
    certificates = [{"name": "tls", "secret": {"secretName": tls_secret, "defaultMode": 0o440}}] if spec.tls else []
    return {
        **pod_placement(labels(name), spec.nodes, spec.pools),
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "initContainers": [_join(name, spec)],
        "containers": [_server(name, spec)],
        "volumes": [config, program, {"name": "init", "emptyDir": {}}, *certificates],
    }


def _join(name: str, spec: QdrantSpec) -> dict[str, Any]:
    """Finds out which cluster the node belongs to, before it starts."""
    small = {"cpu": "50m", "memory": "64Mi"}
    return {
        "name": "join",
        "image": spec.client_image,
        "command": ["python", "-m", ADMIN_NAME, "join"],
        "env": [
            *_place(name),
            secret_variable("QDRANT_API_KEY", keys_secret(name), "api-key"),
            {"name": "QDRANT_URL", "value": f"{_scheme(spec)}://localhost:{HTTP}"},
            {"name": "NODES", "value": str(spec.nodes)},
            {"name": "STORAGE", "value": "/qdrant/storage"},
            {"name": "BOOTSTRAP", "value": _BOOTSTRAP},
            *admin_environment(spec.tls),
        ],
        "resources": {"requests": small, "limits": {"memory": "128Mi"}},
        "securityContext": container_security(),
        "volumeMounts": [
            {"name": STORAGE, "mountPath": "/qdrant/storage", "readOnly": True},
            {"name": "init", "mountPath": "/qdrant/init"},
            {"name": ADMIN_NAME, "mountPath": f"/program/{ADMIN_NAME}", "readOnly": True},
            *([{"name": "tls", "mountPath": "/tls/ca.crt", "subPath": "ca.crt", "readOnly": True}] if spec.tls else []),
        ],
    }


def admin_environment(tls: bool) -> list[dict[str, Any]]:
    """Where the administrator's program is, and by what it knows the servers."""
    trusted = [{"name": "QDRANT_CA", "value": "/tls/ca.crt"}] if tls else []
    return [
        {"name": "PYTHONPATH", "value": "/program"},
        {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
        *trusted,
    ]


def _server(name: str, spec: QdrantSpec) -> dict[str, Any]:
    ports = {"http": HTTP, "grpc": GRPC, "p2p": PEER, "metrics": METRICS}
    lives = {"path": "/livez", "port": "http", "scheme": "HTTPS" if spec.tls else "HTTP"}
    every = {"periodSeconds": _PROBE_SECONDS, "timeoutSeconds": _PROBE_SECONDS}
    return {
        "name": "qdrant",
        "image": spec.image,
        "command": ["/bin/bash", "/qdrant/config/start.sh"],
        "env": [
            *_place(name),
            {"name": "PEER_URI", "value": f"{_scheme(spec)}://$(POD_NAME).$(PEER_DOMAIN):{PEER}"},
            {"name": "BOOTSTRAP", "value": _BOOTSTRAP},
            {"name": "QDRANT_INIT_FILE_PATH", "value": "/qdrant/init/.qdrant-initialized"},
            secret_variable("QDRANT__SERVICE__API_KEY", keys_secret(name), "api-key"),
            secret_variable("QDRANT__SERVICE__ALT_API_KEY", keys_secret(name), "previous-api-key", optional=True),
            secret_variable("QDRANT__SERVICE__READ_ONLY_API_KEY", keys_secret(name), "read-only-api-key"),
        ],
        "ports": [{"name": called, "containerPort": port, "protocol": "TCP"} for called, port in ports.items()],
        "resources": {
            "requests": {"cpu": spec.cpu_request, "memory": spec.memory_request},
            "limits": {"cpu": spec.cpu_limit, "memory": spec.memory_limit},
        },
        # Loading what it has takes a node its time; it answers before all shards are whole.
        "startupProbe": {"httpGet": lives, "failureThreshold": -(-spec.startup_seconds // _PROBE_SECONDS), **every},
        # That shards are whole is asked for readiness alone: it may last, and no restart would hasten it.
        "readinessProbe": {"httpGet": {**lives, "path": "/readyz"}, "failureThreshold": 6, **every},
        "livenessProbe": {"httpGet": lives, "failureThreshold": 12, **every},
        "lifecycle": {"preStop": {"sleep": {"seconds": _LEAVING_SECONDS}}},
        "securityContext": container_security(),
        "volumeMounts": [
            {"name": STORAGE, "mountPath": "/qdrant/storage"},
            {"name": SNAPSHOTS, "mountPath": "/qdrant/snapshots"},
            {"name": "init", "mountPath": "/qdrant/init"},
            *[
                {"name": "config", "mountPath": f"/qdrant/config/{file}", "subPath": file, "readOnly": True}
                for file in ("start.sh", "production.yaml")
            ],
            *([{"name": "tls", "mountPath": "/tls", "readOnly": True}] if spec.tls else []),
        ],
    }


def _place(name: str) -> list[dict[str, Any]]:
    """Who the pod is. Kubernetes puts earlier variables into later ones."""
    return [
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "PEER_DOMAIN", "value": f"{headless(name)}.$(POD_NAMESPACE).svc.cluster.local"},
    ]


def _scheme(spec: QdrantSpec) -> str:
    return "https" if spec.tls else "http"
