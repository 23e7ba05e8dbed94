"""How many nodes a GKE node pool has, and who may change that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox.cloud.store import CloudResource

NODE_POOL: Final = "gcp:container/nodePool:NodePool"


@dataclass(frozen=True)
class PoolSize:
    """A node pool's present size and bounds, in nodes over all zones; no `most` means no autoscaler."""

    nodes: int
    zones: int
    least: int = 0
    most: int | None = None

    @classmethod
    def of(cls, pool: CloudResource) -> PoolSize:
        """The size of a pool that exists."""
        zones = len(pool.outputs["nodeLocations"])
        least, most = _bounds(pool.outputs.get("autoscaling"), zones)
        return cls(pool.live["nodes"], zones, least, most)

    @classmethod
    def initial(cls, per_zone: int, zones: int, autoscaling: Mapping[str, Any] | None) -> PoolSize:
        """The size of a new pool: what was asked for, and no less than its autoscaler's minimum."""
        least, most = _bounds(autoscaling, zones)
        return cls(max(per_zone * zones, least), zones, least, most)

    @property
    def per_zone(self) -> int:
        """Nodes per instance group, as the provider computes it: rounded down."""
        return self.nodes // self.zones

    def move_to(self, nodes: int) -> PoolSize:
        """The size after the autoscaler moved it; raises `ValueError` where no autoscaler would."""
        if nodes < 0:
            raise ValueError(f"A node pool cannot have {nodes} nodes.")
        if self.most is not None and nodes > self.most:
            raise ValueError(f"The pool's autoscaler never goes above {self.most} nodes; {nodes} were asked for.")
        return replace(self, nodes=nodes)

    def keep(self, pool: CloudResource) -> None:
        """Writes the size into the pool."""
        pool.live["nodes"] = self.nodes
        pool.outputs["nodeCount"] = self.per_zone


def _bounds(autoscaling: Mapping[str, Any] | None, zones: int) -> tuple[int, int | None]:
    if not autoscaling:
        return 0, None
    if autoscaling.get("totalMaxNodeCount"):
        return autoscaling.get("totalMinNodeCount") or 0, autoscaling["totalMaxNodeCount"]
    most = autoscaling.get("maxNodeCount")
    return (autoscaling.get("minNodeCount") or 0) * zones, None if most is None else most * zones
