"""What an empty GKE node offers to pods: a little less than it will really be, never more.

Sources: https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes and GKE's own autoscaler
(GoogleCloudPlatform/cluster-autoscaler pkg/cloudprovider/gke/reserved.go@7d250507).
"""

from penstock_cost import MachineType

_MIB_PER_GIB = 1024
_EVICTION_MIB = 100
_IMAGE_STREAMING = 1.04  # image streaming adds 4 % to the reserved memory
_OPERATING_SYSTEM = 0.02  # what the kernel and the system keep of the machine's memory: 1.5 to 2 %

# Share of each slice of a machine's memory (GiB) that GKE keeps: 25 % of the first 4, 20 % of the next 4, …
_MEMORY_SLICES = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (float("inf"), 0.02))
# The same of its cores.
_CPU_SLICES = ((1, 0.06), (1, 0.01), (2, 0.005), (float("inf"), 0.0025))
# Machines that share a core keep this much of it (millicores).
_SHARED_CORE = ("e2-micro", "e2-small", "e2-medium", "f1-micro", "g1-small")
_SHARED_CORE_CPU = 1060


def allocatable_cpu_millicores(machine: MachineType) -> int:
    """CPU that pods may request on an empty node, in thousandths of a core."""
    if machine.name in _SHARED_CORE:
        return max(0, 2000 - _SHARED_CORE_CPU)
    return int(machine.vcpu * 1000 - round(_sliced(machine.vcpu, _CPU_SLICES) * 1000))


def allocatable_memory_mib(machine: MachineType) -> int:
    """Memory that pods may request on an empty node, in MiB."""
    kept = 255 / _MIB_PER_GIB if machine.memory_gib < 1 else _sliced(machine.memory_gib, _MEMORY_SLICES)
    left = machine.memory_gib * (1 - _OPERATING_SYSTEM) - kept * _IMAGE_STREAMING
    return int(left * _MIB_PER_GIB) - _EVICTION_MIB


def _sliced(amount: float, slices: tuple[tuple[float, float], ...]) -> float:
    kept = 0.0
    for size, share in slices:
        part = min(amount, size)
        kept += part * share
        amount -= part
    return kept
