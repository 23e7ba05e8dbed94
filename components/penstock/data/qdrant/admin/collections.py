"""Collections as they are wanted: made where they are missing, changed where they can be, refused where not."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from . import shards
from .api import Api, RefusedError, await_true

_MISSING, _TAKEN = 404, 409


def ensure(api: Api, wanted: dict[str, Any], until: float) -> list[str]:
    """Makes `wanted` true: `nodes`, how many have to have joined, and `collections`, each with `name`, `body` (that of
    its creation) and `indexes` (bodies). Returns what was done, a sentence each."""
    nodes = wanted["nodes"]
    await_true(
        lambda: len(shards.peers(api, until)) >= nodes,
        until,
        lambda: f"Not all of the {nodes} nodes have joined the cluster. See the logs of the pods that are not ready.",
    )
    return [sentence for collection in wanted["collections"] for sentence in _one(api, collection, until)]


def repair(api: Api, until: float) -> list[str]:
    """Gives every shard of every collection the replicas that its collection wants. Returns what was done.

    Raises RefusedError for what cannot be repaired, after all the rest has been.
    """
    done, refused = [], []
    for entry in api.get("/collections", until)["collections"]:
        name = entry["name"]
        wanted = api.get(_path(name), until)["config"]["params"]["replication_factor"]
        try:
            done += shards.replicate(api, name, wanted, until)
        except RefusedError as reason:
            refused.append(str(reason))
    if refused:
        raise RefusedError("\n".join([*done, *refused]))
    return done


def _one(api: Api, wanted: dict[str, Any], until: float) -> Iterator[str]:
    name, body = wanted["name"], wanted["body"]
    status, found = api.patient("GET", _path(name), None, until)
    if status == _MISSING:
        status, reason = api.patient("PUT", _path(name), body, until)
        if status >= 400 and status != _TAKEN:  # taken: an attempt before this one did make it
            raise RefusedError(f"Qdrant does not make the collection {name} ({status}): {reason}")
        yield f"The collection {name} is made."
        found = api.get(_path(name), until)
    elif status >= 400:
        raise RefusedError(f"Qdrant does not tell of the collection {name} ({status}): {found}")
    if problems := list(_fixed_problems(name, found["config"]["params"], body)):
        raise RefusedError(" ".join(problems))
    yield from _changed(api, name, found, body, until)
    for index in wanted["indexes"]:
        yield from _indexed(api, name, found["payload_schema"], index, until)
    yield from shards.replicate(api, name, body["replication_factor"], until)


def _fixed_problems(name: str, found: dict[str, Any], body: dict[str, Any]) -> Iterator[str]:
    vectors = found.get("vectors") or {}
    for what, has, asked in (
        ("vectors of size", vectors.get("size"), body["vectors"]["size"]),
        ("the distance", vectors.get("distance"), body["vectors"]["distance"]),
        ("a number of shards of", found["shard_number"], body["shard_number"]),
    ):
        if has != asked:
            yield (
                f"The collection {name} has {what} {has}, and {asked} is asked for, which cannot be changed. Ask for "
                f"{has}, or for a collection of another name and write the points anew."
            )


def _changed(api: Api, name: str, found: dict[str, Any], body: dict[str, Any], until: float) -> Iterator[str]:
    params, hnsw = found["config"]["params"], found["config"]["hnsw_config"]
    counts = {key: body[key] for key in ("replication_factor", "write_consistency_factor") if params[key] != body[key]}
    graph = {key: value for key, value in body.get("hnsw_config", {}).items() if hnsw.get(key) != value}
    change = {**({"params": counts} if counts else {}), **({"hnsw_config": graph} if graph else {})}
    if change:
        api.send("PATCH", _path(name), change, until)
        settings = ", ".join(f"{key} {value}" for key, value in {**counts, **graph}.items())
        yield f"The collection {name} has now {settings}."


def _indexed(api: Api, name: str, schema: dict[str, Any], index: dict[str, Any], until: float) -> Iterator[str]:
    field, asked = index["field_name"], index["field_schema"]
    found = (schema.get(field) or {}).get("params") or {}
    if any(found.get(key) != value for key, value in asked.items()):
        api.send("PUT", f"{_path(name)}/index?wait=true", index, until)
        yield f"The field {field} of {name} is indexed."


def _path(name: str) -> str:
    return f"/collections/{quote(name, safe='')}"
