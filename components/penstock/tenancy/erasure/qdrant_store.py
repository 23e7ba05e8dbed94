"""A tenant in Qdrant: its partition of each shared collection, and the collection of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from penstock.data.qdrant.admin.api import Api, UnreachableError
from penstock.data.qdrant.spec import TENANT_FIELD
from penstock.data.qdrant.tokens import own_collection
from penstock.tenancy.erasure.archive import Archive
from penstock.tenancy.erasure.errors import ErasureError
from penstock.tenancy.erasure.store import Counts

_PAGE = 256
_SECONDS = 120
_MISSING = 404


class _Snapshot(NamedTuple):
    node: str
    path: str
    made: str


class QdrantStore:
    """See `Store`. Without `collections` it looks into every one that there is."""

    name = "qdrant"
    data = ("points",)
    shrinks = False

    def __init__(
        self, url: str, key: str | None, authority: str | None, collections: Sequence[str], tenant: str
    ) -> None:
        self._api = Api(url, key or "", authority, _SECONDS)
        self._asked, self._tenant, self._own = collections, tenant, own_collection(tenant)
        self.title = f"Qdrant at {urlsplit(url).netloc}"

    def look(self) -> Counts:
        own = self._has_own()
        points = sum(self._count(name) for name in self._shared()) + (self._count(self._own) if own else 0)
        return {"points": points, "collections": int(own), "snapshots": len(self._snapshots(self._own) if own else [])}

    def lock_out(self) -> list[str]:
        # A token is valid as long as the key that has signed it: what comes in by it is counted, and refused or told.
        return []

    def let_in(self, locked: Sequence[str]) -> None:
        """Nobody was locked out."""

    def export(self, archive: Archive) -> Counts:
        written = 0
        for name in [*self._shared(), *([self._own] if self._has_own() else [])]:
            if name != self._own and not self._count(name):
                continue
            folder = f"qdrant/{name.replace('/', '_')}"
            with archive.part(f"{folder}/collection.json", collection=name) as part:
                part.line(self._result("GET", _path(name)))
            with archive.part(f"{folder}/points.jsonl", collection=name, points=0) as part:
                for point in self._points(name):
                    part.line(
                        {field: point[field] for field in ("id", "vector", "payload", "shard_key") if field in point}
                    )
                    part.about["points"] += 1
                written += part.about["points"]
        return {"points": written}

    def erase(self) -> list[str]:
        for name in self._shared():
            if self._count(name):
                self._result("POST", f"{_path(name)}/points/delete?wait=true&ordering=strong", self._selected(name))
        if self._has_own():
            # They are kept when their collection goes, and nobody could ask for them then.
            for snapshot in self._snapshots(self._own):
                self._result("DELETE", snapshot.path + "?wait=true", node=snapshot.node)
            self._result("DELETE", f"{_path(self._own)}?timeout=60")
        return []

    def copies(self) -> list[str]:
        said = [
            "Segments of Qdrant hold deleted points, which no query returns, until it optimises them: when a fifth of "
            "a segment of 1,000 vectors or more is deleted, unless the collection says otherwise; its log of writes, "
            "until it begins a new file.",
            f"A token for {self._own} stays valid until the key that signed it is renewed twice (rotation). It opens "
            "nothing, unless a tenant of that name comes again.",
        ]
        shared = [snapshot for name in self._shared() for snapshot in self._snapshots(name)]
        for node in self._nodes():
            shared += [
                _Snapshot(node, f"/snapshots/{one['name']}", _made(one)) for one in self._get("/snapshots", node)
            ]
        said += [
            f"The snapshot {one.path} on {one.node} ({one.made}) is of other tenants, too: it may hold points of this "
            "one, and is kept. Delete it as soon as there is a newer one."
            for one in shared
        ]
        return said

    def close(self) -> None:
        """Each request is a connection of its own."""

    def _shared(self) -> list[str]:
        found = [entry["name"] for entry in self._get("/collections")["collections"]]
        if missing := [name for name in self._asked if name not in found]:
            raise ErasureError(
                f"{self.title} has no collection {', '.join(missing)}. It has: {', '.join(found) or 'none'}."
            )
        return [name for name in sorted(self._asked or found) if name != self._own]

    def _has_own(self) -> bool:
        return self._own in [entry["name"] for entry in self._get("/collections")["collections"]]

    def _count(self, name: str) -> int:
        asked = {**self._selected(name), "exact": True}
        return int(self._result("POST", f"{_path(name)}/points/count", asked)["count"])

    def _points(self, name: str) -> Iterator[dict[str, Any]]:
        asked = {**self._selected(name), "limit": _PAGE, "with_payload": True, "with_vector": True}
        while True:
            page = self._result("POST", f"{_path(name)}/points/scroll", asked)
            yield from page["points"]
            if page["next_page_offset"] is None:
                return
            asked["offset"] = page["next_page_offset"]

    def _selected(self, name: str) -> dict[str, Any]:
        if name == self._own:
            return {}
        return {"filter": {"must": [{"key": TENANT_FIELD, "match": {"value": self._tenant}}]}}

    def _snapshots(self, name: str) -> list[_Snapshot]:
        """Of a collection and of its shards, on every node: each knows its own only."""
        found = []
        for node in self._nodes():
            shards = [shard["shard_id"] for shard in self._get(f"{_path(name)}/cluster", node)["local_shards"]]
            for path in (f"{_path(name)}/snapshots", *(f"{_path(name)}/shards/{shard}/snapshots" for shard in shards)):
                for one in self._get(path, node):
                    found.append(_Snapshot(node, f"{path}/{quote(one['name'], safe='')}", _made(one)))
        return found

    def _nodes(self) -> list[str]:
        """The address of each node's REST API: the host that it tells the others, with the port that was given."""
        cluster = self._get("/cluster")
        if cluster.get("status") != "enabled":
            return [self._api.url]
        given = urlsplit(self._api.url)
        port = f":{given.port}" if given.port else ""
        hosts = sorted(str(urlsplit(peer["uri"]).hostname) for peer in cluster["peers"].values())
        return [f"{given.scheme}://{host}{port}" for host in hosts]

    def _get(self, path: str, node: str | None = None) -> Any:
        return self._result("GET", path, node=node)

    def _result(self, method: str, path: str, body: Any = None, node: str | None = None) -> Any:
        api = self._api.at(node, _SECONDS) if node else self._api
        try:
            status, result = api.ask(method, path, body)
        except UnreachableError as error:
            raise ErasureError(
                f"{self.title}: {api.url} does not answer: {error}. Bring it back, then try again."
            ) from None
        if status == _MISSING and method == "DELETE":
            return None  # somebody was faster
        if status >= 400:
            raise ErasureError(
                f"{self.title} answers {method} {path} with {status}: {result}. Mend that, then try again."
            )
        return result


def _path(name: str) -> str:
    return f"/collections/{quote(name, safe='')}"


def _made(snapshot: dict[str, Any]) -> str:
    return f"of {snapshot['creation_time']}" if snapshot.get("creation_time") else "of an unknown time"
