"""The pretend cloud's store, which has the nodes of its pools made in the cluster."""

from __future__ import annotations

from pathlib import Path

from sandbox.cloud.store import CloudResource, Store
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.pools import READERS, node_pools


class PlatformStore(Store):
    """As soon as a pool is made, changed or deleted, the nodes are those that the stack's pools have from the start."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        super().__init__(folder)
        self._cluster = cluster

    def record(self, op: str, resource: CloudResource) -> None:
        super().record(op, resource)
        if resource.type in READERS:
            self.set_pools(resource.urn)

    def set_pools(self, urn: str) -> None:
        """Gives the cluster the pools of the stack that this URN belongs to; those of another one go."""
        stack = urn.split("::")[:2]
        pools = [pool for pool in self.all() if pool.type not in READERS or pool.urn.split("::")[:2] == stack]
        self._cluster.set_pools(node_pools(pools))
