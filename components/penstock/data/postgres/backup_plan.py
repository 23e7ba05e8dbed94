"""Backups of a Postgres cluster, and the drill that recovers from them.

plugin-barman-cloud api/v1/objectstore_types.go@v0.13.0. The drill is a CronJob, since neither the operator nor Pulumi
makes objects on a schedule. Its pod leaves a mark in the live cluster and waits for the five minutes that a disaster
may lose; makes a Cluster with `bootstrap.recovery` of the newest backup; waits until that is ready; asks it for the
mark and the rest; and deletes it. Where a step fails the Job fails, and the recovered Cluster stays, to be looked at,
until the next drill. Its account may make Clusters in the namespace; no other pod of penstock may.
"""

from __future__ import annotations

import json
from typing import Any

from penstock.data.postgres import plan, tenants
from penstock.data.postgres.args import ObjectStoreKind
from penstock.data.postgres.spec import SIDECAR_CPU, SIDECAR_MEMORY_MIB, PostgresSpec
from penstock.data.postgres.spec_parts import BackupsSpec, DrillSpec
from penstock.data.refs import PostgresRef

MARK, CHECK, OWN_CHECK = "drill_mark.sql", "drill_check.sql", "check.sql"
LOSS_SECONDS = 300
"""What a disaster may lose."""
_PAUSE_SECONDS = 600


def object_store(name: str, spec: PostgresSpec, backups: BackupsSpec) -> dict[str, Any]:
    """The ObjectStore: where backups go, in what form, and for how long."""
    configuration: dict[str, Any] = {
        "destinationPath": backups.destination,
        **_credentials(backups),
        "wal": {"compression": "gzip", "maxParallel": 4},
        "data": {"compression": "gzip", "jobs": 2},
    }
    if backups.endpoint:
        configuration["endpointURL"] = backups.endpoint
    amounts = {
        "requests": {"cpu": f"{SIDECAR_CPU}m", "memory": f"{SIDECAR_MEMORY_MIB}Mi"},
        "limits": {"memory": f"{2 * SIDECAR_MEMORY_MIB}Mi"},
    }
    return {
        "apiVersion": "barmancloud.cnpg.io/v1",
        "kind": "ObjectStore",
        "metadata": plan.metadata(name, name, spec),
        "spec": {
            "configuration": configuration,
            "retentionPolicy": f"{backups.retention_days}d",
            "instanceSidecarConfiguration": {"resources": amounts},
        },
    }


def scheduled_backup(name: str, spec: PostgresSpec, backups: BackupsSpec) -> dict[str, Any]:
    """The ScheduledBackup, whose schedule has seconds, too. The first backup is made at once."""
    return {
        "apiVersion": plan.API,
        "kind": "ScheduledBackup",
        "metadata": plan.metadata(name, name, spec),
        "spec": {
            "cluster": {"name": name},
            "schedule": f"0 {backups.schedule}",
            "immediate": True,
            "backupOwnerReference": "cluster",
            "method": "plugin",
            "pluginConfiguration": {"name": plan.PLUGIN},
        },
    }


def drill_name(name: str) -> str:
    """The name of the drill and of the Cluster that it recovers."""
    return f"{name}-drill"


def drill_account(name: str) -> str:
    """The name of the drill's account and of its rights: not the drill's, since the operator makes an account, a Role
    and a RoleBinding of the name of each Cluster, and would write its own over them."""
    return f"{drill_name(name)}-runner"


def drill_seconds(drill: DrillSpec) -> int:
    """How long all of a drill may take."""
    return LOSS_SECONDS + drill.timeout_minutes * 60 + 3 * _PAUSE_SECONDS


def drill_files(name: str, spec: PostgresSpec, drill: DrillSpec) -> dict[str, Any]:
    """The ConfigMap of the drill: the Cluster that is made, and the SQL that it is asked."""
    recovered = {
        "apiVersion": plan.API,
        "kind": "Cluster",
        "metadata": {"name": drill_name(name), "labels": plan.labels(name)},
        "spec": _recovered(name, spec),
    }
    data = {"cluster.json": _as_json(recovered), **{file: tenants.script(file) for file in (MARK, CHECK)}}
    if drill.check:
        data[OWN_CHECK] = drill.check
    return {"metadata": plan.metadata(drill_name(name), name, spec), "data": data}


def drill_rules(name: str) -> list[dict[str, Any]]:
    """What the drill's account may do in its namespace. To make an object cannot be bound to a name."""
    clusters = {"apiGroups": ["postgresql.cnpg.io"], "resources": ["clusters"]}
    own = {"resourceNames": [drill_name(name)]}
    return [
        {**clusters, "verbs": ["create"]},
        {**clusters, **own, "verbs": ["get", "list", "watch", "delete"]},
    ]


def drill_job(name: str, spec: PostgresSpec, drill: DrillSpec, ref: PostgresRef) -> dict[str, Any]:
    """The CronJob of the drill: its steps are containers, one after the other."""
    limit = drill_seconds(drill)
    target = f"clusters.postgresql.cnpg.io/{drill_name(name)}"
    delete = ["delete", target, "--ignore-not-found", f"--timeout={_PAUSE_SECONDS}s"]
    steps = [
        tenants.container(ref, "mark", tenants.psql(spec.database, MARK, {"seconds": str(LOSS_SECONDS)})),
        _kubectl("clear", drill, delete),
        _kubectl("recover", drill, ["create", "-f", "/sql/cluster.json"]),
        _kubectl("wait", drill, ["wait", "--for=condition=Ready", target, f"--timeout={drill.timeout_minutes}m"]),
        _asking(name, spec, drill, ref, limit),
    ]
    pod = {
        **ref.get("scheduling", {}),
        "restartPolicy": "Never",
        "serviceAccountName": drill_account(name),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": tenants.unprivileged(),
        "initContainers": steps,
        "containers": [_kubectl("delete", drill, delete)],
        "volumes": [
            *tenants.volumes(ref, drill_name(name)),
            {"name": "token", "projected": {"sources": _token()}},
        ],
    }
    template = {"metadata": {"labels": {**plan.labels(name), **tenants.JOB}}, "spec": pod}
    return {
        "metadata": plan.metadata(drill_name(name), name, spec),
        "spec": {
            "schedule": drill.schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"backoffLimit": 0, "activeDeadlineSeconds": limit, "template": template}},
        },
    }


def _asking(name: str, spec: PostgresSpec, drill: DrillSpec, ref: PostgresRef, limit: int) -> dict[str, Any]:
    recovered: PostgresRef = {**ref, "direct_host": plan.host(f"{drill_name(name)}-rw", spec.namespace)}
    command = tenants.psql(spec.database, CHECK, {"seconds": str(limit)})
    asking = tenants.container(recovered, "ask", [*command, *(["-f", f"/sql/{OWN_CHECK}"] if drill.check else [])])
    # The recovered cluster has certificates of its own, which come into being after the pod: nothing to check with.
    asking["env"] = [
        {**entry, "value": "require"} if entry["name"] == "PGSSLMODE" else entry
        for entry in asking["env"]
        if entry["name"] != "PGSSLROOTCERT"
    ]
    return asking


def _recovered(name: str, spec: PostgresSpec) -> dict[str, Any]:
    body = plan.servers(spec)
    source = {"barmanObjectName": name, "serverName": name}
    return {
        **body,
        **plan.placement(drill_name(name), spec.model_copy(update={"instances": 1})),
        "instances": 1,
        "enablePDB": False,
        # A recovery fails with settings below those of the cluster whose log it replays.
        "postgresql": {"parameters": plan.parameters(spec)},
        "bootstrap": {
            "recovery": {
                "source": name,
                "database": spec.database,
                "owner": plan.ADMIN,
                "secret": {"name": plan.admin_secret(name)},
            }
        },
        "externalClusters": [{"name": name, "plugin": {"name": plan.PLUGIN, "parameters": source}}],
    }


def _as_json(manifest: dict[str, Any]) -> Any:
    """JSON of a manifest; an output where a part of it is one."""
    try:
        return json.dumps(manifest, indent=2, sort_keys=True)
    except TypeError:
        import pulumi  # only here, and only where nothing can be done without it

        return pulumi.Output.json_dumps(manifest, indent=2, sort_keys=True)


def _kubectl(name: str, drill: DrillSpec, arguments: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "image": drill.image,
        "args": arguments,
        "env": [{"name": "HOME", "value": "/tmp"}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "sql", "mountPath": "/sql", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
        ],
    }


def _token() -> list[dict[str, Any]]:
    """What a pod is given of its account, here to the containers alone that need it."""
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]


def _credentials(backups: BackupsSpec) -> dict[str, Any]:
    secret = backups.keys.secret if backups.keys else None
    if backups.kind is ObjectStoreKind.S3:
        if secret is None:
            return {"s3Credentials": {"inheritFromIAMRole": True}}
        pair = {"accessKeyId": "ACCESS_KEY_ID", "secretAccessKey": "ACCESS_SECRET_KEY"}
        return {"s3Credentials": {field: {"name": secret, "key": key} for field, key in pair.items()}}
    if backups.kind is ObjectStoreKind.GCS:
        if secret is None:
            return {"googleCredentials": {"gkeEnvironment": True}}
        return {"googleCredentials": {"applicationCredentials": {"name": secret, "key": "gcsCredentials"}}}
    if secret is None:
        return {"azureCredentials": {"inheritFromAzureAD": True}}
    return {"azureCredentials": {"connectionString": {"name": secret, "key": "AZURE_CONNECTION_STRING"}}}
