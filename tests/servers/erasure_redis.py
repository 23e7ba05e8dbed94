"""Tenants with keys of all types in a real Redis cluster, and everything that each of its nodes has."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import redis

from penstock.data.redis import plan
from penstock.data.redis.spec import RedisClusterSpec
from penstock.data.redis.tenants import password_hash, tenant_user
from penstock.spec import check
from tests.servers.conftest import POOL
from tests.servers.redis_nodes import Nodes, make_certificates, until

ODD = bytes(range(256))
PASSWORD = "x" * 40


@contextmanager
def cluster(home: Path) -> Iterator[Nodes]:
    """A cluster of six, formed, whose names resolve."""
    spec = check(RedisClusterSpec, {"namespace": "data", "pools": [POOL], "use": "cache", "maxmemory_mib": 64})
    (home / "nodes").mkdir()
    nodes = Nodes(
        home / "nodes", plan.config_files(spec), make_certificates(home / "tls"), 6, [f"m{i}" for i in range(6)]
    )
    try:
        nodes.start(*range(6))
        nodes.form()
        with resolved(nodes):
            yield nodes
    finally:
        nodes.end_all()


@contextmanager
def resolved(nodes: Nodes) -> Iterator[None]:
    """Has the names of the nodes resolve, as they do in a cluster of pods."""
    real = socket.getaddrinfo

    def look_up(host: Any, *words: Any, **more: Any) -> Any:
        known = {nodes.name(i): address for i, address in enumerate(nodes.addresses)}
        return real(known.get(host, host), *words, **more)

    with patch("socket.getaddrinfo", look_up):
        yield


def client(nodes: Nodes, i: int, user: str = "admin", password: str = "admin-secret-1") -> Any:
    made = redis.Redis(
        nodes.name(i),
        nodes.port,
        username=user,
        password=password,
        ssl=True,
        ssl_ca_certs=str(nodes.tls / "ca.crt"),
        protocol=2,
    )
    made.response_callbacks.clear()
    return made


def url(nodes: Nodes, i: int = 0) -> str:
    return f"rediss://admin@{nodes.name(i)}:{nodes.port}"


def give_user(nodes: Nodes, tenant: str) -> None:
    """Makes the tenant's user, on every node, as its Job does."""
    for i in range(len(nodes)):
        nodes.ask(i, "acl", "setuser", tenant, "reset", "on", f"#{password_hash(PASSWORD)}", *tenant_user(tenant))
        nodes.ask(i, "acl", "save")


def fill(nodes: Nodes, tenant: str) -> None:
    """Keys of every type, many and large ones, odd bytes, times to live: by the tenant itself."""
    many = {f"f{i}": f"v{i}" for i in range(1500)}
    key = f"{tenant}:".encode()
    commands: list[tuple[Any, ...]] = [
        ("SET", key + b"text", 'ü😀 "\\\n'),
        ("SET", key + b"bytes", ODD, "PXAT", 4102444800123),
        ("SET", key + ODD + b"*?[x]", "odd key"),
        ("SET", key + b"large", ODD * 1000, "EX", 100000),
        ("SET", key + b"large text", "ab" * 70000),
        ("SET", key, "empty name"),
        ("SETBIT", key + b"bits", 7, 1),
        ("PFADD", key + b"log", "a", "b"),
        ("RPUSH", key + b"list", "a", ODD, "", "a"),
        ("RPUSH", key + b"long list", *(str(i) for i in range(1700))),
        ("SADD", key + b"set", "a", ODD, ""),
        ("SADD", key + b"numbers", *range(2000)),
        ("HSET", key + b"hash", "f", ODD, ODD, "", "", "v"),
        ("HSET", key + b"large hash", *(part for pair in many.items() for part in pair)),
        ("ZADD", key + b"scores", "0.1", "a", "-inf", ODD, "inf", "c", "3", "d", "1.7976931348623157e308", "e"),
        ("ZADD", key + b"many scores", *(part for i in range(1200) for part in (i / 3, f"m{i}"))),
        ("GEOADD", key + b"places", "13.361389", "38.115556", "Palermo"),
        *(("XADD", key + b"stream", f"{i}-1", "f", ODD, "g", i) for i in range(1, 700)),
        ("XDEL", key + b"stream", "5-1"),
        ("XGROUP", "CREATE", key + b"stream", ODD, "3-1"),
        ("XREADGROUP", "GROUP", ODD, "me", "COUNT", "2", "STREAMS", key + b"stream", ">"),
        ("XADD", key + b"empty stream", "MAXLEN", "0", "7-7", "f", "v"),
        *(("SET", key + f"{i}".encode(), i) for i in range(300)),
    ]
    write(nodes, tenant, commands)


def write(nodes: Nodes, tenant: str, commands: Sequence[tuple[Any, ...]]) -> None:
    """Runs commands as the tenant, each on the node that takes it."""
    clients = [client(nodes, i, tenant, PASSWORD) for i in nodes.primaries()]
    for command in commands:
        for one in clients:
            try:
                one.execute_command(*command)
                break
            except redis.exceptions.MovedError:
                continue
        else:
            raise AssertionError(f"nobody takes {command[:2]}")
    for one in clients:
        one.close()


def everything(nodes: Nodes, prefix: str = "") -> dict[int, dict[bytes, Any]]:
    """What each node has, replicas included: of each key its dump and when it ends."""
    until(lambda: _in_step(nodes), "replicas have what their primaries have")
    found: dict[int, dict[bytes, Any]] = {}
    for i in sorted(nodes.processes):
        one = client(nodes, i)
        one.execute_command("READONLY")
        keys = one.execute_command("KEYS", f"{prefix}*")
        kinds = _all(one, [("TYPE", key) for key in keys])
        # A dump of these depends on the order within, which differs where a replica has loaded its file.
        asked = {b"set": "SMEMBERS", b"hash": "HGETALL"}
        values = _all(one, [(asked.get(kind, "DUMP"), key) for key, kind in zip(keys, kinds, strict=True)])
        ends = _all(one, [("PEXPIRETIME", key) for key in keys])
        found[i] = {
            key: (kind, _sorted(kind, value), end)
            for key, kind, value, end in zip(keys, kinds, values, ends, strict=True)
        }
        one.close()
    return found


def _all(one: Any, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    asked = one.pipeline(transaction=False)
    for command in commands:
        asked.execute_command(*command)
    return list(asked.execute())


def _sorted(kind: bytes, value: Any) -> Any:
    if kind == b"hash":
        return sorted(zip(value[::2], value[1::2], strict=True))
    return sorted(value) if kind == b"set" else value


def _in_step(nodes: Nodes) -> bool:
    offsets = {i: nodes.info(i) for i in nodes.processes}
    behind = [info for info in offsets.values() if info["role"] == "slave" and info["master_link_status"] != "up"]
    sizes = {i: int(nodes.ask(i, "dbsize")) for i in nodes.processes}
    pairs = [(primary, nodes.replica_of(primary)) for primary in nodes.primaries()]
    return not behind and all(sizes[one] == sizes[other] for one, other in pairs)


def users(nodes: Nodes) -> dict[int, str]:
    """The users of each node, and of its file."""
    listed = {}
    for i in sorted(nodes.processes):
        one = client(nodes, i)
        listed[i] = json.dumps([line.decode() for line in one.execute_command("ACL", "LIST")])
        listed[i] += (nodes.folder / str(i) / "data" / "users.acl").read_text()
        one.close()
    return listed


def restore(one: Any, line: dict[str, Any]) -> None:
    """Puts a line of the export back into a Redis without a cluster."""
    key, kind, value = octets(line["key"]), line["type"], line.get("value")
    if "dump" in line:
        one.execute_command("RESTORE", key, 0, octets(line["dump"]))
    elif kind == "string":
        one.execute_command("SET", key, octets(value))
    elif kind in ("list", "set"):
        one.execute_command({"list": "RPUSH", "set": "SADD"}[kind], key, *map(octets, value))
    elif kind == "hash":
        one.execute_command("HSET", key, *(octets(part) for pair in value for part in pair))
    elif kind == "zset":
        one.execute_command("ZADD", key, *(part for member, score in value for part in (score, octets(member))))
    elif kind == "stream":
        _restore_stream(one, key, line)
    else:
        raise AssertionError(kind)
    if line["expires_at_ms"] is not None:
        one.execute_command("PEXPIREAT", key, line["expires_at_ms"])


def _restore_stream(one: Any, key: bytes, line: dict[str, Any]) -> None:
    one.execute_command("XGROUP", "CREATE", key, "for a moment", "0", "MKSTREAM")
    one.execute_command("XGROUP", "DESTROY", key, "for a moment")
    for id_, fields in line["value"]:
        one.execute_command("XADD", key, id_, *map(octets, fields))
    added = ("ENTRIESADDED", line["entries_added"], "MAXDELETEDID", octets(line["max_deleted_id"]))
    one.execute_command("XSETID", key, octets(line["last_id"]), *added)
    for group in line["groups"]:
        name = octets(group["name"])
        read = () if group["entries_read"] is None else ("ENTRIESREAD", group["entries_read"])
        one.execute_command("XGROUP", "CREATE", key, name, octets(group["last_id"]), *read)
        for consumer in group["consumers"]:
            one.execute_command("XGROUP", "CREATECONSUMER", key, name, octets(consumer))
        for id_, consumer, idle, times in group["pending"]:
            claim = (
                "XCLAIM",
                key,
                name,
                octets(consumer),
                0,
                id_,
                "IDLE",
                idle,
                "RETRYCOUNT",
                times,
                "FORCE",
                "JUSTID",
            )
            one.execute_command(*claim)


def content(one: Any, key: bytes) -> Any:
    """All that can be asked of a key, but how long ago something was."""
    kind = one.execute_command("TYPE", key)
    asked = {
        b"string": [("GET", key)],
        b"list": [("LRANGE", key, 0, -1)],
        b"set": [("SMEMBERS", key)],
        b"hash": [("HGETALL", key)],
        b"zset": [("ZRANGE", key, 0, -1, "WITHSCORES")],
        b"stream": [("XRANGE", key, "-", "+"), ("XINFO", "STREAM", key), ("XINFO", "GROUPS", key)],
    }[kind]
    replies = [one.execute_command(*words) for words in asked]
    if kind == b"set":
        replies = [sorted(replies[0])]
    if kind == b"hash":
        replies = [sorted(zip(replies[0][::2], replies[0][1::2], strict=True))]
    if kind == b"stream":
        about = replies[1]
        shape = (about.index(b"radix-tree-keys"), about.index(b"radix-tree-nodes"))
        replies[1] = [part for at, part in enumerate(about) if at - 1 not in shape]
        for row in replies[2]:
            group = row[row.index(b"name") + 1]
            pending = one.execute_command("XPENDING", key, group, "-", "+", 100)
            replies.append([[id_, consumer, times] for id_, consumer, _, times in pending])
    return kind, one.execute_command("PEXPIRETIME", key), replies


def octets(value: Any) -> bytes:
    """What the export calls a text."""
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else str(value).encode()
