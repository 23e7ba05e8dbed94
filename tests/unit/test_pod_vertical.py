"""`VerticalAutoscaler`: its object, and what it refuses."""

from typing import Any

import pytest

from penstock.autoscaling.pods.vertical_plan import autoscaler
from penstock.autoscaling.pods.vertical_spec import VerticalSpec
from penstock.spec import check
from tests.support.pod_scaling import TARGET
from tests.support.refused import reasons

BOUNDS = {"min_cpu": "200m", "min_memory": "512Mi", "max_cpu": "4", "max_memory": "8Gi"}


def made(**asked: Any) -> dict[str, Any]:
    return autoscaler("web-vpa", check(VerticalSpec, {"target": TARGET, **asked}))


def test_its_object_says_exactly_what_was_asked() -> None:
    containers = [
        {**BOUNDS, "values": "RequestsOnly", "resources": ["memory"]},
        {"container": "sidecar", "ignored": True},
    ]
    assert made(mode="InPlaceOrRecreate", containers=containers) == {
        "apiVersion": "autoscaling.k8s.io/v1",
        "kind": "VerticalPodAutoscaler",
        "metadata": {
            "name": "web-vpa",
            "namespace": "apps",
            "labels": {"app.kubernetes.io/managed-by": "penstock"},
        },
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "updatePolicy": {"updateMode": "InPlaceOrRecreate", "minReplicas": 2},
            "resourcePolicy": {
                "containerPolicies": [
                    {
                        "containerName": "*",
                        "controlledResources": ["memory"],
                        "controlledValues": "RequestsOnly",
                        "minAllowed": {"cpu": "200m", "memory": "512Mi"},
                        "maxAllowed": {"cpu": "4", "memory": "8Gi"},
                    },
                    {"containerName": "sidecar", "mode": "Off"},
                ]
            },
        },
    }


def test_it_only_recommends_where_nothing_else_is_said() -> None:
    assert made()["spec"] == {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "updatePolicy": {"updateMode": "Off"},
    }


@pytest.mark.parametrize("mode", ["Off", "Initial", "Recreate", "InPlaceOrRecreate"])
def test_every_mode_of_the_version_is_known(mode: str) -> None:
    policy = made(mode=mode, containers=[BOUNDS])["spec"]["updatePolicy"]
    assert policy["updateMode"] == mode
    assert ("minReplicas" in policy) is (mode in ("Recreate", "InPlaceOrRecreate"))


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({"mode": "Auto", "containers": [BOUNDS]}, "mode", "Write InPlaceOrRecreate"),
        ({"mode": "InPlace"}, "mode", "none of them"),
        ({"mode": "Recreate"}, "containers", "Without a most"),
        ({"mode": "Recreate", "containers": [{"max_cpu": "4"}]}, "containers[0].max_memory", "what the nodes can give"),
        ({"containers": [{**BOUNDS, "min_cpu": "5"}]}, "containers[0].max_cpu", "at least 5"),
        ({"containers": [{**BOUNDS, "max_memory": "400M"}]}, "containers[0].max_memory", "at least 512Mi"),
        ({"containers": [{"max_cpu": "4 cores"}]}, "containers[0].max_cpu", "such as 4"),
        ({"containers": [{"max_memory": "0"}]}, "containers[0].max_memory", "above 0"),
        ({"containers": [BOUNDS, BOUNDS]}, "containers", "Write it once"),
        ({"containers": [{**BOUNDS, "resources": []}]}, "containers[0].resources", "at least 1"),
        ({"min_replicas": 0}, "min_replicas", "at least 1"),
        ({"update_mode": "Off"}, "update_mode", "Write mode"),
        ({"mode": "Initial", "containers": [BOUNDS], "scaled_on": ["cpu"]}, "mode", "Write the mode Off"),
    ],
)
def test_it_says_what_to_write_instead(asked: dict[str, Any], path: str, words: str) -> None:
    said = reasons(VerticalSpec, {"target": TARGET, **asked})
    assert list(said) == [path]
    assert words in said[path]


@pytest.mark.parametrize("mode", ["Initial", "Recreate", "InPlaceOrRecreate"])
def test_what_replicas_are_scaled_on_is_only_sized_by_a_mode_that_changes_nothing(mode: str) -> None:
    memory_only = [{"max_memory": "8Gi", "resources": ["memory"]}]
    scaled = {"target": TARGET, "containers": memory_only, "scaled_on": ["cpu"]}
    assert reasons(VerticalSpec, {**scaled, "mode": mode}) == {}
    assert "memory" in reasons(VerticalSpec, {**scaled, "mode": mode, "scaled_on": ["memory"]})["mode"]
    assert reasons(VerticalSpec, {**scaled, "mode": "Off", "scaled_on": ["memory"]}) == {}


def test_containers_that_are_not_named_are_sized_too_unless_one_policy_is_for_all() -> None:
    sidecar = {"container": "sidecar", "max_memory": "1Gi", "resources": ["memory"]}
    asked = {"target": TARGET, "mode": "Initial", "scaled_on": ["cpu"]}
    assert "mode" in reasons(VerticalSpec, {**asked, "containers": [sidecar]})
    assert reasons(VerticalSpec, {**asked, "containers": [sidecar, {"ignored": True}]}) == {}
