"""`Workload`: placed by its pools, with the time to end that its machines give, scaled by others."""

from typing import Any

import kubernetes_validate
import pytest

import penstock
from penstock.problems import InvalidSpec
from penstock.spec import check
from penstock.workloads import plan
from penstock.workloads.spec import WorkloadSpec
from tests.support.mocked import of_type, run

CAPACITY = {"cpu_millicores": 7910, "memory_mib": 30000, "accelerators": 0}
GPUS = {**CAPACITY, "accelerators": 2, "accelerator_resource": "nvidia.com/gpu"}
TAINT = {"key": "workload-type", "value": "spot", "effect": "NoSchedule"}


def pool(name: str = "cpu", **said: Any) -> dict[str, Any]:
    return {
        "name": name,
        "cloud": "gcp",
        "purchase": "on_demand",
        "machine_types": ["n2-standard-8"],
        "min_nodes": 0,
        "max_nodes": 4,
        "labels": {"penstock/pool": name, "tier": "serving"},
        "taints": [],
        "capacity": CAPACITY,
        **said,
    }


AMD = {**CAPACITY, "accelerators": 8, "accelerator_resource": "amd.com/gpu"}
SPOT = pool("spot", purchase="spot", taints=[TAINT], termination_notice_seconds=25)


def asked(**said: Any) -> dict[str, Any]:
    requests = {"cpu": "500m", "memory": "1Gi"}
    return {"namespace": "apps", "image": "web:1", "pools": [pool()], "requests": requests, **said}


def problems(**said: Any) -> dict[str, str]:
    try:
        check(WorkloadSpec, asked(**said))
    except InvalidSpec as refused:
        return {problem.path: problem.reason for problem in refused.problems}
    return {}


def objects(**said: Any) -> dict[str, dict[str, Any]]:
    spec = check(WorkloadSpec, asked(**said))
    return {
        "Deployment": {"apiVersion": "apps/v1", "kind": "Deployment", **plan.deployment("web", spec)},
        "Service": {"apiVersion": "v1", "kind": "Service", **plan.service("web", spec)},
        "PodDisruptionBudget": {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            **plan.disruption_budget("web", spec),
        },
    }


FULL = {
    "command": ["/bin/server"],
    "arguments": ["--port=9000"],
    "environment": {"LOG": "info"},
    "secret_environment": {"KEY": "keys/api"},
    "port": 9000,
    "requests": {"cpu": "2", "memory": "8Gi", "gpus": 1},
    "pools": [pool(capacity=GPUS)],
    "priority_class": "serving",
    "cold_start_seconds": 100,
    "drain_seconds": 120,
    "labels": {"team": "ml"},
}


@pytest.mark.parametrize("said", [{}, FULL, {"pools": [SPOT], "pre_stop_seconds": 0}], ids=["least", "full", "spot"])
def test_its_objects_are_those_of_the_kubernetes_schema(said: dict[str, Any]) -> None:
    for thing in objects(**said).values():
        kubernetes_validate.validate(thing, "1.34", strict=True)


def test_it_runs_where_all_its_pools_can_be_meant_and_tolerates_their_taints() -> None:
    pod = objects(pools=[pool(), SPOT])["Deployment"]["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"tier": "serving"}
    assert pod["tolerations"] == [
        {"key": "workload-type", "operator": "Equal", "value": "spot", "effect": "NoSchedule"}
    ]


def test_a_pod_has_the_time_of_its_pre_stop_its_longest_request_and_a_margin() -> None:
    template = objects(pre_stop_seconds=10, drain_seconds=60)["Deployment"]["spec"]["template"]
    assert template["spec"]["terminationGracePeriodSeconds"] == 75
    assert template["metadata"]["annotations"]["penstock.dev/drain-seconds"] == "60"
    assert template["spec"]["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}


def test_it_states_no_replicas_and_leaves_them_to_its_autoscaler() -> None:
    assert "replicas" not in objects()["Deployment"]["spec"]


def test_a_model_that_loads_is_not_killed_for_being_slow() -> None:
    container = objects(cold_start_seconds=300)["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    probe = container["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 2 * 300


def test_a_pod_that_starts_at_once_may_still_miss_a_probe() -> None:
    container = objects(cold_start_seconds=1)["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["startupProbe"]["failureThreshold"] >= 3


def test_a_taint_without_an_effect_is_tolerated_as_kubernetes_takes_it() -> None:
    tainted = pool(taints=[{"key": "dedicated", "value": "web"}])
    (toleration,) = objects(pools=[tainted])["Deployment"]["spec"]["template"]["spec"]["tolerations"]
    assert toleration["effect"] == "NoSchedule"


def test_a_pod_with_gpus_goes_before_its_successor_comes_since_there_may_be_no_room_for_both() -> None:
    assert objects(**FULL)["Deployment"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert objects()["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_pods_run_as_nobody_special() -> None:
    pod = objects()["Deployment"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_pods_ask_for_gpus_by_the_name_by_which_their_pool_offers_them() -> None:
    given = asked(pools=[pool(capacity=AMD)], requests={"cpu": "1", "memory": "1Gi", "gpus": 2})
    (container,) = plan.deployment("web", check(WorkloadSpec, given))["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "1Gi", "amd.com/gpu": "2"}


def test_a_node_may_be_made_to_ask_the_registry_for_every_pod() -> None:
    for policy in ("Always", None):
        made = plan.deployment("web", check(WorkloadSpec, asked(**({"image_pull_policy": policy} if policy else {}))))
        assert made["spec"]["template"]["spec"]["containers"][0].get("imagePullPolicy") == policy


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        ({"pools": [SPOT], "drain_seconds": 60}, "pools[0]", "taken back within 25 s, and a pod needs 70 s"),
        ({"pools": []}, "pools", "at least 1"),
        ({"pools": [{"name": "x"}]}, "pools", "no refs of pools"),
        ({"pools": [pool(), pool("b", labels={"penstock/pool": "b"})]}, "pools", "no label in common"),
        ({"requests": {"cpu": "1", "memory": "1Gi", "gpus": 1}}, "pools[0]", "has 0: no pod"),
        ({"pools": [pool(), pool()]}, "pools", "'cpu' stands there more than once"),
        (
            {
                "pools": [pool(capacity=GPUS), pool("b", capacity=AMD)],
                "requests": {"cpu": "1", "memory": "1Gi", "gpus": 1},
            },
            "pools",
            "these pools offer amd.com/gpu and nvidia.com/gpu",
        ),
        ({"image_pull_policy": "Sometimes"}, "image_pull_policy", "none of them"),
        ({"requests": {"cpu": "much", "memory": "1Gi"}}, "requests.cpu", "'much' is no amount"),
        ({"port": 0}, "port", "at least 1"),
        ({"namespace": "My Apps"}, "namespace", "no name that Kubernetes takes"),
        ({"image": ""}, "image", "required"),
        ({"image": 3}, "image", "Write a text"),
        ({"environment": {"WORKERS": 4}}, "environment.WORKERS", "Write a text, not 4"),
        ({"pools": [pool(labels=None)]}, "pools", "no refs of pools"),
        ({"environment": {"1X": "a"}}, "environment.1X", "no name of an environment variable"),
        ({"secret_environment": {"KEY": "keys"}}, "secret_environment.KEY", "secret/key"),
        ({"environment": {"A": "1"}, "secret_environment": {"A": "s/k"}}, "secret_environment.A", "Drop one"),
        ({"replicas": 3}, "replicas", "no such setting"),
    ],
)
def test_what_cannot_run_is_refused_with_its_path(said: dict[str, Any], path: str, reason: str) -> None:
    assert reason in problems(**said)[path]


@pytest.mark.parametrize("preview", [True, False])
def test_it_makes_its_objects_and_tells_autoscalers_what_they_have_to_know(preview: bool) -> None:
    made: list[penstock.Workload] = []
    registered = run(
        lambda: made.append(penstock.Workload("web", asked(namespace="default", metrics_path="/metrics"))),
        preview=preview,
    )
    for type_ in ("apps/v1:Deployment", "core/v1:Service", "policy/v1:PodDisruptionBudget"):
        assert of_type(registered, f"kubernetes:{type_}").keys() == {"web"}
    monitor = of_type(registered, "kubernetes:monitoring.coreos.com/v1:PodMonitor")["web"]
    assert monitor["spec"]["podMetricsEndpoints"] == [{"port": "http", "path": "/metrics", "interval": "15s"}]
    assert made[0].target["termination_grace_seconds"] == 25
    assert made[0].target["cold_start_seconds"] == 30
