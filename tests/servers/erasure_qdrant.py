"""Three nodes of the Qdrant stand-in that keep snapshots, each its own, as Qdrant does: they outlive their collection."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import ThreadingHTTPServer
from typing import Any

from tests.servers.qdrant_server import KEY, AnswerError, Collection, State, _Handler


class _Node(_Handler):
    """A node; `snapshots` are those on its volume, by the path under which they are asked for."""

    snapshots: dict[str, list[str]]

    def _answered(self, path: str, query: dict[str, list[str]], body: Any) -> Any:
        parent, _, name = path.rpartition("/")
        if path == "/snapshots" or (path.endswith("/snapshots") and self._there(path)):
            return [
                {"name": each, "creation_time": "2026-11-01T00:00:00", "size": 1}
                for each in self.snapshots.get(path, [])
            ]
        if self.command == "DELETE" and parent.endswith("/snapshots") and self._there(path):
            self.snapshots[parent].remove(name)
            return True
        return super()._answered(path, query, body)

    def _there(self, path: str) -> bool:
        if path.split("/")[2] not in self.state.collections:
            raise AnswerError(404, f"Not found: Collection `{path.split('/')[2]}` doesn't exist!")
        return True


class Qdrant:
    """The cluster: what its nodes agree on, the snapshots of each, and where it is reached."""

    def __init__(self, state: State, snapshots: list[dict[str, list[str]]], url: str) -> None:
        self.state, self.snapshots, self.url = state, snapshots, url

    def collection(self, name: str, points: list[dict[str, Any]]) -> None:
        params = {"vectors": {"size": 2, "distance": "Cosine"}, "shard_number": 2, "replication_factor": 1}
        self.state.collections[name] = Collection(
            params, {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000}, self.state.place(2, 1)
        )
        self.state.collections[name].points = points


@contextmanager
def qdrant() -> Iterator[Qdrant]:
    """On three addresses of loopback, on one port, as pods are."""
    block = f"127.{random.randint(1, 250)}.{random.randint(0, 250)}"
    with ExitStack() as ends:
        while True:
            port = random.randint(20000, 29999)
            with suppress(OSError):
                servers = [ThreadingHTTPServer((f"{block}.{peer}", port), _Node) for peer in (1, 2, 3)]
                break
        state = State({peer: f"http://{block}.{peer}:6335" for peer in (1, 2, 3)})
        snapshots: list[dict[str, list[str]]] = [{}, {}, {}]
        for peer, server in enumerate(servers, 1):
            own = {"state": state, "peer": peer, "key": KEY, "snapshots": snapshots[peer - 1]}
            server.RequestHandlerClass = type("Handler", (_Node,), own)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            ends.callback(thread.join)
            ends.callback(server.server_close)
            ends.callback(server.shutdown)
        yield Qdrant(state, snapshots, f"http://{block}.1:{port}")
