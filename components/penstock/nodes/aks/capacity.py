"""What an empty AKS node offers to pods: a little less than it will really be, never more.

Source: MicrosoftDocs/azure-aks-docs articles/aks/node-resource-reservations.md@fb060abe (Kubernetes 1.29 and later).
"""

from penstock_cost import MachineType

MAX_PODS = 110
"""How many pods a node takes: Kubernetes' own recommendation, and what the autoscaler expects of an empty pool. AKS
would take 250, and keep 20 MiB of memory for each."""

_MIB_PER_GIB = 1024
_EVICTION_MIB = 100
_MIB_PER_POD, _MIB_BESIDE_PODS = 20, 50
_LARGEST_SHARE = 0.25
# What hypervisor and kernel keep before the kubelet sees the memory: a node of 32 GiB shows 2.1 % less
# (articles/aks/best-practices-app-cluster-reliability.md), a smaller one more.
_OPERATING_SYSTEM_SHARE, _OPERATING_SYSTEM_MIB = 0.025, 128

# Cores of a machine, and how much of them AKS keeps (millicores). A machine between two rows is taken for the larger
# one; above the last, each core is taken to cost what it did before.
_KEPT_CPU = ((1, 60), (2, 100), (4, 140), (8, 180), (16, 260), (32, 420), (64, 740))
_KEPT_PER_CORE = 10


def allocatable_cpu_millicores(machine: MachineType) -> int:
    """CPU that pods may request on an empty node, in thousandths of a core."""
    most, kept = _KEPT_CPU[-1]
    above = kept + _KEPT_PER_CORE * (machine.vcpu - most)
    return int(machine.vcpu * 1000 - next((kept for cores, kept in _KEPT_CPU if machine.vcpu <= cores), above))


def allocatable_memory_mib(machine: MachineType) -> int:
    """Memory that pods may request on an empty node, in MiB."""
    whole = machine.memory_gib * _MIB_PER_GIB
    seen = whole * (1 - _OPERATING_SYSTEM_SHARE) - _OPERATING_SYSTEM_MIB
    kept = min(MAX_PODS * _MIB_PER_POD + _MIB_BESIDE_PODS, whole * _LARGEST_SHARE)
    return max(0, int(seen - kept - _EVICTION_MIB))
