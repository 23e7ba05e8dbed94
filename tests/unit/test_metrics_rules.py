"""`MetricsStack`: what it refuses, with what to write instead, and what follows from what is asked."""

from typing import Any

import pytest

from penstock.observability.custom_metrics import our_metrics
from penstock.observability.spec import MetricsStackSpec
from penstock.spec import check
from tests.support.pool_refs import pool
from tests.support.refused import reasons

NVIDIA = {"cpu_millicores": 7910, "memory_mib": 30000, "accelerators": 1, "accelerator_resource": "nvidia.com/gpu"}
GPU = {"capacity": NVIDIA, "min_nodes": 0, "taints": [{"key": "nvidia.com/gpu", "value": "present"}]}
JOBS = {"name": "jobs_per_second", "series": "jobs_total", "kind": "rate"}


def asked(cloud: str = "aws", *pools: dict[str, Any], **said: Any) -> dict[str, Any]:
    refs = [{**ref, "cloud": cloud} for ref in pools or (pool("web"), pool("gpu", **GPU))]
    return {"cloud": cloud, "pools": refs, **said}


def spec(cloud: str = "aws", *pools: dict[str, Any], **said: Any) -> MetricsStackSpec:
    return check(MetricsStackSpec, asked(cloud, *pools, **said))


def refused(cloud: str = "aws", *pools: dict[str, Any], **said: Any) -> dict[str, str]:
    return reasons(MetricsStackSpec, asked(cloud, *pools, **said))


@pytest.mark.parametrize("cloud", ["gcp", "aws", "azure", "existing"])
def test_metrics_server_is_installed_only_where_nobody_else_has(cloud: str) -> None:
    assert spec(cloud).installs_metrics_server is (cloud == "existing")


def test_an_adopted_eks_cluster_may_get_one_and_an_existing_one_may_have_its_own() -> None:
    assert spec("aws", metrics_server=True).installs_metrics_server
    assert not spec("existing", metrics_server=False).installs_metrics_server


@pytest.mark.parametrize(("cloud", "name"), [("gcp", "GKE"), ("azure", "AKS")])
def test_a_second_metrics_server_is_refused(cloud: str, name: str) -> None:
    assert f"{name} runs its own metrics-server" in refused(cloud, metrics_server=True)["metrics_server"]


def test_the_adapter_comes_as_soon_as_an_autoscaler_needs_it() -> None:
    assert not spec().serves_custom_metrics
    assert spec(custom_metrics=True).serves_custom_metrics
    assert spec(custom_metric_rules=[JOBS]).serves_custom_metrics
    assert spec(hpa_metrics=["queue_depth"]).serves_custom_metrics


def test_the_adapter_cannot_be_left_out_where_an_autoscaler_needs_it() -> None:
    found = refused(custom_metrics=False, hpa_metrics=["queue_depth"])
    assert "hpa_metrics asks for some" in found["custom_metrics"]


def test_a_metric_that_nobody_serves_is_refused_with_those_that_there_are() -> None:
    found = refused(hpa_metrics=["queue_depth", "jobs_per_second"])
    assert list(found) == ["hpa_metrics[1]"]
    assert "Nobody serves 'jobs_per_second'" in found["hpa_metrics[1]"]
    assert "queue_depth" in found["hpa_metrics[1]"]
    assert refused(hpa_metrics=["jobs_per_second"], custom_metric_rules=[JOBS]) == {}


def test_the_metrics_that_our_own_autoscalers_use_are_served() -> None:
    from penstock.autoscaling.pods.signals import OF_OBJECT, OF_PODS

    assert refused(hpa_metrics=[*OF_OBJECT.values(), *OF_PODS.values()]) == {}
    of = {metric.name: metric.of.value for metric in our_metrics()}
    assert {of[name] for name in OF_OBJECT.values()} == {"service"}
    assert {of[name] for name in OF_PODS.values()} == {"pod"}


def test_lightweight_says_of_everything_that_does_not_work_there_why() -> None:
    said = {
        "prometheus": {"retention_days": 3},
        "custom_metrics": True,
        "custom_metric_rules": [JOBS],
        "hpa_metrics": ["queue_depth"],
        "gpu_metrics": True,
        "grafana": True,
        "alertmanager": True,
    }
    found = refused(mode="lightweight", **said)
    assert set(found) == set(said)
    assert all("mode: lightweight has none" in reason and "write mode: full" in reason for reason in found.values())
    assert refused(mode="lightweight", event_autoscaling=True, vertical_autoscaling=True, gpu_metrics=False) == {}


def test_lightweight_metrics_server_is_for_few_nodes() -> None:
    few, many = pool("web", max_nodes=14), pool("web", max_nodes=15)
    assert refused("existing", few, mode="lightweight") == {}
    assert "at most in less than 50 MiB" in refused("existing", many, mode="lightweight")["mode"]
    assert refused("aws", many, mode="lightweight") == {}


def test_gpu_metrics_are_collected_where_there_are_gpus_of_which_nobody_else_tells() -> None:
    assert spec().collects_gpu_metrics
    assert not spec("aws", pool("web")).collects_gpu_metrics
    assert not spec(gpu_metrics=False).collects_gpu_metrics
    assert not spec("aws", pool("web"), pool("gpu", **GPU, gpu_driver="disabled")).collects_gpu_metrics
    neuron = {**NVIDIA, "accelerator_resource": "aws.amazon.com/neuron"}
    assert not spec("aws", pool("web"), pool("trn", **{**GPU, "capacity": neuron})).collects_gpu_metrics
    assert "None of the pools has NVIDIA GPUs" in refused("aws", pool("web"), gpu_metrics=True)["gpu_metrics"]


def test_gkes_own_vertical_autoscaler_is_not_doubled() -> None:
    assert "GKE runs its own vertical" in refused("gcp", vertical_autoscaling=True)["vertical_autoscaling"]


def test_it_runs_on_pools_that_always_have_a_node() -> None:
    spot, tainted = pool("spot", purchase="spot", min_nodes=1), pool("db", taints=[{"key": "dedicated"}])
    assert [each.name for each in spec("aws", pool("web"), spot, tainted, pool("gpu", **GPU)).hosts] == ["web"]
    assert [each.name for each in spec("aws", pool("web"), tainted, placed_on=["db"]).hosts] == ["db"]
    assert "No pool always has a node" in refused("aws", spot)["pools"]
    assert refused("existing", {**spot, "min_nodes": 0}) == {}
    assert "without metrics nothing scales" in refused("aws", pool("web"), spot, placed_on=["spot"])["placed_on"]
    assert "is none of the pools: web" in refused("aws", pool("web"), placed_on=["wbe"])["placed_on[0]"]


@pytest.mark.parametrize(
    ("said", "path", "words"),
    [
        ({"name": "Jobs-Waiting"}, "name", "Write lower-case letters"),
        ({"series": 'jobs_total{queue="a"}'}, "series", "what selects among its samples in labels"),
        ({"labels": {"a-b": "c"}}, "labels.a-b", "no name of a label"),
        ({"kind": "queue"}, "kind", "is a counter, which only ever rises. Write rate."),
        ({"series": "jobs_waiting"}, "kind", "is no counter"),
        ({"kind": "median"}, "kind", "Write one of"),
        ({"window_seconds": 10}, "window_seconds", "at least 30"),
    ],
)
def test_custom_metrics_that_would_tell_nothing_are_refused(said: dict[str, Any], path: str, words: str) -> None:
    assert words in refused(custom_metric_rules=[{**JOBS, **said}])[f"custom_metric_rules[0].{path}"]


def test_a_window_holds_two_samples_at_least() -> None:
    metric = {**JOBS, "window_seconds": 45}
    path = "custom_metric_rules[0].window_seconds"
    assert "Write at least 60." in refused(prometheus={"scrape_seconds": 30}, custom_metric_rules=[metric])[path]
    assert refused(prometheus={"scrape_seconds": 20}, custom_metric_rules=[metric]) == {}


def test_all_problems_are_told_at_once() -> None:
    found = refused(
        "gcp",
        metrics_server=True,
        vertical_autoscaling=True,
        prometheus={"scrape_seconds": 60, "replicas": 3},
        custom_metric_rules=[JOBS, JOBS],
        hpa_metrics=["nothing"],
        namespace="Monitoring",
        chart_repository="charts.example.com",
        keda=True,
    )
    assert set(found) == {
        "metrics_server",
        "vertical_autoscaling",
        "prometheus.scrape_seconds",
        "prometheus.replicas",
        "custom_metric_rules",
        "hpa_metrics[0]",
        "namespace",
        "chart_repository",
        "keda",
    }
    assert "Write event_autoscaling: true." in found["keda"]


def test_what_belongs_to_metrics_server_is_refused_without_it() -> None:
    assert "which is not installed here" in refused("aws", insecure_kubelets=True)["insecure_kubelets"]
    assert refused("existing", insecure_kubelets=True) == {}
