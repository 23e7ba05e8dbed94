"""The node that AKS's autoscaler expects of an empty pool.

Built from the *registered* inputs of the pool and not from our plan, by the autoscaler's own rules
(kubernetes/autoscaler cluster-autoscaler/cloudprovider/azure/azure_template.go@55c37cd5). It reckons with all of a
machine's CPU and memory; what a node really has left of them is taken from the documentation of AKS here, so that a
pod that fits is also placed (MicrosoftDocs/azure-aks-docs articles/aks/node-resource-reservations.md@fb060abe).
"""

import re
from typing import Any

from penstock_cost import machine
from tests.support.node_template import NodeTemplate

_TAINT = re.compile(r"([^=]+)=([^=]*):(NoSchedule|NoExecute|PreferNoSchedule)")
_RESOURCES = "k8s.io_cluster-autoscaler_node-template_resources_"
_KEPT_MILLICORES = {1: 60, 2: 100, 4: 140, 8: 180, 16: 260, 32: 420, 64: 740}


def node_template(pool: dict[str, Any]) -> NodeTemplate:
    """The template of a pool with these registered inputs (`azure-native:containerservice:AgentPool`)."""
    shape = machine("azure", pool["vmSize"])
    labels = {
        **pool.get("nodeLabels", {}),
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64" if shape.architecture == "arm64" else "amd64",
        "node.kubernetes.io/instance-type": shape.name,
        "kubernetes.azure.com/agentpool": pool["agentPoolName"],
        "kubernetes.azure.com/mode": pool["mode"].lower(),
    }
    # What is not written as key=value:effect is passed over.
    taints = {match.groups() for match in map(_TAINT.fullmatch, pool.get("nodeTaints", [])) if match}
    allocatable = {
        "cpu": shape.vcpu * 1000 - _kept_millicores(shape.vcpu),
        "memory": _allocatable_mib(shape.memory_gib * 1024, pool["maxPods"]),
    }
    if shape.accelerator:
        labels["kubernetes.azure.com/accelerator"] = "nvidia"
        allocatable["nvidia.com/gpu"] = shape.accelerator.count
    for tag, amount in pool.get("tags", {}).items():
        if tag.startswith(_RESOURCES):
            allocatable[tag.removeprefix(_RESOURCES).replace("_", "/")] = float(amount)
    return NodeTemplate(labels, taints, allocatable)  # type: ignore[arg-type]  # three groups, all there


def _kept_millicores(cores: float) -> float:
    """What the documentation says of this number of cores, or of the next larger one."""
    return next((kept for known, kept in _KEPT_MILLICORES.items() if cores <= known), 740 + 10 * (cores - 64))


def _allocatable_mib(mib: float, pods: int) -> float:
    kept = min(20 * pods + 50, mib / 4) + 100
    return mib * 0.979 - kept  # the node of the documentation's example shows 2.1 % less than its machine has
