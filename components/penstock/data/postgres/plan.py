"""The plan of a Postgres cluster: pure functions from its specification to CloudNativePG's objects.

cloudnative-pg api/v1/{cluster,pooler}_types.go@v1.30.0. What the operator decides by itself is left to it:
certificates, services, replication slots, budgets of disruption, the fixed part of the settings.
"""

from __future__ import annotations

import re
from typing import Any

from penstock.autoscaling.pods.quantities import amount
from penstock.data.placement import HOSTNAME, pod_placement
from penstock.data.postgres import tenants
from penstock.data.postgres.args import PoolMode
from penstock.data.postgres.spec import MIB, PostgresSpec
from penstock.data.postgres.spec_parts import PoolerSpec
from penstock.names import MANAGED_BY

API = "postgresql.cnpg.io/v1"
PLUGIN = "barman-cloud.cloudnative-pg.io"
PORT = 5432
ADMIN = "tenants_admin"
"""The role that owns the database of the tenants and makes theirs."""
WAIT = {"pulumi.com/waitFor": "condition=Ready"}
_ARCHIVE = "4min"
"""When a log is archived that is not full: a minute is left to copy it, of the five that a disaster may lose."""
_PROBE_SECONDS = 5


def labels(name: str) -> dict[str, str]:
    """The labels of all objects but those that the operator makes, which has its own."""
    return {"app.kubernetes.io/name": "postgres", "app.kubernetes.io/instance": name, **MANAGED_BY}


def metadata(name: str, cluster: str, spec: PostgresSpec, **more: Any) -> dict[str, Any]:
    """The metadata of an object of the `cluster`."""
    return {"name": name, "namespace": spec.namespace, "labels": labels(cluster), **more}


def server_labels(name: str) -> dict[str, str]:
    """The labels of the servers' pods, as the operator gives them."""
    return {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}


def pooler_labels(name: str) -> dict[str, str]:
    """The labels of the poolers' pods, as the operator gives them."""
    return {"cnpg.io/cluster": name, "cnpg.io/podRole": "pooler"}


def admin_secret(name: str) -> str:
    """The Secret with the administrator's name and password."""
    return f"{name}-admin"


def poolers(name: str, spec: PostgresSpec) -> dict[str, tuple[str, PoolerSpec]]:
    """The poolers by their names, each with the kind of servers that it leads to."""
    found: dict[str, tuple[str, PoolerSpec]] = {f"{name}-pooler-rw": ("rw", spec.writers)}
    if spec.has_replicas:
        found[f"{name}-pooler-ro"] = ("ro", spec.readers)
    return found


def host(service: str, namespace: Any) -> Any:
    """The name of a Service in the cluster; an output where its namespace is one."""
    if isinstance(namespace, str):
        return f"{service}.{namespace}.svc.cluster.local"
    import pulumi  # only here, and only where nothing can be done without it

    return pulumi.Output.concat(service, ".", namespace, ".svc.cluster.local")


def cluster(name: str, spec: PostgresSpec) -> dict[str, Any]:
    """The Cluster: servers, their volumes, how they replicate, and what a new one begins with."""
    body: dict[str, Any] = {
        **servers(spec),
        **placement(name, spec),
        "instances": spec.instances,
        "enablePDB": spec.has_replicas,
        # A primary hands over before it is restarted; without a replica it cannot.
        "primaryUpdateMethod": "switchover" if spec.has_replicas else "restart",
        "bootstrap": {"initdb": _initdb(name, spec)},
        "certificates": {"serverAltDNSNames": [x for p in poolers(name, spec) for x in (p, host(p, spec.namespace))]},
        "postgresql": {"parameters": parameters(spec), "pg_hba": access()},
    }
    if spec.has_replicas:
        body["postgresql"]["synchronous"] = _synchronous(spec)
        body["probes"] = {"readiness": _readiness(spec)}
    if spec.backups:
        body["plugins"] = [{"name": PLUGIN, "isWALArchiver": True, "parameters": {"barmanObjectName": name}}]
    return {
        "apiVersion": API,
        "kind": "Cluster",
        "metadata": metadata(name, name, spec, annotations=dict(WAIT)),
        "spec": body,
    }


def servers(spec: PostgresSpec) -> dict[str, Any]:
    """What a recovered cluster has in common with this: image, amounts, volumes."""
    volume = {"resizeInUseVolumes": True} | ({"storageClass": spec.storage_class} if spec.storage_class else {})
    body: dict[str, Any] = {
        "imageName": spec.image,
        "enableSuperuserAccess": False,
        "resources": {
            "requests": {"cpu": spec.cpu_request, "memory": spec.memory_request},
            "limits": {"cpu": spec.cpu_limit, "memory": spec.memory_limit},
        },
        "storage": {"size": f"{spec.volume_gib}Gi", **volume},
        "walStorage": {"size": f"{spec.wal_volume_gib}Gi", **volume},
        # Clients are poolers, which connect again: nothing is won by waiting for them to leave.
        "smartShutdownTimeout": 15,
        "stopDelay": 300,
    }
    if spec.service_account_annotations:
        body["serviceAccountTemplate"] = {"metadata": {"annotations": spec.service_account_annotations}}
    return body


def placement(name: str, spec: PostgresSpec) -> dict[str, Any]:
    """Where servers run: each on a machine of its own, in different zones where there is a choice."""
    placed = pod_placement(server_labels(name), spec.instances, spec.pools)
    # None, and not an empty list: the operator (1.30) takes that for a change, and restarts servers for ever.
    tolerated = {"tolerations": placed["tolerations"]} if placed["tolerations"] else {}
    return {
        "affinity": {
            "nodeSelector": placed["nodeSelector"],
            **tolerated,
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "required",
            "topologyKey": HOSTNAME,
        },
        "topologySpreadConstraints": placed["topologySpreadConstraints"],
    }


def parameters(spec: PostgresSpec) -> dict[str, str]:
    """The settings of the servers, in PostgreSQL's spelling: texts, with PostgreSQL's units."""
    memory = int((amount(spec.memory_request) or 0) / MIB)
    wal = spec.wal_volume_gib * 1024
    return {
        "max_connections": str(spec.max_connections),
        "max_wal_senders": str(spec.max_wal_senders),
        "wal_keep_size": f"{spec.wal_keep_mib}MB",
        # A replica that never comes back must not fill the primary's volume of logs.
        "max_slot_wal_keep_size": f"{wal // 2}MB",
        "max_wal_size": f"{wal // 5}MB",
        "archive_timeout": _ARCHIVE,
        "shared_buffers": f"{memory // 4}MB",
        "effective_cache_size": f"{memory // 2}MB",
        # One query of one tenant must not fill everybody's volume of data.
        "temp_file_limit": f"{spec.volume_gib * 1024 // 10}MB",
        **spec.parameters,
    }


def pooler(cluster_name: str, name: str, kind: str, asked: PoolerSpec, spec: PostgresSpec) -> dict[str, Any]:
    """A Pooler: PgBouncer, whose pool is for each user and database, and per pod."""
    settings = {
        "default_pool_size": str(asked.pool_size),
        "reserve_pool_size": str(asked.overflow),
        "max_db_connections": str(asked.max_connections),
        "max_client_conn": str(asked.max_clients),
        "client_tls_sslmode": "require",
    }
    if spec.pool_mode is PoolMode.TRANSACTION:
        settings["max_prepared_statements"] = "200"
    amounts = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    pod = {
        **pod_placement(pooler_identity(name), asked.pods, spec.pools),
        "containers": [{"name": "pgbouncer", "resources": amounts}],
    }
    return {
        "apiVersion": API,
        "kind": "Pooler",
        "metadata": metadata(name, cluster_name, spec),
        "spec": {
            "cluster": {"name": cluster_name},
            "type": kind,
            "instances": asked.pods,
            "pgbouncer": {"poolMode": spec.pool_mode.value, "parameters": settings},
            "template": {"metadata": {"labels": labels(cluster_name)}, "spec": pod},
        },
    }


def pooler_identity(name: str) -> dict[str, str]:
    """The label of one pooler's pods."""
    return {"cnpg.io/poolerName": name}


def pooler_budget(cluster_name: str, name: str, spec: PostgresSpec) -> dict[str, Any]:
    """At most one pod of a pooler is away at a time."""
    return {
        "metadata": metadata(name, cluster_name, spec),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": pooler_identity(name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def statements(file: str, **names: str) -> list[str]:
    """The statements of a file of SQL, with its variables put in; each ends with a ';' at the end of a line."""
    text = re.sub(r"^--.*\n", "", tenants.script(file), flags=re.MULTILINE)
    for variable, value in names.items():
        text = text.replace(f':"{variable}"', f'"{value}"')
    return [
        " ".join(statement.split()) for statement in re.split(r";\s*$", text, flags=re.MULTILINE) if statement.strip()
    ]


def access() -> list[str]:
    """What comes before the operator's own rules of pg_hba: nothing without TLS, no tenant outside of its database."""
    return ["hostnossl all all all reject", "hostssl postgres,template1 +tenants all reject"]


def _initdb(name: str, spec: PostgresSpec) -> dict[str, Any]:
    return {
        "database": spec.database,
        # Not a managed role: that would lose, each time, the memberships by which it may alter the roles it makes.
        "owner": ADMIN,
        "secret": {"name": admin_secret(name)},
        "dataChecksums": True,
        "encoding": "UTF8",
        "postInitSQL": statements("cluster_server.sql", admin=ADMIN),
        "postInitTemplateSQL": statements("cluster_template.sql"),
        "postInitApplicationSQL": statements("cluster_application.sql", database=spec.database),
    }


def _synchronous(spec: PostgresSpec) -> dict[str, Any]:
    quorum = {"method": "any", "number": 1, "dataDurability": spec.durability.value}
    # A replica becomes primary only where one that has every acknowledged commit is among those that could.
    return {**quorum, "failoverQuorum": True}


def _readiness(spec: PostgresSpec) -> dict[str, Any]:
    # In binary units: the operator (1.30) reads 64M as 64.
    lag = {"type": "streaming", "maximumLag": f"{spec.max_lag_mib}Mi"}
    return {**lag, "periodSeconds": _PROBE_SECONDS, "timeoutSeconds": _PROBE_SECONDS, "failureThreshold": 3}
