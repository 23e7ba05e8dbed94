"""How many replicas a workload has: its own number, or the bounds of what scales it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from penstock_cost.resources.kubernetes.cron import hours_of
from penstock_cost.resources.model import Resource, Stack
from penstock_cost.resources.tokens import plain
from penstock_cost.resources.values import Unpriced, Values, of

SCALERS = ("kubernetes:autoscaling:HorizontalPodAutoscaler", "kubernetes:keda.sh:ScaledObject")
# https://keda.sh/docs/latest/reference/scaledobject-spec/
_KEDA_LEAST, _KEDA_MOST = 0, 100


class Replicas(NamedTuple):
    """How many replicas there are."""

    least: int
    most: int | None
    """None: not known."""
    hours: tuple[float, ...] = ()
    """How many in each hour of a week, from Monday 00:00, where a schedule tells."""
    unknown: str = ""
    """The path of what makes `most` unknown."""


def replicas_of(stack: Stack, resource: Resource, default: int = 1) -> Replicas:
    """The replicas of a Deployment, StatefulSet or ReplicaSet. Never raises: what cannot be read is unknown."""
    try:
        scaler = _scaler(stack, resource)
        if scaler is not None:
            return _scaled(scaler)
        count = of(resource).child("spec").whole("replicas", default)
        return Replicas(count, count)
    except Unpriced as problem:
        return Replicas(0, None, unknown=problem.path)


def _scaled(scaler: Resource) -> Replicas:
    spec = of(scaler).child("spec")
    if plain(scaler.type) == SCALERS[0]:
        least = spec.whole("minReplicas", 1)
        return Replicas(least, max(spec.whole("maxReplicas"), least))
    least = spec.whole("minReplicaCount", _KEDA_LEAST)
    most = max(spec.whole("maxReplicaCount", _KEDA_MOST), least)
    idle = spec.whole("idleReplicaCount", None)
    base = least if idle is None else min(idle, least)
    return Replicas(base, most, _scheduled(spec, base, most))


def _scheduled(spec: Values, base: int, most: int) -> tuple[float, ...]:
    """What the cron triggers ask for; nothing where there are none, or one that cannot be read."""
    windows = []
    for trigger in spec.children("triggers"):
        if trigger.text("type", "") != "cron":
            continue
        cron = trigger.child("metadata")
        hours = hours_of(cron.text("start"), cron.text("end"))
        if hours is None:
            return ()
        windows.append((cron.number("desiredReplicas"), hours))
    if not windows:
        return ()
    return tuple(
        min(
            max(base, *(base + (wanted - base) * share[hour] if wanted > base else base for wanted, share in windows)),
            most,
        )
        for hour in range(168)
    )


def _scaler(stack: Stack, resource: Resource) -> Resource | None:
    scalers = _targets(stack)
    kind = plain(resource.type).rpartition(":")[2]
    metadata = of(resource).child("metadata")
    name, space = metadata.data.get("name"), metadata.data.get("namespace")
    by_name = scalers.get((kind, name, space)) if isinstance(name, str) and isinstance(space, str | None) else None
    return by_name or scalers.get(resource.urn)


def _targets(stack: Stack) -> dict[Any, Resource]:
    """What scales what, by the kind, name and namespace of its target, and by the target's URN."""
    cached: dict[Any, Resource] | None = stack.notes.get("scalers")
    if cached is None:
        cached = stack.notes["scalers"] = dict(_all_targets(stack))
    return cached


def _all_targets(stack: Stack) -> Iterator[tuple[Any, Resource]]:
    for token in SCALERS:
        for scaler in stack.by_type.get(token, ()):
            properties: Any = scaler.properties
            spec, metadata = properties.get("spec"), properties.get("metadata")
            target = spec.get("scaleTargetRef") if isinstance(spec, dict) else None
            if isinstance(target, dict):
                kind, name = target.get("kind") or "Deployment", target.get("name")
                space = metadata.get("namespace") if isinstance(metadata, dict) else None
                if isinstance(kind, str) and isinstance(name, str):
                    yield (kind, name, space if isinstance(space, str) else None), scaler
            for urn in scaler.made_from("spec"):
                yield urn, scaler
