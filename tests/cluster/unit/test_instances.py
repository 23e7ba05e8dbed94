"""Who plays CloudNativePG's instance managers: what an operator is told of each instance, and who becomes primary."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.cluster.addons.instances import Front, Instances

ROOT = "/apis/postgresql.cnpg.io/v1"
DB = f"{ROOT}/namespaces/data/clusters/db"


class ApiOfACluster:
    """Knows one Cluster, its pods by name, and Databases; takes what is written to their status."""

    def __init__(self) -> None:
        self.cluster: dict[str, Any] = {
            "metadata": {"name": "db", "namespace": "data", "uid": "u-1"},
            "spec": {"instances": 3},
            "status": {"instanceNames": ["db-1", "db-2", "db-3"]},
        }
        self.pods = {f"db-{number}": pod(f"db-{number}", f"10.0.0.{number}") for number in (1, 2, 3)}
        self.databases: list[dict[str, Any]] = []
        self.quorum: dict[str, Any] | None = None
        self.written: list[tuple[str, dict[str, Any]]] = []

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cluster["status"]
        return found

    def get(self, path: str) -> dict[str, Any]:
        asked = urlsplit(path)
        if asked.path.endswith("/pods"):
            address = parse_qs(asked.query).get("fieldSelector", [""])[0].removeprefix("status.podIP=")
            return {"items": [it for it in self.pods.values() if address in ("", it["status"]["podIP"])]}
        kinds: dict[str, list[dict[str, Any]]] = {"clusters": [self.cluster], "databases": self.databases}
        return {"items": kinds.get(asked.path.rpartition("/")[2], [])}

    def find(self, path: str) -> dict[str, Any] | None:
        return self.quorum if "failoverquorums" in path else self.cluster if path == DB else None

    def request(self, method: str, path: str, body: dict[str, Any], _type: str) -> dict[str, Any]:
        assert method == "PATCH"
        self.written.append((path, body["status"]))
        if path == f"{DB}/status":
            self.status.update(body["status"])
        return {}


def pod(name: str, address: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": "data", "labels": {"cnpg.io/cluster": "db"}}
    ready = [{"type": "Ready", "status": "True"}]
    return {"metadata": meta, "status": {"phase": "Running", "podIP": address, "conditions": ready}}


@pytest.fixture
def api() -> Any:
    return ApiOfACluster()


@pytest.fixture
def instances(api: Any) -> Instances:
    return Instances(api)


def test_the_first_instance_becomes_primary_as_soon_as_it_is_ready(instances: Instances, api: ApiOfACluster) -> None:
    api.status["targetPrimary"] = "db-1"
    ready, api.pods["db-1"]["status"]["conditions"] = api.pods["db-1"]["status"]["conditions"], []
    instances.play()
    assert "currentPrimary" not in api.status
    api.pods["db-1"]["status"]["conditions"] = ready
    instances.play()
    assert api.status["currentPrimary"] == "db-1"
    assert api.status["currentPrimaryTimestamp"].endswith("Z")


def test_the_primary_tells_who_follows_it_and_the_others_that_they_do(instances: Instances, api: ApiOfACluster) -> None:
    api.status.update(targetPrimary="db-1", currentPrimary="db-1")
    primary, replica = instances.status("10.0.0.1"), instances.status("10.0.0.2")
    assert primary is not None and replica is not None
    assert (primary["isPrimary"], replica["isPrimary"]) == (True, False)
    assert [each["applicationName"] for each in primary["replicationInfo"]] == ["db-2", "db-3"]
    assert replica["isWalReceiverActive"] is True
    assert primary["systemID"] == replica["systemID"]


def test_one_that_is_to_take_over_becomes_primary_on_a_new_timeline_and_the_old_one_follows(
    instances: Instances, api: ApiOfACluster
) -> None:
    api.status.update(targetPrimary="pending", currentPrimary="db-1", timelineID=1)
    lost = api.pods.pop("db-1")
    instances.play()
    assert api.status["currentPrimary"] == "db-1", "nobody is chosen yet"
    replica = instances.status("10.0.0.2")
    assert replica is not None and replica["isWalReceiverActive"] is False
    api.status["targetPrimary"] = "db-2"
    instances.play()
    assert api.status["currentPrimary"] == "db-2"
    api.pods["db-1"] = lost
    new, old = instances.status("10.0.0.2"), instances.status("10.0.0.1")
    assert new is not None and old is not None
    assert (new["isPrimary"], new["timeLineID"]) == (True, 2)
    assert (old["isPrimary"], old["isWalReceiverActive"]) == (False, True)


def test_one_that_is_not_ready_or_about_to_end_says_nothing(instances: Instances, api: ApiOfACluster) -> None:
    api.status.update(targetPrimary="db-1", currentPrimary="db-1")
    api.pods["db-1"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    api.pods["db-2"]["status"]["phase"] = "Pending"
    assert [instances.status(f"10.0.0.{number}") is None for number in (1, 2, 3, 9)] == [True, True, False, True]


def test_the_primary_writes_who_confirms_its_writes_where_failover_asks_for_it(
    instances: Instances, api: ApiOfACluster
) -> None:
    api.status.update(targetPrimary="db-2", currentPrimary="db-2")
    api.cluster["spec"]["postgresql"] = {"synchronous": {"method": "any", "number": 1, "failoverQuorum": True}}
    api.quorum = {"metadata": {"name": "db", "namespace": "data"}}
    instances.play()
    told = {"method": "ANY", "primary": "db-2", "standbyNames": ["db-1", "db-3"], "standbyNumber": 1}
    assert api.written == [(f"{ROOT}/namespaces/data/failoverquorums/db/status", told)]
    api.quorum["status"] = told
    instances.play()
    assert len(api.written) == 1


def test_databases_count_as_applied_once_for_each_generation(instances: Instances, api: ApiOfACluster) -> None:
    api.databases = [{"metadata": {"name": "a", "namespace": "data", "generation": 2}, "status": {"applied": True}}]
    instances.play()
    status = {"applied": True, "observedGeneration": 2}
    assert api.written == [(f"{ROOT}/namespaces/data/databases/a/status", status)]
    api.databases[0]["status"] = status
    instances.play()
    assert len(api.written) == 1


@pytest.fixture
def front(instances: Instances) -> Iterator[str]:
    server = Front(0, instances)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def ask(front: str, host: str, path: str = "/pg/status") -> tuple[int, Any]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{front}{path}", headers={"Host": host})
    try:
        with direct.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_answers_for_the_pod_whose_address_was_asked_for(front: str, api: ApiOfACluster) -> None:
    api.status.update(targetPrimary="db-3", currentPrimary="db-3")
    status, told = ask(front, "10.0.0.3:8000")
    assert (status, told["isPrimary"], told["pod"]["metadata"]["name"]) == (200, True, "db-3")
    assert ask(front, "10.0.0.9:8000") == (503, {"error": "No instance at 10.0.0.9 is ready."})
    assert ask(front, "10.0.0.3:8000", "/pg/backup")[0] == 404
    assert ask(front, "localhost", "/")[0] == 200
