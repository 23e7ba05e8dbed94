"""What an empty GKE node offers to pods: a little less than it will really be, never more.

Sources: https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes and GKE's own autoscaler
(GoogleCloudPlatform/cluster-autoscaler pkg/cloudprovider/gke/reserved.go@7d250507).
"""

from penstock_cost import MachineType
from penstock_cost.kept import EVICTION_MIB, OPERATING_SYSTEM, cpu_kept, memory_kept

_MIB_PER_GIB = 1024
_IMAGE_STREAMING = 1.04  # image streaming adds 4 % to the reserved memory
# Machines that share a core keep this much of it (millicores).
_SHARED_CORE = ("e2-micro", "e2-small", "e2-medium", "f1-micro", "g1-small")
_SHARED_CORE_CPU = 1060


def allocatable_cpu_millicores(machine: MachineType) -> int:
    """CPU that pods may request on an empty node, in thousandths of a core."""
    if machine.name in _SHARED_CORE:
        return max(0, 2000 - _SHARED_CORE_CPU)
    return int(machine.vcpu * 1000 - round(cpu_kept(machine.vcpu) * 1000))


def allocatable_memory_mib(machine: MachineType) -> int:
    """Memory that pods may request on an empty node, in MiB."""
    kept = 255 / _MIB_PER_GIB if machine.memory_gib < 1 else memory_kept(machine.memory_gib)
    left = machine.memory_gib * (1 - OPERATING_SYSTEM) - kept * _IMAGE_STREAMING
    return int(left * _MIB_PER_GIB) - EVICTION_MIB
