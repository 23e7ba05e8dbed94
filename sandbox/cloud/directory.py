"""Which resource is meant by an id, a self link, a name or the short form of an id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.cloud.facts import Facts, Scope, expand, load
from sandbox.cloud.facts.templates import fields
from sandbox.cloud.store import CloudResource, Store


class Directory:
    """The resources of one package by all that they are called.

    `given` holds types of which every account has one that is called `default`.
    """

    def __init__(self, package: str, store: Store, given: Collection[str] = ()) -> None:
        self._rows: Mapping[str, Facts] = load(package)
        self._store = store
        self._given = given

    def find(
        self, type_: str, name: str, settings: Mapping[str, Any], beside: Mapping[str, Any]
    ) -> CloudResource | None:
        """The resource that a property means, given the properties beside it and the provider's settings."""
        found = self._store.get(type_, name) or self._store.get(type_, self.id_of(type_, name, settings, beside))
        if found is None and type_ in self._given and name.rsplit("/", 1)[-1] == "default":
            return CloudResource(type_, name, "", {}, {"name": "default"})
        return found or self._search(type_, name, beside.get("project"))

    def id_of(self, type_: str, name: str, settings: Mapping[str, Any], beside: Mapping[str, Any]) -> str:
        """The id that a name means beside these properties: a pool's `cluster` lies in the pool's location."""
        row = self._rows.get(type_)
        if row is None or row.id is None:
            return name
        own = str(row.name.property[0]) if row.name else "name"
        guess = expand(row.id, Scope({**beside, own: name.rsplit("/", 1)[-1]}, settings, seed=""))
        return guess if isinstance(guess, str) else name

    def by_import_id(self, type_: str, text: str, settings: Mapping[str, Any]) -> CloudResource | None:
        """The resource that an import means. Its id may lack leading parts, which the settings know: `zone/name` for
        `projects/{project}/zones/{zone}/things/{name}`."""
        row = self._rows.get(type_)
        names, segments = fields(row.id or "") if row else [], text.split("/")
        exact = self._store.get(type_, text)
        if exact is not None or row is None or not names or len(segments) > len(names):
            return exact
        given = dict(zip(names[-len(segments) :], segments, strict=True))
        id_ = expand(row.id, Scope({**settings, **given}, settings, seed=""))
        return self._store.get(type_, id_) if isinstance(id_, str) else None

    def _search(self, type_: str, name: str, project: object) -> CloudResource | None:
        for found in self._store.all(type_):
            if name in (found.outputs.get("selfLink"), found.outputs.get("email"), found.outputs.get("arn")):
                return found
            if name == found.outputs.get("name") and project in (None, found.outputs.get("project")):
                return found
        return None
