"""What follows from pools, in any cloud: how a workload reaches them, and how one request is split over purchases."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from penstock.refs import NodeCapacity, PoolRef, Purchase, Taint, TaintEffect

if TYPE_CHECKING:
    from penstock.nodes.spec import NodePoolSpec

POOL_LABEL = "penstock/pool"
PURCHASE_LABEL = "penstock/purchase"
GPU_RESOURCE = "nvidia.com/gpu"
GPU_TAINT_KEY = "nvidia.com/gpu"


def node_labels(name: str, spec: "NodePoolSpec") -> dict[str, str]:
    """The labels of the nodes of the pool `name`: those asked for, and its own."""
    return {**spec.labels, POOL_LABEL: name, PURCHASE_LABEL: spec.purchase.value}


def declared_taints(spec: "NodePoolSpec") -> list[Taint]:
    """The taints of a pool's nodes in any cloud: those asked for, and on GPU nodes the one that keeps others off."""
    taints = [Taint(key=t.key, value=t.value, effect=t.effect) for t in spec.taints]
    if spec.gpus and not any(taint["key"] == spec.gpus.resource for taint in taints):
        # GKE adds this one only where another pool without GPUs exists already: declared, it never races.
        taints.append(Taint(key=spec.gpus.resource, value="present", effect=TaintEffect.NO_SCHEDULE))
    return taints


def described(
    name: str, spec: "NodePoolSpec", *, labels: dict[str, str], taints: list[Taint], capacity: NodeCapacity
) -> PoolRef:
    """What workloads need to know of a pool in any cloud; a cloud adds what only it has."""
    ref = PoolRef(
        name=name,
        cloud=spec.cloud.value,
        purchase=spec.purchase.value,
        machine_types=spec.machine_types,
        min_nodes=spec.min_nodes,
        max_nodes=spec.max_nodes,
        labels=labels,
        taints=taints,
        capacity=capacity,
    )
    if spec.commitment:
        ref["commitment_term"] = spec.commitment.term.value
        ref["commitment_payment"] = spec.commitment.payment.value
    return ref


def scheduling(*pools: PoolRef) -> dict[str, Any]:
    """The part of a pod's spec that places it on `pools`: `node_selector`, `tolerations`, and for machines that the
    cloud takes back `termination_grace_period_seconds`, the shortest notice among them.

    The selector is what the labels of all the pools have in common. Raises ValueError where that is nothing: such
    a workload would run anywhere.
    """
    if not pools:
        raise ValueError("Name at least one pool to place a workload on.")
    common = set.intersection(*(set(pool["labels"].items()) for pool in pools))
    if not common:
        names = ", ".join(pool["name"] for pool in pools)
        raise ValueError(
            f"The pools {names} have no label in common, so no selector can mean all of them. "
            "Give them the same label, for example workload-type."
        )
    taints = {
        (t["key"], t.get("value", ""), TaintEffect(t.get("effect", "NoSchedule"))) for p in pools for t in p["taints"]
    }
    placed: dict[str, Any] = {
        "node_selector": dict(sorted(common)),
        "tolerations": [_toleration(*taint) for taint in sorted(taints)],
    }
    notices = [p["termination_notice_seconds"] for p in pools if "termination_notice_seconds" in p]
    if notices:
        placed["termination_grace_period_seconds"] = min(notices)
    return placed


def _toleration(key: str, value: str, effect: TaintEffect) -> dict[str, str]:
    match = {"operator": "Equal", "value": value} if value else {"operator": "Exists"}
    return {"key": key, **match, "effect": effect.value}


def nodes_for_rate(target_rps: float, rps_per_node: float) -> int:
    """How many nodes serve `target_rps` requests a second, where one serves `rps_per_node`: never too few."""
    return math.ceil(target_rps / rps_per_node)


def split(nodes: int, shares: Mapping[Purchase, int]) -> dict[Purchase, int]:
    """Splits `nodes` over purchases by their `shares` in percent.

    The sum is `nodes`. Machines that stay (all but spot) get their share together, rounded up, so that no rounding
    makes the whole less steady than was asked for; spot gets the rest. A purchase of 0 % gets none.
    """
    steady: dict[Purchase, int] = {
        purchase: share for purchase, share in shares.items() if purchase is not Purchase.SPOT and share
    }
    total = sum(steady.values())
    if shares.get(Purchase.SPOT, 0):
        held = -(-nodes * total // 100)
        return _apportion(held, steady) | {Purchase.SPOT: nodes - held}
    return _apportion(nodes, steady)


_STEADIEST_FIRST = [Purchase.RESERVED, Purchase.ON_DEMAND]


def _apportion(nodes: int, shares: Mapping[Purchase, int]) -> dict[Purchase, int]:
    """Largest remainders, ties to the steadiest purchase."""
    total = sum(shares.values())
    parts = {purchase: nodes * share // total for purchase, share in shares.items()}
    by_remainder = sorted(shares, key=lambda p: (-(nodes * shares[p] % total), _STEADIEST_FIRST.index(p)))
    for purchase in by_remainder[: nodes - sum(parts.values())]:
        parts[purchase] += 1
    return parts
