"""A pretend API server that answers as the provider's client does: it keeps objects, and remembers who applied what."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.cluster.api import ApiError, Object, UnknownKindError

PLURALS: Mapping[str, str] = {
    "Cluster": "clusters",
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "JSONPatch": "jsonpatches",
    "Job": "jobs",
}


class PretendApi:
    """`served` kinds have paths; `on_delete` and `on_look` are told of a path, and may do what a controller does."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.served = set(PLURALS)
        self.applied: list[tuple[str, str, Object]] = []
        self.looks: dict[str, int] = {}
        self.on_delete: Callable[[str], object] = lambda path: self.objects.pop(path, None)
        self.on_look: Callable[[str], object] = lambda path: None
        self._uids = itertools.count(1)

    def path(self, thing: Object) -> str:
        if thing["kind"] not in self.served:
            raise UnknownKindError(f'no matches for kind "{thing["kind"]}" in version "{thing["apiVersion"]}"')
        meta = thing["metadata"]
        return f"/{thing['apiVersion']}/{meta.get('namespace', 'default')}/{PLURALS[thing['kind']]}/{meta['name']}"

    def find(self, path: str) -> Object | None:
        self.looks[path] = self.looks.get(path, 0) + 1
        self.on_look(path)
        return self.objects.get(path)

    def get(self, path: str) -> Object:
        if "/pods?" in path:
            return {"items": []}
        found = self.find(path)
        if found is None:
            raise ApiError(404, "NotFound", f"{path} not found")
        return found

    def delete(self, path: str, _propagation: str = "") -> None:
        self.on_delete(path)

    def request(self, method: str, path: str, body: Object | None = None, _type: str = "") -> Object:
        assert method == "PATCH" and body is not None
        asked = urlsplit(path)
        self.applied.append((asked.path, parse_qs(asked.query)["fieldManager"][0], body))
        return self.put(asked.path, body)

    def put(self, path: str, thing: Object, **more: Any) -> Object:
        """Stores an object, as new unless it is there."""
        uid = self.objects.get(path, {}).get("metadata", {}).get("uid") or f"uid-{next(self._uids)}"
        made = {**thing, **more, "metadata": {**thing["metadata"], "uid": uid, "generation": 1}}
        self.objects[path] = made
        return made
