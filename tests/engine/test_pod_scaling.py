"""The autoscalers of pods through the real engine: made, kept, changed, refused, and taken away in order."""

import json
from typing import Any

import pytest

from sandbox import Sandbox
from tests.engine.conftest import ROOT, MakeSandbox

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s

import penstock

settings = pulumi.Config("scaling")
cluster = k8s.Provider("cluster", namespace="default")
within = pulumi.ResourceOptions(provider=cluster)
namespace = k8s.core.v1.Namespace("apps", metadata={"name": "apps"}, opts=within)


def workload(name):
    labels = {"app": name}
    return k8s.apps.v1.Deployment(
        name,
        metadata={"name": name, "namespace": namespace.metadata.name},
        spec={
            "selector": {"match_labels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "x"}]}},
        },
        opts=within,
    )


def target(name, **facts):
    return {"name": name, "namespace": "apps", **facts}


names = ("web", "sized", "queue", "office", "planner", "server", "worker")
workloads = {name: workload(name) for name in names}
after = pulumi.ResourceOptions(provider=cluster, depends_on=[*workloads.values()])
web = workloads["web"]
penstock.HorizontalAutoscaler(
    "web",
    {
        "target": {"name": web.metadata.name, "namespace": web.metadata.namespace},
        "min_replicas": 2, "max_replicas": settings.get_int("most", 10), "cpu_percent": 70,
        "behavior": {"scale_down": {"stabilization_seconds": 300}},
    },
    within,
)
penstock.VerticalAutoscaler("sized", {"target": target("sized"), "containers": [{"max_memory": "4Gi"}]}, after)
profile = [0.0] * 8 + [100.0] * 9 + [0.0] * 7
penstock.EventAutoscaler(
    "queue",
    {
        "target": target("queue", cold_start_seconds=100), "min_replicas": 0, "max_replicas": 20,
        "triggers": [
            {"prometheus": {"query": 'sum(queue_depth{namespace="apps"})', "threshold": 10}},
            *penstock.traffic_windows(profile, 10, timezone="Europe/Berlin", max_replicas=20),
        ],
    },
    after,
)
penstock.CronScaleToZero(
    "office",
    {
        "target": target("office"), "timezone": "America/Los_Angeles", "start": "0 9 * * 1-5", "end": "0 18 * * 1-5",
        "desired_replicas": settings.get_int("office", 1), "max_replicas": 2,
    },
    after,
)
penstock.WarmHeadroom("warm", {"namespace": "apps", "replicas": 2, "pod": {"cpu": "1", "memory": "1Gi"}}, after)
penstock.WarmHeadroom(
    "kept", {"namespace": "apps", "kind": "placeholder", "replicas": 2, "pod": {"cpu": "1", "memory": "1Gi"}}, after
)
penstock.ServiceAutoscaler(
    "planner", {"table": "standard", "service": "planner", "target": target(settings.get("planner", "planner"))}, after
)
penstock.ServiceAutoscaler("server", {"table": "llm-serving", "target": target("server")}, after)
penstock.ServiceAutoscaler(
    "worker", {"table": "worker-llm", "target": target("worker"), "min_replicas": 1, "max_replicas": 8}, after
)
"""

# What each component makes, by the last part of its type.
MADE = {
    "HorizontalAutoscaler": {("HorizontalPodAutoscaler", "web")},
    "VerticalAutoscaler": {("VerticalPodAutoscaler", "sized")},
    "EventAutoscaler": {("ScaledObject", "queue")},
    "CronScaleToZero": {("ScaledObject", "office")},
    "WarmHeadroom": {
        ("CapacityBuffer", "warm"),
        ("PodTemplate", "warm"),
        ("Deployment", "kept"),
        ("PriorityClass", "kept"),
    },
    "ServiceAutoscaler": {
        ("HorizontalPodAutoscaler", "planner"),
        ("VerticalPodAutoscaler", "planner"),
        ("ScaledObject", "server"),
        ("ScaledObject", "worker"),
        ("PrometheusRule", "worker"),
    },
}
CUSTOM = {"kubernetes:keda.sh/v1alpha1:ScaledObject", "kubernetes:monitoring.coreos.com/v1:PrometheusRule"}


@pytest.fixture
def project(sandbox: MakeSandbox) -> Sandbox:
    return sandbox(
        files={"Pulumi.yaml": "name: scaling\nruntime: python\n", "Pulumi.dev.yaml": "", "__main__.py": PROGRAM}
    )


def setting(project: Sandbox, **values: Any) -> None:
    lines = "".join(f"  scaling:{name}: {value}\n" for name, value in values.items())
    (project.project / "Pulumi.dev.yaml").write_text(f"config:\n{lines}")


def objects(project: Sandbox) -> list[dict[str, Any]]:
    """The objects that components made, with their parents' types, from the state."""
    state = json.loads(project.pulumi("stack export", check=True).stdout)
    return [one for one in state["deployment"]["resources"] if "::penstock:index:" in one.get("parent", "")]


def test_all_autoscalers_are_made_kept_changed_in_place_and_taken_away_in_order(project: Sandbox) -> None:
    project.pulumi("preview", check=True)
    assert project.cloud.resources() == []
    project.pulumi("up", check=True)
    made: dict[str, set[tuple[str, str]]] = {}
    for one in objects(project):
        component = one["parent"].split("::")[2].rpartition(":")[2]
        made.setdefault(component, set()).add((one["type"].rpartition(":")[2], one["inputs"]["metadata"]["name"]))
        assert "::cluster::" in one["provider"], "it has its parent's provider, not the default one"
    assert made == MADE
    order = [done.type for done in project.cloud.log() if done.op == "create" and "worker" in done.urn]
    assert [type_ for type_ in order if type_ in CUSTOM] == [
        "kubernetes:monitoring.coreos.com/v1:PrometheusRule",
        "kubernetes:keda.sh/v1alpha1:ScaledObject",
    ]
    project.pulumi("up", args=["--expect-no-changes"], check=True)

    setting(project, most=12)
    plan = json.loads(project.pulumi("preview", args=["--json"], check=True).stdout)
    assert [(s["op"], s["urn"].rpartition("::")[2]) for s in plan["steps"] if s["op"] != "same"] == [("update", "web")]

    project.pulumi("destroy", check=True)
    assert project.cloud.resources() == []
    gone = [done.type for done in project.cloud.log() if done.op == "delete"]
    scalers = [i for i, type_ in enumerate(gone) if type_ in CUSTOM or type_.endswith("HorizontalPodAutoscaler")]
    space = gone.index("kubernetes:core/v1:Namespace")
    assert all(at < space for at in scalers), "what scales goes before the namespace"


def test_a_contradiction_is_told_at_preview_without_a_traceback(project: Sandbox) -> None:
    setting(project, office=0)
    refused = project.pulumi("preview")
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "CronScaleToZero 'office' cannot be deployed" in said
    assert "desired_replicas: A window tells when there are replicas, not when there are none" in said
    assert "Traceback" not in said


def test_two_components_on_one_target_are_told_by_the_policy_pack(project: Sandbox) -> None:
    setting(project, planner="worker")
    pack = ["--policy-pack", str(ROOT / "policies" / "capacity")]
    refused = project.pulumi("preview", args=pack)
    assert refused.returncode != 0
    said = " ".join((refused.stdout + refused.stderr).split())
    assert "Deployment 'worker' is scaled by HorizontalPodAutoscaler 'planner-horizontal' and ScaledObject" in said
