"""How many nodes an AKS agent pool has, and how far its autoscaler may move them."""

from __future__ import annotations

from typing import Final

from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

AGENT_POOL: Final = "azure-native:containerservice:AgentPool"
MOST_NODES: Final = 1000


def bounds(pool: Properties) -> tuple[int, int]:
    """The fewest and the most nodes that a pool may have: its autoscaler's, else what its mode allows."""
    least = 1 if pool.get("mode") == "System" else 0
    if not pool.get("enableAutoScaling"):
        return least, MOST_NODES
    return pool.get("minCount") or 0, pool.get("maxCount") or MOST_NODES


def move(pool: CloudResource, nodes: int) -> None:
    """The autoscaler moves a pool; raises `ValueError` where none would."""
    least, most = bounds(pool.outputs)
    if not least <= nodes <= most:
        raise ValueError(f"The pool's autoscaler stays between {least} and {most} nodes; {nodes} were asked for.")
    pool.outputs["count"] = nodes
