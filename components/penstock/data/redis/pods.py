"""The nodes of a Redis cluster, as pods: pure functions."""

import json
from typing import Any

from penstock.data.placement import pod_placement
from penstock.data.redis import plan
from penstock.data.redis.spec import EXPORTER_CPU, EXPORTER_MIB, KEEPER_CPU, KEEPER_MIB, RedisClusterSpec
from penstock.names import short_hash

HANDOVER_SECONDS = 30
_SHUTDOWN_SECONDS = 10
GRACE_SECONDS = HANDOVER_SECONDS + _SHUTDOWN_SECONDS + 20
"""Time to hand a primary's slots over, to give replicas the rest (shutdown-timeout), and to write the file."""
_USER = 999
"""`redis` in the official image: https://github.com/redis/docker-library-redis (Dockerfile)."""
LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
"""What Pod Security asks of each container, and no writing beside the volumes."""
POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": _USER,
    "runAsGroup": _USER,
    "fsGroup": _USER,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
READ = [
    {"name": "config", "mountPath": "/config", "readOnly": True},
    {"name": "users", "mountPath": "/secrets", "readOnly": True},
    {"name": "tls", "mountPath": "/tls", "readOnly": True},
    {"name": "tmp", "mountPath": "/tmp"},
]
_RUN = {"name": "run", "mountPath": "/run/redis"}


def stateful_set(name: str, spec: RedisClusterSpec, tls_secret: Any) -> dict[str, Any]:
    """Its nodes."""
    pod = {
        "metadata": {"labels": {**spec.labels, **plan.labels(name)}},
        "spec": _pod(name, spec, tls_secret),
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": f"{spec.volume_gib}Gi"}}}
    if spec.storage_class is not None:
        claim["storageClassName"] = spec.storage_class
    # What the Job that forms it waits for is more than that all pods are ready, which they are not before.
    metadata = {**plan.metadata(name, name, spec), "annotations": {"pulumi.com/skipAwait": "true"}}
    return {
        "metadata": metadata,
        "spec": {
            "serviceName": plan.nodes_name(name),
            "replicas": spec.replicas,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "minReadySeconds": 10,
            "selector": {"matchLabels": plan.labels(name)},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "template": pod,
            "volumeClaimTemplates": [{"metadata": {"name": "data", "labels": plan.labels(name)}, "spec": claim}],
        },
    }


def _pod(name: str, spec: RedisClusterSpec, tls_secret: Any) -> dict[str, Any]:
    pod: dict[str, Any] = {
        **pod_placement(plan.labels(name), spec.replicas, spec.pools, may_share=True),
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": POD_SECURITY,
        "containers": [_redis(name, spec), _keeper(name, spec)],
        "volumes": [*volumes(name, tls_secret), {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}],
    }
    if spec.exporter:
        pod["containers"].append(_exporter(name, spec))
    if spec.priority_class:
        pod["priorityClassName"] = spec.priority_class
    return pod


def claims(name: str, spec: RedisClusterSpec) -> list[dict[str, Any]]:
    """How large the volumes of its nodes are: a StatefulSet says it only when it makes them."""
    size = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": f"{spec.volume_gib}Gi"}}}
    notes = {"pulumi.com/patchForce": "true"}
    return [
        {
            "metadata": {"name": f"data-{name}-{ordinal}", "namespace": spec.namespace, "annotations": notes},
            "spec": size,
        }
        for ordinal in range(spec.replicas)
    ]


def volumes(name: str, tls_secret: Any) -> list[dict[str, Any]]:
    """What every pod reads that runs the scripts."""
    return [
        {"name": "config", "configMap": {"name": plan.config_name(name), "defaultMode": 0o555}},
        {"name": "users", "secret": {"secretName": plan.users_name(name), "defaultMode": 0o440}},
        {"name": "tls", "secret": {"secretName": tls_secret, "defaultMode": 0o440}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]


def environment(name: str) -> list[dict[str, Any]]:
    """By what the scripts find the nodes."""
    return [
        _from_pod("POD_NAMESPACE", "metadata.namespace"),
        {"name": "NODE_PREFIX", "value": name},
        {"name": "NODE_DOMAIN", "value": f"{plan.nodes_name(name)}.$(POD_NAMESPACE).svc.cluster.local"},
    ]


def _own_environment(name: str, spec: RedisClusterSpec) -> list[dict[str, Any]]:
    return [
        *environment(name),
        _from_pod("POD_NAME", "metadata.name"),
        _from_pod("POD_IP", "status.podIP"),
        _from_pod("MACHINE", "spec.nodeName"),
        # Set on pods by Kubernetes 1.35 and later; empty before, when zones are not told apart.
        _from_pod("ZONE", "metadata.labels['topology.kubernetes.io/zone']"),
        {"name": "REVISION", "value": revision(spec)},
        {"name": "HANDOVER_SECONDS", "value": str(HANDOVER_SECONDS)},
    ]


def _from_pod(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def revision(spec: RedisClusterSpec) -> str:
    """Another one whenever nodes have to restart. More nodes are no reason."""
    read = {name: text for name, text in plan.config_files(spec).items() if name != "nodes"}
    said = [
        spec.image,
        spec.cpu_request,
        spec.cpu_limit,
        spec.memory_request,
        spec.memory_limit,
        spec.rotation,
        spec.exporter,
    ]
    return short_hash(json.dumps([read, said, spec.exporter_image], sort_keys=True), 10)


def _redis(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    def script(*words: str) -> dict[str, Any]:
        return {"exec": {"command": ["sh", *words]}, "timeoutSeconds": 10}

    return {
        "name": "redis",
        "image": spec.image,
        "command": ["sh", "/config/start.sh"],
        "env": _own_environment(name, spec),
        "ports": [
            {"name": "redis", "containerPort": plan.PORT, "protocol": "TCP"},
            {"name": "bus", "containerPort": plan.BUS_PORT, "protocol": "TCP"},
        ],
        "resources": {
            "requests": {"cpu": spec.cpu_request, "memory": spec.memory_request},
            "limits": {"cpu": spec.cpu_limit, "memory": spec.memory_limit},
        },
        "volumeMounts": [*READ, _RUN, {"name": "data", "mountPath": "/data"}],
        "startupProbe": {**script("/config/probe.sh", "live"), "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {**script("/config/probe.sh", "live"), "periodSeconds": 15, "failureThreshold": 4},
        "readinessProbe": {**script("/config/probe.sh", "ready"), "periodSeconds": 5, "failureThreshold": 2},
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "/config/pre-stop.sh"]}}},
        "securityContext": LOCKED,
    }


def _keeper(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    return {
        "name": "keeper",
        "image": spec.image,
        "command": ["sh", "/config/keeper.sh"],
        "env": _own_environment(name, spec),
        "resources": _small(KEEPER_CPU, KEEPER_MIB),
        "volumeMounts": [*READ, _RUN],
        "securityContext": LOCKED,
    }


def _exporter(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    secret = {"secretKeyRef": {"name": plan.users_name(name), "key": "exporter-password"}}
    said = {
        "REDIS_ADDR": f"rediss://localhost:{plan.PORT}",
        "REDIS_USER": "exporter",
        "REDIS_EXPORTER_TLS_CA_CERT_FILE": "/tls/ca.crt",
        # CONFIG GET would show the password of replicas; what matters of the settings is in INFO.
        "REDIS_EXPORTER_CONFIG_COMMAND": "-",
        "REDIS_EXPORTER_WEB_LISTEN_ADDRESS": f":{plan.METRICS_PORT}",
    }
    return {
        "name": "exporter",
        "image": spec.exporter_image,
        "env": [
            *({"name": key, "value": value} for key, value in said.items()),
            {"name": "REDIS_PASSWORD", "valueFrom": secret},
        ],
        "ports": [{"name": "metrics", "containerPort": plan.METRICS_PORT, "protocol": "TCP"}],
        "resources": _small(EXPORTER_CPU, EXPORTER_MIB),
        "volumeMounts": [{"name": "tls", "mountPath": "/tls", "readOnly": True}],
        "securityContext": LOCKED,
    }


def _small(cpu_millicores: int, memory_mib: int) -> dict[str, Any]:
    requests = {"cpu": f"{cpu_millicores}m", "memory": f"{memory_mib}Mi"}
    return {"requests": requests, "limits": {"memory": f"{4 * memory_mib}Mi"}}
