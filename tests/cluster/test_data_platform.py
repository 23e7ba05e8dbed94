"""What stores find on the cluster: volumes of their own that grow, Jobs that complete or fail, a class as clouds have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster import Cluster, FakeNode
from sandbox.cluster.api import Api, ApiError, Object
from sandbox.cluster.nodes import set_nodes
from sandbox.cluster.settings import Pace
from sandbox.cluster.stages import FAIL, START_SECONDS
from tests.cluster.objects import await_, condition, pod, pod_template

CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
NODES = ("n-0", "n-1", "n-2")
MERGE = "application/merge-patch+json"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    """A cluster with three nodes in three zones."""
    made = Cluster(tmp_path_factory.mktemp("home"), tools)
    try:
        made.up(pace=Pace(pod_start=0.5))
        size = {"cpu": "8", "memory": "32Gi", "pods": "110"}
        zones = (f"here1-{letter}" for letter in "abc")
        set_nodes(
            made.api,
            [
                FakeNode(name, size, labels={"topology.kubernetes.io/zone": zone})
                for name, zone in zip(NODES, zones, strict=True)
            ],
        )
        yield made
    finally:
        made.delete()


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Api:
    return cluster.api


def claim(name: str, size: str = "1Gi", **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": asked}


def mounting(name: str, claim_name: str) -> Object:
    """A pod that uses a claim."""
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}
    return pod(name, volumes=[volume])


def job(name: str, annotations: dict[str, str] | None = None) -> Object:
    template = pod_template({"job": name}, annotations=annotations, restartPolicy="Never")
    spec = {"backoffLimit": 0, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def capacity(api: Api, path: str) -> str | None:
    found = api.get(path)
    told = found["spec"].get("capacity") or found.get("status", {}).get("capacity") or {}
    return told.get("storage")


def test_each_pod_of_a_stateful_set_gets_volumes_of_its_own_and_is_ready(api: Api) -> None:
    labels = {"app": "store"}
    apart = {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
            ]
        }
    }
    spec = {
        "replicas": 3,
        "serviceName": "store",
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": labels},
        "template": pod_template(labels, affinity=apart),
        "volumeClaimTemplates": [claim("data", "20Gi"), claim("snapshots", "5Gi")],
    }
    made: Object = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "store"}, "spec": spec}
    api.apply(made)
    await_("the set is ready", lambda: api.get(api.path(made)).get("status", {}).get("readyReplicas") == 3)
    names = {f"{volume}-store-{index}" for volume in ("data", "snapshots") for index in range(3)}
    claims = {found["metadata"]["name"]: found for found in api.get(CLAIMS)["items"]}
    assert names <= claims.keys()
    assert {claims[name]["status"]["phase"] for name in names} == {"Bound"}
    assert len({claims[name]["spec"]["volumeName"] for name in names}) == 6
    pods = api.get("/api/v1/namespaces/default/pods?labelSelector=app%3Dstore")["items"]
    assert {found["spec"]["nodeName"] for found in pods} == set(NODES)


def test_the_default_class_binds_with_the_first_pod_and_lets_volumes_grow_as_those_of_clouds_do(api: Api) -> None:
    classes = api.get("/apis/storage.k8s.io/v1/storageclasses")["items"]
    default = "storageclass.kubernetes.io/is-default-class"
    usual = [found for found in classes if found["metadata"].get("annotations", {}).get(default) == "true"]
    assert len(usual) == 1
    assert usual[0]["volumeBindingMode"] == "WaitForFirstConsumer"
    assert usual[0]["allowVolumeExpansion"] is True
    api.apply(claim("alone"))
    api.apply(claim("used"))
    api.apply(mounting("user", "used"))
    await_("the claim of the pod is bound", lambda: api.get(f"{CLAIMS}/used")["status"]["phase"] == "Bound")
    assert api.get(f"{CLAIMS}/alone")["status"]["phase"] == "Pending"


def test_a_volume_grows_and_does_not_shrink(api: Api) -> None:
    api.apply(claim("grows"))
    api.apply(mounting("grower", "grows"))
    path = f"{CLAIMS}/grows"
    await_("the claim is bound", lambda: api.get(path)["status"]["phase"] == "Bound")
    volume = f"/api/v1/persistentvolumes/{api.get(path)['spec']['volumeName']}"
    assert capacity(api, volume) == "1Gi"
    api.request("PATCH", path, {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}, MERGE)
    await_("the claim has what it asks for", lambda: capacity(api, path) == "3Gi", 30)
    assert capacity(api, volume) == "3Gi"
    with pytest.raises(ApiError, match="field can not be less than status.capacity") as refused:
        api.request("PATCH", path, {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}, MERGE)
    assert refused.value.status == 422
    assert api.get(path)["status"]["phase"] == "Bound"


def test_a_class_that_forbids_it_lets_no_volume_grow(api: Api) -> None:
    fixed: Object = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "fixed"},
        "provisioner": "sandbox.penstock.dev/disk",
    }
    api.apply(fixed)
    api.apply(claim("fixed", storageClassName="fixed"))
    await_("the claim is bound", lambda: api.get(f"{CLAIMS}/fixed")["status"]["phase"] == "Bound")
    with pytest.raises(ApiError, match="only dynamically provisioned pvc can be resized"):
        api.request("PATCH", f"{CLAIMS}/fixed", {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}, MERGE)


def test_a_job_completes_after_the_time_that_its_pod_states(api: Api) -> None:
    made = job("loads", {START_SECONDS: "3"})
    api.apply(made)
    await_("the job is complete", lambda: condition(api.get(api.path(made)), "Complete") == "True")
    status = api.get(api.path(made))["status"]
    begun, ended = (datetime.fromisoformat(status[name]) for name in ("startTime", "completionTime"))
    assert 3 <= (ended - begun).total_seconds() < 30


def test_a_job_fails_whose_pod_is_annotated_to(api: Api) -> None:
    made = job("breaks", {FAIL: "true"})
    api.apply(made)
    await_("the job has failed", lambda: condition(api.get(api.path(made)), "Failed") == "True")
    found = api.get("/api/v1/namespaces/default/pods?labelSelector=job%3Dbreaks")["items"]
    assert [each["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] for each in found] == [1]
