"""The loss of any one machine takes no majority of a store: with the machines that are wanted, and with fewer.

The stores are deployed by their components, the real scheduler places their pods, and CloudNativePG's own operator
makes those of Postgres. Which pods of Redis are primaries a Job decides that does not run here; on machines with two
nodes it is tested on real servers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cluster import Cluster
from sandbox.cluster.api import Object
from sandbox.cluster.platform import platform
from sandbox.engine import find_engine
from tests.cluster.conftest import ROOT
from tests.cluster.objects import await_, condition

PROJECT = "name: stores\nruntime: python\n"
SETTINGS = "config:\n  gcp:project: p\n  gcp:region: us-central1\n"
PROGRAM = """
import pulumi
import pulumi_gcp as gcp

from penstock.data.postgres.postgres_cluster import PostgresCluster
from penstock.data.postgres.postgres_operator import PostgresOperator
from penstock.data.qdrant.cluster import QdrantCluster
from penstock.data.redis.cluster import RedisCluster
from penstock.workloads.namespace import ServiceNamespace

cluster = gcp.container.Cluster("c", name="c", location="us-central1-a", initial_node_count=1,
    remove_default_node_pool=True, deletion_protection=False)
made = [
    gcp.container.NodePool(name, name=name, cluster=cluster.name, location="us-central1-a", node_count=count,
        node_config={"machine_type": "n2-highmem-4", "labels": {"penstock/pool": name}})
    for name, count in (("database", MACHINES), ("system", 1))
]
pools = [
    {"name": name, "cloud": "gcp", "purchase": "on_demand", "machine_types": ["n2-highmem-4"], "min_nodes": count,
     "max_nodes": count, "labels": {"penstock/pool": name}, "taints": [],
     "capacity": {"cpu_millicores": 3920, "memory_mib": 28000, "accelerators": 0}}
    for name, count in (("database", MACHINES), ("system", 1))
]
on = pulumi.ResourceOptions(depends_on=made)
data = ServiceNamespace("data", {}, on)
operator = PostgresOperator("postgres", {"pools": pools, "backups": False}, on)
on = pulumi.ResourceOptions(depends_on=[*made, data, operator])
stated = {"namespace": "data", "pools": pools[:1], "monitoring": False}
RedisCluster("cache", stated, on)
QdrantCluster("vectors", stated, on)
PostgresCluster("main", stated, on)
"""
PODS = "/api/v1/namespaces/data/pods"
CLUSTER = "/apis/postgresql.cnpg.io/v1/namespaces/data/clusters/main"
STORES = {"cache": 6, "vectors": 3, "main": 3}


@pytest.fixture(scope="module", params=[6, 3], ids=["six machines", "three machines"])
def placed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Placed]:
    """The stores on so many machines."""
    home = tmp_path_factory.mktemp("home")
    cluster, project = Cluster(home, tools), home / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(PROJECT)
    (project / "Pulumi.dev.yaml").write_text(SETTINGS)
    (project / "__main__.py").write_text(f"MACHINES = {request.param}\n{PROGRAM}")
    try:
        cluster.up()
        platform(project, cluster, find_engine(ROOT / ".sandbox" / "engine")).pulumi("up", check=True)
        await_("Postgres is whole", lambda: cluster.api.get(CLUSTER).get("status", {}).get("readyInstances") == 3)
        yield Placed(cluster, request.param)
    finally:
        cluster.delete()


class Placed:
    """Where the pods of the stores run."""

    def __init__(self, cluster: Cluster, machines: int) -> None:
        self.cluster, self.machines = cluster, machines
        ready = [pod for pod in cluster.api.get(PODS)["items"] if condition(pod, "Ready") == "True"]
        self.nodes = {store: Counter(pod["spec"]["nodeName"] for pod in ready if _of(pod, store)) for store in STORES}


def _of(pod: Object, store: str) -> bool:
    name, _, number = pod["metadata"]["name"].rpartition("-")
    return name == store and number.isdigit()


def test_all_nodes_of_all_stores_run(placed: Placed) -> None:
    assert {store: sum(nodes.values()) for store, nodes in placed.nodes.items()} == STORES


@pytest.mark.parametrize("store", STORES)
def test_no_machine_holds_what_a_store_cannot_lose(placed: Placed, store: str) -> None:
    """Raft and a synchronous quorum need two of three. Of six nodes of Redis, three are primaries: on six machines none
    has two nodes, on three none has three, so that two primaries are never together unless the Job puts them there."""
    most = max(placed.nodes[store].values())
    assert most == -(-STORES[store] // placed.machines)
    assert most < STORES[store] / 2


def test_one_node_of_a_store_may_be_moved_at_a_time(placed: Placed) -> None:
    budgets = placed.cluster.api.get("/apis/policy/v1/namespaces/data/poddisruptionbudgets")["items"]
    allowed = {each["metadata"]["name"]: each["status"]["disruptionsAllowed"] for each in budgets}
    assert {"cache", "vectors"} <= allowed.keys()
    assert max(allowed.values()) == 1
