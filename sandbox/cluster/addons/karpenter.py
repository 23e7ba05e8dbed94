"""Karpenter with its kwok provider: makes nodes for pods that fit on none, of the pools that it is told of.

In a cloud that may be somebody else's work; what it comes to, nodes within the bounds of pools, is the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.cluster.addons.addon import Addon, Objects, documents, granted, service_account
from sandbox.cluster.addons.machines import NODE_CLASS, instance_types, node_pool_objects, paced, scaling
from sandbox.cluster.api import Api, Object
from sandbox.cluster.control_plane import Layout
from sandbox.cluster.kubeconfig import write_private
from sandbox.cluster.nodes import MANAGED
from sandbox.cluster.processes import Component

if TYPE_CHECKING:
    from sandbox.cluster.pools import NodePool

NAME, SPACE = "karpenter", "kube-system"
_HEALTH = f"{NAME}/health"
_READ, _WRITE, _ALL = ["get", "list", "watch"], ["update", "patch"], ["create", "delete", "update", "patch"]
_RIGHTS: tuple[tuple[str, str, list[str]], ...] = (
    ("karpenter.sh", "nodepools nodepools/status nodeclaims nodeclaims/status nodeoverlays nodeoverlays/status", _READ),
    ("karpenter.sh", "nodeclaims nodeclaims/status nodeclaims/finalizers", _ALL),
    ("karpenter.sh", "nodepools nodepools/status nodepools/finalizers nodeoverlays/status", _WRITE),
    ("karpenter.kwok.sh", "kwoknodeclasses kwoknodeclasses/status", [*_READ, *_WRITE]),
    ("autoscaling.x-k8s.io", "capacitybuffers capacitybuffers/status", [*_READ, *_WRITE]),
    ("", "pods nodes persistentvolumes persistentvolumeclaims replicationcontrollers namespaces podtemplates", _READ),
    ("", "nodes", _ALL),
    ("", "pods", ["delete"]),
    ("", "pods/eviction", ["create"]),
    ("", "events", ["create", "patch"]),
    ("storage.k8s.io", "storageclasses csinodes volumeattachments", _READ),
    ("apps", "daemonsets deployments replicasets statefulsets", _READ),
    ("apps", "deployments/scale replicasets/scale statefulsets/scale", ["get"]),
    ("apiextensions.k8s.io", "customresourcedefinitions", _READ),
    ("policy", "poddisruptionbudgets", _READ),
    ("coordination.k8s.io", "leases", [*_READ, "delete"]),
    ("resource.k8s.io", "resourceclaims resourceslices deviceclasses", _READ),
)
"""What it may do: the rights that its own chart gives it."""


def remember_pools(cluster_folder: Path, pools: Sequence[NodePool]) -> None:
    """Keep the pools of which it may make nodes: what has a maximum above what is there from the start."""
    able = scaling(pools)
    _types(cluster_folder).parent.mkdir(exist_ok=True)
    write_private(_types(cluster_folder), json.dumps(instance_types(able), indent=1))
    write_private(_node_pools(cluster_folder), json.dumps(node_pool_objects(able), indent=1))


def remove_others(api: Api, cluster_folder: Path) -> list[str]:
    """Remove the NodePools of pools that are no more, and return their names. Karpenter ends their nodes."""
    wanted = {thing["metadata"]["name"] for thing in _kept(_node_pools(cluster_folder))}
    path = "/apis/karpenter.sh/v1/nodepools"
    there = api.find(f"{path}?labelSelector={MANAGED}%3Dtrue") or {"items": []}
    gone = sorted({found["metadata"]["name"] for found in there["items"]} - wanted)
    for name in gone:
        api.delete(f"{path}/{name}")
    return gone


def _types(cluster_folder: Path) -> Path:
    return cluster_folder / NAME / "instance-types.json"


def _node_pools(cluster_folder: Path) -> Path:
    return cluster_folder / NAME / "node-pools.json"


def _kept(file: Path) -> list[Any]:
    return list(json.loads(file.read_text())) if file.exists() else []


def _prepare(layout: Layout) -> Objects:
    if not _types(layout.folder).exists():
        remember_pools(layout.folder, [])
    crds = layout.tools.folder(NAME)
    definitions = documents(sorted([*crds.glob("pkg/apis/crds/*.yaml"), *crds.glob("kwok/apis/crds/*.yaml")]))
    rules = [
        {"apiGroups": [group], "resources": resources.split(), "verbs": verbs} for group, resources, verbs in _RIGHTS
    ]
    node_class: Object = {
        "apiVersion": "karpenter.kwok.sh/v1alpha1",
        "kind": "KWOKNodeClass",
        "metadata": {"name": NODE_CLASS},
    }
    pools = [paced(found, layout.settings.pace) for found in _kept(_node_pools(layout.folder))]
    return definitions, [*granted("sandbox-karpenter", rules, SPACE, NAME), node_class, *pools]


def _components(layout: Layout) -> list[Component]:
    kubeconfig, types, health = layout.kubeconfig(NAME), _types(layout.folder), layout.ports[_HEALTH]
    env = {
        "KUBECONFIG": str(kubeconfig),
        "CLUSTER_NAME": "sandbox",
        "SYSTEM_NAMESPACE": SPACE,
        "DISABLE_LEADER_ELECTION": "true",
        "METRICS_PORT": str(layout.ports[NAME]),
        "HEALTH_PROBE_PORT": str(health),
        "INSTANCE_TYPES_FILE_PATH": str(types),
        "FEATURE_GATES": "CapacityBuffer=true",
    }
    argv, ready = (str(layout.tools.place(NAME)),), f"http://127.0.0.1:{health}/readyz"
    return [Component(NAME, argv, ready, env, (kubeconfig, types), layout.ports[NAME])]


KARPENTER = Addon(
    NAME,
    processes=(NAME,),
    ports=(NAME, _HEALTH),
    clients={NAME: service_account(SPACE, NAME)},
    prepare=_prepare,
    components=_components,
)
