"""Pods that are killed before they have drained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from penstock_cost.crossguard import Finding, NotKnown, items, whole
from penstock_cost.crossguard.rules import Config, findings
from penstock_cost.crossguard.values import known_texts, strings
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import plain

DEFAULT_GRACE = 30
"""Seconds that Kubernetes gives a pod which states none."""
ANNOTATION = "penstock.dev/drain-seconds"
_TEMPLATES = {
    "kubernetes:core:Pod": "spec",
    "kubernetes:batch:CronJob": "spec.jobTemplate.spec.template.spec",
    **{
        f"kubernetes:{kind}": "spec.template.spec"
        for kind in ("apps:Deployment", "apps:StatefulSet", "apps:DaemonSet", "apps:ReplicaSet", "batch:Job")
    },
}
_SLEEP = re.compile(r"(?:^|[\s;&/])sleep\s+(\d{1,6})(?:\.\d+)?([smhd]?)\b")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class GracePeriod(Config):
    drain_seconds: int = Field(
        default=0,
        ge=0,
        description="Seconds that a workload needs after its preStop hook to finish what it has begun, unless its "
        f"pods say so in the annotation {ANNOTATION}.",
    )


def grace_period(resource: Resource, config: GracePeriod) -> Iterator[Finding]:
    """A grace period that is shorter than the preStop hook and the drain after it."""
    path = _TEMPLATES.get(plain(resource.type))
    if path:
        yield from findings(resource, lambda: _workload(resource, path, config))


def _workload(resource: Resource, path: str, config: GracePeriod) -> Iterator[Finding]:
    grace = whole(resource.properties, f"{path}.terminationGracePeriodSeconds")
    stops = {str(one.get("name", at)): _stop(one) for at, one in items(resource.properties, f"{path}.containers")}
    drain = _drain(resource, path, config)
    slowest = max(stops, key=lambda name: stops[name], default="")
    needed = stops.get(slowest, 0) + drain
    given = DEFAULT_GRACE if grace is None else grace
    if needed <= given:
        return
    stated = f"{given} s" if grace is not None else f"the default of {given} s"
    parts = [f"{stops[slowest]} s of preStop in container '{slowest}'"] if stops.get(slowest) else []
    parts += [f"{drain} s to drain"] if drain else []
    yield Finding(
        f"'{resource.name}' has a grace period of {stated}, and needs {needed} s: {' and '.join(parts)}. Its pods "
        f"would be killed {needed - given} s too early. Write {path}.terminationGracePeriodSeconds: {needed}.",
        resource.urn,
    )


def _stop(container: Mapping[str, Any]) -> int:
    """Seconds that a container's preStop hook sleeps, as far as it says so. Raises NotKnown."""
    slept = whole(container, "lifecycle.preStop.sleep.seconds")
    if slept is not None:
        return slept
    command = strings(container, "lifecycle.preStop.exec.command") or []
    return sum(int(count) * _SECONDS[unit] for count, unit in _SLEEP.findall(" ".join(command)))


def _drain(resource: Resource, path: str, config: GracePeriod) -> int:
    metadata = path.removesuffix("spec") + "metadata.annotations"
    said = known_texts(resource.properties, metadata).get(ANNOTATION)
    if said is None:
        return config.drain_seconds
    if not said.isdecimal():
        raise NotKnown(f"{metadata}[{ANNOTATION}]", f"is {said!r}, which is no number of seconds")
    return int(said)
