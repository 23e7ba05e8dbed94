"""Looking into a pretend cloud, and changing it behind Pulumi's back."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.cloud.store import CloudResource, Operation, Store

# ruff: noqa: A002 -- `type` and `id` are what callers know a resource by.


class Cloud:
    """What exists in the folder that a sandbox uses as its cloud."""

    def __init__(self, folder: Path | str) -> None:
        self._store = Store(Path(folder))

    def resources(self, type: str | None = None, *, forgotten: bool = False) -> list[CloudResource]:
        """Everything that exists, or everything of one type (`gcp:container/nodePool:NodePool`), sorted.

        With `forgotten`, also what its provider gave up since no call can delete it, such as KMS key rings.
        """
        found = self._store.all(type)
        return sorted(resource for resource in found if forgotten or not resource.live.get("forgotten"))

    def find(self, type: str, id: str) -> CloudResource | None:
        """The resource of that type and id, `None` when there is none."""
        return next((found for found in self._store.all(type) if found.id == id), None)

    def log(self) -> list[Operation]:
        """What was created, updated and deleted since the cloud began, oldest first."""
        return self._store.log()

    def scale(self, node_pool: str, total_nodes: int) -> None:
        """The autoscaler moves a node pool to a size in nodes over all its zones.

        The pool is named by its id, by its name in the cloud, or by its name in the program where only one has it.
        Raises `LookupError` when there is no such pool and `ValueError` when its autoscaler could not do that.
        """
        # Imported here, since it brings the whole of each cloud along.
        from sandbox.cloud.scalers import SCALERS

        pools = [pool for type_ in SCALERS for pool in self.resources(type_)]
        named = [found for found in pools if node_pool in (found.id, *_short_names(found))]
        pool = next((found for found in named if found.id == node_pool), named[0] if len(named) == 1 else None)
        if pool is None:
            known = ", ".join(found.id for found in named or pools) or "none"
            many = "more than one" if named else "no"
            raise LookupError(f'There is {many} node pool "{node_pool}" in this cloud; there are: {known}.')
        SCALERS[pool.type](pool, total_nodes)
        self._store.put(pool)

    def remove(self, type: str, id: str) -> None:
        """Somebody deletes a resource by hand. Raises `LookupError` when there is none."""
        resource = self.find(type, id)
        if resource is None:
            raise LookupError(f'There is no {type} "{id}" in this cloud.')
        self._store.remove(resource)


def _short_names(pool: CloudResource) -> tuple[str, str]:
    """A pool's name in the cloud, and its name in the program."""
    return re.split("[/:]", pool.id)[-1], pool.urn.rpartition("::")[2]
