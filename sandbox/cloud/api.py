"""Looking into a pretend cloud, and changing it behind Pulumi's back."""

from __future__ import annotations

from pathlib import Path

from sandbox.cloud.gcp.nodes import NODE_POOL, PoolSize
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

    def scale(self, node_pool_id: str, total_nodes: int) -> None:
        """The autoscaler moves a GKE node pool to a size in nodes over all its zones.

        Raises `LookupError` when there is no such pool and `ValueError` when its autoscaler could not do that.
        """
        pool = self._store.get(NODE_POOL, node_pool_id)
        if pool is None:
            known = ", ".join(found.id for found in self.resources(NODE_POOL)) or "none"
            raise LookupError(f'There is no node pool "{node_pool_id}" in this cloud; there are: {known}.')
        PoolSize.of(pool).move_to(total_nodes).keep(pool)
        self._store.put(pool)

    def remove(self, type: str, id: str) -> None:
        """Somebody deletes a resource by hand. Raises `LookupError` when there is none."""
        resource = self.find(type, id)
        if resource is None:
            raise LookupError(f'There is no {type} "{id}" in this cloud.')
        self._store.remove(resource)
