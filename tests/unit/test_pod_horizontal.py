"""`HorizontalAutoscaler`: its object, and what it refuses."""

from typing import Any

import kubernetes_validate
import pytest

from penstock.autoscaling.pods.horizontal_plan import autoscaler, quantity
from penstock.autoscaling.pods.horizontal_spec import HorizontalSpec
from penstock.spec import check
from tests.support.pod_scaling import TARGET, gpu_pool
from tests.support.refused import reasons

ASKED: dict[str, Any] = {"target": TARGET, "min_replicas": 2, "max_replicas": 10, "cpu_percent": 70}
BEHAVIOR = {
    "scale_up": {
        "stabilization_seconds": 0,
        "policies": [{"percent": 100, "period_seconds": 60}, {"pods": 4, "period_seconds": 60}],
        "tolerance_percent": 2.5,
    },
    "scale_down": {
        "stabilization_seconds": 3600,
        "policies": [{"percent": 50, "period_seconds": 1800}],
        "select": "Min",
    },
}
WHOLE = {
    **ASKED,
    "memory_percent": 80,
    "pods_metrics": [{"name": "http_requests_per_second", "average": 500}],
    "object_metrics": [
        {"name": "queue_depth", "object_name": "web", "average": 10},
        {"name": "p95_latency_seconds", "object_name": "web", "value": 0.5, "selector": {"route": "chat"}},
    ],
    "behavior": BEHAVIOR,
}


def made(**asked: Any) -> dict[str, Any]:
    return autoscaler("web-hpa", check(HorizontalSpec, {**ASKED, **asked}))


def test_its_object_says_exactly_what_was_asked() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "name": "web"}
    assert made(**WHOLE) == {
        "metadata": {
            "name": "web-hpa",
            "namespace": "apps",
            "labels": {"app.kubernetes.io/managed-by": "penstock"},
        },
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2,
            "maxReplicas": 10,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                },
                {
                    "type": "Resource",
                    "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 80}},
                },
                {
                    "type": "Pods",
                    "pods": {
                        "metric": {"name": "http_requests_per_second"},
                        "target": {"type": "AverageValue", "averageValue": "500"},
                    },
                },
                {
                    "type": "Object",
                    "object": {
                        "describedObject": service,
                        "metric": {"name": "queue_depth"},
                        "target": {"type": "AverageValue", "averageValue": "10"},
                    },
                },
                {
                    "type": "Object",
                    "object": {
                        "describedObject": service,
                        "metric": {"name": "p95_latency_seconds", "selector": {"matchLabels": {"route": "chat"}}},
                        "target": {"type": "Value", "value": "500m"},
                    },
                },
            ],
            "behavior": {
                "scaleUp": {
                    "selectPolicy": "Max",
                    "stabilizationWindowSeconds": 0,
                    "tolerance": "25m",
                    "policies": [
                        {"type": "Percent", "value": 100, "periodSeconds": 60},
                        {"type": "Pods", "value": 4, "periodSeconds": 60},
                    ],
                },
                "scaleDown": {
                    "selectPolicy": "Min",
                    "stabilizationWindowSeconds": 3600,
                    "policies": [{"type": "Percent", "value": 50, "periodSeconds": 1800}],
                },
            },
        },
    }


@pytest.mark.parametrize("version", ["1.35", "1.36"])
def test_kubernetes_takes_its_object(version: str) -> None:
    whole = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", **made(**WHOLE)}
    kubernetes_validate.validate(whole, version, strict=True)


def test_a_container_is_measured_by_its_own() -> None:
    (metric,) = made(container="server")["spec"]["metrics"]
    assert metric["type"] == "ContainerResource"
    assert metric["containerResource"]["container"] == "server"


def test_only_metrics_of_pods_and_objects_need_the_adapter() -> None:
    assert check(HorizontalSpec, ASKED).needs_adapter is False
    assert check(HorizontalSpec, WHOLE).needs_adapter is True


def test_what_is_not_said_of_its_speed_is_left_to_kubernetes() -> None:
    assert "behavior" not in made()["spec"]
    assert made(behavior={"scale_down": {}})["spec"]["behavior"] == {"scaleDown": {"selectPolicy": "Max"}}


@pytest.mark.parametrize(("value", "written"), [(10, "10"), (0.5, "500m"), (1.2345, "1234m"), (0.001, "1m")])
def test_numbers_are_written_as_kubernetes_does(value: float, written: str) -> None:
    assert quantity(value) == written


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({"min_replicas": 0}, "min_replicas", "use EventAutoscaler"),
        ({"min_replicas": 11}, "max_replicas", "at least 11"),
        ({"cpu_percent": None}, "", "Nothing tells how many"),
        ({"cpu_percent": 0}, "cpu_percent", "at least 1"),
        ({"cpu_percent": None, "container": "server", "pods_metrics": [{"name": "rps", "average": 1}]},
         "container", "Only CPU and memory"),
        ({"external_metrics": [{}]}, "external_metrics", "KEDA's"),
        ({"metrics": [{}]}, "metrics", "pods_metrics or object_metrics"),
        ({"replicas": 3}, "replicas", "what it decides"),
        ({"behaviour": {}}, "behaviour", "Write behavior"),
        ({"target": {"namespace": "apps"}}, "target.name", "the name of the workload"),
        ({"target": {**TARGET, "name": "Web"}}, "target.name", "no name that Kubernetes takes"),
        ({"target": {**TARGET, "namespace": 5}}, "target.namespace", "Write a text"),
        ({"target": {**TARGET, "termination_grace_seconds": 30, "pre_stop_seconds": 15, "drain_seconds": 60}},
         "target.termination_grace_seconds", "at least 75"),
        ({"target": {**TARGET, "gpus": 4, "pools": [gpu_pool("l4")]}}, "target.pools[0]", "has 2"),
        ({"target": {**TARGET, "gpus": 1, "pools": [gpu_pool("l4")]}}, "max_replicas", "at most 8"),
        ({"target": {**TARGET, "gpus": 2, "pools": [gpu_pool("l4"), gpu_pool("a100")]}}, "max_replicas", "at most 8"),
        ({"pods_metrics": [{"name": "rps", "average": 0}]}, "pods_metrics[0].average", "above 0"),
        ({"pods_metrics": [{"name": "rps", "average": 1}] * 2}, "", "2 times"),
        ({"object_metrics": [{"name": "queue", "object_name": "web"}]}, "object_metrics[0]", "average"),
        ({"object_metrics": [{"name": "queue", "object_name": "web", "average": 1, "value": 1}]},
         "object_metrics[0]", "average"),
        ({"object_metrics": [{"name": "queue", "object_name": "", "average": 1}]},
         "object_metrics[0].object_name", "required"),
        ({"behavior": {"scale_up": {"stabilization_seconds": 3601}}},
         "behavior.scale_up.stabilization_seconds", "at most 3600"),
        ({"behavior": {"scale_up": {"policies": [{"period_seconds": 60}]}}},
         "behavior.scale_up.policies[0]", "one of the two"),
        ({"behavior": {"scale_up": {"policies": [{"pods": 1, "percent": 1, "period_seconds": 60}]}}},
         "behavior.scale_up.policies[0]", "one of the two"),
        ({"behavior": {"scale_up": {"policies": [{"pods": 1, "period_seconds": 1801}]}}},
         "behavior.scale_up.policies[0].period_seconds", "at most 1800"),
        ({"behavior": {"scale_down": {"policies": []}}}, "behavior.scale_down.policies", "at least 1"),
        ({"behavior": {"scale_down": {"select": "Most"}}}, "behavior.scale_down.select", "Max"),
        ({"behavior": {"scale_down": {"tolerance_percent": 101}}},
         "behavior.scale_down.tolerance_percent", "at most 100"),
    ],
)  # fmt: skip
def test_it_says_what_to_write_instead(asked: dict[str, Any], path: str, words: str) -> None:
    said = reasons(HorizontalSpec, {**ASKED, **asked})
    assert list(said) == [path]
    assert words in said[path]


def test_all_problems_come_at_once() -> None:
    said = reasons(HorizontalSpec, {"target": {"name": "Web"}, "min_replicas": 0, "max_replicas": 0, "speed": 1})
    assert set(said) == {"target.name", "target.namespace", "min_replicas", "max_replicas", "", "speed"}
