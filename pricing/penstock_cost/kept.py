"""What a GKE node keeps of its machine for itself.

Source: https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes.
"""

Slices = tuple[tuple[float, float], ...]

# Share of each slice of a machine's memory (GiB) that is kept: 25 % of the first 4, 20 % of the next 4, …
_MEMORY: Slices = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (float("inf"), 0.02))
# The same of its cores.
_CPU: Slices = ((1, 0.06), (1, 0.01), (2, 0.005), (float("inf"), 0.0025))
EVICTION_MIB = 100
"""Memory below which pods are evicted."""
OPERATING_SYSTEM = 0.02
"""The share of the machine's memory that the kernel and the system keep: 1.5 to 2 %."""


def cpu_kept(vcpu: float) -> float:
    """Cores that are kept of so many."""
    return _kept(vcpu, _CPU)


def memory_kept(gib: float) -> float:
    """GiB that are kept of so many, beside those of the operating system and of eviction."""
    return _kept(gib, _MEMORY)


def _kept(amount: float, slices: Slices) -> float:
    kept = 0.0
    for size, share in slices:
        part = min(amount, size)
        kept += part * share
        amount -= part
    return kept
