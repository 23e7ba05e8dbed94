"""Making what has to be in the API server before something starts that looks for it."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.cluster.api import Api, Object


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
