"""What an empty node of a pool offers to pods."""

from __future__ import annotations

from penstock_cost.catalogue import machine
from penstock_cost.model import MachineType, UnknownMachineType
from penstock_cost.resources.found import Pool
from penstock_cost.resources.options import Annotation

PODS = 110
"""Pods of a node where nobody states another number: Kubernetes' own recommendation."""
# What nodes keep for themselves, as GKE does, which keeps the most of the three clouds:
# https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes. Share of each slice of cores and of GiB.
_CPU_KEPT = ((1, 0.06), (1, 0.01), (2, 0.005), (float("inf"), 0.0025))
_MEMORY_KEPT = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (float("inf"), 0.02))
_EVICTION_MIB, _OPERATING_SYSTEM = 100, 0.02
_MIB_PER_GIB = 1024


def capacity_of(pool: Pool, said: Annotation) -> dict[str, float] | None:
    """As stated, or of the smallest of its machine types less what nodes keep; None where one of them is not known."""
    if said.capacity is not None:
        stated = said.capacity
        return {
            "cpu": stated.cpu_millicores,
            "memory": stated.memory_mib,
            "pods": PODS,
            stated.accelerator_resource: stated.accelerators,
        }
    try:
        machines = [machine(pool.cloud, name) for name in pool.machines]
    except UnknownMachineType:
        return None
    offers = [_offer(one, pool) for one in machines]
    return {name: min(offer.get(name, 0.0) for offer in offers) for name in set().union(*offers)}


def _offer(machine: MachineType, pool: Pool) -> dict[str, float]:
    offer = {
        "cpu": 1000 * (machine.vcpu - _kept(machine.vcpu, _CPU_KEPT)),
        "memory": _MIB_PER_GIB
        * (machine.memory_gib * (1 - _OPERATING_SYSTEM) - _kept(machine.memory_gib, _MEMORY_KEPT))
        - _EVICTION_MIB,
        "pods": float(PODS),
    }
    if machine.accelerator:
        offer[machine.accelerator.resource] = float(machine.accelerator.count)
    elif pool.accelerator:
        offer["nvidia.com/gpu"] = float(pool.accelerator.partition(":")[2] or 1)
    return offer


def _kept(amount: float, slices: tuple[tuple[float, float], ...]) -> float:
    kept = 0.0
    for size, share in slices:
        part = min(amount, size)
        kept += part * share
        amount -= part
    return kept
