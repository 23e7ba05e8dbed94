"""CloudNativePG's own operator on the sandbox's cluster: what it makes of a Cluster, what it refuses, how it fails over."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster import Cluster, FakeNode
from sandbox.cluster.addons import disable, enable
from sandbox.cluster.api import Api, ApiError, Object
from sandbox.cluster.nodes import set_nodes
from sandbox.cluster.settings import Pace
from tests.cluster.objects import await_, condition

SPACE = "data"
DATA = f"/api/v1/namespaces/{SPACE}"
OWN = f"/apis/postgresql.cnpg.io/v1/namespaces/{SPACE}"
DB = f"{OWN}/clusters/db"
MERGE = "application/merge-patch+json"
INSTANCES = "pods?labelSelector=cnpg.io/podRole%3Dinstance"
HEALTHY = "Cluster in healthy state"
PLUGIN = {
    "name": "barman-cloud.cloudnative-pg.io",
    "isWALArchiver": True,
    "parameters": {"barmanObjectName": "store"},
}
DATABASE: Object = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "db", "namespace": SPACE},
    "spec": {
        "instances": 3,
        "imageName": "ghcr.io/cloudnative-pg/postgresql:18-standard-trixie",
        "storage": {"size": "50Gi"},
        "walStorage": {"size": "10Gi"},
        "affinity": {"podAntiAffinityType": "required", "topologyKey": "kubernetes.io/hostname"},
        "postgresql": {"synchronous": {"method": "any", "number": 1, "failoverQuorum": True}},
        "bootstrap": {"initdb": {"database": "app", "owner": "app"}},
    },
}


def of_database(kind: str, name: str, /, **spec: Any) -> Object:
    """An object of the operator's that belongs to the Cluster `db`."""
    meta = {"name": name, "namespace": SPACE}
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": kind,
        "metadata": meta,
        "spec": {"cluster": {"name": "db"}, **spec},
    }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    """A cluster with four nodes and both charts, and a namespace for data, with Pod Security `restricted`."""
    made = Cluster(tmp_path_factory.mktemp("home"), tools)
    try:
        made.up(pace=Pace(pod_start=0.5))
        size = {"cpu": "8", "memory": "32Gi", "pods": "110"}
        set_nodes(made.api, [FakeNode(f"n-{number}", size) for number in range(4)])
        for chart in ("cloudnative-pg", "plugin-barman-cloud"):
            enable(made, chart, {})
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        made.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE, "labels": labels}})
        yield made
    finally:
        made.delete()


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Api:
    return cluster.api


@pytest.fixture(scope="module")
def database(api: Api) -> Object:
    """A Cluster of three that is healthy."""
    api.apply(DATABASE)
    await_healthy(api)
    return api.get(DB)


def await_healthy(api: Api) -> None:
    def healthy() -> bool:
        status = api.get(DB).get("status", {})
        return bool(status.get("phase") == HEALTHY and status.get("readyInstances") == 3)

    await_("the database is healthy", healthy)


def instances(api: Api) -> dict[str, Object]:
    return {found["metadata"]["name"]: found for found in api.get(f"{DATA}/{INSTANCES}")["items"]}


def names(api: Api, path: str) -> set[str]:
    return {found["metadata"]["name"] for found in api.get(path)["items"]}


def test_the_operator_makes_of_a_cluster_what_it_makes_anywhere(api: Api, database: Object) -> None:
    found = instances(api)
    assert found.keys() == {"db-1", "db-2", "db-3"}
    roles = [found[name]["metadata"]["labels"]["cnpg.io/instanceRole"] for name in sorted(found)]
    assert roles == ["primary", "replica", "replica"]
    assert len({pod["spec"]["nodeName"] for pod in found.values()}) == 3, "one of a node, as its affinity requires"
    claims = api.get(f"{DATA}/persistentvolumeclaims")["items"]
    volumes = {each["metadata"]["name"]: each["status"].get("capacity", {}).get("storage") for each in claims}
    assert volumes == {f"db-{n}{kind}": size for n in (1, 2, 3) for kind, size in (("", "50Gi"), ("-wal", "10Gi"))}
    assert {"db-rw", "db-ro", "db-r"} <= names(api, f"{DATA}/services")
    assert names(api, f"/apis/policy/v1/namespaces/{SPACE}/poddisruptionbudgets") == {"db", "db-primary"}
    assert {"db-app", "db-ca", "db-server", "db-replication"} <= names(api, f"{DATA}/secrets")
    assert condition(database, "Ready") == "True"
    assert database["status"]["currentPrimary"] == "db-1"
    assert database["status"]["timelineID"] == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"walStorage": {"size": "ten"}}, "Size value isn't valid"),
        ({"instances": 3, "postgresql": {"synchronous": {"method": "any", "number": 3}}}, "synchronous"),
        ({"storage": {"size": "40Gi"}}, "can't shrink existing storage from 50Gi to 40Gi"),
    ],
    ids=["size", "too many synchronous", "shrinking"],
)
@pytest.mark.usefixtures("database")
def test_the_operators_own_webhook_refuses_what_it_cannot_do(api: Api, changed: dict[str, Any], reason: str) -> None:
    wrong = copy.deepcopy(DATABASE)
    wrong["spec"].update(changed)
    with pytest.raises(ApiError, match="vcluster.cnpg.io") as refused:
        api.apply(wrong)
    assert reason in str(refused.value)


@pytest.mark.usefixtures("database")
def test_when_the_primary_is_lost_another_takes_over_and_it_comes_back_as_a_replica(api: Api) -> None:
    api.delete(f"{DATA}/pods/db-1")
    await_("another is primary", lambda: api.get(DB)["status"]["currentPrimary"] != "db-1")
    await_healthy(api)
    status = api.get(DB)["status"]
    assert status["timelineID"] == 2
    roles = {name: pod["metadata"]["labels"]["cnpg.io/instanceRole"] for name, pod in instances(api).items()}
    assert sorted(roles) == ["db-1", "db-2", "db-3"]
    assert roles["db-1"] == "replica" and roles[status["currentPrimary"]] == "primary"
    quorum = api.get(f"{OWN}/failoverquorums/db")["status"]
    assert (quorum["primary"], quorum["standbyNumber"], len(quorum["standbyNames"])) == (status["currentPrimary"], 1, 2)


@pytest.mark.usefixtures("database")
def test_volumes_of_instances_grow(api: Api) -> None:
    api.request("PATCH", DB, {"spec": {"storage": {"size": "60Gi"}}}, MERGE)

    def grown() -> bool:
        sizes = [api.get(f"{DATA}/persistentvolumeclaims/db-{number}")["status"]["capacity"] for number in (1, 2, 3)]
        return all(size["storage"] == "60Gi" for size in sizes)

    await_("every volume has 60 GiB", grown)


@pytest.mark.usefixtures("database")
def test_a_pooler_is_a_deployment_with_a_service(api: Api) -> None:
    made = of_database("Pooler", "db-pooler-rw", instances=2, type="rw", pgbouncer={"poolMode": "session"})
    api.apply(made)
    pods = f"/apis/apps/v1/namespaces/{SPACE}/deployments/db-pooler-rw"
    await_(
        "the pooler's pods are ready",
        lambda: (api.find(pods) or {}).get("status", {}).get("readyReplicas") == 2,
    )
    assert "db-pooler-rw" in names(api, f"{DATA}/services")
    await_("the pooler tells of them", lambda: api.get(api.path(made)).get("status", {}).get("instances") == 2)


@pytest.mark.usefixtures("database")
def test_a_database_counts_as_applied(api: Api) -> None:
    made = of_database("Database", "tenant-a", name="tenant_a", owner="app", extensions=[{"name": "vector"}])
    api.apply(made)
    await_("it is applied", lambda: api.get(api.path(made)).get("status", {}).get("applied") is True)


@pytest.mark.usefixtures("database")
def test_the_plugin_puts_its_container_beside_each_instance_and_no_backup_pretends_to_be_one(api: Api) -> None:
    credentials = {name: {"name": "bucket", "key": name} for name in ("accessKeyId", "secretAccessKey")}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bucket", "namespace": SPACE}}
    api.apply({**secret, "stringData": dict.fromkeys(credentials, "x")})
    store: Object = {
        "apiVersion": "barmancloud.cnpg.io/v1",
        "kind": "ObjectStore",
        "metadata": {"name": "store", "namespace": SPACE},
        "spec": {
            "retentionPolicy": "30d",
            "configuration": {"destinationPath": "s3://b/", "s3Credentials": credentials},
        },
    }
    api.apply(store)
    plugin = {
        "name": "barman-cloud.cloudnative-pg.io",
        "isWALArchiver": True,
        "parameters": {"barmanObjectName": "store"},
    }
    api.request("PATCH", DB, {"spec": {"plugins": [plugin]}}, MERGE)

    def beside() -> bool:
        found = instances(api).values()
        told = [each for pod in found for each in pod["status"].get("initContainerStatuses") or []]
        return [each["name"] for each in told if each["ready"] and each["state"].get("running")] == [
            "plugin-barman-cloud"
        ] * 3

    await_("it runs beside each instance", beside)
    await_healthy(api)
    backup = of_database("Backup", "now", method="plugin", pluginConfiguration={"name": PLUGIN["name"]})
    api.apply(backup)
    await_("the backup has failed", lambda: api.get(api.path(backup)).get("status", {}).get("phase") == "failed")


@pytest.mark.usefixtures("database")
def test_with_a_cluster_goes_all_that_the_operator_made_for_it(api: Api) -> None:
    api.delete(DB, "Foreground")
    await_("it is gone", lambda: api.find(DB) is None)
    await_("its pods are gone", lambda: not instances(api))
    await_("its volumes are gone", lambda: not api.get(f"{DATA}/persistentvolumeclaims")["items"])


def test_both_charts_go_in_whatever_order_and_come_back_with_certificates_of_the_users(
    cluster: Cluster, api: Api, tmp_path: Path
) -> None:
    for chart in ("cloudnative-pg", "plugin-barman-cloud"):
        disable(cluster, chart)
    service, secrets = (f"/api/v1/namespaces/cnpg-system/{kind}" for kind in ("services", "secrets"))
    assert "barman-cloud" not in names(api, service), "though the operator that is to let it go is gone"
    assert not names(api, secrets) & {f"barman-cloud-{side}-tls" for side in ("client", "server")}
    assert not {"cnpg-operator", "cnpg-instances", "barman-cloud"} & {found.name for found in cluster.status()}
    given = {"certificate": {"createClientCertificate": False, "createServerCertificate": False}}
    for side in ("client", "server"):
        api.apply(certificate(tmp_path, f"barman-cloud-{side}-tls"))
    enable(cluster, "plugin-barman-cloud", given)
    backed_up = copy.deepcopy(DATABASE)
    backed_up["spec"].update(instances=1, plugins=[PLUGIN])
    del backed_up["spec"]["postgresql"]
    api.apply(backed_up)
    await_("a database with the plugin is healthy", lambda: api.get(DB).get("status", {}).get("phase") == HEALTHY)
    assert "plugin-barman-cloud" in [each["name"] for each in instances(api)["db-1"]["spec"]["initContainers"]]


def certificate(folder: Path, name: str) -> Object:
    """A Secret with a certificate for the plugin's service, which nobody else has signed."""
    crt, key = folder / "crt", folder / "key"
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:barman-cloud"]
    uses = ["-addext", "extendedKeyUsage=serverAuth,clientAuth", "-nodes", "-days", "2"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    words = ["openssl", "req", "-x509", *kind, *names, *uses, "-out", str(crt), "-keyout", str(key)]
    subprocess.run(words, check=True, capture_output=True)
    meta = {"name": name, "namespace": "cnpg-system"}
    texts = {"tls.crt": crt.read_text(), "tls.key": key.read_text()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/tls", "stringData": texts}
