"""Kubernetes objects of a stack, and which of them mean one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from penstock_cost.crossguard import NotKnown, Seen, text
from penstock_cost.crossguard.values import known_texts
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import plain

SCALED = ("Deployment", "StatefulSet", "ReplicaSet")
HPA = "kubernetes:autoscaling:HorizontalPodAutoscaler"
VPA = "kubernetes:autoscaling.k8s.io:VerticalPodAutoscaler"
SCALED_OBJECT = "kubernetes:keda.sh:ScaledObject"
BUDGET = "kubernetes:policy:PodDisruptionBudget"
_REFERENCES = {HPA: "spec.scaleTargetRef", VPA: "spec.targetRef", SCALED_OBJECT: "spec.scaleTargetRef"}


class Target(NamedTuple):
    """What is scaled, in one cluster."""

    provider: str
    namespace: str
    kind: str
    name: str


def kind_of(resource: Resource) -> str:
    """For example `Deployment`."""
    return plain(resource.type).rpartition(":")[2]


def of_kinds(stack: Seen, *kinds: str) -> Iterator[Resource]:
    """The objects of some kinds of the group `apps`."""
    for kind in kinds:
        yield from stack.by_type.get(f"kubernetes:apps:{kind}", ())


def namespace_of(resource: Resource) -> str:
    """Its namespace. Raises NotKnown."""
    return text(resource.properties, "metadata.namespace") or "default"


def identity(resource: Resource) -> Target | None:
    """A workload as others name it; None where its own name is not known yet."""
    try:
        name = text(resource.properties, "metadata.name")
        return Target(resource.provider, namespace_of(resource), kind_of(resource), name) if name else None
    except NotKnown:
        return None


def target_of(stack: Seen, scaler: Resource) -> Target:
    """What a scaler scales. Raises NotKnown where that cannot be told.

    A name that is not known yet is that of the one workload from whose outputs the scaler is made.
    """
    path = _REFERENCES[plain(scaler.type)]
    kind = text(scaler.properties, f"{path}.kind") or "Deployment"
    try:
        name = text(scaler.properties, f"{path}.name")
        return Target(scaler.provider, namespace_of(scaler), kind, name)
    except NotKnown:
        urns = {*scaler.made_from("spec"), *scaler.dependencies}
        made = [one for one in of_kinds(stack, kind) if one.urn in urns]
        if len(made) == 1:
            return identity(made[0]) or Target(scaler.provider, "", kind, made[0].urn)
        raise


def same(target: Target, workload: Resource) -> bool:
    """Whether a target is this workload."""
    return target == identity(workload) or (target.kind, target.name) == (kind_of(workload), workload.urn)


def pod_labels(workload: Resource) -> dict[str, str]:
    """The labels of its pods that are known."""
    return known_texts(workload.properties, "spec.template.metadata.labels")
