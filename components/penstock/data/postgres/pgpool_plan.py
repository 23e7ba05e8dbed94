"""Pgpool-II in front of a Postgres cluster: pure functions from its specification to Kubernetes objects.

As its publisher runs it on Kubernetes (pgpool/pgpool2_on_k8s docs/index.md): two backends, the Services of the primary
and of the replicas; no health checks, failover or watchdog, which are the operator's; no delay threshold, which one
Service for several replicas cannot have (a replica that lags is not behind that Service at all). Passwords are not
registered: clients send them by TLS (`PGPOOL_ENABLE_POOL_PASSWD=false`), and the servers check them.
"""

from __future__ import annotations

from typing import Any

from penstock.data.placement import pod_placement
from penstock.data.postgres import plan, policies
from penstock.data.postgres.spec import PostgresSpec
from penstock.data.postgres.spec_parts import PgpoolSpec

_UID = 70
"""Its image's user `postgres`."""


def pgpool_name(name: str) -> str:
    """The name of its Deployment and its Service."""
    return f"{name}-pgpool"


def deployment(name: str, spec: PostgresSpec, pgpool: PgpoolSpec) -> dict[str, Any]:
    """Its pods, each on a machine of its own."""
    own = policies.pgpool_labels(name)
    pod = {
        **pod_placement(own, pgpool.pods, spec.pools),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _UID,
            "runAsGroup": _UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(name, pgpool)],
    }
    return {
        "metadata": plan.metadata(pgpool_name(name), name, spec),
        "spec": {
            "replicas": pgpool.pods,
            "selector": {"matchLabels": own},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "template": {"metadata": {"labels": own}, "spec": pod},
        },
    }


def service(name: str, spec: PostgresSpec) -> dict[str, Any]:
    """By what name it is reached, on PostgreSQL's port."""
    port = {"name": "postgres", "port": plan.PORT, "targetPort": "pgpool", "protocol": "TCP"}
    return {
        "metadata": plan.metadata(pgpool_name(name), name, spec),
        "spec": {"selector": policies.pgpool_labels(name), "ports": [port]},
    }


def budget(name: str, spec: PostgresSpec) -> dict[str, Any]:
    """At most one of its pods is away at a time."""
    return {
        "metadata": plan.metadata(pgpool_name(name), name, spec),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": policies.pgpool_labels(name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def _container(name: str, pgpool: PgpoolSpec) -> dict[str, Any]:
    settings = {
        "BACKEND_HOSTNAME0": f"{name}-rw",
        "BACKEND_FLAG0": "ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER",
        "BACKEND_WEIGHT0": "0",
        "BACKEND_HOSTNAME1": f"{name}-ro",
        "BACKEND_PORT1": str(plan.PORT),
        "BACKEND_FLAG1": "DISALLOW_TO_FAILOVER",
        "BACKEND_WEIGHT1": "1",
        "LOAD_BALANCE_MODE": "on",
        # What a session has written it reads from the primary, since a replica may not have it yet.
        "DISABLE_LOAD_BALANCE_ON_WRITE": "always",
        "NUM_INIT_CHILDREN": str(pgpool.clients),
        "MAX_POOL": "1",
    }
    probe = {"tcpSocket": {"port": "pgpool"}, "periodSeconds": 5}
    return {
        "name": "pgpool",
        "image": pgpool.image,
        "ports": [{"name": "pgpool", "containerPort": policies.PGPOOL_PORT, "protocol": "TCP"}],
        "env": [{"name": f"PGPOOL_PARAMS_{key}", "value": value} for key, value in settings.items()]
        + [{"name": "PGPOOL_ENABLE_POOL_PASSWD", "value": "false"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "readinessProbe": probe,
        "livenessProbe": {**probe, "failureThreshold": 6},
        # Its entry point writes its configuration beside its programs, so that file system cannot be read-only.
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
