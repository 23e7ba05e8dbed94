"""What the nodes of a pool are: labels, taints, capacity; and how the autoscaler learns it before there is one.

The autoscaler makes up the node of an empty group from the group's tags and its first machine type
(kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/aws_manager.go@55c37cd). Without tags it does not see what a
pod selects or tolerates; and it takes the whole machine for allocatable, so that it would add nodes on which a large
pod never fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.nodes.args import DiskType
from penstock.nodes.eks import tables
from penstock.nodes.eks.capacity import allocatable_cpu_millicores, allocatable_disk_gib, allocatable_memory_mib
from penstock.nodes.plan import GPU_RESOURCE, declared_taints, node_labels
from penstock.refs import NodeCapacity, Purchase, TaintEffect

if TYPE_CHECKING:
    from penstock.nodes.eks.spec import EksPoolSpec

TEMPLATE = "k8s.io/cluster-autoscaler/node-template/"
MOST_TAGS = 45
"""An Auto Scaling group has room for 50 tags; EKS itself uses five."""
ACCELERATOR_LABEL = "k8s.amazonaws.com/accelerator"
"""By this label the autoscaler knows a node whose NVIDIA GPUs are not there yet, and waits instead of adding another.
On a node that never has any it would wait for ever."""
EFA_RESOURCE = "vpc.amazonaws.com/efa"
_CAPACITY_TYPE_LABEL = "eks.amazonaws.com/capacityType"
_DISK_GIB, _GPU_DISK_GIB, _BOOT_DISK_GIB = 100, 200, 50


def labels(name: str, spec: EksPoolSpec) -> dict[str, str]:
    """The labels that the pool `name` declares."""
    declared = node_labels(name, spec)
    if not spec.gpus or spec.gpus.resource != GPU_RESOURCE:
        return declared
    return {**declared, ACCELERATOR_LABEL: spec.gpus.type}


def capacity_type(spec: EksPoolSpec) -> str:
    """EKS' name of how its machines are bought. A reserved pool's are on-demand ones: a commitment covers them."""
    return {Purchase.SPOT: "SPOT", Purchase.CAPACITY_BLOCK: "CAPACITY_BLOCK"}.get(spec.purchase, "ON_DEMAND")


def disk_gib(spec: EksPoolSpec) -> int:
    """The size of its network disk, in GiB. Beside disks of the machine's own it holds only the system."""
    if spec.disk.type is DiskType.LOCAL:
        return _BOOT_DISK_GIB
    return spec.disk.size_gib or (_GPU_DISK_GIB if spec.gpus else _DISK_GIB)


def pods_disk_gib(spec: EksPoolSpec) -> int:
    """The size of the disk that pods fill, in GiB: of machine types that differ, the smallest."""
    if spec.disk.type is DiskType.LOCAL:
        return min(tables.local_disk_gib(machine.name) for machine in spec.machines)
    return disk_gib(spec)


def capacity(spec: EksPoolSpec) -> NodeCapacity:
    """What a node offers; of machine types that differ, what the smallest in each respect offers."""
    offered = NodeCapacity(
        cpu_millicores=min(allocatable_cpu_millicores(machine) for machine in spec.machines),
        memory_mib=min(allocatable_memory_mib(machine) for machine in spec.machines),
        accelerators=0,
    )
    if spec.gpus:
        counts = [machine.accelerator.count for machine in spec.machines if machine.accelerator]
        offered["accelerators"] = min(counts, default=spec.gpus.count)
        offered["accelerator_resource"] = spec.gpus.resource
        offered["accelerator_type"] = spec.gpus.type
    return offered


def template_tags(name: str, spec: EksPoolSpec) -> dict[str, str]:
    """The tags of its Auto Scaling group that tell the autoscaler what a node will be."""
    offered = capacity(spec)
    resources = {
        "cpu": f"{offered['cpu_millicores']}m",
        "memory": f"{offered['memory_mib']}Mi",
        "ephemeral-storage": f"{allocatable_disk_gib(pods_disk_gib(spec))}Gi",
    }
    if "accelerator_resource" in offered:
        resources[offered["accelerator_resource"]] = str(offered["accelerators"])
    adapters = tables.adapters(spec.machine.name)
    if spec.efa and adapters:
        resources[EFA_RESOURCE] = str(adapters.interfaces)
    known = {**labels(name, spec), _CAPACITY_TYPE_LABEL: capacity_type(spec)}
    return {
        **{f"{TEMPLATE}label/{key}": value for key, value in known.items()},
        **{
            f"{TEMPLATE}taint/{t['key']}": f"{t.get('value', '')}:{TaintEffect(t['effect'])}"
            for t in declared_taints(spec)
        },
        **{f"{TEMPLATE}resources/{key}": value for key, value in resources.items()},
    }
