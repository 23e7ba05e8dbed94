"""What each cloud's autoscaler does to a node pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sandbox.cloud.aws import nodes as eks
from sandbox.cloud.azure import nodes as aks
from sandbox.cloud.gcp import nodes as gke
from sandbox.cloud.store import CloudResource

SCALERS: Final[Mapping[str, Callable[[CloudResource, int], None]]] = {
    gke.NODE_POOL: lambda pool, nodes: gke.PoolSize.of(pool).move_to(nodes).keep(pool),
    eks.NODE_GROUP: eks.scale,
    aks.AGENT_POOL: aks.move,
}
