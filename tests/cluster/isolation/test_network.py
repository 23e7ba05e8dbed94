"""Which connections of tenants the cluster's NetworkPolicies allow: all of them compared with what is meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from penstock.data.postgres.postgres_cluster import PostgresCluster
from penstock.data.qdrant.cluster import QdrantCluster
from penstock.data.redis.cluster import RedisCluster
from sandbox.cluster import Cluster
from tests.cluster.isolation.tenants import BARE, OTHERS, SPACE, Tenants, pool
from tests.cluster.isolation.traffic import Connection, Peer, every, verdicts
from tests.support.mocked import of_type, run
from tests.support.tenants import POSTGRES, QDRANT, REDIS

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
PORTS = [
    (53, "UDP"),
    (53, "TCP"),
    (80, "TCP"),
    (443, "TCP"),
    (443, "UDP"),
    (5432, "TCP"),
    (6379, "TCP"),
    (16379, "TCP"),  # Redis' cluster bus
    (6333, "TCP"),
    (6334, "TCP"),
    (6335, "TCP"),  # between nodes of Qdrant
    (8000, "TCP"),  # CloudNativePG's instance managers
    (8080, "TCP"),
    (9187, "TCP"),  # metrics of PostgreSQL
    (10250, "TCP"),  # kubelets
]


def inside(name: str, namespace: str, **labels: str) -> Peer:
    address = f"10.244.{len(namespace)}.{sum(name.encode()) % 250}"
    return Peer(
        name, address, namespace, tuple((key.replace("__", "/").replace("_", "-"), v) for key, v in labels.items())
    )


def store(name: str, labels: dict[str, str]) -> Peer:
    return Peer(name, f"10.244.200.{len(name)}", "data", tuple(labels.items()))


ACME, ACME_TOO, GLOBEX = (
    inside("acme", SPACE, app="web"),
    inside("acme-too", SPACE),
    inside("globex", OTHERS, app="web"),
)
TENANTS = (ACME, ACME_TOO, GLOBEX)
DNS = inside("dns", "kube-system", k8s_app="kube-dns")
GATEWAY, PROMETHEUS = inside("gateway", "gateway", app="envoy"), inside("prometheus", "monitoring")
CACHE, VECTORS = store("redis", REDIS["labels"]), store("qdrant", QDRANT["labels"])
SERVERS, POOLER = store("postgres", POSTGRES["labels"]), store("pooler", POSTGRES["pooler_labels"])
PLATFORM = (
    DNS,
    GATEWAY,
    PROMETHEUS,
    inside("service", "services", app="api"),
    inside("keda", "keda", app="keda-operator"),
    inside("somebody", "default"),
    inside("system", "kube-system", k8s_app="metrics-server"),
    inside("unconfined", BARE),
)
STORES = (CACHE, VECTORS, SERVERS, POOLER)
NODE_LOCAL, INTERNET, INTERNET6 = (
    Peer("node-local-dns", "169.254.20.10"),
    Peer("web", "203.0.113.9"),
    Peer("web6", "2001:db8::9"),
)
OUTSIDE = (
    NODE_LOCAL,
    INTERNET,
    INTERNET6,
    Peer("metadata", "169.254.169.254"),
    Peer("metadata of AWS, IPv6", "fd00:ec2::254"),
    Peer("metadata of GCP, IPv6", "fd20:ce::254"),
    Peer("Pod Identity of EKS", "169.254.170.23"),
    Peer("host of Azure", "168.63.129.16"),
    Peer("node", "10.128.0.7"),
    Peer("API server", "10.96.0.1"),
    Peer("peered network", "172.20.3.4"),
    Peer("office", "192.168.7.1"),
    Peer("carrier", "100.64.0.5"),
)


def meant(connection: Connection) -> bool:
    """Whether a connection from or to a tenant should be allowed."""
    source, to, port = connection.source, connection.destination, (connection.port, connection.protocol)
    if source not in TENANTS:
        return source in (GATEWAY, PROMETHEUS)
    if to.namespace == source.namespace:
        return True
    if to in (DNS, NODE_LOCAL):
        return connection.port == 53
    if to == POOLER:
        return port == (5432, "TCP")
    if source == GLOBEX:
        return False  # It uses Postgres, its partition of Qdrant by way of services, and nothing outside.
    allowed = {CACHE: [6379], VECTORS: [6333, 6334], INTERNET: [443], INTERNET6: [443]}
    return connection.protocol == "TCP" and connection.port in allowed.get(to, [])


@pytest.fixture(scope="module")
def policies(cluster: Cluster, stack: Tenants) -> None:
    """Those of the stores' components, beside those of the tenants."""
    database = pool(
        "database", max_nodes=9, min_nodes=6, capacity={"cpu_millicores": 7900, "memory_mib": 60000, "accelerators": 0}
    )
    refs: list[Any] = []

    def program() -> None:
        args: Any = {"namespace": "data", "pools": [database]}
        refs.append(RedisCluster("cache", args).ref)
        refs.append(QdrantCluster("vectors", args).ref)
        refs.append(PostgresCluster("main", args).ref)

    made = of_type(run(program, preview=True), POLICY)
    assert len(made) >= 3
    for manifest in made.values():
        cluster.api.apply({**manifest, "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"})
    redis, qdrant, postgres = refs
    assert redis["labels"] == REDIS["labels"]
    assert qdrant["labels"] == QDRANT["labels"]
    assert (postgres["labels"], postgres["pooler_labels"]) == (POSTGRES["labels"], POSTGRES["pooler_labels"])


def known(cluster: Cluster, peer: Peer) -> Peer:
    """The peer with its namespace's labels as the API server has them; those of a namespace that is not there are made up."""
    found = cluster.api.find(f"/api/v1/namespaces/{peer.namespace}") if peer.namespace else None
    labels = found["metadata"]["labels"] if found else {"kubernetes.io/metadata.name": peer.namespace}
    return replace(peer, space_labels=tuple(labels.items()))


def test_tenants_reach_and_are_reached_by_exactly_whom_they_should(
    cluster: Cluster, policies: None, tmp_path: Path
) -> None:
    """15, 16, 17, 18, 19: every tenant x every pod and address x every port, both ways, by an analyser of its own."""
    inner = [known(cluster, peer) for peer in (*TENANTS, *PLATFORM, *STORES)]
    tenants = [peer for peer in inner if peer in TENANTS]
    connections = every(tenants, [*inner, *OUTSIDE], PORTS)
    connections += every([*(peer for peer in inner if peer not in TENANTS), *OUTSIDE], tenants, PORTS)
    found = verdicts(cluster, connections, tmp_path)
    wrong = [
        f"{connection}: {'allowed' if verdict else 'denied'}"
        for connection, verdict in zip(connections, found, strict=True)
        if verdict != meant(connection)
    ]
    assert wrong == []
    assert len(connections) > 1500
    assert 0 < sum(found) < len(found) / 3


def test_without_the_component_the_same_connections_are_open(cluster: Cluster, policies: None, tmp_path: Path) -> None:
    """15, 17: else the closed ones would prove nothing."""
    bare = known(cluster, inside("unconfined", BARE))
    open_ = every([bare], [*OUTSIDE, known(cluster, inside("somebody", "default"))], PORTS)
    assert all(verdicts(cluster, open_, tmp_path))


@pytest.mark.parametrize(
    ("source", "destination", "port", "check"),
    [
        (ACME, GLOBEX, 80, "15: another tenant"),
        (GLOBEX, ACME, 443, "15: another tenant"),
        (ACME, Peer("metadata", "169.254.169.254"), 80, "17: metadata"),
        (ACME, Peer("node", "10.128.0.7"), 10250, "17: a kubelet"),
        (ACME, SERVERS, 8000, "18: CloudNativePG's own port"),
        (ACME, SERVERS, 5432, "18: past the pooler"),
        (ACME, VECTORS, 6335, "18: between nodes of Qdrant"),
        (ACME, CACHE, 16379, "18: Redis' bus"),
        (GLOBEX, CACHE, 6379, "18: a store that it does not use"),
        (GLOBEX, VECTORS, 6333, "18: a partition is reached by services"),
        (ACME, PROMETHEUS, 443, "19: the way back to monitoring"),
        (ACME, GATEWAY, 443, "19: the way back to the gateway"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_must_never_be_reached_is_closed(
    cluster: Cluster, policies: None, tmp_path: Path, source: Peer, destination: Peer, port: int, check: str
) -> None:
    """15, 17, 18, 19: by name, so that a change of what is meant above cannot hide one."""
    connection = Connection(known(cluster, source), known(cluster, destination), port)
    assert verdicts(cluster, [connection], tmp_path) == [False], check
