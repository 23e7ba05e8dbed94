"""Who reaches a Postgres cluster: tenants its poolers alone, and nobody what is between its parts."""

from typing import Any

import kubernetes_validate
import pytest

from penstock.data.postgres import plan, policies
from penstock.data.postgres.spec import PostgresSpec
from tests.unit.test_postgres_cluster import BACKUPS, FULL, spec

SERVER = {"cnpg.io/cluster": "main", "cnpg.io/podRole": "instance"}
POOLER = {"cnpg.io/cluster": "main", "cnpg.io/podRole": "pooler", "cnpg.io/poolerName": "main-pooler-rw"}
JOINING = {"cnpg.io/cluster": "main", "cnpg.io/jobRole": "join"}
JOB = {"penstock.dev/job": "postgres", **plan.labels("main")}
TENANT = {"kubernetes.io/metadata.name": "acme", "penstock.dev/tenant": "acme"}
ANY = {"app": "any"}


def space(name: str) -> dict[str, str]:
    return {"kubernetes.io/metadata.name": name}


def matches(selector: dict[str, Any] | None, labels: dict[str, str]) -> bool:
    if selector is None:
        return True
    wanted = selector.get("matchLabels", {})
    there = [e["key"] in labels for e in selector.get("matchExpressions", []) if e["operator"] == "Exists"]
    return all(labels.get(key) == value for key, value in wanted.items()) and all(there)


def reaches(of: PostgresSpec, source: tuple[dict[str, str], dict[str, str]], target: dict[str, str], port: int) -> bool:
    """Whether a pod, by the labels of its namespace and its own, reaches a pod of the cluster's namespace."""
    of_space, labels = source
    for policy in policies.policies("main", of).values():
        if not matches(policy["spec"]["podSelector"], target):
            continue
        for rule in policy["spec"]["ingress"]:
            for peer in rule["from"]:
                at_home = of_space == space("default") or "namespaceSelector" in peer
                named = matches(peer.get("namespaceSelector"), of_space) and matches(peer.get("podSelector"), labels)
                if at_home and named and {"port": port, "protocol": "TCP"} in rule["ports"]:
                    return True
    return False


@pytest.mark.parametrize(
    ("source", "target", "port", "open_"),
    [
        ((TENANT, ANY), POOLER, 5432, True),
        ((TENANT, ANY), SERVER, 5432, False),
        ((TENANT, ANY), SERVER, 8000, False),
        ((TENANT, ANY), SERVER, 9187, False),
        ((TENANT, ANY), POOLER, 9127, False),
        # Labels that a tenant gives its pods open nothing: they count in the cluster's own namespace alone.
        ((TENANT, JOB), SERVER, 5432, False),
        ((TENANT, SERVER), SERVER, 5432, False),
        ((space("services"), ANY), POOLER, 5432, True),
        ((space("services"), ANY), SERVER, 5432, True),
        ((space("services"), ANY), SERVER, 8000, False),
        ((space("other"), ANY), POOLER, 5432, False),
        ((space("cnpg-system"), {"app.kubernetes.io/name": "cloudnative-pg"}), SERVER, 8000, True),
        ((space("cnpg-system"), {"app.kubernetes.io/name": "cloudnative-pg"}), SERVER, 5432, True),
        ((space("cnpg-system"), ANY), SERVER, 5432, False),
        ((space("monitoring"), ANY), SERVER, 9187, True),
        ((space("monitoring"), ANY), POOLER, 9127, True),
        ((space("monitoring"), ANY), SERVER, 5432, False),
        ((space("default"), SERVER), SERVER, 5432, True),
        ((space("default"), SERVER), SERVER, 8000, True),
        ((space("default"), POOLER), SERVER, 5432, True),
        ((space("default"), JOINING), SERVER, 5432, True),
        ((space("default"), JOB), SERVER, 5432, True),
        ((space("default"), ANY), SERVER, 5432, False),
        ((space("default"), ANY), POOLER, 5432, False),
    ],
)
def test_who_reaches_what(source: tuple[dict[str, str], dict[str, str]], target: dict[str, str], port: int,
                          open_: bool) -> None:  # fmt: skip
    assert reaches(spec(), source, target, port) is open_


def test_past_the_poolers_come_those_that_are_named_and_pgpool() -> None:
    pgpool = {**policies.pgpool_labels("main")}
    assert not reaches(spec(direct_namespaces=[]), (space("services"), ANY), SERVER, 5432)
    assert reaches(spec(direct_namespaces=["jobs"]), (space("jobs"), ANY), SERVER, 5432)
    assert reaches(spec(pgpool={}), (space("default"), pgpool), SERVER, 5432)
    assert not reaches(spec(), (space("default"), pgpool), SERVER, 5432)
    assert reaches(spec(pgpool={}), (TENANT, ANY), pgpool, 9999)


def test_all_of_its_pods_ask_for_names_over_both_protocols_also_of_the_cache_on_their_node() -> None:
    for policy in policies.policies("main", spec(**FULL)).values():
        (names,) = [rule for rule in policy["spec"]["egress"] if {"port": 53, "protocol": "UDP"} in rule["ports"]]
        assert {"port": 53, "protocol": "TCP"} in names["ports"]
        assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in names["to"]


def test_the_clouds_identities_are_reached_only_where_backups_use_them() -> None:
    def links(**said: Any) -> str:
        return str(policies.policies("main", spec(**said))["main-servers"]["spec"]["egress"])

    assert "169.254.169.254/32" in links(backups=BACKUPS)
    assert "169.254.169.254/32" not in links(backups={**BACKUPS, "keys": {"secret": "keys"}})
    assert "169.254.169.254/32" not in links()


def test_an_object_store_on_another_port_is_reached() -> None:
    said = {**BACKUPS, "endpoint": "http://minio.example.com:9000"}
    servers = policies.policies("main", spec(backups=said))["main-servers"]
    ports = {port["port"] for rule in servers["spec"]["egress"] for port in rule["ports"]}
    assert {443, 9000} <= ports


def test_its_policies_are_those_of_the_kubernetes_schema() -> None:
    for policy in policies.policies("main", spec(**FULL)).values():
        whole = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **policy}
        kubernetes_validate.validate(whole, "1.34", strict=True)
