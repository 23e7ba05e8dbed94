"""Users of tenants in a Redis cluster: what each may do, and the Job that makes it. Pure functions."""

import hashlib
from collections.abc import Sequence
from typing import Any

from penstock.data.redis import jobs, plan, pods
from penstock.data.refs import RedisRef
from penstock.names import MANAGED_BY, short_hash

RESERVED_USERS = frozenset({"default", *plan.OWN_USERS, "users-are-whole"})
"""Names that no tenant can have."""
_LONGEST_JOB = 63
_ALLOWED = (
    "+@read",
    "+@write",
    "+@transaction",
    "+@connection",
    "+publish",
    "+spublish",
    "+subscribe",
    "+ssubscribe",
    "+psubscribe",
    "+unsubscribe",
    "+sunsubscribe",
    "+punsubscribe",
)
_SCRIPTS = ("+eval", "+evalsha", "+eval_ro", "+evalsha_ro", "+script|load", "+script|exists")
_WITHHELD = ("-@dangerous", "-@admin", "-@scripting", "-scan", "-randomkey", "-dbsize", "-client|tracking")
"""Scanning, counting and tracking (with BCAST) are not confined to a user's keys: they tell those of all tenants. To
load and to flush functions counts as writing (@write), and concerns all."""
_TOPOLOGY = (
    "+cluster|slots",
    "+cluster|shards",
    "+cluster|nodes",
    "+cluster|info",
    "+cluster|keyslot",
    "+cluster|myid",
)
"""What clients ask to find the node of a key. No other part of CLUSTER."""


def tenant_user(tenant: str, *, scripting: bool = False) -> list[str]:
    """The ACL rules of the user `tenant`, without passwords: keys `tenant:*` and channels `tenant:*`, and nothing that
    concerns others.

    With `scripting` it may run Lua scripts, which keep all other tenants of a node waiting as long as they run.
    Raises ValueError for a name that a user of the cluster's own has.
    """
    if tenant in RESERVED_USERS:
        raise ValueError(f"'{tenant}' is the name of a user of Redis itself. Choose another name for the tenant.")
    scripts = _SCRIPTS if scripting else ()
    return [f"~{tenant}:*", f"&{tenant}:*", "-@all", *_ALLOWED, *_WITHHELD, *scripts, *_TOPOLOGY]


def password_hash(password: str) -> str:
    """What Redis keeps of a password: its SHA-256 in hexadecimal. Only a long random one is safe to show that way."""
    return hashlib.sha256(password.encode()).hexdigest()


def tenant_user_job(
    tenant: str,
    ref: RedisRef,
    hashes: Sequence[Any],
    *,
    rotation: int,
    scripting: bool = False,
) -> dict[str, Any]:
    """The Job, in the cluster's namespace, that gives every node the user: `metadata` and `spec`.

    `hashes` are those of one or two passwords (`password_hash`), which may be outputs; `rotation` changes with them.
    """
    rules = " ".join(tenant_user(tenant, scripting=scripting))
    variables = [
        {"name": "TENANT", "value": tenant},
        {"name": "RULES", "value": rules},
        *({"name": f"HASH_{n}", "value": value} for n, value in enumerate(hashes)),
        {"name": "HASHES", "value": " ".join(f"$(HASH_{n})" for n in range(len(hashes)))},
    ]
    name = ref["name"]
    code = plan.fixed_file("tenant-user.sh") + plan.fixed_file("lib.sh")
    placed = ref.get("scheduling", {})
    digest = short_hash(f"{name} {tenant} {ref['replicas']} {rules} {rotation} {placed} {code}", 8)
    called = f"{name}-user-{tenant}"[: _LONGEST_JOB - 9].rstrip("-") + f"-{digest}"
    mounted = pods.volumes(name, ref["tls_secret"])
    said = [*pods.environment(name), *variables]
    labels = {**plan.administration_labels(name), **MANAGED_BY}
    return {
        "metadata": {"name": called, "namespace": ref["namespace"], "labels": labels},
        "spec": jobs.administration_job(name, ref["image"], ["tenant-user.sh"], said, mounted, placed),
    }
