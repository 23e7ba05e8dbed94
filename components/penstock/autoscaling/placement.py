"""Where controllers run: pure functions from pools to parts of a pod's spec, as Kubernetes spells them."""

from collections.abc import Sequence
from typing import Any

from penstock.autoscaling.pools import Pool
from penstock.nodes.plan import POOL_LABEL


def on_pools(pools: Sequence[Pool]) -> dict[str, Any]:
    """The affinity of a pod that runs on nodes of `pools` only."""
    return _affinity("In", pools)


def off_pools(pools: Sequence[Pool]) -> dict[str, Any]:
    """The affinity of a pod that runs on nodes of no one of `pools`."""
    return _affinity("NotIn", pools)


def _affinity(operator: str, pools: Sequence[Pool]) -> dict[str, Any]:
    among = {"key": POOL_LABEL, "operator": operator, "values": sorted(pool.name for pool in pools)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [among]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def tolerations(pools: Sequence[Pool]) -> list[dict[str, str]]:
    """What a pod tolerates that runs on `pools`: each of their taints, once."""
    taints = {(taint.key, taint.value, taint.effect.value) for pool in pools for taint in pool.taints}
    return [
        {"key": key, "operator": "Equal", "value": value, "effect": effect} for key, value, effect in sorted(taints)
    ]
