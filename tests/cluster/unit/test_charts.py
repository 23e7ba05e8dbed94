"""Helm charts that the sandbox knows: which of their values count, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.addons import ADDONS, KNOWN_CHARTS, enable
from sandbox.cluster.addons.charts import settings
from sandbox.cluster.addons.prometheus_adapter import DEFAULT_RULES
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.settings import Pace, Settings
from sandbox.errors import SandboxError

USUAL = {"scrape_interval": "30s", "scrape_timeout": "10s", "evaluation_interval": "30s"}
RULE = {"seriesQuery": "queue_depth", "metricsQuery": "sum(<<.Series>>)"}


def test_every_known_chart_stands_for_an_add_on() -> None:
    assert set(KNOWN_CHARTS) == {
        "metrics-server",
        "kube-prometheus-stack",
        "prometheus-adapter",
        "keda",
        "vertical-pod-autoscaler",
        "cloudnative-pg",
        "plugin-barman-cloud",
    }
    assert set(KNOWN_CHARTS.values()) <= ADDONS.keys()


def test_a_chart_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="knows no chart grafana. It knows metrics-server, kube-prometheus-stack"):
        enable(Cluster(tmp_path), "grafana", {})


def test_a_chart_needs_a_cluster_that_runs(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="The cluster does not run. `python -m sandbox.cluster up` starts it."):
        enable(Cluster(tmp_path), "keda", {})


@pytest.mark.parametrize(
    ("chart", "values", "found"),
    [
        ("metrics-server", {}, {}),
        ("metrics-server", {"args": ["--v=2", "--metric-resolution=10s"]}, {"metric-resolution": "10s"}),
        ("kube-prometheus-stack", {}, {**USUAL, "rule_labels": {"release": None}}),
        (
            "kube-prometheus-stack",
            {"prometheus": {"prometheusSpec": {"scrapeInterval": "5s", "ruleSelectorNilUsesHelmValues": False}}},
            {**USUAL, "scrape_interval": "5s"},
        ),
        ("keda", {"watchNamespace": "x"}, {}),
        ("keda", {"webhooks": {"failurePolicy": "Fail"}}, {"failure_policy": "Fail"}),
        ("vertical-pod-autoscaler", {"updater": {"enabled": False}}, {"off": ["vpa-updater"]}),
        ("cloudnative-pg", {"crds": {"create": True}}, {}),
        (
            "cloudnative-pg",
            {"config": {"data": {"INHERITED_LABELS": "team"}}, "webhook": {"validating": {"failurePolicy": "Ignore"}}},
            {"config": {"INHERITED_LABELS": "team"}, "validating": "Ignore"},
        ),
        ("plugin-barman-cloud", {"replicaCount": 1}, {}),
        (
            "plugin-barman-cloud",
            {"sidecarImage": {"registry": "mirror.example.com"}},
            {"sidecar_image": "mirror.example.com/cloudnative-pg/plugin-barman-cloud-sidecar:v0.13.0"},
        ),
        (
            "plugin-barman-cloud",
            {"certificate": {"createClientCertificate": True, "createServerCertificate": False}},
            {"given_certificates": ["server"]},
        ),
    ],
)
def test_what_matters_of_a_charts_values_is_taken(chart: str, values: dict[str, Any], found: dict[str, Any]) -> None:
    assert settings(chart, values) == found


@pytest.mark.parametrize(
    ("spec", "labels"),
    [
        ({"ruleSelectorNilUsesHelmValues": False}, None),
        ({"ruleSelector": {"matchLabels": {"team": "a"}}}, {"team": "a"}),
        ({"ruleSelector": {}}, {"release": None}),
    ],
)
def test_prometheus_takes_the_rules_that_its_chart_would_select(
    spec: dict[str, Any], labels: dict[str, str | None] | None
) -> None:
    found = settings("kube-prometheus-stack", {"prometheus": {"prometheusSpec": spec}})
    assert found.get("rule_labels") == labels


def test_a_selector_of_rules_by_expressions_is_refused_rather_than_ignored() -> None:
    spec = {"ruleSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}
    with pytest.raises(SandboxError, match="without matchExpressions"):
        settings("kube-prometheus-stack", {"prometheus": {"prometheusSpec": spec}})


def test_the_adapters_rules_come_before_its_defaults_and_its_prometheus_is_the_charts() -> None:
    found = settings("prometheus-adapter", {"rules": {"custom": [RULE]}})
    assert found["rules"] == [RULE, *DEFAULT_RULES]
    assert found["url"] == "http://prometheus.default.svc:9090"
    alone = settings(
        "prometheus-adapter",
        {"rules": {"custom": [RULE], "default": False}, "prometheus": {"url": "http://p.m.svc", "port": 80}},
    )
    assert (alone["rules"], alone["url"]) == ([RULE], "http://p.m.svc:80")


@pytest.mark.parametrize("name", ["resource", "external"])
def test_the_adapter_may_not_serve_what_another_serves(name: str) -> None:
    with pytest.raises(SandboxError, match=f"of an API there is one server. Leave out rules.{name}"):
        settings("prometheus-adapter", {"rules": {name: [RULE]}})


def test_choices_are_kept_and_an_add_on_keeps_its_settings_when_it_is_only_named_again(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    assert Settings.load(file) == Settings()
    chosen = Settings(pace=Pace(node_start=5)).with_addons({"prometheus": {"interval": "5s"}, "keda": None})
    chosen.save(file)
    assert Settings.load(file) == chosen
    again = Settings.load(file).with_addons({"prometheus": None})
    assert again.addons == {"prometheus": {"interval": "5s"}, "keda": {}}
    assert again.without_addon("prometheus").addons == {"keda": {}}
