"""What an empty node of a pool offers to pods, where nobody states it.

Nodes of any cloud are taken to keep what GKE's do, which keep the most of the three.
"""

from __future__ import annotations

from penstock_cost.catalogue import machine
from penstock_cost.kept import EVICTION_MIB, OPERATING_SYSTEM, cpu_kept, memory_kept
from penstock_cost.model import MachineType, UnknownMachineType
from penstock_cost.resources.found import Pool
from penstock_cost.resources.options import Annotation

PODS = 110
"""Pods of a node where nobody states another number: Kubernetes' own recommendation."""
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
        "cpu": 1000 * (machine.vcpu - cpu_kept(machine.vcpu)),
        "memory": _MIB_PER_GIB * (machine.memory_gib * (1 - OPERATING_SYSTEM) - memory_kept(machine.memory_gib))
        - EVICTION_MIB,
        "pods": float(PODS),
    }
    if machine.accelerator:
        offer[machine.accelerator.resource] = float(machine.accelerator.count)
    elif pool.accelerator:
        offer["nvidia.com/gpu"] = float(pool.accelerator.partition(":")[2] or 1)
    return offer
