"""Seeing the pods and nodes of a sandbox cluster, by its API server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from penstock_cost import quantities
from sandbox.cluster.api import Object
from sandbox.cluster.objects import conditions
from sandbox.cluster.stages import START_DELAY, START_SECONDS
from sandbox.load.observed import Observation, Pods
from sandbox.load.scenario import START_SECONDS as START_OF_KINDS
from sandbox.load.scenario import Kind, Scenario, ServiceSpec
from sandbox.progress import say

NODES = "/api/v1/nodes"
CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
_NODEPOOL = "karpenter.sh/nodepool"


class View(Protocol):
    """A collection of objects, as `Watch` keeps it."""

    def objects(self) -> list[Object]:
        """What there is now."""
        ...

    def take_ended(self) -> list[Object]:
        """What has ended since this was asked last."""
        ...


class ClusterSource:
    """Looks at the pods of a scenario's services. `wall` tells the time of the day, in seconds since 1970.

    `open_view` opens a view of the collection at a path.
    """

    def __init__(
        self, scenario: Scenario, open_view: Callable[[str], View], wall: Callable[[], float] = time.time
    ) -> None:
        self._scenario, self._wall = scenario, wall
        spaces = {service.namespace for service in scenario.services.values()}
        self._views = {path: open_view(path) for path in [NODES, CLAIMS, *(p for s in spaces for p in _paths(s))]}
        self._asked: set[str] = set()
        self._ending: dict[str, dict[str, Object]] = {name: {} for name in scenario.services}

    def observe(self, at: float) -> Observation:
        """What there is now. Raises SandboxError where the API server does not answer."""
        now = self._wall()
        found = {path: view.objects() for path, view in self._views.items()}
        for space in {service.namespace for service in self._scenario.services.values()}:
            self._remember(space, self._views[_pods(space)].take_ended(), now)
        services = {name: self._seen(name, asked, found, now - at) for name, asked in self._scenario.services.items()}
        nodes, claims = [node for node in found[NODES] if self._counts(node)], found[CLAIMS]
        ready = sum(_condition(node, "Ready") == "True" for node in nodes)
        fixed = sum(_NODEPOOL not in node["metadata"].get("labels", {}) for node in nodes)
        self._asked |= {claim["metadata"]["name"] for claim in claims}
        return Observation(services, ready, fixed + len(self._asked) if self._asked else len(nodes))

    def check_starts(self) -> None:
        """Say which pods take another time to start than the scenario assumes."""
        for name, service in self._scenario.services.items():
            workload = self._workload(name, service, self._views[_deployments(service.namespace)].objects())
            if workload is None:
                say(f"There is no Deployment {service.namespace}/{service.target or name} yet.")
                continue
            meta = workload["spec"]["template"].get("metadata", {})
            told = start_of({**meta.get("labels", {}), **meta.get("annotations", {})})
            if told != service.start_seconds:
                say(
                    f"Pods of {name} start in {told:g} s, and the scenario counts on {service.start_seconds:g} s. "
                    f'Annotate its pod template with {START_DELAY}: "{service.start_seconds:g}s".'
                )

    def _seen(self, name: str, service: ServiceSpec, found: dict[str, list[Object]], begun: float) -> Pods:
        space = service.namespace
        pods = [pod for pod in found[_pods(space)] if _selected(pod, service.selector)]
        workload = self._workload(name, service, found[_deployments(space)]) or {}
        target = ("Deployment", service.target or name)
        wants = [
            scaler.get("status", {}).get("desiredReplicas")
            for scaler in found[_scalers(space)]
            if (scaler["spec"]["scaleTargetRef"]["kind"], scaler["spec"]["scaleTargetRef"]["name"]) == target
        ]
        desired = int(workload.get("spec", {}).get("replicas", 0))
        return pods_of(pods, desired, wants[0] if wants else None, begun, self._ending[name])

    def _workload(self, name: str, service: ServiceSpec, deployments: list[Object]) -> Object | None:
        wanted = service.target or name
        return next((each for each in deployments if each["metadata"]["name"] == wanted), None)

    def _remember(self, space: str, ended: list[Object], now: float) -> None:
        """Pods that were told to end have until their deadline to finish, even if kwok took them away at once."""
        for name, service in self._scenario.services.items():
            if service.namespace != space:
                continue
            kept = [*self._ending[name].values(), *(pod for pod in ended if _selected(pod, service.selector))]
            self._ending[name] = {
                pod["metadata"]["name"]: pod for pod in kept if (deadline := _deadline(pod)) and deadline > now
            }

    def _counts(self, node: Object) -> bool:
        return _selected(node, self._scenario.node_selector)


def pods_of(
    pods: list[Object],
    desired: int,
    recommended: int | None,
    begun: float,
    ended: Mapping[str, Object] = MappingProxyType({}),
) -> Pods:
    """What such objects say, for a run that begun at a time of the day. Pods that failed or succeeded are none.

    `ended` are those that are gone before their time.
    """
    ready, unready, terminating, pending, unschedulable = set(), set(), {}, 0, 0
    alive = [pod for pod in pods if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    for pod in alive:
        name, ends = pod["metadata"]["name"], pod["metadata"].get("deletionTimestamp")
        if ends:
            # It holds the time at which the grace period ends.
            terminating[name] = (_deadline(pod) or 0.0) - begun
        elif _condition(pod, "Ready") == "True":
            ready.add(name)
        elif pod.get("status", {}).get("phase") == "Running":
            unready.add(name)
        else:
            pending += 1
            unschedulable += _condition(pod, "PodScheduled") == "False"
    containers = alive[0]["spec"]["containers"] if alive else []
    requests = [container.get("resources", {}).get("requests", {}) for container in containers]
    return Pods(
        frozenset(ready),
        frozenset(unready),
        terminating,
        pending,
        unschedulable,
        desired,
        recommended,
        cpu_request=sum(_number(request.get("cpu")) for request in requests),
        memory_request=sum(_number(request.get("memory")) for request in requests),
        containers=len(containers),
        ended={name: (_deadline(pod) or 0.0) - begun for name, pod in ended.items()},
    )


def start_of(said: Mapping[str, str]) -> float:
    """The seconds in which a pod starts whose labels and annotations say so; infinity where they make no sense."""
    if START_DELAY in said:
        return seconds_of(said[START_DELAY])
    return seconds_of(f"{said[START_SECONDS]}s") if START_SECONDS in said else START_OF_KINDS[Kind.OTHER]


def seconds_of(told: str) -> float:
    """Seconds of a duration as kwok reads it, `1m30s`; infinity for what is none."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0}
    total, number = 0.0, ""
    for letter in told:
        if letter.isdigit() or letter == ".":
            number += letter
        elif letter in units and number:
            total, number = total + float(number) * units[letter], ""
        else:
            return float("inf")
    return float("inf") if number else total


def _condition(thing: Object, type_: str) -> str | None:
    return conditions(thing).get(type_, {}).get("status")


def _deadline(pod: Object) -> float | None:
    """The time of the day at which the grace period of a pod ends that was told to end."""
    told = pod["metadata"].get("deletionTimestamp")
    return datetime.fromisoformat(told).timestamp() if told else None


def _selected(thing: Object, labels: Mapping[str, str]) -> bool:
    return labels.items() <= (thing["metadata"].get("labels") or {}).items()


def _pods(space: str) -> str:
    return f"/api/v1/namespaces/{space}/pods"


def _deployments(space: str) -> str:
    return f"/apis/apps/v1/namespaces/{space}/deployments"


def _scalers(space: str) -> str:
    return f"/apis/autoscaling/v2/namespaces/{space}/horizontalpodautoscalers"


def _paths(space: str) -> tuple[str, ...]:
    return _pods(space), _deployments(space), _scalers(space)


def _number(quantity: str | None) -> float:
    """What the API server took for one is one."""
    return float(quantities.quantity(quantity or "0") or 0)
