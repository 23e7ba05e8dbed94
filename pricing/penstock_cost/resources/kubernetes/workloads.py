"""The pods of a program: how many there are, what they request, and where they may run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from penstock_cost.resources.kubernetes import cloud_native_pg, recoveries
from penstock_cost.resources.kubernetes.quantities import MIB, quantity
from penstock_cost.resources.kubernetes.scaling import Replicas, replicas_of
from penstock_cost.resources.model import Resource, Stack
from penstock_cost.resources.values import Unpriced, Values, of

# Where the pod's template stands in each kind, and how many run.
_SCALED = ("kubernetes:apps:Deployment", "kubernetes:apps:StatefulSet", "kubernetes:apps:ReplicaSet")
_DAEMONS = "kubernetes:apps:DaemonSet"
_POD = "kubernetes:core:Pod"
_JOB = "kubernetes:batch:Job"
_CRON_JOB = "kubernetes:batch:CronJob"
_SCALED_JOB = "kubernetes:keda.sh:ScaledJob"
_OF_OPERATORS = {
    cloud_native_pg.CLUSTER: cloud_native_pg.instances_of,
    cloud_native_pg.POOLER: cloud_native_pg.poolers_of,
}
_KEDA_MOST = 100
"""maxReplicaCount of a ScaledJob that states none."""


class Workload(NamedTuple):
    """Equal pods."""

    resource: Resource
    replicas: Replicas
    pod: Mapping[str, float] | None
    """What one requests, with 1 of `pods`; None: not known."""
    spec: Values
    """The pod's `spec`."""
    daemon: bool = False
    """Whether one runs on each node."""


def workloads(stack: Stack) -> Iterator[Workload]:
    """Every workload of the program."""
    for token in _SCALED:
        for resource in stack.by_type.get(token, ()):
            yield _workload(resource, replicas_of(stack, resource), "spec", "template")
    for resource in stack.by_type.get(_DAEMONS, ()):
        yield _workload(resource, Replicas(0, 0), "spec", "template")._replace(daemon=True)
    for resource in stack.by_type.get(_POD, ()):
        yield _workload(resource, Replicas(1, 1))
    for resource in stack.by_type.get(_JOB, ()):
        yield _workload(resource, _parallel(resource, "spec"), "spec", "template")
    for resource in stack.by_type.get(_CRON_JOB, ()):
        yield _workload(
            resource, _parallel(resource, "spec", "jobTemplate", "spec"), "spec", "jobTemplate", "spec", "template"
        )
    for resource in stack.by_type.get(_SCALED_JOB, ()):
        parallel = _parallel(resource, "spec", "jobTargetRef")
        try:
            jobs = of(resource).child("spec").whole("maxReplicaCount", _KEDA_MOST)
        except Unpriced:
            parallel, jobs = Replicas(0, None), 0
        most = None if parallel.most is None else parallel.most * jobs
        yield _workload(resource, Replicas(0, most), "spec", "jobTargetRef", "template")
    for token, told in _OF_OPERATORS.items():
        for resource in stack.by_type.get(token, ()):
            yield _operated(resource, partial(told, resource))
    for resource in stack.by_type.get(_CRON_JOB, ()):
        for spec in recoveries.made_by(resource, stack):
            servers = _operated(resource, partial(cloud_native_pg.pods_of, spec))
            # They run for a while only.
            yield servers._replace(replicas=servers.replicas._replace(least=0))


def _operated(resource: Resource, told: Callable[[], tuple[int, Values]]) -> Workload:
    """Pods that an operator makes of a custom resource."""
    try:
        count, spec = told()
        return Workload(resource, Replicas(count, count), _requests(spec), spec)
    except Unpriced:
        return Workload(resource, Replicas(0, None), None, Values({}))


def _workload(resource: Resource, replicas: Replicas, *path: str) -> Workload:
    spec = Values({})
    try:
        spec = _down(of(resource), *path).child("spec")
        return Workload(resource, replicas, _requests(spec), spec)
    except Unpriced:
        return Workload(resource, replicas, None, spec)


def _parallel(resource: Resource, *path: str) -> Replicas:
    """Jobs end, so at the least none runs."""
    try:
        return Replicas(0, _down(of(resource), *path).whole("parallelism", 1))
    except Unpriced:
        return Replicas(0, None)


def _down(values: Values, *path: str) -> Values:
    for name in path:
        values = values.child(name)
    return values


def _requests(spec: Values) -> dict[str, float]:
    """What a pod asks for: the sum of its containers and sidecars, or what its hungriest init container does."""
    total: dict[str, float] = {"pods": 1.0}
    first: dict[str, float] = {}
    for container in spec.children("containers"):
        _add(total, _of_container(container))
    for container in spec.children("initContainers"):
        amounts = _of_container(container)
        if container.text("restartPolicy", "") == "Always":
            _add(total, amounts)
        else:
            first = {name: max(first.get(name, 0.0), amounts.get(name, 0.0)) for name in {*first, *amounts}}
    return {name: max(total.get(name, 0.0), first.get(name, 0.0)) for name in {*total, *first}}


def _of_container(container: Values) -> dict[str, float]:
    """Its requests; limits stand in for requests that are not written."""
    resources = container.child("resources")
    amounts: dict[str, float] = {}
    for part in (resources.child("limits"), resources.child("requests")):
        for name in part.data:
            value: Any = part.data[name]
            if value is None or name == "ephemeral-storage":
                continue
            amount = quantity(value, part.at(name))
            amounts[name] = amount * 1000 if name == "cpu" else amount / MIB if name == "memory" else amount
    return amounts


def _add(total: dict[str, float], more: Mapping[str, float]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0.0) + amount
