"""The refs of pools, as an autoscaler gets them, and autoscalers of them."""

from typing import Any

from penstock.autoscaling.spec import ClusterAutoscalerSpec
from penstock.nodes.eks.plan import group_pattern
from penstock.spec import check

SPOT = {"purchase": "spot", "min_nodes": 0}
GPU = {"capacity": {"cpu_millicores": 7910, "memory_mib": 30000, "accelerators": 1}, "min_nodes": 0}
AZURE = {"subscription": "s", "resource_group": "g"}


def pool(name: str, **said: Any) -> dict[str, Any]:
    """The ref of a pool: on demand, always with a node, in EKS."""
    return {
        "name": name,
        "cloud": "aws",
        "purchase": "on_demand",
        "machine_types": ["m6i.xlarge"],
        "min_nodes": 1,
        "max_nodes": 10,
        "labels": {"penstock/pool": name},
        "taints": [],
        "capacity": {"cpu_millicores": 3920, "memory_mib": 14000, "accelerators": 0},
        "group_pattern": group_pattern(name),
        **said,
    }


def eks(*pools: dict[str, Any], **asked: Any) -> ClusterAutoscalerSpec:
    return check(ClusterAutoscalerSpec, {"cloud": "aws", "pools": list(pools) or [pool("web")], **asked})


def self_managed(provider: str, pools: list[dict[str, Any]], **asked: Any) -> ClusterAutoscalerSpec:
    machines = {"provider": provider, **asked.pop("machines", {})}
    existing = [{**pool, "cloud": "existing"} for pool in pools]
    return check(ClusterAutoscalerSpec, {"cloud": "existing", "pools": existing, "self_managed": machines, **asked})
