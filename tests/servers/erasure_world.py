"""Tenants with something in a real PostgreSQL, a real Redis cluster and Qdrant's stand-in, and all that is in these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from penstock.data.postgres import tenants
from tests.servers import erasure_redis
from tests.servers.erasure_export import RECIPIENT, lines, read
from tests.servers.erasure_postgres import DATABASE, contents, create, url
from tests.servers.erasure_postgres import fill as fill_postgres
from tests.servers.erasure_qdrant import Qdrant, qdrant
from tests.servers.erasure_redis import everything, give_user, users, write
from tests.servers.postgres_server import Server, bootstrap, debian, folder
from tests.servers.redis_nodes import Nodes

SQL = "create table orders (id serial primary key, what text); insert into orders (what) select 'w' || i from generate_series(1, 40) i;"


class World(NamedTuple):
    redis: Nodes
    postgres: Server
    qdrant: Qdrant


@contextmanager
def stores(home_of_redis: Path) -> Iterator[World]:
    """All three, with one tenant in them."""
    with ExitStack() as ends:
        nodes = ends.enter_context(erasure_redis.cluster(home_of_redis))
        vectors = ends.enter_context(qdrant())
        home, programs = ends.enter_context(folder()), debian()
        assert programs, "Run tests/servers/install."
        server = Server(programs, home)
        ends.callback(server.stop)
        server.make()
        server.start()
        bootstrap(server)
        vectors.collection("tenants", [])
        made = World(nodes, server, vectors)
        settle(made, "other")
        yield made


def settle(world: World, tenant: str) -> str:
    """Gives a tenant something in each store."""
    create(world.postgres, tenant, "pw")
    fill_postgres(world.postgres, tenant, "pw", SQL)
    give_user(world.redis, tenant)
    write(world.redis, tenant, [("SET", f"{tenant}:{i}", i) for i in range(60)])
    points = [{"id": f"{tenant}-{i}", "vector": [0.5, 1.0], "payload": {"tenant_id": tenant}} for i in range(300)]
    world.qdrant.state.collections["tenants"].points += points
    world.qdrant.collection(f"tenant-{tenant}", [{"id": 1, "vector": [0.0, 1.0], "payload": {}}])
    for snapshots in world.qdrant.snapshots:
        snapshots[f"/collections/tenant-{tenant}/snapshots"] = ["mine.snapshot"]
    return tenant


def words(world: World, command: str, tenant: str, out: Path, *more: str) -> list[str]:
    stores = [
        "--postgres", url(world.postgres), "--redis", erasure_redis.url(world.redis), "--redis-ca",
        str(world.redis.tls / "ca.crt"), "--qdrant", world.qdrant.url,
    ]  # fmt: skip
    return [command, tenant, "--recipient", RECIPIENT, "--out", str(out), *stores, *more]


def of_others(world: World, tenant: str) -> dict[str, Any]:
    """All that is not the tenant's, in every store."""
    schema = tenants.schema_name(tenant)
    own = (f"{schema}_owner", f"{schema}_ro", f"{schema}_0", f"{schema}_1")
    tables = {
        name: rows for name, rows in contents(world.postgres, DATABASE).items() if not name.startswith(f"{schema}.")
    }
    roles = world.postgres.ask(
        "select rolname || '=' || rolcanlogin || coalesce(rolpassword, '') from pg_authid order by 1"
    )
    keys = {
        i: {key: value for key, value in found.items() if not key.startswith(f"{tenant}:".encode())}
        for i, found in everything(world.redis).items()
    }
    logins = {
        i: sorted(
            line for line in world.redis.ask(i, "acl", "list").split("user ") if not line.startswith(f"{tenant} ")
        )
        for i in range(6)
    }
    points = {
        name: [point for point in each.points if point["payload"].get("tenant_id") != tenant]
        for name, each in world.qdrant.state.collections.items()
        if name != f"tenant-{tenant}"
    }
    return {
        "tables": tables,
        "roles": [role for role in roles if role.split("=")[0] not in own],
        "keys": keys,
        "logins": logins,
        "points": deepcopy(points),
    }


def traces(world: World, tenant: str) -> list[str]:
    """What is left of the tenant, wherever one can look."""
    schema = tenants.schema_name(tenant)
    asked = (
        f"select rolname from pg_roles where rolname in ('{schema}_owner', '{schema}_ro', '{schema}_0', '{schema}_1') "
        f"union all select nspname from pg_namespace where nspname = '{schema}' "
        f"union all select datname from pg_database where datname = '{schema}'"
    )
    found = world.postgres.ask(asked)
    for i, keys in everything(world.redis, f"{tenant}:").items():
        found += [f"node {i}: {key!r}" for key in keys]
    found += [f"node {i}: user" for i, line in users(world.redis).items() if f"~{tenant}:*" in line]
    for name, each in world.qdrant.state.collections.items():
        found += [name for point in each.points if point["payload"].get("tenant_id") == tenant]
        found += [name] if name == f"tenant-{tenant}" else []
    found += [str(node) for node in world.qdrant.snapshots if node.get(f"/collections/tenant-{tenant}/snapshots")]
    return found


def check_export(out: Path, tenant: str) -> None:
    """It has all that `settle` made."""
    export = read(out)
    assert export.manifest["tenant"] == tenant
    rows = export.parts[f"postgres/{DATABASE}/tables/0001-{tenants.schema_name(tenant)}.orders.csv"].splitlines()
    assert rows == [b"id,what", *(f"{i},w{i}".encode() for i in range(1, 41))]
    keys = {line["key"]: line["value"] for line in lines(export, "redis/keys.jsonl")}
    assert keys == {f"{tenant}:{i}": str(i) for i in range(60)}
    points = lines(export, "qdrant/tenants/points.jsonl")
    assert {point["id"] for point in points} == {f"{tenant}-{i}" for i in range(300)}
    assert len(lines(export, f"qdrant/tenant-{tenant}/points.jsonl")) == 1
