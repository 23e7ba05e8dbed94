"""Fake nodes: described by what a scheduler sees of a machine, made as objects that kwok then plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.cluster.api import Api, Object
from sandbox.cluster.stages import START_DELAY
from sandbox.cluster.tools import TOOLS

MANAGED = "sandbox.penstock.dev/managed"
"""Label of the nodes that were made from a description: these are removed when their description is gone."""


_AMOUNTS = ("capacity", "allocatable")


@dataclass(frozen=True)
class Taint:
    """What keeps pods away that do not tolerate it."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True)
class FakeNode:
    """A machine as the scheduler sees it: `capacity` names cpu, memory, pods, nvidia.com/gpu and so on.

    `allocatable` is what pods may have of it: all, unless said. The node is ready `start_seconds` after it was made.
    """

    name: str
    capacity: Mapping[str, str] = field(default_factory=lambda: {"cpu": "8", "memory": "32Gi", "pods": "110"})
    allocatable: Mapping[str, str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    start_seconds: float = 0

    def manifest(self) -> Object:
        """The object that a kubelet would register."""
        version = TOOLS["kube-apiserver"].version
        basics = {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": self.name}
        architecture = self.labels.get("kubernetes.io/arch", "amd64")
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.name,
                "labels": {**basics, **self.labels, MANAGED: "true"},
                "annotations": {
                    "metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{self.name}/metrics/resource",
                    START_DELAY: f"{self.start_seconds:g}s",
                },
            },
            "spec": {"taints": [{k: v for k, v in vars(taint).items() if v} for taint in self.taints]},
            "status": {
                "capacity": dict(self.capacity),
                "allocatable": dict(self.capacity if self.allocatable is None else self.allocatable),
                "nodeInfo": {"kubeletVersion": version, "operatingSystem": "linux", "architecture": architecture},
            },
        }


def set_nodes(api: Api, nodes: Iterable[FakeNode]) -> tuple[list[str], list[str]]:
    """Let exactly these nodes be there, beside those that autoscalers made. Returns what was made and what removed."""
    wanted = {node.name: node for node in nodes}
    selector = f"/api/v1/nodes?labelSelector={MANAGED}%3Dtrue"
    there = {found["metadata"]["name"] for found in api.get(selector)["items"]}
    for name in sorted(there - wanted.keys()):
        api.delete(f"/api/v1/nodes/{name}")
    for node in wanted.values():
        put_node(api, node)
    return sorted(wanted.keys() - there), sorted(there - wanted.keys())


def put_node(api: Api, node: FakeNode) -> None:
    """Make a node, or bring one of that name into line with its description."""
    manifest = node.manifest()
    found = api.find(api.path(manifest))
    # The taints of a node have several owners: those by which the node controller marks its state stay.
    ours = {(taint.key, taint.effect) for taint in node.taints}
    manifest["spec"]["taints"] += [
        taint
        for taint in (found or {}).get("spec", {}).get("taints", [])
        if taint["key"].startswith("node.kubernetes.io/") and (taint["key"], taint["effect"]) not in ours
    ]
    api.apply(manifest)
    if found is not None:
        amounts = {key: _replacing(found["status"].get(key, {}), manifest["status"][key]) for key in _AMOUNTS}
        path = f"{api.path(manifest)}/status"
        api.request("PATCH", path, {"status": amounts}, "application/merge-patch+json")


def _replacing(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str | None]:
    """A merge patch that leaves nothing of the old."""
    return {**dict.fromkeys(old), **new}
