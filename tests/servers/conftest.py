"""Clusters of real servers, ended with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from penstock.data.redis import plan
from penstock.data.redis.spec import RedisClusterSpec
from penstock.data.redis.tenants import password_hash, tenant_user
from penstock.spec import check
from tests.servers.redis_nodes import Nodes, make_certificates

POOL = {
    "name": "database",
    "cloud": "gcp",
    "purchase": "on_demand",
    "machine_types": ["n2-highmem-4"],
    "min_nodes": 9,
    "max_nodes": 9,
    "labels": {"node-type": "database"},
    "taints": [],
    "capacity": {"cpu_millicores": 3920, "memory_mib": 28000, "accelerators": 0},
}


@pytest.fixture(scope="session")
def redis_tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates for all nodes of all tests."""
    return make_certificates(tmp_path_factory.mktemp("redis") / "tls")


def new_nodes(folder: Path, tls: Path, machines: int = 6) -> Nodes:
    """Six nodes of a cache, with the files that the component gives its pods."""
    spec = check(RedisClusterSpec, {"namespace": "data", "pools": [POOL], "maxmemory_mib": 64})
    return Nodes(folder, plan.config_files(spec), tls, 6, [f"m{i}" for i in range(machines)])


@pytest.fixture
def redis_nodes(tmp_path: Path, redis_tls: Path) -> Iterator[Callable[..., Nodes]]:
    """Makes a cluster's nodes, which do not run yet: on six machines, or on those that are named."""
    made: list[Nodes] = []

    def make(machines: int = 6) -> Nodes:
        home = tmp_path / str(len(made))
        home.mkdir()
        made.append(new_nodes(home, redis_tls, machines))
        return made[-1]

    yield make
    for nodes in made:
        nodes.end_all()


@pytest.fixture
def formed(redis_nodes: Callable[..., Nodes]) -> Callable[..., Nodes]:
    """Makes a cluster that is formed."""

    def make(**said: int) -> Nodes:
        nodes = redis_nodes(**said)
        nodes.start(*range(len(nodes)))
        nodes.form()
        return nodes

    return make


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, redis_tls: Path) -> Iterator[Nodes]:
    """A cluster on six machines, for tests that leave it as it is."""
    nodes = new_nodes(tmp_path_factory.mktemp("whole"), redis_tls)
    try:
        nodes.start(*range(6))
        nodes.form()
        yield nodes
    finally:
        nodes.end_all()


@pytest.fixture(scope="session")
def shared_tenants(tmp_path_factory: pytest.TempPathFactory, redis_tls: Path) -> Iterator[Nodes]:
    """A cluster with the tenants acme and globex, for tests that change nothing in it."""
    nodes = new_nodes(tmp_path_factory.mktemp("shared"), redis_tls)
    try:
        nodes.start(*range(6))
        nodes.form()
        for tenant in ("acme", "globex"):
            hashed = password_hash(f"{tenant}-1")
            done = nodes.script("tenant-user.sh", TENANT=tenant, HASHES=hashed, RULES=" ".join(tenant_user(tenant)))
            assert done.returncode == 0, done.stderr
        yield nodes
    finally:
        nodes.end_all()
