"""What an empty EKS node offers to pods: a little less than it will really be, never more.

Sources: awslabs/amazon-eks-ami nodeadm/internal/kubelet/config.go@81fec2e (what the kubelet keeps, and when it evicts);
Karpenter's documentation of VM_MEMORY_OVERHEAD_PERCENT (what of a machine's memory its kernel never sees: 7.5 % are
assumed there where it has not been measured).
"""

from penstock.nodes.eks.tables import pods
from penstock_cost import MachineType

_MIB_PER_GIB = 1024
_UNSEEN = 0.075
_KEPT_MIB, _KEPT_MIB_PER_POD = 255, 11
_EVICTION_MIB = 100
# Share of each slice of a machine's cores that the kubelet keeps: 6 % of the first, 1 % of the second, …
_CPU_SLICES = ((1, 0.06), (1, 0.01), (2, 0.005), (float("inf"), 0.0025))
# Managed node groups cap pods at 110, above 30 vCPU at 250, and with prefix delegation set them to that.
# https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#determine-max-pods
_FEW_VCPU, _PODS_OF_FEW, _PODS_OF_MANY = 30, 110, 250
# Of a node's disk: what the file system keeps, then what the kubelet keeps free (10 %) and for itself (1 GiB).
_FILE_SYSTEM, _FREE, _KEPT_GIB = 0.02, 0.10, 1


def allocatable_cpu_millicores(machine: MachineType) -> int:
    """CPU that pods may request on an empty node, in thousandths of a core."""
    kept, left = 0.0, machine.vcpu
    for size, share in _CPU_SLICES:
        part = min(left, size)
        kept += part * share
        left -= part
    return int(machine.vcpu * 1000 - kept * 1000)


def allocatable_memory_mib(machine: MachineType) -> int:
    """Memory that pods may request on an empty node, in MiB.

    The kubelet keeps memory for as many pods as there may be: which number it goes by depends on the image, so the
    larger is taken.
    """
    cap = _PODS_OF_FEW if machine.vcpu < _FEW_VCPU else _PODS_OF_MANY
    most_pods = max(pods(machine.name, machine.vcpu), cap)
    seen = machine.memory_gib * _MIB_PER_GIB * (1 - _UNSEEN)
    return max(0, int(seen) - _KEPT_MIB - _KEPT_MIB_PER_POD * most_pods - _EVICTION_MIB)


def allocatable_disk_gib(size_gib: int) -> int:
    """Ephemeral storage that pods may request on an empty node with a disk of `size_gib`, in GiB."""
    return int(size_gib * (1 - _FILE_SYSTEM) * (1 - _FREE)) - _KEPT_GIB
