"""From node pools to what Karpenter is told: the machine shapes that there are, and a NodePool object for each pool.

Pure: nothing is asked or made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock_cost.quantities import quantity
from sandbox.cluster.api import Object
from sandbox.cluster.nodes import MANAGED
from sandbox.cluster.settings import Pace
from sandbox.cluster.stages import START_SECONDS, STARTING

if TYPE_CHECKING:
    from sandbox.cluster.pools import NodePool

NODE_CLASS = "sandbox"
_TYPE, _ARCH, _OS = "node.kubernetes.io/instance-type", "kubernetes.io/arch", "kubernetes.io/os"
_ZONE, _REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
_CAPACITY_TYPE = "karpenter.sh/capacity-type"
_KUBELET_MILLICORES, _KUBELET_MIB = 100, 10
"""What Karpenter's kwok provider takes from each machine, whatever it is."""
_USD_OF_CPU, _USD_OF_GIB, _SPOT_SHARE = 0.25, 0.01, 0.7
"""The prices that the provider makes up for its own machines. What matters is their order."""


def scaling(pools: Sequence[NodePool]) -> list[NodePool]:
    """Those that an autoscaler may add nodes to. What they have from the start is not its business."""
    return [pool for pool in pools if pool.most is not None and pool.most > pool.least]


def instance_types(pools: Sequence[NodePool]) -> list[dict[str, Any]]:
    """The machine shapes of these pools, as the provider reads them from a file."""
    names = _type_names(pools)
    made: dict[str, dict[str, Any]] = {}
    for pool in pools:
        known = made.setdefault(
            names[pool.id],
            {
                "name": names[pool.id],
                "architecture": pool.node.labels[_ARCH],
                "operatingSystems": ["linux"],
                "resources": _resources(pool),
                "offerings": [],
            },
        )
        known["offerings"] += [it for it in _offerings(pool) if it not in known["offerings"]]
    return list(made.values())


def node_pool_objects(pools: Sequence[NodePool]) -> list[Object]:
    """A NodePool of Karpenter for each pool, which may have as many nodes as the pool's maximum leaves."""
    names = _type_names(pools)
    return [_node_pool(pool, names[pool.id]) for pool in pools]


def paced(node_pool: Object, pace: Pace) -> Object:
    """A NodePool whose nodes take the time that the pace says to become ready, and go when they were empty so long."""
    spec = node_pool["spec"]
    template = spec["template"]
    meta = {**template["metadata"], "annotations": {START_SECONDS: f"{pace.node_start:g}"}}
    disruption = {**spec["disruption"], "consolidateAfter": f"{round(pace.node_idle)}s"}
    starting = {**template["spec"], "startupTaints": [{"key": STARTING, "effect": "NoSchedule"}]}
    made = {**template, "metadata": meta, "spec": starting}
    return {**node_pool, "spec": {**spec, "template": made, "disruption": disruption}}


def _node_pool(pool: NodePool, type_name: str) -> Object:
    own = {_TYPE, _ARCH, _OS, _ZONE, "kubernetes.io/hostname"}
    labels = {key: value for key, value in pool.node.labels.items() if key not in own}
    needs = {
        _TYPE: [type_name],
        _ARCH: [pool.node.labels[_ARCH]],
        _OS: ["linux"],
        _ZONE: list(pool.zones),
        _CAPACITY_TYPE: [_capacity_type(pool)],
    }
    template = {
        "metadata": {"labels": {**labels, _REGION: pool.region}},
        "spec": {
            "nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": NODE_CLASS},
            "requirements": [{"key": key, "operator": "In", "values": values} for key, values in needs.items()],
            "taints": [{key: value for key, value in vars(taint).items() if value} for taint in pool.node.taints],
            "expireAfter": "Never",
        },
    }
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": object_name(pool), "labels": {MANAGED: "true"}},
        "spec": {
            "template": template,
            "limits": {"nodes": str((pool.most or 0) - pool.least)},
            "disruption": {"consolidationPolicy": "WhenEmpty", "budgets": [{"nodes": "100%"}]},
        },
    }


def object_name(pool: NodePool) -> str:
    """The name of the pool's object, which is a label's value, too."""
    return re.sub(r"[^a-z0-9-]+", "-", f"{pool.cluster}-{pool.name}".lower())[-63:].strip("-")


def _type_names(pools: Sequence[NodePool]) -> Mapping[str, str]:
    """The instance type of each pool by its id: the machine's name, and the pool's besides where another pool has that
    machine in another shape, such as with another disk.
    """
    shapes: dict[str, dict[str, Any]] = {}
    names = {}
    for pool in pools:
        machine = pool.node.labels[_TYPE]
        shape = _resources(pool)
        same = shapes.setdefault(machine, shape) == shape
        names[pool.id] = machine if same else f"{machine}.{object_name(pool)}"[:63].rstrip("-.")
    return names


def _resources(pool: NodePool) -> dict[str, str]:
    """What makes the provider leave to pods exactly what the pool's nodes do."""
    left = dict(pool.node.allocatable or pool.node.capacity)
    cpu, memory = _millicores(left["cpu"]), _mib(left["memory"])
    # One that is a node, too, counts against a limit of nodes as soon as it is planned, and not only when it is there.
    return {**left, "cpu": f"{cpu + _KUBELET_MILLICORES}m", "memory": f"{memory + _KUBELET_MIB}Mi", "nodes": "1"}


def _offerings(pool: NodePool) -> list[dict[str, Any]]:
    size = pool.node.capacity
    usd = _USD_OF_CPU * _millicores(size["cpu"]) / 1000 + _USD_OF_GIB * _mib(size["memory"]) / 1024
    kind = _capacity_type(pool)
    price = round(usd * (_SPOT_SHARE if kind == "spot" else 1), 4)
    return [
        {
            "Price": price,
            "Available": True,
            "Requirements": [
                {"key": _CAPACITY_TYPE, "operator": "In", "values": [kind]},
                {"key": _ZONE, "operator": "In", "values": [zone]},
            ],
        }
        for zone in pool.zones
    ]


def _capacity_type(pool: NodePool) -> str:
    return "spot" if pool.spot else "on-demand"


def _millicores(text: str) -> int:
    return int((quantity(text) or 0) * 1000)


def _mib(text: str) -> int:
    return int((quantity(text) or 0) / 2**20)
