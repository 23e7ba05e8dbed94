"""What may be asked of a tenant's quota, and of its containers."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import ClassVar

from pydantic import ConfigDict, Field

from penstock.autoscaling.pods.quantities import amount, amount_problems, order_problems
from penstock.autoscaling.pools import Pool, PoolCapacity
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

MIB = 2**20
_EXACT_MIB = 10 * 1024
"""Below it, memory that is no whole number of GiB is shown in MiB."""
_LEAST_CPU = Decimal("0.001")
"""https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-cpu"""


class LabelledPool(Spec):
    """A pool of which it matters what labels its nodes have."""

    model_config = ConfigDict(extra="ignore")

    name: str
    labels: dict[str, str]


class RoomyCapacity(PoolCapacity):
    """What one node of a pool offers."""

    cpu_millicores: WholeNumber
    memory_mib: WholeNumber
    accelerator_shared: bool = False


class RoomyPool(Pool):
    """A pool of which it matters how much it can hold."""

    labels: dict[str, str]
    capacity: RoomyCapacity


@cache
def object_counts() -> Mapping[str, int]:
    """How many objects of each kind a tenant may have where nothing is said."""
    with (files(__package__) / "data" / "objects.csv").open(encoding="utf-8") as table:
        return {row["object"]: int(row["count"]) for row in csv.DictReader(table)}


class QuotaSpec(Spec):
    """See `TenantQuota` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "gpu": "Write gpus, a whole number.",
        "storage": "Write storage_gib, a whole number of GiB.",
        "requests": "Write cpu and memory.",
        "limits": "Write memory, which is the limit, too, and cpu_limit_ratio where CPU is to have one.",
    }

    cpu: str = Field(description="the CPU that its pods may ask for together, for example 20")
    memory: str = Field(description="the memory that its pods may ask for together, for example 64Gi")
    gpus: WholeNumber = Field(default=0, ge=0)
    storage_gib: WholeNumber = Field(default=0, ge=0)
    ephemeral_storage_gib: WholeNumber | None = Field(default=None, ge=1)
    pods: WholeNumber = Field(default=100, ge=1, le=100_000)
    cpu_limit_ratio: WholeNumber | None = Field(default=None, ge=1, le=100)
    objects: dict[str, WholeNumber] = {}

    @property
    def amounts(self) -> tuple[Decimal, Decimal]:
        """Cores, and bytes of memory."""
        return amount(self.cpu) or Decimal(0), amount(self.memory) or Decimal(0)

    @rule
    def what_is_asked_are_amounts(self) -> Iterator[Problem]:
        yield from amount_problems("cpu", self.cpu, "20 or 500m")
        yield from amount_problems("memory", self.memory, "64Gi")
        cpu = amount(self.cpu)
        if cpu and cpu < _LEAST_CPU:
            yield Problem("cpu", f"'{self.cpu}' is less than 1m, the least that there is. Write 20 or so.")
        found = amount(self.memory)
        if found and found < MIB:
            yield Problem("memory", f"'{self.memory}' are {found} bytes, less than a pod needs. Write 64Gi or so.")

    @rule
    def objects_are_counted(self) -> Iterator[Problem]:
        for name, count in self.objects.items():
            if name not in object_counts():
                known = ", ".join(object_counts())
                yield Problem(f"objects.{name}", f"Nothing of this name is counted here. Write one of: {known}.")
            elif count < 0:
                yield Problem(f"objects.{name}", f"Write 0 or more, not {count}.")
            elif count and object_counts()[name] == 0:
                yield Problem(
                    f"objects.{name}", "Requests reach a tenant by the platform's Gateway. Drop this, and write routes."
                )


class ContainersSpec(Spec):
    """See `TenantContainers` for what each field means."""

    default_cpu: str | None = None
    default_memory: str | None = None
    max_cpu: str | None = None
    max_memory: str | None = None

    @rule
    def what_is_asked_are_amounts(self) -> Iterator[Problem]:
        yield from amount_problems("default_cpu", self.default_cpu, "100m")
        yield from amount_problems("default_memory", self.default_memory, "256Mi")
        yield from amount_problems("max_cpu", self.max_cpu, "8")
        yield from amount_problems("max_memory", self.max_memory, "32Gi")

    @rule
    def defaults_are_allowed(self) -> Iterator[Problem]:
        yield from order_problems("max_cpu", self.default_cpu, self.max_cpu)
        yield from order_problems("max_memory", self.default_memory, self.max_memory)


def room(pools: Sequence[RoomyPool]) -> dict[str, Decimal]:
    """What the pools hold at their largest: cores as `cpu`, bytes as `memory`, and each accelerator by its name."""
    held = {"cpu": Decimal(0), "memory": Decimal(0)}
    for pool in pools:
        held["cpu"] += Decimal(pool.max_nodes * pool.capacity.cpu_millicores) / 1000
        held["memory"] += Decimal(pool.max_nodes * pool.capacity.memory_mib * MIB)
        if pool.has_gpus and pool.capacity.accelerator_resource:
            name = pool.capacity.accelerator_resource
            held[name] = held.get(name, Decimal(0)) + pool.max_nodes * pool.capacity.accelerators
    return held


def asked(quota: QuotaSpec, kinds: Sequence[str]) -> dict[str, Decimal]:
    """The quota in the terms of `room`; `kinds` are the accelerators of the tenant's pools."""
    cpu, memory = quota.amounts
    return {"cpu": cpu, "memory": memory, **dict.fromkeys(kinds, Decimal(quota.gpus))}


def room_problems(quota: QuotaSpec, pools: Sequence[RoomyPool]) -> Iterator[Problem]:
    """A quota that the pools could never hold, however far they grow."""
    held = room(pools)
    cpu, memory = quota.amounts
    where = f"the pools {names(pools)} hold at most"
    if cpu > held["cpu"]:
        yield Problem("cpu", f"{quota.cpu} CPU is promised, and {where} {shown('cpu', held['cpu'])}. {_LESS}")
    if memory > held["memory"]:
        yield Problem("memory", f"{quota.memory} is promised, and {where} {shown('memory', held['memory'])}. {_LESS}")
    gpus = {name: count for name, count in held.items() if name not in ("cpu", "memory")}
    most = max(gpus.values(), default=Decimal(0))
    if quota.gpus > most:
        yield Problem("gpus", f"{quota.gpus} GPUs are promised, and {where} {most:f} of a kind. {_LESS}")


_LESS = "Promise less, or let it use other pools, or raise their max_nodes."


def names(pools: Sequence[RoomyPool]) -> str:
    """Their names, in words."""
    return ", ".join(f"'{pool.name}'" for pool in pools)


def shown(resource: str, value: Decimal) -> str:
    """An amount of `room` as people write it."""
    if resource == "memory":
        mib = int(value // MIB)
        return f"{mib}Mi" if mib % 1024 and mib < _EXACT_MIB else f"{mib // 1024}Gi"
    return f"{value.normalize():f}"
