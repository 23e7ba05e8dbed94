"""Seeing the pods and nodes of a sandbox cluster, by its API server."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import yaml

from sandbox.cluster.api import Api, Object
from sandbox.cluster.certificates import Certificates
from sandbox.cluster.stages import START_DELAY
from sandbox.errors import SandboxError
from sandbox.load.observed import Observation, Pods
from sandbox.load.quantity import quantity
from sandbox.load.scenario import Scenario, ServiceSpec
from sandbox.progress import say

CLAIMS = "/apis/karpenter.sh/v1/nodeclaims"
_LOOK_AGAIN_SECONDS = 10.0
"""After which it is looked again for kinds that the API server did not know."""


def api_of(kubeconfig: Path) -> Api:
    """The API server of a sandbox cluster. Raises SandboxError where the file is another cluster's."""
    try:
        found = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        (cluster,), (user,) = found["clusters"], found["users"]
        authority = Path(cluster["cluster"]["certificate-authority"])
        certificate = Path(user["user"]["client-certificate"])
    except FileNotFoundError:
        raise SandboxError(f"There is no {kubeconfig}. `python -m sandbox.cluster up` starts a cluster.") from None
    except (KeyError, TypeError, ValueError, yaml.YAMLError):
        authority = certificate = Path()
        cluster = {}
    ours = Certificates(authority.parent)
    if not cluster or authority != ours.crt("ca") or certificate != ours.crt(certificate.stem):
        raise SandboxError(f"{kubeconfig} is not that of a sandbox cluster: only such a one is put under pretend load.")
    return Api(cluster["cluster"]["server"], ours, certificate.stem)


class ClusterSource:
    """Looks at the pods of a scenario's services. `wall` tells the time of the day, in seconds since 1970."""

    def __init__(self, api: Api, scenario: Scenario, wall: Callable[[], float] = time.time) -> None:
        self._api, self._scenario, self._wall = api, scenario, wall
        self._missing_until: dict[str, float] = {}

    def observe(self, at: float) -> Observation:
        """What there is now. Raises SandboxError where the API server does not answer."""
        begun = self._wall() - at
        services = {name: self._pods(name, service, begun) for name, service in self._scenario.services.items()}
        nodes = self._list("/api/v1/nodes", self._scenario.node_selector)
        claims = self._optional(CLAIMS)
        ready = sum(_condition(node, "Ready") == "True" for node in nodes)
        fixed = sum("karpenter.sh/nodepool" not in node["metadata"].get("labels", {}) for node in nodes)
        return Observation(services, ready, fixed + len(claims) if claims else len(nodes))

    def check_starts(self) -> None:
        """Say which pods take another time to start than the scenario assumes."""
        for name, service in self._scenario.services.items():
            workload = self._api.find(_deployment(name, service))
            if workload is None:
                say(f"There is no Deployment {service.namespace}/{service.target or name} yet.")
                continue
            meta = workload["spec"]["template"].get("metadata", {})
            told = {**meta.get("labels", {}), **meta.get("annotations", {})}.get(START_DELAY)
            if seconds_of(told or "2s") != service.start_seconds:
                say(
                    f"Pods of {name} start in {told or '2s'}, and the scenario counts on {service.start_seconds:g} s. "
                    f'Annotate its pod template with {START_DELAY}: "{service.start_seconds:g}s".'
                )

    def _pods(self, name: str, service: ServiceSpec, begun: float) -> Pods:
        pods = self._list(f"/api/v1/namespaces/{service.namespace}/pods", service.selector)
        workload = self._api.find(_deployment(name, service)) or {}
        scalers = self._list(f"/apis/autoscaling/v2/namespaces/{service.namespace}/horizontalpodautoscalers", {})
        target = ("Deployment", service.target or name)
        wants = [
            scaler.get("status", {}).get("desiredReplicas")
            for scaler in scalers
            if (scaler["spec"]["scaleTargetRef"]["kind"], scaler["spec"]["scaleTargetRef"]["name"]) == target
        ]
        return pods_of(pods, int(workload.get("spec", {}).get("replicas", 0)), wants[0] if wants else None, begun)

    def _list(self, path: str, labels: Mapping[str, str]) -> list[Object]:
        # Version 0 is answered from the API server's memory, which is at most moments old.
        selector = urllib.parse.quote(",".join(f"{key}={value}" for key, value in labels.items()))
        found: list[Object] = self._api.get(f"{path}?resourceVersion=0&labelSelector={selector}")["items"]
        return found

    def _optional(self, path: str) -> list[Object]:
        """Objects of a kind that the cluster may not have."""
        if self._missing_until.get(path, 0.0) > self._wall():
            return []
        found = self._api.find(f"{path}?resourceVersion=0")
        if found is None:
            self._missing_until[path] = self._wall() + _LOOK_AGAIN_SECONDS
            return []
        return list(found["items"])


def pods_of(pods: list[Object], desired: int, recommended: int | None, begun: float) -> Pods:
    """What such objects say, for a run that begun at a time of the day. Pods that have ended are none."""
    ready, unready, terminating, pending, unschedulable = set(), set(), {}, 0, 0
    alive = [pod for pod in pods if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    for pod in alive:
        name, ends = pod["metadata"]["name"], pod["metadata"].get("deletionTimestamp")
        if ends:
            # It holds the time at which the grace period ends.
            terminating[name] = datetime.fromisoformat(ends).timestamp() - begun
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
        cpu_request=sum(quantity(request.get("cpu", "0")) for request in requests),
        memory_request=sum(quantity(request.get("memory", "0")) for request in requests),
        containers=len(containers),
    )


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
    conditions = thing.get("status", {}).get("conditions") or []
    return next((found["status"] for found in conditions if found["type"] == type_), None)


def _deployment(name: str, service: ServiceSpec) -> str:
    return f"/apis/apps/v1/namespaces/{service.namespace}/deployments/{service.target or name}"
