"""What a Qdrant cluster keeps for good: refused in a preview already, where the state knows what there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.data.kept import Facts
from penstock.data.qdrant.spec import CacheSpec, CollectionSpec, QdrantSpec
from penstock.problems import Problem

_FIXED = ("vector_size", "distance", "shards")


def facts(spec: QdrantSpec) -> dict[str, Any]:
    """What the component registers of itself, by the paths of its arguments."""
    collections: dict[str, CollectionSpec | CacheSpec] = {"collection": spec.collection, "cache": spec.cache}
    known: dict[str, Any] = {"nodes": spec.nodes, "storage_class": spec.storage_class or ""}
    for path, collection in collections.items():
        known[f"{path}.name"] = collection.name
        known |= {f"{path}.{field}": str(getattr(collection, field)) for field in _FIXED if hasattr(collection, field)}
    return known


def changed(old: Facts, new: Facts) -> Iterator[Problem]:
    """What is asked for otherwise than it is, and cannot be changed; both by the paths of arguments."""
    had, asked = old.get("nodes", 0), new.get("nodes", 0)
    if asked < had:
        yield Problem(
            "nodes",
            f"It has {had:g} nodes with shards on each, and one that is taken away takes its replicas along. Write at "
            f"least {had:g}; for fewer, move the points into a new QdrantCluster under another name.",
        )
    if "storage_class" in old and old["storage_class"] != new.get("storage_class"):
        yield Problem(
            "storage_class",
            f"Its volumes have the class '{old['storage_class'] or 'of the cluster'}', which cannot be changed. Leave "
            "it so, or move the points into a new QdrantCluster under another name.",
        )
    for path in ("collection", "cache"):
        if old.get(f"{path}.name") != new.get(f"{path}.name"):
            continue  # another collection, which is made beside the one that was
        for field in _FIXED:
            has, wanted = old.get(f"{path}.{field}"), new.get(f"{path}.{field}")
            if has is not None and has != wanted:
                yield Problem(
                    f"{path}.{field}",
                    f"The collection '{old[f'{path}.name']}' has {has}, which cannot be changed. Leave it so, or write "
                    "another name as well, and the points anew into that collection.",
                )
