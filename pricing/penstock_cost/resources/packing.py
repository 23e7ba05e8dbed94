"""How many machines a number of pods needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Amounts = Mapping[str, float]
"""How much of each resource: `cpu` in thousandths of a core, `memory` in MiB, `pods`, `nvidia.com/gpu` …"""

_OPEN = 12
"""How many kinds of partly filled machines are tried for the next pods; the fullest close, as they would anyway."""


def machines_for(capacity: Amounts, wanted: Iterable[tuple[Amounts, int]]) -> int:
    """Machines of one capacity for groups of equal pods: first fit, the largest pods first.

    It is at least what any packing needs, and what a scheduler comes to that fills machines in turn. Pods that do not
    fit an empty machine ask for none: no pool of such machines can run them.
    """
    pods = sorted(
        ((pod, replicas) for pod, replicas in wanted if pod and replicas > 0 and _fitting(capacity, pod)),
        key=lambda group: max((amount / capacity[name] for name, amount in group[0].items() if amount), default=0.0),
        reverse=True,
    )
    # Machines with the same room left are one entry, so that the time does not grow with the replicas.
    machines: list[tuple[dict[str, float], int]] = []
    closed = 0
    for pod, replicas in pods:
        filled: list[tuple[dict[str, float], int]] = []
        for room, count in machines:
            fits = _fitting(room, pod)
            whole = min(count, replicas // fits) if fits else 0
            replicas -= whole * fits
            rest = replicas if fits and whole < count else 0
            if whole:
                filled.append((_less(room, pod, fits), whole))
            if rest:
                filled.append((_less(room, pod, rest), 1))
                replicas = 0
            if left := count - whole - (rest > 0):
                filled.append((room, left))
        fits = _fitting(capacity, pod)
        if whole := replicas // fits:
            filled.append((_less(capacity, pod, fits), whole))
        if rest := replicas % fits:
            filled.append((_less(capacity, pod, rest), 1))
        closed += sum(count for _, count in filled[:-_OPEN])
        machines = filled[-_OPEN:]
    return closed + sum(count for _, count in machines)


def _fitting(room: Amounts, pod: Amounts) -> int:
    """How many such pods fit into the room; a pod always takes one of `pods`."""
    fits = float("inf")
    for name, amount in pod.items():
        if amount:
            fits = min(fits, (room.get(name, 0.0) + 1e-6) // amount)
            if fits < 1:
                return 0
    return int(fits)


def _less(room: Amounts, pod: Amounts, count: int) -> dict[str, float]:
    return {name: amount - count * pod.get(name, 0.0) for name, amount in room.items()}
