"""A tenant in a real Redis cluster with TLS: exported to the byte, and erased from every node, its users' file included."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyrage
import pytest
import redis

from penstock.tenancy.erasure.archive import archived
from penstock.tenancy.erasure.errors import ErasureError
from penstock.tenancy.erasure.redis_nodes import Address
from penstock.tenancy.erasure.redis_store import RedisStore
from tests.servers import erasure_redis
from tests.servers.erasure_redis import (
    PASSWORD,
    client,
    content,
    everything,
    fill,
    give_user,
    octets,
    restore,
    users,
    write,
)
from tests.servers.redis_nodes import Nodes, until

IDENTITY = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with erasure_redis.cluster(tmp_path_factory.mktemp("redis")) as nodes:
        yield nodes


def tenant(nodes: Nodes, name: str, *, full: bool = False) -> str:
    """One that has a user, and a few keys or `full` of them."""
    give_user(nodes, name)
    if full:
        fill(nodes, name)
    else:
        write(nodes, name, [("SET", f"{name}:{i}", i) for i in range(50)])
    return name


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Any]:
    """A Redis without a cluster."""
    socket = tmp_path / "s"
    words = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    made = redis.Redis(unix_socket_path=str(socket), protocol=2)
    made.response_callbacks.clear()
    try:
        until(lambda: socket.exists() and made.execute_command("PING"), "it answers")
        yield made
    finally:
        made.close()
        process.terminate()
        process.wait(10)


@contextmanager
def store(nodes: Nodes, name: str, password: str = "admin-secret-1", node: int = 1) -> Iterator[RedisStore]:
    address = Address(nodes.name(node), nodes.port, "admin", password, True, str(nodes.tls / "ca.crt"))
    made = RedisStore(address, name)
    yield made
    made.close()


def exported(of: RedisStore, folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest, and the members."""
    with archived(folder / "x.age", [str(IDENTITY.to_public())], {}) as archive:
        of.export(archive)
    archive.publish()
    plain = pyrage.decrypt((folder / "x.age").read_bytes(), [IDENTITY])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    return json.loads(members["manifest.json"]), members


def test_what_is_exported_makes_every_key_again_to_the_byte(cluster: Nodes, alone: Any, tmp_path: Path) -> None:
    tenant(cluster, "acme", full=True)
    tenant(cluster, "acme-2")
    with store(cluster, "acme") as of:
        manifest, members = exported(of, tmp_path)
    lines = [json.loads(line) for line in members["redis/keys.jsonl"].splitlines()]
    assert manifest["parts"][0]["keys"] == len(lines) == 319
    for line in lines:
        restore(alone, line)
    seen = set()
    for i in cluster.primaries():
        one = client(cluster, i)
        for key in one.execute_command("KEYS", "acme:*"):
            assert content(alone, key) == content(one, key), key
            seen.add(key)
        one.close()
    assert seen == {octets(line["key"]) for line in lines}
    assert {line["type"] for line in lines} == {"string", "list", "set", "hash", "zset", "stream"}
    assert sum(line["expires_at_ms"] is not None for line in lines) == 2


def test_nothing_of_it_is_left_on_any_node_and_nothing_of_others_is_touched(cluster: Nodes) -> None:
    def others() -> dict[int, dict[bytes, Any]]:
        found = everything(cluster)
        return {i: {key: v for key, v in keys.items() if not key.startswith(b"blue:")} for i, keys in found.items()}

    tenant(cluster, "blue", full=True)
    tenant(cluster, "blue-2", full=True)
    before, before_users = others(), users(cluster)
    with store(cluster, "blue") as of:
        assert of.look() == {"keys": 319, "users": 6, "replica_keys": 319}
        assert of.erase() == []
        assert of.look() == {"keys": 0, "users": 0, "replica_keys": 0}
    assert others() == before
    assert sum(len(keys) for keys in everything(cluster, "blue:").values()) == 0
    for i, line in users(cluster).items():
        assert "~blue:*" not in line
        assert "~blue-2:*" in line
        assert "~blue:*" in before_users[i]


def test_files_on_the_nodes_volumes_no_longer_hold_a_key_of_it(cluster: Nodes) -> None:
    def held() -> set[int]:
        data = [(i, path) for i in range(6) for path in (cluster.folder / str(i) / "data").rglob("*") if path.is_file()]
        return {i for i, path in data if b"coal:" in path.read_bytes()}

    tenant(cluster, "coal")
    assert held() == set(range(6))
    for i in cluster.primaries():
        cluster.ask(i, "bgsave")
    with store(cluster, "coal") as of:
        of.erase()
    assert held() == set()


def test_who_is_locked_out_is_cut_off_at_once_and_can_be_let_in_again(cluster: Nodes) -> None:
    mine = client(cluster, 0, tenant(cluster, "dune"), PASSWORD)
    other = client(cluster, 0, tenant(cluster, "dune-2"), PASSWORD)
    with store(cluster, "dune") as of:
        assert mine.execute_command("PING") == b"PONG"
        locked = of.lock_out()
        assert len(locked) == 6
        with pytest.raises(redis.RedisError):
            mine.execute_command("PING")
        assert other.execute_command("PING") == b"PONG"
        assert of.lock_out() == []
        of.let_in(locked)
        assert mine.execute_command("PING") == b"PONG"
    mine.close()
    other.close()


def test_erasing_twice_and_after_half_of_it_was_done_is_the_same(cluster: Nodes) -> None:
    tenant(cluster, "echo")
    cluster.ask(2, "acl", "deluser", "echo")
    one = client(cluster, cluster.primaries()[0])
    for key in one.execute_command("KEYS", "echo:*"):
        one.execute_command("UNLINK", key)
    one.close()
    for _ in range(2):
        with store(cluster, "echo") as of:
            of.erase()
            assert not any(of.look().values())


@pytest.mark.parametrize("name", ["admin", "exporter"])
def test_a_user_that_reaches_more_is_nobodys_to_erase(cluster: Nodes, name: str) -> None:
    with pytest.raises(ErasureError, match=f"The user {name} reaches other keys than"), store(cluster, name) as of:
        of.look()


def test_a_wrong_password_is_told_and_not_shown(cluster: Nodes) -> None:
    with pytest.raises(ErasureError) as wrong, store(cluster, "acme", "the-wrong-password") as of:
        of.look()
    assert "invalid username-password pair" in str(wrong.value)
    assert "the-wrong-password" not in str(wrong.value)


def test_slots_on_their_way_and_a_node_that_is_away_are_told(cluster: Nodes) -> None:
    first, second = cluster.primaries()[:2]
    mine = next(line for line in cluster.ask(first, "cluster", "nodes").splitlines() if "myself" in line).split()[8]
    slot = mine.split("-")[0]
    cluster.ask(first, "cluster", "setslot", slot, "migrating", cluster.ask(second, "cluster", "myid"))
    with pytest.raises(ErasureError, match="Slots are being moved"), store(cluster, "acme", node=first) as of:
        of.look()
    cluster.ask(first, "cluster", "setslot", slot, "stable")

    replica = cluster.replica_of(first)
    cluster.end(replica)
    try:
        with pytest.raises(ErasureError, match="does not answer|is away"), store(cluster, "acme", node=first) as of:
            of.look()
    finally:
        cluster.start(replica)
