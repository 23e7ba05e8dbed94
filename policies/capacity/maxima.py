"""How many nodes a pool, and how many replicas a workload may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from limits import KindLimit, Limit, matches
from pydantic import Field

from penstock_cost.crossguard import Finding, NotKnown, read, text, whole
from penstock_cost.crossguard.pools import NodePool, pools_of
from penstock_cost.crossguard.rules import Config
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import plain

KEDA_MAXIMUM = 100
"""`maxReplicaCount` of a ScaledObject or ScaledJob that states none (keda.sh, their specifications)."""
WORKLOADS = {
    "kubernetes:apps:Deployment": "spec.replicas",
    "kubernetes:apps:StatefulSet": "spec.replicas",
    "kubernetes:apps:ReplicaSet": "spec.replicas",
    "kubernetes:core:ReplicationController": "spec.replicas",
    "kubernetes:autoscaling:HorizontalPodAutoscaler": "spec.maxReplicas",
    "kubernetes:keda.sh:ScaledObject": "spec.maxReplicaCount",
    "kubernetes:keda.sh:ScaledJob": "spec.maxReplicaCount",
    # A patch of an object that another program made.
    "kubernetes:apps:DeploymentPatch": "spec.replicas",
    "kubernetes:apps:StatefulSetPatch": "spec.replicas",
    "kubernetes:apps:ReplicaSetPatch": "spec.replicas",
    "kubernetes:autoscaling:HorizontalPodAutoscalerPatch": "spec.maxReplicas",
    "kubernetes:argoproj.io:Rollout": "spec.replicas",
}
"""Where each kind states the most replicas."""


class NodePoolMaximum(Config):
    max_nodes: int = Field(default=100, ge=1, description="The most nodes that any one pool may have, over all zones.")
    limits: tuple[Limit, ...] = Field(
        default=(), description="Other maxima, by pattern; the first that matches counts."
    )


class ReplicaMaximum(Config):
    max_replicas: int = Field(default=100, ge=0, description="The most replicas that any one workload may have.")
    limits: tuple[KindLimit, ...] = Field(
        default=(), description="Other maxima, by pattern and kind; the first that matches counts."
    )


def node_pool_maximum(resource: Resource, config: NodePoolMaximum) -> Iterator[Finding]:
    """A pool whose maximum is too high, is missing, or is not known."""
    try:
        pools = list(pools_of(resource))
    except NotKnown as unknown:
        yield Finding(f"The node pools of '{resource.name}' cannot be told: {unknown}", resource.urn)
        return
    for pool in pools:
        yield from _pool(pool, config)


def _pool(pool: NodePool, config: NodePoolMaximum) -> Iterator[Finding]:
    urn = pool.resource.urn
    try:
        most = pool.maximum()
    except NotKnown as unknown:
        yield Finding(f"The most nodes of '{pool.name}' cannot be told: {unknown}", urn)
        return
    ceiling = _ceiling(config.limits, pool.texts, config.max_nodes)
    if most.machines is None:
        yield Finding(f"'{pool.name}' has no maximum that counts all its zones. Write {most.path}.", urn)
    elif most.machines > ceiling:
        lower = ceiling // most.zones
        each = f" (of each of its {most.zones} zones)" if most.zones > 1 else ""
        yield Finding(
            f"'{pool.name}' may have {most.machines} nodes, {most.machines - ceiling} above the ceiling of {ceiling}. "
            f"Lower {most.path}{each} to {lower}.",
            urn,
        )


def replica_maximum(resource: Resource, config: ReplicaMaximum) -> Iterator[Finding]:
    """A workload, or what scales one, that may have too many replicas, or of which that is not known."""
    path = WORKLOADS.get(plain(resource.type))
    if path is None:
        return
    kind = plain(resource.type).rpartition(":")[2].removesuffix("Patch")
    limits = [limit for limit in config.limits if limit.kind in ("", kind)]
    ceiling = _ceiling(limits, names(resource), config.max_replicas)
    try:
        most = whole(resource.properties, path)
    except NotKnown as unknown:
        yield Finding(f"The most replicas of '{resource.name}' cannot be told: {unknown}", resource.urn)
        return
    why = ""
    if most is None and kind in ("ScaledObject", "ScaledJob"):
        most, why = KEDA_MAXIMUM, f", because KEDA takes {KEDA_MAXIMUM} where {path} is missing"
    if most is not None and most > ceiling:
        yield Finding(
            f"{kind} '{resource.name}' may have {most} replicas{why}: {most - ceiling} above the ceiling of {ceiling}. "
            f"Write {path}: {ceiling}.",
            resource.urn,
        )


def names(resource: Resource) -> list[str]:
    """By what a pattern may name a Kubernetes object."""
    found = [resource.name, resource.urn]
    try:
        name = text(resource.properties, "metadata.name")
        namespace = str(read(resource.properties, "metadata.namespace") or "default")
    except NotKnown:
        return found
    return [*found, name, f"{namespace}/{name}"] if name else found


def _ceiling(limits: Iterable[Limit], texts: Iterable[str], otherwise: int) -> int:
    texts = list(texts)
    return next((limit.maximum for limit in limits if matches(limit.pattern, texts)), otherwise)
