"""What a tenant has in the stores, and the Secrets by which it gets there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    keys = seeds.apply(lambda texts: api_keys(name, texts))
    secret(name, spec, "api-keys", keys.apply(lambda each: present_and_previous(each, "key")), within)
    if spec.redis is not None:
        _redis(name, spec, seeds, within, parent)
    if spec.postgres is not None:
        _postgres(name, spec, seeds, within, parent)
    if spec.qdrant is not None:
        _qdrant(name, spec, within, parent)
    return keys.apply(lambda each: [key_hash(key) for key in each])


def _each(seeds: Seeds, what: Callable[[str], str], spec: TenantSpec) -> list[pulumi.Output[str]]:
    """Something of each seed. How many there are is known before what they are."""

    def of(which: int) -> pulumi.Output[str]:
        return seeds.apply(lambda texts: what(texts[which]))

    return [of(which) for which in range(len(rotations(spec)))]


def _entries(plain: dict[str, Any], more: dict[str, Sequence[pulumi.Output[str]]]) -> pulumi.Output[dict[str, str]]:
    """The entries of a Secret: plain ones, and of each other the present value and maybe the previous one."""
    named = {key: present_and_previous(values, key) for key, values in more.items()}  # type: ignore[arg-type]
    told = {key: value for values in named.values() for key, value in values.items()}
    stated = {key: value for key, value in {**plain, **told}.items() if value is not None}
    known = {key: value for key, value in stated.items() if isinstance(value, str)}
    # Each value that is waited for costs time in every preview, of a thousand tenants too.
    awaited = pulumi.Output.all(**{key: value for key, value in stated.items() if key not in known})
    return awaited.apply(lambda found: {**known, **found})


def _redis(name: str, spec: TenantSpec, seeds: Seeds, within: pulumi.ResourceOptions, parent: pulumi.Resource) -> None:
    from penstock.data.redis.resources import tenant_user_resource
    from penstock.data.redis.tenants import password_hash

    ref: Any = spec.redis
    passwords = _each(seeds, lambda seed: derived(seed, "redis"), spec)
    plain = {
        "host": ref["host"],
        "port": str(ref["port"]),
        "username": name,
        "prefix": f"{name}:",
        "ca.crt": ref.get("ca_pem"),
    }
    secret(name, spec, "redis", _entries(plain, {"password": passwords}), within)
    hashes = [password.apply(password_hash) for password in passwords]
    tenant_user_resource(f"{name}-redis", name, ref, hashes, rotation=spec.rotation, parent=parent)


def _postgres(
    name: str, spec: TenantSpec, seeds: Seeds, within: pulumi.ResourceOptions, parent: pulumi.Resource
) -> None:
    from penstock.data.postgres.tenant_resources import tenant_schema

    ref: Any = spec.postgres
    passwords = _each(seeds, lambda seed: derived(seed, "postgres"), spec)
    users = [postgres_names.login_role(name, n) for n in rotations(spec)]
    schema = postgres_names.schema_name(name)
    plain = {
        "host": ref["host"],
        "read-host": ref["read_host"],
        "port": str(ref["port"]),
        "database": schema if spec.postgres_database else ref["database"],
        "schema": schema,
        "ca.crt": ref.get("ca_pem"),
        **present_and_previous(users, "username"),
    }
    secret(name, spec, "postgres", _entries(plain, {"password": passwords}), within)
    tenant_schema(
        f"{name}-postgres",
        ref,
        tenant=name,
        verifiers=[
            password.apply(partial(postgres_names.verifier, role=user))
            for password, user in zip(passwords, users, strict=True)
        ],
        rotation=spec.rotation,
        own_database=spec.postgres_database,
        parent=parent,
    )


def _qdrant(name: str, spec: TenantSpec, within: pulumi.ResourceOptions, parent: pulumi.Resource) -> None:
    from penstock.data.qdrant.tenants import collection
    from penstock.data.qdrant.tokens import own_collection, tenant_token

    ref: Any = spec.qdrant
    if not spec.qdrant_collection:
        # Reached through the platform's services, which filter by this: no token confines its bearer to a partition.
        secret(name, spec, "qdrant", {"collection": ref["collection"], "tenant-id": name}, within)
        return
    plain = {
        "host": ref["host"],
        "port": str(ref["port"]),
        "grpc-port": str(ref["grpc_port"]),
        "collection": own_collection(name),
        "token": pulumi.Output.from_input(ref["api_key"]).apply(lambda key: tenant_token(key, name)),
        "ca.crt": ref.get("ca_pem"),
    }
    secret(name, spec, "qdrant", _entries(plain, {}), within)
    collection(name, ref, parent=parent)
