"""A tenant in a Redis cluster: the keys that begin with its name and a colon, and its user."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from penstock.tenancy.erasure.archive import Archive
from penstock.tenancy.erasure.errors import ErasureError
from penstock.tenancy.erasure.redis_nodes import Address, Node, nodes, told
from penstock.tenancy.erasure.redis_values import Values
from penstock.tenancy.erasure.store import Counts

_PAGE = 1000
_ROUNDS = 5
_SECONDS = 600
_PAUSE_SECONDS = 0.1


class RedisStore:
    """See `Store`. Nothing here changes a key of anybody else: each is looked for by the tenant's prefix."""

    name = "redis"
    data = ("keys",)
    shrinks = True

    def __init__(self, address: Address, tenant: str) -> None:
        self._address, self._tenant = address, tenant
        self._prefix = f"{tenant}:".encode()
        self._nodes: list[Node] = []
        self.title = str(address)

    def look(self) -> Counts:
        """`copies` are keys on replicas that no primary has: what is erased and not gone there yet."""
        with self._asking():
            keys = {node.name: sum(len(page) for page in self._pages(node)) for node in self._every()}
            users = sum(self._user(node) is not None for node in self._every())
        on_primaries = sum(keys[node.name] for node in self._every() if node.primary)
        on_replicas = sum(keys.values()) - on_primaries
        return {"keys": on_primaries, "users": users, "replica_keys": on_replicas}

    def lock_out(self) -> list[str]:
        with self._asking():
            locked = [node.name for node in self._every() if " on " in f"{self._user(node)} "]
            self._switch(locked, "off")
        return locked

    def let_in(self, locked: Sequence[str]) -> None:
        with self._asking():
            self._switch(locked, "on")

    def export(self, archive: Archive) -> Counts:
        with self._asking(), archive.part("redis/keys.jsonl") as part:
            written = 0
            for node in self._primaries():
                values = Values(node.client)
                archive.note(redis_version=values.version)
                for page in self._pages(node):
                    written += values.write(page, part.write)
            part.about["keys"] = written
        return {"keys": written}

    def erase(self) -> list[str]:
        with self._asking():
            for node in self._every():
                if self._user(node) is not None:
                    node.client.execute_command("ACL", "DELUSER", self._tenant)
                self._save_users(node)
            for _ in range(_ROUNDS):
                if not sum(self._unlink(node) for node in self._primaries()):
                    break
            self._await(lambda: not self.look()["replica_keys"], "A replica", "copies of erased keys")
            self._rewrite()
        return []

    def copies(self) -> list[str]:
        with self._asking():
            files = [node.client.execute_command("CONFIG", "GET", "aclfile")[1] for node in self._every()]
        if all(files):
            return []
        return ["Nodes of Redis have no aclfile: a user that is in their configuration is back when they start anew."]

    def close(self) -> None:
        for node in self._nodes:
            node.client.close()
        self._nodes = []

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """With the nodes as they are now: which of them are primaries may change at any time."""
        self.close()
        with told(self._address):
            self._nodes = nodes(self._address)
            yield

    def _every(self) -> list[Node]:
        return self._nodes

    def _primaries(self) -> Iterator[Node]:
        return (node for node in self._every() if node.primary)

    def _pages(self, node: Node) -> Iterator[list[bytes]]:
        cursor = b"0"
        while True:
            cursor, page = node.client.execute_command("SCAN", cursor, "MATCH", self._prefix + b"*", "COUNT", _PAGE)
            if page:
                yield page
            if cursor == b"0":
                return

    def _unlink(self, node: Node) -> int:
        erased = 0
        for page in self._pages(node):
            asked = node.client.pipeline(transaction=False)
            for key in page:
                # One by one: keys of several slots may not stand in one command.
                asked.execute_command("UNLINK", key)
            erased += sum(asked.execute())
        return erased

    def _user(self, node: Node) -> str | None:
        """The line of the tenant's user on a node. Raises ErasureError where it is somebody else's."""
        for line in (one.decode() for one in node.client.execute_command("ACL", "LIST")):
            _, name, *rules = line.split()
            if name == self._tenant:
                keys = [rule for rule in rules if "~" in rule or rule == "allkeys"]
                if keys != [f"~{self._tenant}:*"]:
                    raise ErasureError(
                        f"{self._address}: The user {name} reaches other keys than {name}:*, so it is no tenant's. "
                        "Nothing is erased."
                    )
                return str(line)
        return None

    def _switch(self, names: Sequence[str], how: str) -> None:
        for node in self._every():
            if node.name in names:
                node.client.execute_command("ACL", "SETUSER", self._tenant, how)
                if how == "off":
                    node.client.execute_command("CLIENT", "KILL", "USER", self._tenant)

    def _save_users(self, node: Node) -> None:
        """A node that starts anew has the users of its file, so they go there, too."""
        (_, file) = node.client.execute_command("CONFIG", "GET", "aclfile")
        if file:
            node.client.execute_command("ACL", "SAVE")

    def _rewrite(self) -> None:
        """Has each node write its files anew, of what there is now: first the one that only grows, then the snapshot,
        which also stays where a replica has once got it from its primary."""
        for command, files in (("BGREWRITEAOF", "append-only file"), ("BGSAVE", "snapshot")):
            begun = [node for node in self._every() if command == "BGSAVE" or self._field(node, "aof_enabled") == "1"]
            for node in begun:
                # What has begun before is of what there was before.
                self._await(partial(self._idle, node), node.name, files)
                node.client.execute_command(command)
            for node in begun:
                self._await(partial(self._idle, node), node.name, files)
                for status in ("aof_last_bgrewrite_status", "rdb_last_bgsave_status"):
                    if self._field(node, status) != "ok":
                        raise ErasureError(
                            f"{self._address}: {node.name} cannot write its {files} anew, so that still has erased "
                            "keys: see the node's log. Then run this again."
                        )

    def _idle(self, node: Node) -> bool:
        busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
        return all(self._field(node, name) != "1" for name in busy)

    def _field(self, node: Node, name: str) -> str:
        lines = node.client.execute_command("INFO", "persistence").decode().split()
        return next((line.split(":")[1] for line in lines if line.startswith(f"{name}:")), "")

    def _await(self, met: Callable[[], bool], where: str, what: str) -> None:
        until = time.monotonic() + _SECONDS
        while not met():
            if time.monotonic() >= until:
                raise ErasureError(
                    f"{self._address}: {where} is not done with its {what} after {_SECONDS} s. See its log, then run "
                    "this again."
                )
            time.sleep(_PAUSE_SECONDS)
