"""`MetricsStack`: which charts, with what values, on which nodes, from which mirrors."""

import csv
import json
import re
from importlib.resources import files
from typing import Any

import pytest

from penstock.observability import charts, plan
from penstock.observability.custom_metrics import our_metrics, rule, rules, served
from penstock.observability.spec import MetricsStackSpec
from penstock.observability.spec_parts import CustomMetricSpec
from penstock.spec import check
from tests.support.pool_refs import pool
from tests.unit.test_metrics_rules import GPU, JOBS, spec

EVERYTHING = {
    "custom_metrics": True,
    "event_autoscaling": True,
    "vertical_autoscaling": True,
    "grafana": True,
    "alertmanager": True,
}


def names(asked: MetricsStackSpec) -> list[str]:
    return [release.chart.chart for release in plan.releases(asked)]


def values(chart: str, asked: MetricsStackSpec, registry: str | None = None) -> dict[str, Any]:
    (release,) = (release for release in plan.releases(asked) if release.chart.chart == chart)
    return release.values(asked, registry)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    ("cloud", "said", "installed"),
    [
        ("aws", {}, ["kube-prometheus-stack", "dcgm-exporter"]),
        ("gcp", {"custom_metrics": True}, ["kube-prometheus-stack", "prometheus-adapter"]),
        ("azure", {"event_autoscaling": True}, ["kube-prometheus-stack", "dcgm-exporter", "keda"]),
        ("existing", {"mode": "lightweight"}, ["metrics-server"]),
        ("gcp", {"mode": "lightweight"}, []),
        ("existing", {"mode": "lightweight", "event_autoscaling": True}, ["metrics-server", "keda"]),
        (
            "existing",
            EVERYTHING,
            [
                "metrics-server",
                "kube-prometheus-stack",
                "prometheus-adapter",
                "dcgm-exporter",
                "keda",
                "vertical-pod-autoscaler",
            ],
        ),
    ],
)
def test_a_cluster_gets_what_it_lacks(cloud: str, said: dict[str, Any], installed: list[str]) -> None:
    small = (pool("web", max_nodes=5), pool("gpu", **GPU, max_nodes=4))
    assert names(spec(cloud, *small, **said)) == installed


def test_each_chart_comes_after_what_it_needs() -> None:
    asked = spec("existing", **EVERYTHING)
    done: set[str] = set()
    for release in plan.releases(asked):
        assert set(release.after) <= done
        done.add(release.chart.chart)
    after = {release.chart.chart: release.after for release in plan.releases(asked)}
    assert after["keda"] == after["prometheus-adapter"] == after["dcgm-exporter"] == ("kube-prometheus-stack",)
    alone = spec("existing", pool("web", max_nodes=5), mode="lightweight", event_autoscaling=True)
    assert all(release.after == () for release in plan.releases(alone))


def test_the_adapter_never_serves_the_apis_of_others() -> None:
    said = values("prometheus-adapter", spec(custom_metrics=True, custom_metric_rules=[JOBS]))
    assert set(said["rules"]) == {"default", "custom"}
    assert said["rules"]["default"] is False
    assert said["prometheus"] == {"url": "http://prometheus-operated.monitoring.svc", "port": 9090}


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("queue_depth", "sum(avg_over_time("),
        ("active_executions", "sum(avg_over_time("),
        ("p95_latency_seconds", "max(max_over_time("),
        ("http_requests_per_second", "sum(rate("),
        ("dcgm_gpu_utilization_percent", "avg(avg_over_time("),
    ],
)
def test_queues_are_averaged_latencies_peaks_and_requests_rates_of_a_minute(name: str, function: str) -> None:
    made = {each["name"]["as"]: each for each in rules([])}[name]
    assert made["metricsQuery"].startswith(function)
    assert "[60s]" in made["metricsQuery"]
    assert made["metricsQuery"].endswith("by (<<.GroupBy>>)")


def test_a_rule_names_one_series_and_whose_it_is() -> None:
    metric = CustomMetricSpec.model_validate(
        {
            "name": "waiting",
            "series": "vllm:num_requests_waiting",
            "kind": "queue",
            "of": "deployment",
            "labels": {"model": 'a"b'},
            "window_seconds": 120,
        }
    )
    assert rule(metric) == {
        "seriesQuery": 'vllm:num_requests_waiting{namespace!="",deployment!="",model="a\\"b"}',
        "resources": {
            "overrides": {
                "namespace": {"resource": "namespace"},
                "deployment": {"group": "apps", "resource": "deployment"},
            }
        },
        "name": {"matches": "^vllm:num_requests_waiting$", "as": "waiting"},
        "metricsQuery": 'sum(avg_over_time(<<.Series>>{<<.LabelMatchers>>,model="a\\"b"}[120s])) by (<<.GroupBy>>)',
    }


def test_a_metric_of_ours_can_be_replaced_and_others_added() -> None:
    mine = {"name": "queue_depth", "series": "my_queue", "kind": "queue", "of": "service"}
    asked = spec(custom_metric_rules=[mine, JOBS])
    found = served(asked.custom_metric_rules)
    assert found["queue_depth"].series == "my_queue"
    assert len(found) == len(our_metrics()) + 1
    assert plan.custom_metrics(asked) == sorted(found)
    assert plan.custom_metrics(spec()) == []


def test_every_pattern_of_a_series_matches_it_and_no_other() -> None:
    series = [metric.series for metric in our_metrics()]
    for made, own in zip(rules([]), series, strict=True):
        assert [each for each in series if re.match(made["name"]["matches"], each)] == [own]


def test_prometheus_scrapes_for_scaling_every_fifteen_seconds_and_keeps_to_its_volume() -> None:
    said = values("kube-prometheus-stack", spec())
    prometheus = said["prometheus"]["prometheusSpec"]
    assert (prometheus["scrapeInterval"], prometheus["evaluationInterval"]) == ("15s", "15s")
    # The chart's template lets `interval` win over that of containers, by whose CPU services scale.
    assert said["kubelet"]["serviceMonitor"] == {"cAdvisorInterval": "15s", "probes": False}
    assert (prometheus["retention"], prometheus["retentionSize"]) == ("7d", "43520MB")
    claim = prometheus["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert claim == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}}
    assert said["grafana"]["enabled"] is said["alertmanager"]["enabled"] is False


def test_what_is_settled_of_prometheus_is_taken_over() -> None:
    settings = {
        "scrape_seconds": 5,
        "retention_days": 30,
        "storage_gib": 10,
        "storage_class": "fast",
        "memory_mib": 4096,
    }
    said = values("kube-prometheus-stack", spec(prometheus={**settings, "replicas": 2}))
    prometheus = said["prometheus"]["prometheusSpec"]
    assert (prometheus["scrapeInterval"], prometheus["scrapeTimeout"], prometheus["retention"]) == ("5s", "5s", "30d")
    assert prometheus["storageSpec"]["volumeClaimTemplate"]["spec"]["storageClassName"] == "fast"
    assert prometheus["resources"]["limits"] == {"memory": "4096Mi"}
    assert said["prometheus"]["podDisruptionBudget"]["enabled"] is True


def test_monitors_and_rules_of_every_namespace_count() -> None:
    prometheus = values("kube-prometheus-stack", spec())["prometheus"]["prometheusSpec"]
    for selector in ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"):
        assert prometheus[f"{selector}SelectorNilUsesHelmValues"] is False


def test_the_gpu_exporter_runs_on_gpu_nodes_alone_and_tells_whose_work_it_is() -> None:
    said = values("dcgm-exporter", spec("aws", pool("web"), pool("gpu", **GPU)))
    (term,) = said["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "penstock/pool", "operator": "In", "values": ["gpu"]}]
    assert said["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert said["serviceMonitor"]["honorLabels"] is True
    assert said["serviceMonitor"]["interval"] == "15s"


def test_gkes_own_gpu_exporter_is_scraped_where_it_is() -> None:
    (monitor,) = values("kube-prometheus-stack", spec("gcp"))["prometheus"]["additionalPodMonitors"]
    assert monitor["namespaceSelector"] == {"matchNames": ["gke-managed-system"]}
    assert monitor["podMetricsEndpoints"][0]["interval"] == "15s"
    for other in (spec("aws"), spec("gcp", pool("web")), spec("gcp", gpu_metrics=False)):
        assert values("kube-prometheus-stack", other)["prometheus"]["additionalPodMonitors"] == []


def test_keda_refuses_a_second_scaler_and_reads_no_secrets_of_others() -> None:
    said = values("keda", spec(event_autoscaling=True))
    assert said["webhooks"]["failurePolicy"] == "Fail"
    assert said["permissions"] == {"operator": {"restrict": {"secret": True}}}
    assert said["operator"]["replicaCount"] == 2
    assert said["prometheus"]["operator"]["serviceMonitor"]["enabled"] is True


def test_on_gke_what_the_control_plane_asks_listens_where_it_is_let_through() -> None:
    asked = spec("gcp", custom_metrics=True, event_autoscaling=True)
    assert values("prometheus-adapter", asked)["listenPort"] == 10250
    keda = values("keda", asked)
    assert (keda["service"]["portHttpsTarget"], keda["webhooks"]["port"]) == (10250, 10250)
    assert "listenPort" not in values("prometheus-adapter", spec(custom_metrics=True))


def test_a_mirror_takes_the_place_of_every_registry() -> None:
    asked = spec("existing", **EVERYTHING, insecure_kubelets=True)
    for release in plan.releases(asked):
        own, mirrored = (texts(release.values(asked, registry)) for registry in (None, "mirror.example.com/k8s/"))
        assert not [text for text in own if "mirror" in text]
        assert [text for text in mirrored if text.startswith("mirror.example.com/k8s")], release.chart.chart
        assert not [
            text for text in mirrored if re.match(r"(registry\.k8s\.io|quay\.io|ghcr\.io|nvcr\.io|docker\.io)/", text)
        ]
    assert values("metrics-server", asked, "m")["image"] == {"repository": "m/metrics-server/metrics-server"}


def test_charts_come_from_a_mirror_where_there_is_one() -> None:
    chart = charts.charts()["keda"]
    assert chart.place() == {
        "chart": "keda",
        "version": chart.version,
        "repository_opts": {"repo": "https://kedacore.github.io/charts"},
    }
    assert chart.place("https://charts.example.com")["repository_opts"] == {"repo": "https://charts.example.com"}
    assert chart.place("oci://mirror.example.com/charts/") == {
        "chart": "oci://mirror.example.com/charts/keda",
        "version": chart.version,
    }


def test_everything_but_daemons_runs_on_nodes_that_stay() -> None:
    asked = spec("existing", pool("web", max_nodes=4), pool("gpu", **GPU), **EVERYTHING)
    on_web = {"key": "penstock/pool", "operator": "In", "values": ["web"]}

    def stays(said: dict[str, Any]) -> bool:
        return json.dumps(on_web) in json.dumps(said.get("affinity"))

    for chart in ("metrics-server", "prometheus-adapter", "keda"):
        assert stays(values(chart, asked)), chart
    stack, vertical = values("kube-prometheus-stack", asked), values("vertical-pod-autoscaler", asked)
    parts = [stack["prometheus"]["prometheusSpec"], stack["prometheusOperator"], stack["kube-state-metrics"]]
    parts += [stack["grafana"], stack["alertmanager"]["alertmanagerSpec"], *vertical.values()]
    assert all(stays(part) for part in parts)
    assert "affinity" not in stack["prometheus-node-exporter"]


def test_lightweight_requests_less_than_fifty_mebibytes() -> None:
    asked = spec("existing", pool("web", max_nodes=14), mode="lightweight")
    assert plan.memory_mib(asked) < 50
    said = values("metrics-server", asked)
    assert said["resources"] == {"requests": {"cpu": "14m", "memory": "48Mi"}, "limits": {"memory": "48Mi"}}
    assert said["replicas"] == 1
    assert plan.prometheus_url(asked) == ""
    assert plan.namespaces(asked) == {}


def test_the_memory_told_is_what_the_values_request() -> None:
    asked = spec("existing", **EVERYTHING)
    # Prometheus, its operator, kube-state-metrics; two each of metrics-server, the adapter, KEDA's and VPA's three.
    assert plan.memory_mib(asked) == 2048 + 128 + 128 + 2 * 200 + 2 * 128 + 6 * 100 + 6 * 128


def test_metrics_server_grows_with_the_nodes() -> None:
    big = spec("existing", pool("web", max_nodes=500))
    assert values("metrics-server", big)["resources"]["requests"] == {"cpu": "500m", "memory": "1020Mi"}
    assert "args" not in values("metrics-server", big)
    kind = spec("existing", pool("web"), insecure_kubelets=True)
    assert values("metrics-server", kind)["args"] == ["--kubelet-insecure-tls"]


def test_each_chart_has_a_source_with_a_date_and_no_digest_is_made_up() -> None:
    for chart in charts.charts().values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", chart.version)
        assert re.search(r"@[0-9a-f]{40} \(20\d\d-\d\d-\d\d\)$", chart.source)
        assert chart.digest == "unresolved" or re.fullmatch(r"sha256:[0-9a-f]{64}", chart.digest)
        assert chart.repository.startswith("https://")


def test_each_metric_has_a_source_and_is_one_that_can_be_asked_for() -> None:
    text = (files("penstock.observability") / "data" / "metrics.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len(our_metrics()) == len({row["name"] for row in rows})
    for row in rows:
        assert row["source"]
        check(CustomMetricSpec, {key: row[key] for key in ("name", "series", "kind", "of")})
