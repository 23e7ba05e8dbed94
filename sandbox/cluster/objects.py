"""Objects of the API server: what they say of themselves, and making those that somebody looks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.cluster.api import Api, Object
from sandbox.cluster.processes import wait_until

_SECONDS = 5
"""What a controller has to do before an object goes, it does within so many."""


def conditions(thing: Object) -> dict[str, dict[str, Any]]:
    """The conditions in its status by their types. New objects may have none, or null for them."""
    return {found["type"]: found for found in (thing.get("status") or {}).get("conditions") or []}


def make_all(api: Api, definitions: Sequence[Object], objects: Sequence[Object]) -> None:
    """Apply custom resource definitions, and what needs them once they are accepted."""
    for definition in definitions:
        api.apply(definition)
    for definition in definitions:
        api.await_established(definition)
    for thing in objects:
        # A namespace may be somebody else's: it is made where there is none, and left alone.
        if thing["kind"] != "Namespace" or api.find(api.path(thing)) is None:
            api.apply(thing)


def remove_all(api: Api, objects: Sequence[Object]) -> None:
    """Delete objects, last first, but for namespaces. One that waits for a controller which is gone is let go."""
    paths = [api.path(thing) for thing in reversed(objects) if thing["kind"] != "Namespace"]
    for path in paths:
        api.delete(path)
    if not wait_until(lambda: not any(api.find(path) for path in paths), _SECONDS):
        for path in paths:
            if api.find(path):
                nobody = {"metadata": {"finalizers": None}}
                api.request("PATCH", path, nobody, "application/merge-patch+json")
