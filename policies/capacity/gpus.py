"""GPUs that workloads may ask for, against those that their pools may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from maxima import KEDA_MAXIMUM
from objects import HPA, SCALED, SCALED_OBJECT, kind_of, of_kinds, same, target_of
from pydantic import Field

from penstock_cost.crossguard import Finding, NotKnown, Seen, items, whole
from penstock_cost.crossguard.pools import NodePool, pools_of
from penstock_cost.crossguard.rules import Config, not_known
from penstock_cost.crossguard.values import read
from penstock_cost.resources.kubernetes.placement import Nodes, constraints, selects
from penstock_cost.resources.model import Resource
from penstock_cost.resources.values import Values

RESOURCES = ("nvidia.com/gpu", "amd.com/gpu", "aws.amazon.com/neuron")


class GpuPoolsUsed(Config):
    factor: float = Field(
        default=2.0, ge=1, description="A pool may have so many times the GPUs that its workloads can ask for."
    )


class _Pool(NamedTuple):
    pool: NodePool
    gpus: int
    """The most that it may have."""


class _Asking(NamedTuple):
    workload: Resource
    gpus: int
    """The most that it may ask for."""
    pools: tuple[str, ...]
    """The pools that it selects, by their names."""


def gpus_within_pools(stack: Seen, _config: object, _configs: object) -> Iterator[Finding]:
    """Workloads that may ask for more GPUs than the pools they select may have."""
    pools = _gpu_pools(stack)
    problems: list[Finding] = []
    by_pools: dict[tuple[str, ...], list[_Asking]] = {}
    for asking in _asking(stack, pools, problems):
        by_pools.setdefault(asking.pools, []).append(asking)
    for names, group in by_pools.items():
        most, asked = sum(pools[name].gpus for name in names), sum(one.gpus for one in group)
        if asked > most:
            listed = ", ".join(f"{kind_of(one.workload)} '{one.workload.name}' {one.gpus}" for one in group)
            yield Finding(
                f"Workloads may ask for {asked} GPUs ({listed}), and the pools that they select have {most} at their "
                f"maximum ({', '.join(names)}): {asked - most} would wait for ever. Raise the pools' maximum, or "
                "lower the replicas.",
                group[0].workload.urn,
            )
    yield from problems


def gpu_pools_used(stack: Seen, config: GpuPoolsUsed, _configs: object) -> Iterator[Finding]:
    """A GPU pool whose maximum is far above what its workloads can ask for."""
    pools = _gpu_pools(stack)
    asked = dict.fromkeys(pools, 0)
    for asking in _asking(stack, pools, []):
        for name in asking.pools:
            asked[name] += asking.gpus
    for name, pool in pools.items():
        if 0 < asked[name] * config.factor < pool.gpus:
            yield Finding(
                f"'{name}' may have {pool.gpus} GPUs, and the workloads that select it can ask for {asked[name]} at "
                "most. Lower its maximum: a slip would be billed up to it.",
                pool.pool.resource.urn,
            )


def _gpu_pools(stack: Seen) -> dict[str, _Pool]:
    """The pools of which the GPUs and the maximum are known."""
    found: dict[str, _Pool] = {}
    for resource in stack.resources:
        try:
            for pool in pools_of(resource):
                gpus, most = pool.gpus(), pool.maximum().machines
                if gpus and most is not None:
                    found[pool.name] = _Pool(pool, gpus * most)
        except NotKnown:
            continue  # node-pool-maximum tells it
    return found


def _asking(stack: Seen, pools: dict[str, _Pool], problems: list[Finding]) -> Iterator[_Asking]:
    nodes = {name: Nodes(one.pool.labels(), ()) for name, one in pools.items()}
    known: dict[str, tuple[str, ...]] = {}  # many workloads have the same constraints
    for workload in of_kinds(stack, *SCALED) if pools else ():
        fits = _selected(workload, nodes, known)
        try:
            if fits and (each := _gpus_of_pod(workload)):
                yield _Asking(workload, each * _most_replicas(stack, workload), fits)
        except NotKnown as unknown:
            problems.append(not_known(workload, unknown))


def _selected(workload: Resource, nodes: Mapping[str, Nodes], known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The pools that its node selector or its node affinity asks for. What is not known selects none."""
    try:
        spec = read(workload.properties, "spec.template.spec")
    except NotKnown:
        return ()
    if not isinstance(spec, Mapping):
        return ()
    pod = Values(spec)
    if (wanted := constraints(pod)) not in known:
        known[wanted] = tuple(name for name, labels in nodes.items() if selects(pod, labels))
    return known[wanted]


def _gpus_of_pod(workload: Resource) -> int:
    total = 0
    for _, container in items(workload.properties, "spec.template.spec.containers"):
        for kind in ("limits", "requests"):
            held = read(container, f"resources.{kind}") or {}
            asked = [whole({"gpus": held[name]}, "gpus") or 0 for name in RESOURCES if name in held]
            if asked:
                total += sum(asked)
                break
    return total


def _most_replicas(stack: Seen, workload: Resource) -> int:
    for kind, path, default in ((HPA, "spec.maxReplicas", 1), (SCALED_OBJECT, "spec.maxReplicaCount", KEDA_MAXIMUM)):
        for scaler in stack.by_type.get(kind, ()):
            try:
                scales_it = same(target_of(stack, scaler), workload)
            except NotKnown:
                continue  # one-scaler tells it
            if scales_it:
                found = whole(scaler.properties, path)
                return default if found is None else found
    stated = whole(workload.properties, "spec.replicas")
    return 1 if stated is None else stated
