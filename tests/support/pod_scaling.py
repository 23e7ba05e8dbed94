"""What autoscalers of pods are asked in tests."""

from typing import Any

TARGET: dict[str, Any] = {"name": "web", "namespace": "apps"}


def gpu_pool(name: str, **said: Any) -> dict[str, Any]:
    """The ref of a GPU pool: up to 4 nodes of 2 GPUs."""
    capacity = {
        "cpu_millicores": 7910,
        "memory_mib": 30000,
        "accelerators": 2,
        "accelerator_resource": "nvidia.com/gpu",
    }
    return {
        "name": name,
        "cloud": "aws",
        "purchase": "spot",
        "machine_types": ["g6.12xlarge"],
        "min_nodes": 0,
        "max_nodes": 4,
        "labels": {"penstock/pool": name, "workload-type": "llm"},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
        "capacity": capacity,
        **said,
    }


def query_trigger(**said: Any) -> dict[str, Any]:
    """A trigger on a query."""
    return {"prometheus": {"query": "sum(queue)", "threshold": 10, **said}}
