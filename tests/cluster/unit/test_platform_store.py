"""The pretend cloud's store tells the cluster of pools: of all of them, whatever happens at the same time."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud.errors import CloudError, UnreadyError
from sandbox.cloud.store import CloudResource
from sandbox.cluster.platform.store import PlatformStore
from sandbox.cluster.pools import NodePool
from sandbox.errors import SandboxError

TYPE = "gcp:container/nodePool:NodePool"


class FakeCluster:
    """Remembers what it was told last. Who asks it first is kept waiting, for a while, until somebody has told it."""

    def __init__(self, refuses: bool = False) -> None:
        self.pools: list[str] = []
        self.asked, self._told = threading.Event(), threading.Event()
        self._refuses = refuses

    def enable(self, _addons: Any) -> None:
        if self._refuses:
            raise SandboxError("It does not run.")
        if not self.asked.is_set():
            self.asked.set()
            self._told.wait(timeout=0.5)

    def set_pools(self, pools: list[NodePool]) -> None:
        self.pools = sorted(pool.name for pool in pools)
        self._told.set()


def pool(name: str) -> CloudResource:
    outputs = {
        "name": name,
        "cluster": "main",
        "location": "us-central1",
        "nodeLocations": ["us-central1-a"],
        "nodeConfig": {"machineType": "n2-standard-8"},
        "autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": 3},
    }
    return CloudResource(TYPE, name, f"urn:pulumi:dev::p::{TYPE}::{name}", {}, outputs, live={"nodes": 0})


def test_pools_that_are_made_at_the_same_time_are_all_known_in_the_end(tmp_path: Path) -> None:
    cluster: Any = FakeCluster()
    store = PlatformStore(tmp_path / "cloud", cluster)
    threads = [threading.Thread(target=store.add, args=(pool(name),)) for name in ("a", "b")]
    threads[0].start()
    assert cluster.asked.wait(10), "the first has looked which pools there are"
    threads[1].start()
    for thread in threads:
        thread.join()
    assert cluster.pools == ["a", "b"]


def test_a_cluster_that_cannot_follow_leaves_the_pool_to_the_next_run(tmp_path: Path) -> None:
    refusing: Any = FakeCluster(refuses=True)
    store = PlatformStore(tmp_path / "cloud", refusing)
    with pytest.raises(UnreadyError, match=r"could not follow: It does not run\.") as kept:
        store.add(pool("a"))
    assert kept.value.id == "a"
    with pytest.raises(CloudError):
        store.add(pool("b"))
