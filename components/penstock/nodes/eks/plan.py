"""The plan of an EKS node pool: pure functions from its specification to provider inputs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.nodes.args import GpuDriver
from penstock.nodes.eks import node
from penstock.nodes.eks.spec import EksPoolSpec
from penstock.nodes.plan import declared_taints, described
from penstock.refs import PoolRef, Purchase, TaintEffect

# EC2 tells two minutes ahead. EKS drains the node when it hears of it; half a minute is left for hearing of it, for
# evicting, and for the machine's own shutdown. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
SPOT_NOTICE_SECONDS = 90

_EFFECTS = {
    TaintEffect.NO_SCHEDULE: "NO_SCHEDULE",
    TaintEffect.PREFER_NO_SCHEDULE: "PREFER_NO_SCHEDULE",
    TaintEffect.NO_EXECUTE: "NO_EXECUTE",
}


def node_group_args(name: str, spec: EksPoolSpec) -> dict[str, Any]:
    """Every provider input of the node group that does not depend on another resource or on the cluster."""
    args: dict[str, Any] = {
        # Unique each time, so that a replacement is there before the old one goes.
        "node_group_name_prefix": f"{name}-",
        "ami_type": spec.ami_type,
        "capacity_type": node.capacity_type(spec),
        "scaling_config": {
            "min_size": spec.min_nodes,
            "desired_size": spec.min_nodes,
            "max_size": spec.max_nodes,
        },
        "labels": node.labels(name, spec),
        "taints": [
            {"key": taint["key"], "value": taint.get("value", ""), "effect": _EFFECTS[TaintEffect(taint["effect"])]}
            for taint in declared_taints(spec)
        ],
        "update_config": _update_config(spec),
        "node_repair_config": {"enabled": spec.auto_repair is not False},
    }
    if not spec.from_block:  # there the launch template names the machine type
        args["instance_types"] = spec.machine_types
    return args


def size_is_the_autoscalers(spec: EksPoolSpec) -> bool:
    """Whether the size moves between the bounds by itself: a Capacity Block's does too, EKS empties it at the end."""
    return spec.min_nodes < spec.max_nodes or spec.from_block


def subnets(zones: Sequence[str], by_zone: Mapping[str, Any] | None) -> list[Any]:
    """The cluster's subnets in `zones`; ids may be outputs. Raises ValueError where it has none in one of them."""
    missing = [zone for zone in zones if zone not in (by_zone or {})]
    if missing:
        known = ", ".join(sorted(by_zone or {})) or "none"
        raise ValueError(f"The cluster has no subnet in {', '.join(missing)}. It has them in: {known}.")
    return [(by_zone or {})[zone] for zone in zones]


def scaling_group(resources: Sequence[Any]) -> str:
    """The name of the Auto Scaling group, of what EKS says that it has made for a node group."""
    name: str = resources[0].autoscaling_groups[0].name
    return name


def reservation_args(spec: EksPoolSpec) -> dict[str, Any]:
    """Provider inputs of the capacity reservation that the pool makes for itself."""
    assert spec.capacity_reservation is not None
    assert spec.zones is not None
    return {
        "instance_type": spec.machine.name,
        "instance_platform": "Linux/UNIX",
        "availability_zone": spec.zones[0],
        "instance_count": spec.capacity_reservation.count or spec.max_nodes,
        "instance_match_criteria": "targeted",
        "end_date_type": "unlimited",
    }


def group_pattern(name: str) -> str:
    """A regular expression that matches the names of the pool's Auto Scaling groups and no other pool's.

    EKS calls them `eks-GROUP-UUID`; the provider adds 18 digits of time and 8 of a counter to the prefix.
    """
    return rf"^eks-{re.escape(name)}-[0-9]{{18}}[0-9a-f]{{8}}-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"


def pool_ref(name: str, spec: EksPoolSpec) -> PoolRef:
    """What workloads need to know of the pool."""
    ref = described(
        name, spec, labels=node.labels(name, spec), taints=declared_taints(spec), capacity=node.capacity(spec)
    )
    ref["image"] = spec.node_image.value
    ref["group_pattern"] = group_pattern(name)
    if spec.gpus:
        ref["gpu_driver"] = (spec.accelerator.driver if spec.accelerator else GpuDriver.DEFAULT).value
    if spec.purchase is Purchase.SPOT:
        ref["termination_notice_seconds"] = SPOT_NOTICE_SECONDS
    return ref


def _update_config(spec: EksPoolSpec) -> dict[str, Any]:
    """How nodes are replaced by an upgrade: DEFAULT adds new ones first, MINIMAL removes old ones first."""
    if spec.surge:
        strategy = "DEFAULT" if spec.surge.max_surge else "MINIMAL"
        return {"update_strategy": strategy, "max_unavailable": spec.surge.max_surge or spec.surge.max_unavailable}
    none_to_add = bool(spec.gpus or spec.capacity_reservation) or spec.purchase is Purchase.RESERVED
    return {"update_strategy": "MINIMAL" if none_to_add else "DEFAULT", "max_unavailable": 1}
