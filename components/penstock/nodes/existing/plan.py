"""The plan of a pool of an existing cluster: pure functions from its specification."""

from typing import Any

from penstock.nodes.existing.spec import ExistingPoolSpec
from penstock.nodes.plan import declared_taints, described, node_labels
from penstock.refs import NodeCapacity, PoolRef


def pool_ref(name: str, spec: ExistingPoolSpec) -> PoolRef:
    """What workloads need to know of the pool. Its capacity is what `shape` says: what nodes report as allocatable."""
    capacity = NodeCapacity(
        cpu_millicores=int(spec.machine.vcpu * 1000), memory_mib=int(spec.machine.memory_gib * 1024), accelerators=0
    )
    if spec.gpus:
        capacity["accelerators"] = spec.gpus.count
        capacity["accelerator_resource"] = spec.gpus.resource
        capacity["accelerator_type"] = spec.gpus.type
    return described(name, spec, labels=node_labels(name, spec), taints=declared_taints(spec), capacity=capacity)


def node_patch(name: str, spec: ExistingPoolSpec, node: str) -> dict[str, Any]:
    """What is applied to one of its nodes: labels and taints, and nothing else of it."""
    taints = [
        {"key": taint["key"], "value": taint.get("value", ""), "effect": taint["effect"]}
        for taint in declared_taints(spec)
    ]
    patch: dict[str, Any] = {
        "metadata": {
            "name": node,
            "labels": node_labels(name, spec),
            # The list of taints has one owner, which may still be whoever made the node.
            "annotations": {"pulumi.com/patchForce": "true"},
        }
    }
    if taints:
        patch["spec"] = {"taints": taints}
    return patch
