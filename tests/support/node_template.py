"""The node that GKE's own autoscaler expects of an empty pool, and whether a pod would fit it.

Built from the *registered* inputs of the pool and not from our plan, by the autoscaler's own rules
(GoogleCloudPlatform/cluster-autoscaler pkg/cloudprovider/gke/{reserved,templates,system_labels}.go@7d250507).
"""

from dataclasses import dataclass, field
from typing import Any

from penstock.nodes.gke.gpus import partitions
from penstock_cost import machine

_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}


@dataclass(frozen=True)
class NodeTemplate:
    """A node that does not exist yet."""

    labels: dict[str, str]
    taints: set[tuple[str, str, str]]
    allocatable: dict[str, float] = field(default_factory=dict)
    """cpu in millicores, memory in MiB, and extended resources."""


def node_template(pool: dict[str, Any]) -> NodeTemplate:
    """The template of a pool with these registered inputs (`gcp:container/nodePool:NodePool`)."""
    config = pool["nodeConfig"]
    shape = machine("gcp", config["machineType"])
    labels = {
        **config.get("labels", {}),
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64" if shape.architecture == "arm64" else "amd64",
        "node.kubernetes.io/instance-type": shape.name,
        "cloud.google.com/gke-provisioning": "spot" if config.get("spot") else "standard",
    }
    taints = {(t["key"], t.get("value", ""), _EFFECTS[t["effect"]]) for t in config.get("taints", [])}
    if shape.architecture == "arm64":
        taints.add(("kubernetes.io/arch", "arm64", "NoSchedule"))
    allocatable = {
        "cpu": shape.vcpu * 1000 - _reserved_cpu(shape.vcpu),
        # The capacity that a kubelet reports is what the kernel left of the machine's memory.
        "memory": shape.memory_gib * 1024 * 0.985 - _reserved_memory(shape.memory_gib * 1024),
    }
    for gpu in config.get("guestAccelerators", []):
        slices = partitions(gpu["type"])[gpu["gpuPartitionSize"]] if "gpuPartitionSize" in gpu else 1
        clients = gpu.get("gpuSharingConfig", {}).get("maxSharedClientsPerGpu", 1)
        allocatable["nvidia.com/gpu"] = gpu["count"] * slices * clients
        labels["cloud.google.com/gke-accelerator"] = gpu["type"]
    return NodeTemplate(labels, taints, allocatable)


def misfits(template: NodeTemplate, pod: dict[str, Any], requests: dict[str, float]) -> list[str]:
    """Why a pod with this `node_selector`, these `tolerations` and these requests does not fit; empty where it does."""
    reasons = [
        f"label {key}={value}" for key, value in pod["node_selector"].items() if template.labels.get(key) != value
    ]
    reasons += [
        f"taint {taint}"
        for taint in sorted(template.taints)
        if taint[2] != "PreferNoSchedule" and not any(_tolerates(t, taint) for t in pod["tolerations"])
    ]
    reasons += [
        f"{amount} of {resource}"
        for resource, amount in requests.items()
        if amount > template.allocatable.get(resource, 0)
    ]
    return reasons


def _tolerates(toleration: dict[str, str], taint: tuple[str, str, str]) -> bool:
    key, value, effect = taint
    same_value = toleration["operator"] == "Exists" or toleration.get("value", "") == value
    return toleration["key"] == key and toleration["effect"] == effect and same_value


def _reserved_cpu(cores: float) -> float:
    return sum(
        10 * percent * max(0.0, min(cores, top) - low)
        for low, top, percent in ((0, 1, 6), (1, 2, 1), (2, 4, 0.5), (4, float("inf"), 0.25))
    )


def _reserved_memory(mib: float) -> float:
    steps = (
        (0, 4000, 25),
        (4000, 8000, 20),
        (8000, 16000, 10),
        (16000, 128000, 6),
        (128000, float("inf"), 2),
    )
    reserved = sum(percent / 100 * max(0.0, min(mib, top) - low) for low, top, percent in steps)
    return reserved * 1.04 + 100
