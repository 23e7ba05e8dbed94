"""The autoscalers of pods as components: what they register, under whom, and what they refuse."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import penstock
from tests.support.mocked import Registered, of_type, run
from tests.support.pod_scaling import TARGET, gpu_pool, query_trigger

# In a namespace that every cluster has.
WEB = {**TARGET, "namespace": "default"}
OFFICE = {"timezone": "America/Los_Angeles", "start": "0 9 * * 1-5", "end": "0 18 * * 1-5"}
POD = {"cpu": "1", "memory": "1Gi"}
HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
VPA = "kubernetes:autoscaling.k8s.io/v1:VerticalPodAutoscaler"
SCALED = "kubernetes:keda.sh/v1alpha1:ScaledObject"
RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
BUFFER = "kubernetes:autoscaling.x-k8s.io/v1beta1:CapacityBuffer"
TEMPLATE = "kubernetes:core/v1:PodTemplate"
PRIORITY = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"

CASES: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("HorizontalAutoscaler", {"target": WEB, "min_replicas": 1, "max_replicas": 5, "cpu_percent": 70}, [(HPA, "web")]),
    ("VerticalAutoscaler", {"target": WEB}, [(VPA, "web")]),
    (
        "EventAutoscaler",
        {"target": WEB, "min_replicas": 0, "max_replicas": 5, "triggers": [query_trigger()]},
        [(SCALED, "web")],
    ),
    ("CronScaleToZero", {"target": WEB, **OFFICE, "desired_replicas": 1, "max_replicas": 2}, [(SCALED, "web")]),
    ("WarmHeadroom", {"namespace": "default", "replicas": 2, "pod": POD}, [(TEMPLATE, "web-shape"), (BUFFER, "web")]),
    (
        "WarmHeadroom",
        {"namespace": "default", "replicas": 2, "pod": POD, "kind": "placeholder", "pools": [gpu_pool("l4")]},
        [(PRIORITY, "web-priority"), (DEPLOYMENT, "web-placeholders")],
    ),
    (
        "ServiceAutoscaler",
        {"table": "standard", "service": "planner", "target": WEB},
        [(VPA, "web-vertical"), (HPA, "web-horizontal")],
    ),
    (
        "ServiceAutoscaler",
        {"table": "worker-llm", "target": WEB, "min_replicas": 1, "max_replicas": 4, "rule_labels": {"release": "p"}},
        [(RULE, "web-rules"), (SCALED, "web-scaled")],
    ),
]


def both(program: Callable[[], Any]) -> list[Registered]:
    """Runs it as a preview and as a deployment, which have to register the same."""
    previewed, deployed = run(program, preview=True), run(program)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


@pytest.mark.parametrize(("component", "args", "children"), CASES)
def test_a_component_registers_its_objects_and_calls_them_as_itself(
    component: str, args: dict[str, Any], children: list[tuple[str, str]]
) -> None:
    registered = both(lambda: getattr(penstock, component)("web", args))
    assert registered[0].type == f"penstock:index:{component}"
    assert sorted((r.type, r.name) for r in registered[1:]) == sorted(children)
    assert {r.inputs["metadata"]["name"] for r in registered[1:]} == {"web"}


def test_the_rules_of_a_service_carry_the_labels_by_which_prometheus_takes_them() -> None:
    args = {"table": "app", "target": WEB, "min_replicas": 1, "max_replicas": 4, "rule_labels": {"release": "prom"}}
    rule = of_type(run(lambda: penstock.ServiceAutoscaler("web", args)), RULE)["web-rules"]  # type: ignore[arg-type]
    assert rule["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "penstock", "release": "prom"}


def test_a_name_and_a_namespace_may_be_outputs_of_what_is_made_beside_it() -> None:
    target = {"name": pulumi.Output.from_input("web-1a2b"), "namespace": pulumi.Output.from_input("default")}
    args: Any = {"target": target, "min_replicas": 1, "max_replicas": 2, "cpu_percent": 70}
    made = of_type(both(lambda: penstock.HorizontalAutoscaler("web", args)), HPA)["web"]
    assert made["spec"]["scaleTargetRef"]["name"] == "web-1a2b"
    assert made["metadata"]["namespace"] == "default"


def test_placeholders_come_from_the_mirror_that_may_be_an_output() -> None:
    args: Any = {"namespace": "default", "kind": "placeholder", "replicas": 1, "pod": POD}
    args["registry"] = pulumi.Output.from_input("mirror.example.com/k8s")
    made = of_type(both(lambda: penstock.WarmHeadroom("web", args)), DEPLOYMENT)["web-placeholders"]
    assert made["spec"]["template"]["spec"]["containers"][0]["image"].startswith("mirror.example.com/k8s/pause:")


def test_outputs_say_what_else_is_needed() -> None:
    seen: dict[str, Any] = {}

    def program() -> None:
        for table, service in (("standard", "planner"), ("standard", "judge"), ("llm-serving", "llm-serving")):
            args: Any = {"table": table, "service": service, "target": WEB}
            made = penstock.ServiceAutoscaler(service, args)
            seen[service] = (made.object_name, made.scaler, made.needs_adapter)

    run(program)
    assert seen == {
        "planner": ("planner", "horizontal", True),
        "judge": ("judge", "horizontal", False),
        "llm-serving": ("llm-serving", "event", False),
    }


@pytest.mark.parametrize("name", ["Web", "web_1", "w" * 55])
def test_a_name_that_no_object_can_have_is_refused_with_all_else(name: str) -> None:
    args: Any = {"target": WEB, "min_replicas": 5, "max_replicas": 2, "triggers": [query_trigger()]}
    with pytest.raises(penstock.InvalidInputs) as refused:
        run(lambda: penstock.EventAutoscaler(name, args))
    assert {problem.path for problem in refused.value.problems} == {"", "max_replicas"}


def test_importing_the_library_reads_no_table_and_no_sdk() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import penstock, sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pulumi_kubernetes", "pydantic", "penstock.autoscaling.pods.tables", "zoneinfo"} & set(loaded)
