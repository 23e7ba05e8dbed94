"""Telling kwok what pods use, which its kubelets then tell metrics-server.

Where several of kwok's objects match a pod, it takes any of them, so that the one that every cluster has for
all pods (`usage-from-annotation`) is the one that is changed: pods under load use what the model says, all others
what their annotations say, as before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sandbox.cluster.api import Api, Object
from sandbox.load.run import Usage

NAME = "usage-from-annotation"
_IDLE = {"cpu": "1m", "memory": "1Mi"}
"""What pods use that say nothing."""


class KwokUsage:
    """Writes the usage of services to a sandbox cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._told: Object | None = None

    def __call__(self, services: Mapping[tuple[str, str], Usage]) -> None:
        """Pods use this from now on. Raises SandboxError where the API server does not take it."""
        wanted = manifest(services)
        if wanted != self._told:
            self._api.apply(wanted)
            self._told = wanted

    def reset(self) -> None:
        """Pods use what their annotations say, again."""
        self({})


def manifest(services: Mapping[tuple[str, str], Usage]) -> Object:
    """The object that says so."""
    amounts = {
        "cpu": [(space, use.pods, f"{round(use.cpu * 1000)}m") for (space, _), use in services.items() if use.pods],
        "memory": [
            (space, use.pods, f"{round(use.memory / 2**20)}Mi") for (space, _), use in services.items() if use.pods
        ],
    }
    usage = {resource: {"expression": expression(resource, found)} for resource, found in amounts.items()}
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterResourceUsage",
        "metadata": {"name": NAME},
        "spec": {"usages": [{"usage": usage}]},
    }


def expression(resource: str, amounts: list[tuple[str, tuple[str, ...], str]]) -> str:
    """The CEL by which kwok finds a container's usage: namespaces and pods with their amounts, then annotations."""
    annotation = f"kwok.x-k8s.io/usage-{resource}"
    listed = [
        f'pod.metadata.namespace == "{space}" && pod.metadata.name in {_list(pods)} ? Quantity("{amount}")'
        for space, pods, amount in amounts
    ]
    said = f'"{annotation}" in pod.metadata.annotations ? Quantity(pod.metadata.annotations["{annotation}"])'
    return " : ".join([*listed, said, f'Quantity("{_IDLE[resource]}")'])


def _list(names: tuple[str, ...]) -> str:
    return json.dumps(list(names))
