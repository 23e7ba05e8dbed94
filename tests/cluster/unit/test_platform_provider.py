"""The provider that applies to a cluster, against a pretend API server; and what it keeps of Helm releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud.errors import CloudError, UnreadyError
from sandbox.cloud.package import Call
from sandbox.cloud.store import Store
from sandbox.cluster.platform import charts, waiting
from sandbox.cluster.platform.provider import LivePackage
from tests.cluster.unit.pretend_api import PretendApi

CALL = Call("urn:pulumi:dev::p::kubernetes:helm.sh/v3:Release::keda")
RELEASE = {"name": "keda", "namespace": "kube-system", "chart": "keda", "values": {}}
NOT_COMPLETE = "Job default/load: it has not completed."


class PretendCluster:
    def __init__(self) -> None:
        self.api = PretendApi()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> PretendApi:
    """An API server whose users do not wait long."""
    monkeypatch.setattr(waiting, "RETRIES", (0.01, 0.01))
    monkeypatch.setattr(waiting, "_PAUSE", 0.01)
    return PretendApi()


@pytest.fixture
def package(tmp_path: Path, api: PretendApi) -> LivePackage:
    cluster: Any = PretendCluster()
    cluster.api = api
    return LivePackage("kubernetes", Store(tmp_path / "cloud"), cluster)


def call(kind: str, name: str = "it", timeout: float = 0) -> Call:
    return Call(f"urn:pulumi:dev::p::kubernetes:{kind}::{name}", timeout=timeout)


def thing(api_version: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "default"}, **more}


JOB = thing("batch/v1", "Job", "load", spec={"backoffLimit": 6})
JOB_PATH = "/batch/v1/default/jobs/load"
CLUSTER = thing("postgresql.cnpg.io/v1", "Cluster", "db", spec={"instances": 3})
CLUSTER_PATH = "/postgresql.cnpg.io/v1/default/clusters/db"


def test_a_release_starts_its_chart_and_is_found_again_by_a_refresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(charts, "install", lambda _cluster, release: installed.append(release["chart"]))
    cluster: Any = None
    package = LivePackage("kubernetes", Store(tmp_path / "cloud"), cluster)
    id_, outputs = package.create(CALL, RELEASE)
    assert installed == ["keda"]
    found = package.read(CALL, id_, RELEASE, outputs)
    assert found is not None
    assert found.inputs == RELEASE


def test_a_refresh_tells_that_a_job_has_not_completed_so_that_the_next_up_waits_for_it_again(
    package: LivePackage, api: PretendApi
) -> None:
    api.put(JOB_PATH, {**JOB, "spec": {"backoffLimit": 2}}, status={})
    with pytest.raises(UnreadyError) as kept:
        package.read(call("batch/v1:Job"), "default/load", JOB, {})
    assert kept.value.reasons == [NOT_COMPLETE]
    assert kept.value.outputs["spec"] == {"backoffLimit": 2}
    assert kept.value.inputs is not None and kept.value.inputs["spec"] == {"backoffLimit": 2}


@pytest.mark.parametrize(
    "status", [{"conditions": [{"type": "Complete", "status": "True"}]}, {"conditions": None}], ids=["done", "skipped"]
)
def test_a_refresh_of_what_is_ready_or_not_waited_for_reads_it(
    package: LivePackage, api: PretendApi, status: dict[str, Any]
) -> None:
    skip = {} if status["conditions"] else {"annotations": {"pulumi.com/skipAwait": "true"}}
    job = {**JOB, "metadata": {**JOB["metadata"], **skip}}
    api.put(JOB_PATH, job, status=status)
    found = package.read(call("batch/v1:Job"), "default/load", job, {})
    assert found is not None and found.inputs == job


def test_an_import_takes_what_is_not_ready_as_it_is(package: LivePackage, api: PretendApi) -> None:
    api.put(JOB_PATH, JOB, status={})
    assert package.read(call("batch/v1:Job"), "default/load", {}, {}) is not None


def test_a_job_that_failed_is_not_waited_for_any_longer(package: LivePackage, api: PretendApi) -> None:
    failed = {"type": "Failed", "status": "True", "message": "Job has reached the specified backoff limit"}
    api.on_look = lambda path: (
        api.objects[path].update(status={"conditions": [failed]}) if path in api.objects else None
    )
    with pytest.raises(UnreadyError, match="Job default/load failed: Job has reached the specified backoff limit"):
        package.create(call("batch/v1:Job"), JOB)


def test_the_end_of_an_object_is_seen_though_a_controller_makes_another_of_that_name(
    package: LivePackage, api: PretendApi
) -> None:
    id_, outputs = package.create(call("core/v1:ConfigMap"), thing("v1", "ConfigMap", "made"))
    path = "/v1/default/configmaps/made"
    first = api.objects[path]["metadata"]["uid"]

    def replace(path: str) -> None:
        gone = api.objects.pop(path)
        api.put(path, gone)

    api.on_delete = replace
    package.delete(call("core/v1:ConfigMap", timeout=5), id_, outputs)
    assert api.objects[path]["metadata"]["uid"] != first


def test_an_object_that_does_not_end_is_reported_with_its_finalizers(package: LivePackage, api: PretendApi) -> None:
    held = thing("v1", "ConfigMap", "held")
    held["metadata"]["finalizers"] = ["example.com/keep"]
    id_, outputs = package.create(call("core/v1:ConfigMap"), held)
    api.on_delete = lambda path: None
    with pytest.raises(CloudError, match=r"It is still there; finalizers that hold it: example\.com/keep"):
        package.delete(call("core/v1:ConfigMap", timeout=0.05), id_, outputs)


@pytest.mark.parametrize(
    ("token", "api_version", "kind", "path"),
    [
        ("core/v1:ConfigMapPatch", "v1", "ConfigMap", "/v1/default/configmaps/theirs"),
        (
            "postgresql.cnpg.io/v1:ClusterPatch",
            "postgresql.cnpg.io/v1",
            "Cluster",
            "/postgresql.cnpg.io/v1/default/clusters/theirs",
        ),
    ],
    ids=["built-in", "custom"],
)
def test_two_patches_of_one_object_are_apart_and_each_gives_back_only_its_own(
    package: LivePackage, api: PretendApi, token: str, api_version: str, kind: str, path: str
) -> None:
    api.put(path, thing(api_version, kind, "theirs"))
    patch = thing(api_version, kind, "theirs", spec={"instances": 5})
    kept = [package.create(call(token, name), patch) for name in ("one", "other")]
    assert [id_ for id_, _ in kept] == ["default/theirs"] * 2
    assert len([*package.store.all()]) == 2
    managers = [who for _, who, _ in api.applied]
    assert len({*managers, "pulumi-kubernetes"}) == 3
    package.delete(call(token, "one"), *kept[0])
    assert path in api.objects, "a patch that goes deletes nothing"
    given_back = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "theirs", "namespace": "default"},
    }
    assert api.applied[-1] == (path, managers[0], given_back)
    assert [it.urn.rpartition("::")[2] for it in package.store.all()] == ["other"]


def test_a_custom_kind_whose_name_ends_in_patch_is_an_object_of_its_own(package: LivePackage, api: PretendApi) -> None:
    own = thing("policy.example/v1", "JSONPatch", "own")
    api.put("/policy.example/v1/default/jsonpatches/own", own)
    with pytest.raises(CloudError, match="already exists"):
        package.create(call("policy.example/v1:JSONPatch"), own)


def test_a_kind_that_is_defined_a_moment_later_is_made(
    package: LivePackage, api: PretendApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.served.discard("Cluster")
    path, tried = api.path, []

    def served_at_last(found: dict[str, Any]) -> str:
        tried.append(found["kind"])
        if len(tried) == 3:
            api.served.add("Cluster")
        return path(found)

    monkeypatch.setattr(api, "path", served_at_last)
    package.create(call("postgresql.cnpg.io/v1:Cluster"), CLUSTER)
    assert CLUSTER_PATH in api.objects


def test_a_kind_that_is_never_defined_is_refused_in_the_providers_words(package: LivePackage, api: PretendApi) -> None:
    api.served.discard("Cluster")
    with pytest.raises(CloudError) as refused:
        package.create(call("postgresql.cnpg.io/v1:Cluster"), CLUSTER)
    said = str(refused.value)
    assert "the apiVersion for this resource does not exist. Verify that any required CRDs have been created" in said
    assert 'no matches for kind "Cluster" in version "postgresql.cnpg.io/v1"' in said


def test_a_refusal_for_any_other_reason_is_not_tried_again(package: LivePackage, api: PretendApi) -> None:
    api.put(CLUSTER_PATH, CLUSTER)
    with pytest.raises(CloudError, match="already exists"):
        package.create(call("postgresql.cnpg.io/v1:Cluster"), CLUSTER)
    assert api.looks[CLUSTER_PATH] == 1
