"""Two tenants that the component has deployed to a real control plane, and people of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
import yaml

from sandbox.cluster import Cluster
from sandbox.cluster.api import Object
from tests.cluster.conftest import ROOT
from tests.cluster.isolation import things
from tests.cluster.isolation.tenants import ACME, BARE, GLOBEX, OTHERS, PEOPLE, SPACE, As, Tenants
from tests.cluster.objects import await_


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that runs, for all tests of isolation."""
    made = Cluster(tmp_path_factory.mktemp("home"), ROOT / ".sandbox" / "tools")
    try:
        made.up()
        yield made
    finally:
        made.delete()


@pytest.fixture(scope="package")
def stack(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Tenants:
    """Both tenants, deployed by the component, and beside them a namespace without either, in which a developer may do everything."""
    definitions(cluster)
    hard = ("count/scaledobjects.keda.sh", "count/httproutes.gateway.networking.k8s.io")
    # The controller of quotas learns of new kinds every 30 s, and looks again at a quota that it knew before them only
    # every 5 min.
    await_("new kinds can be counted", partial(_counted, cluster, hard, iter(range(10_000))))
    for name, value in (("acme-high", 1000), ("platform-high", 100000)):
        kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": value}
        cluster.api.apply({**kind, "metadata": {"name": name}})
    made = Tenants(cluster, tmp_path_factory.mktemp("stack") / "project")
    made.run("up", {"acme": ACME, "globex": GLOBEX})
    cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": BARE}})
    group = "rbac.authorization.k8s.io"
    cluster.api.apply(
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "everything", "namespace": BARE},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": group, "kind": "Group", "name": "oidc:acme-developers"}],
        }
    )
    for space in (SPACE, OTHERS, BARE):
        account = f"/api/v1/namespaces/{space}/serviceaccounts/default"
        await_(f"{space} has its account", partial(_stands, cluster, account))
    return made


def _counted(cluster: Cluster, names: tuple[str, ...], tries: Iterator[int]) -> bool:
    kind = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "probe"}}
    # A change makes the controller look.
    hard = dict.fromkeys(names, str(next(tries)))
    probe = cluster.api.apply({**kind, "spec": {"hard": hard}})
    return bool(probe.get("status", {}).get("used", {}).keys() >= hard.keys())


def _stands(cluster: Cluster, path: str) -> bool:
    return cluster.api.find(path) is not None


def definitions(cluster: Cluster) -> None:
    """The kinds of KEDA, as its release has them, and those of routes, as far as it matters here."""
    bases = cluster.tools.folder("keda-operator") / "config" / "crd" / "bases"
    for file in sorted(bases.glob("*.yaml")):
        definition = yaml.safe_load(file.read_text())
        if definition["spec"]["group"] == "keda.sh":
            cluster.api.apply(definition)
            cluster.api.await_established(definition)
    for kind in ("HTTPRoute", "GRPCRoute", "ReferenceGrant"):
        plural, group = f"{kind.lower()}s", "gateway.networking.k8s.io"
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{plural}.{group}",
                "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"},
            },
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                "versions": [
                    {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}},
                ],
            },
        }
        cluster.api.apply(definition)
        cluster.api.await_established(definition)


@pytest.fixture(scope="package")
def people(cluster: Cluster, stack: Tenants) -> dict[str, As]:
    """Somebody of each role, and what the tenant's pods run as."""
    found = {role: As(cluster, f"oidc:{role}@acme.example", f"oidc:acme-{role}s") for role in PEOPLE}
    for account in ("workload", "default"):
        found[account] = As(cluster, f"system:serviceaccount:{SPACE}:{account}")
    return found


@pytest.fixture(scope="package")
def developer(people: dict[str, As]) -> As:
    return people["developer"]


@pytest.fixture
def pod() -> Object:
    """A pod that a tenant may have."""
    return things.pod()
