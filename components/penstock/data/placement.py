"""Where the pods of a store run: pure functions from pools to parts of a pod's spec and to problems.

Stores keep one node of theirs to a machine, so that the loss of a machine is the loss of one. Where pools can have
fewer machines than a store has pods, those that may share (`per_machine`) share, and never more than has to be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import ConfigDict

from penstock.nodes.plan import PURCHASE_LABEL, scheduling
from penstock.problems import InvalidSpec, Problem
from penstock.refs import PoolRef, Purchase
from penstock.spec import Spec, WholeNumber, check

HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
_FLEETING = {
    Purchase.SPOT: "the cloud may take its machines back, all of them at once",
    Purchase.FLEX: "the cloud lends its machines for a time only",
    Purchase.CAPACITY_BLOCK: "its machines are bought for a time only",
}


class _Capacity(Spec):
    model_config = ConfigDict(extra="ignore")

    cpu_millicores: WholeNumber
    memory_mib: WholeNumber


class _Home(Spec):
    """What matters here of a pool's `PoolRef`."""

    model_config = ConfigDict(extra="ignore")

    name: str
    purchase: Purchase
    min_nodes: WholeNumber
    max_nodes: WholeNumber
    capacity: _Capacity


def pool_problems(pools: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """What is wrong with `pools`, a field of that name, as the home of a store."""
    try:
        homes = _homes(pools)
        scheduling(*_refs(pools))
    except (InvalidSpec, KeyError, TypeError, AttributeError):
        yield Problem("pools", "These are no refs of pools. Write the ref of each pool, for example pool.ref.")
        return
    except ValueError as error:
        yield Problem("pools", f"{error.args[0]}")
        return
    yield from _selection_problems(pools, homes)
    for index, home in enumerate(homes):
        if reason := _FLEETING.get(home.purchase):
            yield Problem(
                f"pools[{index}]",
                f"'{home.name}' is no home for data: {reason}. Name a pool whose purchase is on_demand or reserved.",
            )


def _selection_problems(pools: Sequence[Mapping[str, Any]], homes: Sequence[_Home]) -> Iterator[Problem]:
    """Pools whose machines would count twice, or which nothing tells apart from others."""
    for name, times in Counter(home.name for home in homes).items():
        if times > 1:
            yield Problem("pools", f"'{name}' stands there {times} times. Write it once.")
    if on_pools(pools)["nodeSelector"].keys() == {PURCHASE_LABEL}:
        yield Problem(
            "pools",
            f"All that nodes of {_named(homes)} have in common is how they are bought, as pools have that are not "
            "named here. Give them a label of their own, the same for each, for example node-type.",
        )


def room_problems(
    path: str, pods: int, cpu_millicores: int, memory_mib: int, pools: Sequence[Mapping[str, Any]], *, least: int = 0
) -> Iterator[Problem]:
    """Pods that could never all run. `path` is that of their number, CPU and memory are what one of them requests, all
    its containers together. A store whose pods may share machines says how many machines are the `least`; by default
    each pod needs its own. Silent on pools that `pool_problems` refuses.
    """
    homes = _readable(pools)
    if not homes:
        return
    needed, possible = least or pods, most_machines(pools)
    if possible < needed:
        yield Problem(
            path,
            f"It needs {needed} machines, {'one for each pod' if needed == pods else 'at least'}, and {_named(homes)} "
            f"can have {possible}. Raise max_nodes there to {needed} or more.",
        )
        return
    shared = per_machine(pods, pools)
    for index, home in enumerate(homes):
        for what, asked, offered, unit in (
            ("CPU", cpu_millicores * shared, home.capacity.cpu_millicores, "m"),
            ("memory", memory_mib * shared, home.capacity.memory_mib, "Mi"),
        ):
            if asked > offered:
                of = "a pod of it requests" if shared == 1 else f"the {shared} pods that share a machine request"
                yield Problem(
                    f"pools[{index}]",
                    f"A node of '{home.name}' offers {offered}{unit} of {what}, and {of} {asked}{unit}. Use larger "
                    "machines, or request less.",
                )


def room_told(pods: int, pools: Sequence[Mapping[str, Any]]) -> str | None:
    """What has to be said, in a sentence or two, of the room of `pods` pods on pools without problems: None where each
    has a machine from the start."""
    homes, possible, sure = _homes(pools), most_machines(pools), fewest_machines(pools)
    if possible < pods:
        return (
            f"{pods} machines are wanted, one for each pod, and {_named(homes)} can have {possible}: up to "
            f"{per_machine(pods, pools)} pods share a machine. Raise max_nodes to {pods}."
        )
    if sure < pods:
        return (
            f"{_named(homes)} may shrink to {sure} machines while {pods} are wanted, one for each pod: pods that have "
            f"lost theirs wait until a new one has started. Raise min_nodes to {pods}."
        )
    return None


def most_machines(pools: Sequence[Mapping[str, Any]]) -> int:
    """How many machines the pools have at their largest."""
    return sum(home.max_nodes for home in _homes(pools))


def fewest_machines(pools: Sequence[Mapping[str, Any]]) -> int:
    """How many machines the pools have at their smallest."""
    return sum(home.min_nodes for home in _homes(pools))


def per_machine(pods: int, pools: Sequence[Mapping[str, Any]]) -> int:
    """How many of `pods` pods a machine may hold so that all of them have room: 1 wherever that is possible."""
    return -(-pods // max(1, most_machines(pools)))


def pod_placement(
    labels: Mapping[str, str], pods: int, pools: Sequence[Mapping[str, Any]], *, may_share: bool = False
) -> dict[str, Any]:
    """The parts of a pod's spec that place the `pods` pods with these `labels`: `nodeSelector`, `tolerations`,
    `topologySpreadConstraints` and, where each has its own machine, `affinity`.

    One to a machine is required unless `may_share` and the pools can have fewer machines; then `per_machine` is.
    Zones are evened out where there is a choice.
    """
    selector = {"matchLabels": dict(labels)}
    parts: dict[str, Any] = {
        **on_pools(pools),
        "topologySpreadConstraints": [_evenly(ZONE, selector)],
    }
    shared = per_machine(pods, pools) if may_share else 1
    if shared == 1:
        apart = [{"labelSelector": selector, "topologyKey": HOSTNAME}]
        parts["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}}
    else:
        # With as many domains wanted as there are pods the emptiest machine counts as empty: maxSkew is a ceiling.
        ceiling = {"maxSkew": shared, "minDomains": pods, "whenUnsatisfiable": "DoNotSchedule"}
        parts["topologySpreadConstraints"] += [
            {**ceiling, "topologyKey": HOSTNAME, "labelSelector": selector},
            _evenly(HOSTNAME, selector),
        ]
    return parts


def on_pools(pools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The parts of a pod's spec that place it on `pools`: `nodeSelector` and `tolerations`."""
    placed = scheduling(*_refs(pools))
    return {"nodeSelector": placed["node_selector"], "tolerations": placed["tolerations"]}


def _evenly(domain: str, selector: Mapping[str, Any]) -> dict[str, Any]:
    return {"maxSkew": 1, "topologyKey": domain, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}


def _homes(pools: Sequence[Mapping[str, Any]]) -> list[_Home]:
    return [check(_Home, pool) for pool in pools]


def _readable(pools: Sequence[Mapping[str, Any]]) -> list[_Home]:
    try:
        return _homes(pools)
    except InvalidSpec:
        return []


def _refs(pools: Sequence[Mapping[str, Any]]) -> list[PoolRef]:
    return [cast("PoolRef", pool) for pool in pools]


def _named(homes: Sequence[_Home]) -> str:
    names = ", ".join(f"'{home.name}'" for home in homes)
    return f"the pool {names}" if len(homes) == 1 else f"the pools {names}"
