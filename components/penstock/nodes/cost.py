"""What a pool registers for estimates of its cost: a property of the component, which the engine records.

`pulumi preview --json` and policy packs see a component's inputs, and never its outputs. Keys are those of
`penstock_cost.resources.Annotation`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock.refs import PoolRef

if TYPE_CHECKING:
    from penstock.nodes.spec import NodePoolSpec


def annotation(ref: PoolRef, spec: "NodePoolSpec") -> dict[str, Any]:
    """The property `cost` of the pool that `ref` offers."""
    said: dict[str, Any] = {
        "pool": ref["name"],
        "cloud": ref["cloud"],
        "purchase": ref["purchase"],
        "machineTypes": ref["machine_types"],
        "minNodes": ref["min_nodes"],
        "maxNodes": ref["max_nodes"],
        "labels": ref["labels"],
        "taints": ref["taints"],
        "capacity": _said(
            cpuMillicores=ref["capacity"]["cpu_millicores"],
            memoryMib=ref["capacity"]["memory_mib"],
            accelerators=ref["capacity"]["accelerators"],
            acceleratorResource=ref["capacity"].get("accelerator_resource"),
        ),
    }
    if spec.commitment:
        said["commitment"] = {"term": spec.commitment.term.value, "payment": spec.commitment.payment.value}
    if used := spec.cost:
        said |= _said(
            tenant=used.tenant,
            schedule=used.schedule or None,
            otherwise=used.otherwise,
            profile=used.profile or None,
            fallback=used.fallback,
            redo=used.redo,
            spotPrice=used.spot_price,
            fallbackFor=used.fallback_for,
        )
    return said


def of_a_part(cost: Mapping[str, Any], before: int, nodes: int) -> dict[str, Any]:
    """What the `cost` of a mix says of its pool of `nodes` nodes, where pools that fill first have `before`."""

    def own(count: float) -> float:
        return min(max(count - before, 0), nodes)

    part = dict(cost)
    if isinstance(schedule := cost.get("schedule"), Sequence):
        part["schedule"] = [_recounted(window, own) for window in schedule]
    if isinstance(otherwise := cost.get("otherwise"), int | float):
        part["otherwise"] = own(otherwise)
    if isinstance(profile := cost.get("profile"), Sequence):
        part["profile"] = [own(count) if isinstance(count, int | float) else count for count in profile]
    return part


def _recounted(window: Any, own: Any) -> Any:
    days, equals, count = str(window).rpartition("=")
    try:
        return f"{days}{equals}{own(float(count)):g}"
    except ValueError:
        return window  # the pool says what is wrong with it


def _said(**values: Any) -> dict[str, Any]:
    """Those that are said."""
    return {key: value for key, value in values.items() if value is not None}
