"""What a tenant has in the stores, and the Secrets by which it gets there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pulumi
import pulumi_random as random

from penstock.data.postgres import tenants as postgres_names
from penstock.tenancy.credentials import (
    SEED_LENGTH,
    api_keys,
    derived,
    key_hash,
    present_and_previous,
    rotations,
)
from penstock.tenancy.resources import protection, secret
from penstock.tenancy.spec import TenantSpec

Seeds = pulumi.Output[list[str]]
Entries = pulumi.Output[dict[str, str]]


def create_access(
    name: str, spec: TenantSpec, space: pulumi.Resource, parent: pulumi.Resource
) -> pulumi.Output[list[str]]:
    """Makes passwords and keys, and with them the tenant in each store that it uses. Returns hashes of its API keys.

    Secrets are `api-keys`, `redis`, `postgres` and `qdrant`.
    """
    # The secret before is to go; without the present one nobody could log in.
    unkept = pulumi.ResourceOptions(parent=parent, protect=False)
    made = [
        random.RandomPassword(
            f"{name}-{n}",
            length=SEED_LENGTH,
            special=False,
            opts=protection(spec, parent) if n == spec.rotation else unkept,
        )
        for n in rotations(spec)
    ]
    seeds: Seeds = pulumi.Output.all(*(each.result for each in made))
    within = pulumi.ResourceOptions(parent=parent, depends_on=[space])
    secret(
        name, spec, "api-keys", seeds.apply(lambda found: present_and_previous(api_keys(name, found), "key")), within
    )
    if spec.redis is not None:
        _redis(name, spec, seeds, within, parent)
    if spec.postgres is not None:
        _postgres(name, spec, seeds, within, parent)
    if spec.qdrant is not None:
        _qdrant(name, spec, within, parent)
    return seeds.apply(lambda found: [key_hash(key) for key in api_keys(name, found)])


def _passwords(seeds: Seeds, store: str) -> Entries:
    """The present password for a store, and maybe the previous one."""
    return seeds.apply(lambda found: present_and_previous([derived(seed, store) for seed in found], "password"))


def _of_each(seeds: Seeds, whats: Sequence[Callable[[str], str]]) -> list[pulumi.Output[str]]:
    """Something of each seed. How many there are is known before what they are."""

    def of(which: int, what: Callable[[str], str]) -> pulumi.Output[str]:
        return seeds.apply(lambda found: what(found[which]))

    return [of(which, what) for which, what in enumerate(whats)]


def _entries(stated: Mapping[str, Any], found: Entries) -> Entries:
    """The entries of a Secret: what is `stated`, maybe an output, or None, which is left out; and what is `found`."""
    known = {key: value for key, value in stated.items() if isinstance(value, str)}
    awaited = {key: value for key, value in stated.items() if value is not None and key not in known}
    # The SDK looks at all outputs again and again: each costs time in every preview, of a thousand tenants too.
    if awaited:
        found = pulumi.Output.all(found, pulumi.Output.all(**awaited)).apply(lambda both: {**both[0], **both[1]})
    return found.apply(lambda rest: {**known, **rest})


def _redis(name: str, spec: TenantSpec, seeds: Seeds, within: pulumi.ResourceOptions, parent: pulumi.Resource) -> None:
    from penstock.data.redis.resources import tenant_user_resource
    from penstock.data.redis.tenants import password_hash

    ref: Any = spec.redis
    stated = {
        "host": ref["host"],
        "port": str(ref["port"]),
        "username": name,
        "prefix": f"{name}:",
        "ca.crt": ref.get("ca_pem"),
    }
    secret(name, spec, "redis", _entries(stated, _passwords(seeds, "redis")), within)
    hashes = _of_each(seeds, [lambda seed: password_hash(derived(seed, "redis")) for _ in rotations(spec)])
    tenant_user_resource(f"{name}-redis", name, ref, hashes, rotation=spec.rotation, parent=parent)


def _postgres(
    name: str, spec: TenantSpec, seeds: Seeds, within: pulumi.ResourceOptions, parent: pulumi.Resource
) -> None:
    from penstock.data.postgres.tenant_resources import tenant_schema

    ref: Any = spec.postgres
    users = [postgres_names.login_role(name, n) for n in rotations(spec)]
    schema = postgres_names.schema_name(name)
    stated = {
        "host": ref["host"],
        "read-host": ref["read_host"],
        "port": str(ref["port"]),
        "database": schema if spec.postgres_database else ref["database"],
        "schema": schema,
        "ca.crt": ref.get("ca_pem"),
        **present_and_previous(users, "username"),
    }
    secret(name, spec, "postgres", _entries(stated, _passwords(seeds, "postgres")), within)
    tenant_schema(
        f"{name}-postgres",
        ref,
        tenant=name,
        verifiers=_of_each(seeds, [partial(_verifier, user) for user in users]),
        rotation=spec.rotation,
        own_database=spec.postgres_database,
        parent=parent,
    )


def _verifier(user: str, seed: str) -> str:
    return postgres_names.verifier(derived(seed, "postgres"), role=user)


def _qdrant(name: str, spec: TenantSpec, within: pulumi.ResourceOptions, parent: pulumi.Resource) -> None:
    from penstock.data.qdrant.tenants import collection
    from penstock.data.qdrant.tokens import own_collection, tenant_token

    ref: Any = spec.qdrant
    if not spec.qdrant_collection:
        # Reached through the platform's services, which filter by this: no token confines its bearer to a partition.
        secret(name, spec, "qdrant", {"collection": ref["collection"], "tenant-id": name}, within)
        return
    stated = {
        "host": ref["host"],
        "port": str(ref["port"]),
        "grpc-port": str(ref["grpc_port"]),
        "collection": own_collection(name),
        "ca.crt": ref.get("ca_pem"),
    }
    key: pulumi.Output[str] = pulumi.Output.from_input(ref["api_key"])
    secret(
        name, spec, "qdrant", _entries(stated, key.apply(lambda known: {"token": tenant_token(known, name)})), within
    )
    collection(name, ref, parent=parent)
