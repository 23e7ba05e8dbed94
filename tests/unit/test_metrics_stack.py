"""`MetricsStack` as a component: what it registers, in what order, and what it offers."""

from typing import Any

import pulumi
import pytest

import penstock
from penstock.observability.metrics_stack import MetricsStack
from tests.support.mocked import of_type, run
from tests.support.pool_refs import pool
from tests.unit.test_metrics_rules import GPU

RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
REF = {"cloud": "aws", "name": "llm", "location": "us-east-1", "zones": ["us-east-1a"]}


def args(**said: Any) -> Any:
    return {"cluster": REF, "cloud": "aws", "pools": [pool("web"), pool("gpu", **GPU)], **said}


def made(
    preview: bool = False, **said: Any
) -> tuple[MetricsStack, dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    found: list[MetricsStack] = []
    registered = run(lambda: found.append(MetricsStack("metrics", args(**said))), preview=preview)
    return found[0], of_type(registered, RELEASE), of_type(registered, NAMESPACE)


@pytest.mark.parametrize("preview", [True, False])
def test_it_registers_a_release_for_each_chart_under_its_own_name(preview: bool) -> None:
    stack, releases, spaces = made(preview, custom_metrics=True, event_autoscaling=True)
    assert {name: release["name"] for name, release in releases.items()} == {
        f"metrics-{chart}": chart for chart in stack.charts
    }
    assert set(stack.charts) == {"kube-prometheus-stack", "prometheus-adapter", "dcgm-exporter", "keda"}
    for release in releases.values():
        assert release["version"] == stack.charts[release["name"]]
        assert release["repositoryOpts"]["repo"].startswith("https://")
    assert {space["metadata"]["name"] for space in spaces.values()} == {"monitoring", "keda"}
    assert releases["metrics-prometheus-adapter"]["values"]["rules"]["default"] is False


def test_it_tells_autoscalers_what_they_need_to_know() -> None:
    stack, _, _ = made(custom_metrics=True, namespace="observability")
    assert stack.prometheus_url == "http://prometheus-operated.observability.svc:9090"
    assert "queue_depth" in stack.custom_metric_names
    light, releases, spaces = made(mode="lightweight")
    assert (light.prometheus_url, light.custom_metric_names, light.charts, light.memory_mib) == ("", [], {}, 0)
    assert (releases, spaces) == ({}, {})


@pytest.mark.parametrize("preview", [True, False])
def test_images_come_from_the_clusters_mirror_unless_another_is_named(preview: bool) -> None:
    mirror = {**REF, "registry": "mirror.example.com", "isolated": True}
    _, releases, _ = made(preview, cluster=mirror, chart_repository="oci://mirror.example.com/charts")
    stack = releases["metrics-kube-prometheus-stack"]
    assert stack["values"]["global"] == {"imageRegistry": "mirror.example.com"}
    assert stack["chart"] == "oci://mirror.example.com/charts/kube-prometheus-stack"
    assert "repositoryOpts" not in stack
    _, releases, _ = made(preview, cluster=mirror, registry=pulumi.Output.from_input("mine.example.com"))
    image = releases["metrics-dcgm-exporter"]["values"]["image"]
    assert image == {"repository": "mine.example.com/nvidia/k8s/dcgm-exporter"}


@pytest.mark.parametrize(
    ("said", "path", "words"),
    [
        ({"cluster": None}, "cluster", "ref of a Cluster"),
        ({"cluster": {**REF, "isolated": True}}, "registry", "no way out"),
        ({"cloud": "moon"}, "cloud", "Write one of"),
        ({"pools": []}, "pools", "at least 1"),
        ({"hpa_metrics": ["unknown"]}, "hpa_metrics[0]", "Nobody serves"),
    ],
)
def test_it_says_what_to_write_instead(said: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(penstock.InvalidInputs) as refused:
        made(**said)
    assert words in {problem.path: problem.reason for problem in refused.value.problems}[path]
