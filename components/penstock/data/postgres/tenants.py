"""A tenant in a Postgres cluster: the names of its schema and roles, its SQL, and the Jobs that run it. No Pulumi.

A tenant has a schema, an owner of it that nobody logs in as, and two login roles, of which one is the present: with
each rotation the other takes over, so that the password before stays valid until nobody uses it. Their passwords are
given as verifiers (RFC 5803), so that nothing in the cluster's namespace tells a tenant's password.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from penstock.data.refs import PostgresRef
from penstock.names import MANAGED_BY, short_hash

SCRIPTS = ("tenant_create.sql", "tenant_remove.sql", "tenant_database.sql", "tenant_database_remove.sql")
LONGEST = 48
"""A tenant's name may have so many characters: PostgreSQL's names have 63, of which these keep prefix and suffix."""
JOB = {"penstock.dev/job": "postgres"}
"""The label of pods that the cluster lets in past the poolers."""
BACKOFF = 6
"""How often a Job tries again: for about ten minutes."""
_ITERATIONS = 4096
_POSTGRES_UID = 26
_LONGEST_JOB = 54
"""Its pods carry its name, the digest included, as a label, which has up to 63 characters."""


def schema_name(tenant: str) -> str:
    """The name of a tenant's schema, or of its database: `t_acme_corp` of `acme-corp`.

    No two tenants have the same, since a name of DNS has no underscore; none is one of PostgreSQL's own.
    """
    return f"t_{tenant.replace('-', '_')}"


def owner_role(tenant: str) -> str:
    """The role that owns the schema. Nobody logs in as it."""
    return f"{schema_name(tenant)}_owner"


def reader_role(tenant: str) -> str:
    """The role that may read the schema. Nobody logs in as it: it is granted to who makes an export."""
    return f"{schema_name(tenant)}_ro"


def login_role(tenant: str, rotation: int) -> str:
    """The role as which the tenant logs in with the password of that `rotation`."""
    return f"{schema_name(tenant)}_{rotation % 2}"


def verifier(password: str, role: str) -> str:
    """What PostgreSQL keeps of a password (scram-sha-256), by which it can be checked but not told.

    The salt follows from both, so that the same password has the same verifier at each deployment.
    """
    salt = hmac.digest(password.encode(), f"salt of {role}".encode(), "sha256")[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{text[0]}${text[1]}:{text[2]}"


def script(name: str) -> str:
    """The text of a file of SQL."""
    return (files(__package__) / "data" / name).read_text(encoding="utf-8")


def scripts_name(cluster: str) -> str:
    """The name of the ConfigMap with the SQL for tenants, in the namespace of the cluster."""
    return f"{cluster}-sql"


def creation_job(
    ref: PostgresRef,
    tenant: str,
    verifiers: Sequence[Any],
    *,
    rotation: int,
    own_database: bool,
    connections: int,
    statement_timeout_seconds: int,
) -> dict[str, Any]:
    """The Job that makes a tenant what it should be. `verifiers`: of the present password and, if it is still to be
    valid, of the one before; texts, or Pulumi outputs of such. It is named by what it runs, so that a change runs anew.
    """
    schema = schema_name(tenant)
    variables = {
        "schema": schema,
        "present": str(rotation % 2),
        "previous": str((rotation + 1) % 2),
        "connections": str(connections),
        "statement_timeout": str(statement_timeout_seconds * 1000),
    }
    steps = [(ref["database"], "tenant_create.sql")]
    if own_database:
        steps = [(ref["database"], "tenant_database.sql"), (schema, "tenant_create.sql")]
    secret = {"VERIFIER": verifiers[0], "PREVIOUS_VERIFIER": verifiers[1] if len(verifiers) > 1 else ""}
    run = f"{sorted(variables.items())} {steps} {rotation} {len(verifiers)} {ref['name']}"
    return _job(ref, f"{ref['name']}-tenant-{tenant}", run, steps, variables, secret)


def removal_job(ref: PostgresRef, tenant: str, *, own_database: bool) -> dict[str, Any]:
    """The Job that erases a tenant, and whose log says what that was."""
    steps = [(ref["database"], "tenant_remove.sql")]
    if own_database:
        steps.insert(0, (ref["database"], "tenant_database_remove.sql"))
    return _job(ref, f"{ref['name']}-erase-{tenant}", f"{steps}", steps, {"schema": schema_name(tenant)}, {})


def psql(database: str, script_name: str, variables: Mapping[str, str]) -> list[str]:
    """The command that runs a script of the ConfigMap."""
    given = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
    return ["psql", "-X", "-w", "-d", database, *given, "-f", f"/sql/{script_name}"]


def connection(ref: PostgresRef) -> list[dict[str, Any]]:
    """The environment in which psql reaches the primary as the administrator, with its certificate checked."""
    plain = {
        "PGHOST": ref["direct_host"],
        "PGPORT": str(ref["port"]),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/ca/ca.crt",
        "PGCONNECT_TIMEOUT": "10",
        "HOME": "/tmp",
    }
    secret = {"PGUSER": "username", "PGPASSWORD": "password"}
    return [{"name": name, "value": value} for name, value in plain.items()] + [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": ref["admin_secret"], "key": key}}}
        for name, key in secret.items()
    ]


def container(
    ref: PostgresRef, name: str, command: list[str], environment: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A container that runs psql, on `volumes`."""
    given = [{"name": key, "value": value} for key, value in (environment or {}).items()]
    return {
        "name": name,
        "image": ref["image"],
        "command": command,
        "env": [*connection(ref), *given],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "sql", "mountPath": "/sql", "readOnly": True},
            {"name": "ca", "mountPath": "/ca", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }


def volumes(ref: PostgresRef, scripts: str | None = None) -> list[dict[str, Any]]:
    """The volumes of a pod that runs psql; `scripts` is the ConfigMap with its SQL, if not that for tenants."""
    return [
        {"name": "sql", "configMap": {"name": scripts or scripts_name(ref["name"])}},
        {"name": "ca", "secret": {"secretName": ref["ca_secret"], "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
    ]


def job_labels(ref: PostgresRef) -> dict[str, str]:
    """The labels of a pod that runs psql, by which the cluster lets it in."""
    return {**JOB, "app.kubernetes.io/name": "postgres", "app.kubernetes.io/instance": ref["name"], **MANAGED_BY}


def job_pod(ref: PostgresRef, steps: Sequence[dict[str, Any]], scripts: str | None = None) -> dict[str, Any]:
    """A pod whose containers, the `steps`, run one after the other."""
    return {
        **ref.get("scheduling", {}),
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": unprivileged(),
        "initContainers": list(steps[:-1]),
        "containers": list(steps[-1:]),
        "volumes": volumes(ref, scripts),
    }


def unprivileged() -> dict[str, Any]:
    """The security of a pod that runs an image of CloudNativePG, whose user `postgres` is 26."""
    return {
        "runAsNonRoot": True,
        "runAsUser": _POSTGRES_UID,
        "runAsGroup": _POSTGRES_UID,
        "fsGroup": _POSTGRES_UID,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _job(
    ref: PostgresRef,
    name: str,
    run: str,
    steps: Sequence[tuple[str, str]],
    variables: Mapping[str, str],
    environment: Mapping[str, Any],
) -> dict[str, Any]:
    digest = short_hash(f"{name} {run} {ref.get('scheduling', {})}" + "".join(script(file) for _, file in steps), 8)
    labels = job_labels(ref)
    pod = job_pod(
        ref,
        [
            container(ref, f"step-{number}", psql(database, file, variables), environment)
            for number, (database, file) in enumerate(steps)
        ],
    )
    return {
        "metadata": {"name": f"{name[:_LONGEST_JOB]}-{digest}", "namespace": ref["namespace"], "labels": labels},
        "spec": {"backoffLimit": BACKOFF, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
