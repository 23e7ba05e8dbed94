"""A stand-in for Qdrant's REST API, as far as our own program asks it: no vector is ever searched here.

Every request is validated by the models of qdrant-client, which forbid what they do not know, and so is every answer
that has a model. What it does with shards and peers is told by Qdrant's source (v1.19.0: src/tonic/api/raft_api.rs,
lib/storage/src/content_manager/toc/collection_meta_ops.rs).
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError
from qdrant_client.http import models

KEY = "the-key"
_OPERATIONS = TypeAdapter(models.ReplicateShardOperation | models.DropReplicaOperation)
_STATUS = TypeAdapter(models.ClusterStatusOneOf1)
_HNSW = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000, "max_indexing_threads": 0, "on_disk": False}


class AnswerError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass
class Collection:
    """A collection: its parameters, the states of its replicas by shard and peer, its points."""

    params: dict[str, Any]
    hnsw: dict[str, Any]
    shards: dict[int, dict[int, str]]
    indexes: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)
    transfers: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class State:
    """What all nodes of a cluster agree on."""

    peers: dict[int, str]
    leader: int | None = 1
    silent: set[int] = field(default_factory=set)
    collections: dict[str, Collection] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    refuse: list[int] = field(default_factory=list)
    """Statuses with which the next requests are answered, whatever they ask."""
    lose: list[int] = field(default_factory=list)
    """Statuses with which the next changes are answered that are carried out."""
    writer: Callable[[], None] | None = None
    """What happens after each deletion of points."""

    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        reads = re.compile(r"/(scroll|count)$")
        return [(method, path) for method, path, _ in self.requests if method != "GET" and not reads.search(path)]

    def place(self, shards: int, replicas: int) -> dict[int, dict[int, str]]:
        """Shards as Qdrant spreads them: replicas on different peers, in turn."""
        order = sorted(self.peers)
        return {
            shard: {order[(shard + copy) % len(order)]: "Active" for copy in range(min(replicas, len(order)))}
            for shard in range(shards)
        }


class _Handler(BaseHTTPRequestHandler):
    state: ClassVar[State]
    peer: ClassVar[int]
    key: ClassVar[str]

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = urlsplit(self.path)
        self.state.requests.append((self.command, path.path, body))
        try:
            if self.headers.get("api-key") != self.key:
                raise AnswerError(401, "Invalid API key or JWT")
            if self.state.refuse:
                raise AnswerError(self.state.refuse.pop(0), "Service is not ready")
            result = self._answered(path.path, parse_qs(path.query), body)
            if self.command != "GET" and self.state.lose:
                raise AnswerError(self.state.lose.pop(0), "Deadline exceeded")
            self._send(200, {"result": result, "status": "ok", "time": 0.0})
        except ValidationError as error:
            self._send(422, {"status": {"error": f"Validation error in JSON body: {error}"}, "time": 0.0})
        except AnswerError as error:
            self._send(error.status, {"status": {"error": str(error)}, "time": 0.0})

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = _serve  # noqa: N815 (names that the base class asks for)

    def _send(self, status: int, content: dict[str, Any]) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _answered(self, path: str, query: dict[str, list[str]], body: Any) -> Any:
        steps = path.strip("/").split("/")
        match self.command, steps:
            case "GET", ["cluster"]:
                return self._cluster()
            case "DELETE", ["cluster", "peer", peer]:
                return self._remove_peer(int(peer), force=query.get("force") == ["true"])
            case "GET", ["collections"]:
                return {"collections": [{"name": name} for name in self.state.collections]}
            case "PUT", ["collections", name]:
                return self._create(name, models.CreateCollection.model_validate(body))
            case "DELETE", ["collections", name]:
                return self.state.collections.pop(name, None) is not None
            case method, ["collections", name, *rest]:
                if name not in self.state.collections:
                    raise AnswerError(404, f"Not found: Collection `{name}` doesn't exist!")
                return self._of_collection(method, self.state.collections[name], rest, body)
        raise AnswerError(404, f"There is no {self.command} {path}")

    def _of_collection(self, method: str, found: Collection, rest: list[str], body: Any) -> Any:
        match method, rest:
            case "GET", []:
                return _told(found)
            case "PATCH", []:
                return _patch(found, models.UpdateCollection.model_validate(body))
            case "PUT", ["index"]:
                index = models.CreateFieldIndex.model_validate(body)
                assert isinstance(index.field_schema, BaseModel)
                found.indexes[index.field_name] = _dumped(index.field_schema)
                return {"operation_id": 0, "status": "completed"}
            case "GET", ["cluster"]:
                return self._layout(found)
            case "POST", ["cluster"]:
                return self._move(found, _OPERATIONS.validate_python(body))
            case "POST", ["points", "scroll"]:
                return _scroll(found, models.ScrollRequest.model_validate(body))
            case "POST", ["points", "count"]:
                asked = models.CountRequest.model_validate(body)
                return {"count": len(_matching(found, asked.filter))}
            case "POST", ["points", "delete"]:
                selected = models.FilterSelector.model_validate(body)
                gone = _matching(found, selected.filter)
                found.points = [point for point in found.points if point not in gone]
                if self.state.writer:
                    self.state.writer()
                return {"operation_id": 1, "status": "completed"}
        raise AnswerError(404, f"There is no {method} {rest}")

    def _cluster(self) -> dict[str, Any]:
        state = self.state
        told = {
            "status": "enabled",
            "peer_id": self.peer,
            "peers": {str(peer): {"uri": f"{uri}/"} for peer, uri in state.peers.items()},
            "raft_info": {
                "term": 1 if state.leader else 0,
                "commit": 9,
                "pending_operations": 0,
                "leader": state.leader,
                "role": "Leader" if state.leader == self.peer else "Follower",
                "is_voter": True,
            },
            "consensus_thread_status": {
                "consensus_thread_status": "working",
                "last_update": "2026-01-01T00:00:00.000000000Z",
            },
            "message_send_failures": {
                f"{state.peers[peer]}/": {"count": 3, "latest_error": "deadline has elapsed"} for peer in state.silent
            },
        }
        _STATUS.validate_python(told)
        return told

    def _remove_peer(self, peer: int, *, force: bool) -> bool:
        holds = any(peer in holders for each in self.state.collections.values() for holders in each.shards.values())
        if holds and not force:
            raise AnswerError(400, f"Cannot remove peer {peer} as there are shards on it")
        for each in self.state.collections.values():
            for holders in each.shards.values():
                holders.pop(peer, None)
        self.state.peers.pop(peer, None)
        return True

    def _create(self, name: str, asked: models.CreateCollection) -> bool:
        if name in self.state.collections:
            raise AnswerError(409, f"Wrong input: Collection `{name}` already exists!")
        assert isinstance(asked.vectors, models.VectorParams)
        shards, replicas = asked.shard_number or 1, asked.replication_factor or 1
        params = {
            "vectors": _dumped(asked.vectors),
            "shard_number": shards,
            "replication_factor": replicas,
            "write_consistency_factor": asked.write_consistency_factor or 1,
            "on_disk_payload": True,
        }
        graph = {**_HNSW, **(_dumped(asked.hnsw_config) if asked.hnsw_config else {})}
        self.state.collections[name] = Collection(params, graph, self.state.place(shards, replicas))
        return True

    def _layout(self, found: Collection) -> dict[str, Any]:
        rows = [(shard, peer, state) for shard, holders in found.shards.items() for peer, state in holders.items()]
        told = {
            "peer_id": self.peer,
            "shard_count": len(found.shards),
            "local_shards": [
                {"shard_id": shard, "points_count": 0, "state": state}
                for shard, peer, state in rows
                if peer == self.peer
            ],
            "remote_shards": [
                {"shard_id": shard, "peer_id": peer, "state": state} for shard, peer, state in rows if peer != self.peer
            ],
            "shard_transfers": [
                {"shard_id": each["shard_id"], "from": each["from_peer_id"], "to": each["to_peer_id"], "sync": True}
                for each in found.transfers
            ],
        }
        models.CollectionClusterInfo.model_validate(told)
        for each in found.transfers:  # those that were told of are done the next time
            found.shards[each["shard_id"]][each["to_peer_id"]] = "Active"
        found.transfers = []
        return told

    def _move(self, found: Collection, asked: Any) -> bool:
        if isinstance(asked, models.DropReplicaOperation):
            drop = asked.drop_replica
            if len(found.shards[drop.shard_id]) == 1:
                raise AnswerError(400, f"Shard {drop.shard_id} must have at least one replica")
            found.shards[drop.shard_id].pop(drop.peer_id)
            return True
        move = asked.replicate_shard
        if found.shards[move.shard_id].get(move.from_peer_id) != "Active":
            raise AnswerError(400, f"Shard {move.shard_id} is not active on peer {move.from_peer_id}")
        if move.to_peer_id in found.shards[move.shard_id] or move.to_peer_id not in self.state.peers:
            raise AnswerError(400, f"Shard {move.shard_id} cannot be put on peer {move.to_peer_id}")
        found.shards[move.shard_id][move.to_peer_id] = "Partial"
        found.transfers.append(_dumped(move))
        return True


def _told(found: Collection) -> dict[str, Any]:
    told = {
        "status": "green",
        "optimizer_status": "ok",
        "points_count": len(found.points),
        "segments_count": 1,
        "config": {
            "params": found.params,
            "hnsw_config": found.hnsw,
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
        },
        "payload_schema": {
            name: {"data_type": schema["type"], "params": schema, "points": 0} for name, schema in found.indexes.items()
        },
    }
    models.CollectionInfo.model_validate(told)
    return told


def _patch(found: Collection, asked: models.UpdateCollection) -> bool:
    found.params.update(_dumped(asked.params) if asked.params else {})
    found.hnsw.update(_dumped(asked.hnsw_config) if asked.hnsw_config else {})
    return True


def _scroll(found: Collection, asked: models.ScrollRequest) -> dict[str, Any]:
    points = sorted(_matching(found, asked.filter), key=lambda point: str(point["id"]))
    start = next((at for at, point in enumerate(points) if point["id"] == asked.offset), 0)
    page = points[start : start + (asked.limit or 10)]
    rest = points[start + len(page) :]
    return {"points": page, "next_page_offset": rest[0]["id"] if rest else None}


def _matching(found: Collection, filter_: Any) -> list[dict[str, Any]]:
    if filter_ is None:
        return list(found.points)
    wanted = [(term["key"], term["match"]["value"]) for term in _dumped(filter_)["must"]]
    return [point for point in found.points if all(point["payload"].get(key) == value for key, value in wanted)]


def _dumped(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_none=True)


@contextmanager
def serving(state: State, peer: int = 1, key: str = KEY, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A node of the cluster on a free port of loopback; its address."""
    own = type("Handler", (_Handler,), {"state": state, "peer": peer, "key": key})
    server = ThreadingHTTPServer(("127.0.0.1", 0), own)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
