"""Whether pods may run on the nodes of a pool, and whether they ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from penstock_cost.resources.options import Taint
from penstock_cost.resources.values import Unpriced, Values

# Labels that clouds and kubelets put on nodes: that one is not known here does not mean that a node lacks it.
_OF_THE_SYSTEM = (
    "kubernetes.io",
    "k8s.io",
    "cloud.google.com",
    "eks.amazonaws.com",
    "kubernetes.azure.com",
    "penstock/zone",
)
_EVERYWHERE = ("kubernetes.io/os", "kubernetes.io/arch")
_BLOCKING = ("NoSchedule", "NoExecute")


class Nodes(NamedTuple):
    """What a pool's nodes show to the scheduler."""

    labels: Mapping[str, str]
    taints: Sequence[Taint]


def lands(spec: Values, pod: Mapping[str, float] | None, nodes: Nodes) -> bool:
    """Whether its pods may run there. What cannot be read forbids nothing."""
    try:
        terms = _required(spec)
        return _tolerated(spec, pod, nodes) and (not terms or any(_matches(term, nodes, False) for term in terms))
    except Unpriced:
        return True


def selects(spec: Values, nodes: Nodes) -> bool:
    """Whether its pods ask for these nodes, by a label that the pool has of its own."""
    try:
        return any(_matches(term, nodes, True) for term in _required(spec))
    except Unpriced:
        return False


def preference(spec: Values, nodes: Nodes) -> float:
    """The weight of what it prefers of these nodes."""
    try:
        affinity = spec.child("affinity").child("nodeAffinity")
        return sum(
            term.number("weight", 1)
            for term in affinity.children("preferredDuringSchedulingIgnoredDuringExecution")
            if _matches(list(_expressions(term.child("preference"))), nodes, False)
        )
    except Unpriced:
        return 0.0


def constraints(spec: Values) -> str:
    """All of a pod's `spec` that decides where it may run, as a text to compare."""
    affinity = spec.data.get("affinity")
    node = affinity.get("nodeAffinity") if isinstance(affinity, Mapping) else affinity
    return repr((spec.data.get("nodeSelector"), node, spec.data.get("tolerations")))


def own_label(spec: Values) -> tuple[str, str] | None:
    """A label of pools without which no node takes it; None where there is no single one."""
    try:
        terms = _required(spec)
    except Unpriced:
        return None
    if len(terms) != 1:
        return None
    found = ((key, values[0]) for key, operator, values in terms[0] if operator == "In" and len(values) == 1)
    return next(((key, value) for key, value in found if not _system(key)), None)


_Expression = tuple[str, str, list[str]]
"""Key, operator and values."""


def _required(spec: Values) -> list[list[_Expression]]:
    """The alternatives of what it requires: each the selector with one of the terms of the affinity."""
    selector = spec.child("nodeSelector")
    always: list[_Expression] = [(key, "In", [selector.text(key, "")]) for key in selector.data]
    required = spec.child("affinity").child("nodeAffinity").child("requiredDuringSchedulingIgnoredDuringExecution")
    terms = [list(_expressions(term)) for term in required.children("nodeSelectorTerms")]
    if not terms:
        return [always] if always else []
    return [always + term for term in terms]


def _expressions(term: Values) -> Iterable[_Expression]:
    for expression in term.children("matchExpressions"):
        yield expression.text("key"), expression.text("operator"), expression.texts("values")


def _matches(term: Sequence[_Expression], nodes: Nodes, asks: bool) -> bool:
    """Whether nodes fulfil every expression; with `asks` at least one of them has to name a label of the pool's own."""
    own = False
    for key, operator, values in term:
        value = nodes.labels.get(key)
        if value is None and _system(key):
            continue
        if not _holds(value, operator, values):
            return False
        own = own or (operator in ("In", "Exists") and key not in _EVERYWHERE)
    return own or not asks


def _holds(value: str | None, operator: str, values: list[str]) -> bool:
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return value is not None  # Gt and Lt, which compare numbers that no pool here has


def _system(key: str) -> bool:
    domain = key.partition("/")[0]
    return any(domain == known or domain.endswith(f".{known}") or key == known for known in _OF_THE_SYSTEM)


def _tolerated(spec: Values, pod: Mapping[str, float] | None, nodes: Nodes) -> bool:
    tolerations: list[Mapping[str, Any]] = [one.data for one in spec.children("tolerations")]
    return all(
        taint.effect not in _BLOCKING
        # GKE and the plugins of others let pods that ask for a device tolerate its taint.
        or (pod is not None and pod.get(taint.key))
        or any(_tolerates(one, taint) for one in tolerations)
        for taint in nodes.taints
    )


def _tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    if toleration.get("effect") not in (None, "", taint.effect):
        return False
    if not toleration.get("key"):
        return toleration.get("operator") == "Exists"
    if toleration["key"] != taint.key:
        return False
    return toleration.get("operator") == "Exists" or (toleration.get("value") or "") == taint.value
