"""The pretend cloud's store, which has the cluster follow what its cloud is asked for: node pools and add-ons."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sandbox.cloud.errors import CloudError, UnreadyError
from sandbox.cloud.paths import first
from sandbox.cloud.store import CloudResource, Store
from sandbox.cluster.addons.karpenter import KARPENTER
from sandbox.cluster.addons.keda import KEDA
from sandbox.cluster.addons.metrics_server import METRICS_SERVER
from sandbox.cluster.addons.vpa import VPA
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.pools import READERS, node_pools
from sandbox.errors import SandboxError


class PlatformStore(Store):
    """As soon as a pool is made, changed or deleted, the nodes are those that the stack's pools have from the start.

    Which node autoscaler a cloud has does not matter to pods: here it is Karpenter's, within the bounds of the pools.
    """

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        super().__init__(folder)
        self._cluster = cluster
        self._one_at_a_time = threading.Lock()

    def record(self, op: str, resource: CloudResource) -> None:
        super().record(op, resource)
        try:
            if op != "delete" and (wanted := _brought(resource)):
                self._cluster.enable(dict.fromkeys(wanted))
            if resource.type in READERS:
                # Pools are made at the same time: who looked first must not be the last to tell.
                with self._one_at_a_time:
                    self._set_pools(resource.urn)
        except SandboxError as reason:
            if op == "delete":
                raise CloudError(f"The cluster could not follow: {reason}") from reason
            raise UnreadyError(resource.id, resource.outputs, [f"The cluster could not follow: {reason}"]) from reason

    def _set_pools(self, urn: str) -> None:
        """Gives the cluster the pools of the stack that this URN belongs to; those of another one go."""
        stack = urn.split("::")[:2]
        known = [found for found in self.all() if found.type not in READERS or found.urn.split("::")[:2] == stack]
        pools = node_pools(known)
        if any(pool.most is not None and pool.most > pool.least for pool in pools):
            self._cluster.enable({KARPENTER.name: None})
        self._cluster.set_pools(pools)


def _brought(resource: CloudResource) -> list[str]:
    """The add-ons that a cloud runs in a cluster of its own accord."""
    found = _CLUSTERS.get(resource.type)
    return found(resource.outputs) if found else []


def _gke(outputs: Mapping[str, Any]) -> list[str]:
    resizes = first(outputs, ("verticalPodAutoscaling", "enabled"))
    return [METRICS_SERVER.name, *([VPA.name] if resizes else [])]


def _aks(outputs: Mapping[str, Any]) -> list[str]:
    profile = ("workloadAutoScalerProfile",)
    options = {KEDA.name: (*profile, "keda", "enabled"), VPA.name: (*profile, "verticalPodAutoscaler", "enabled")}
    return [METRICS_SERVER.name, *(name for name, path in options.items() if first(outputs, path))]


def _eks(outputs: Mapping[str, Any]) -> list[str]:
    return [METRICS_SERVER.name] if outputs.get("addonName") == METRICS_SERVER.name else []


_CLUSTERS: Final[Mapping[str, Callable[[Mapping[str, Any]], list[str]]]] = {
    "gcp:container/cluster:Cluster": _gke,
    "azure-native:containerservice:ManagedCluster": _aks,
    "aws:eks/addon:Addon": _eks,
}
