"""`CacheTiers`: what services read, sizes that fit the Redis, times by mode, and what is watched."""

import json
from typing import Any

import pytest

from penstock.data.cache import plan, watching
from penstock.data.cache.cache_tiers import CacheTiers
from penstock.data.cache.spec import CacheTiersSpec
from penstock.spec import check
from tests.support.mocked import Registered, of_type, run
from tests.support.refused import reasons

REDIS: dict[str, Any] = {
    "name": "cache", "namespace": "data", "host": "cache.data.svc.cluster.local", "port": 6379, "use": "cache",
    "replicas": 6, "memory_mib": 6144, "image": "redis", "admin_secret": "a", "tls_secret": "t", "labels": {},
}  # fmt: skip
POSTGRES: dict[str, Any] = {
    "name": "main", "namespace": "default", "host": "h", "read_host": "r", "direct_host": "main-rw.default", "port": 5432,
    "database": "app", "image": "pg", "admin_secret": "main-admin", "ca_secret": "main-ca", "labels": {},
    "pooler_labels": {},
}  # fmt: skip
VIEW = {"name": "by_model", "query": "select model, count(*) as n from calls group by model;", "key": ["model"]}
VIEWS: dict[str, Any] = {"postgres": POSTGRES, "views": {"views": [VIEW], "readers": ["dashboards"]}}


def asked(**said: Any) -> dict[str, Any]:
    return {"namespace": "default", "redis": REDIS, "dashboard_namespace": "default", **said}


def spec(**said: Any) -> CacheTiersSpec:
    return check(CacheTiersSpec, asked(**said))


def registered(**said: Any) -> list[Registered]:
    def program() -> None:
        CacheTiers("tiers", asked(**said))  # type: ignore[arg-type]

    previewed, deployed = run(program, preview=True), run(program)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def test_tiers_and_modes_have_the_figures_of_the_issue_by_default() -> None:
    found = plan.settings(spec(**VIEWS))
    assert found["l1"] == {"ttl_seconds": 60, "size_mb": 128}
    assert found["l2"]["ttl_seconds"] == 300
    assert found["l3"]["schedule"] == "0 * * * *"
    assert {mode: of["ttl_seconds"] for mode, of in found["modes"].items()} == {
        "fast": 300,
        "balanced": 600,
        "creative": 1800,
    }
    assert (found["hit_rate"]["percent"], found["hit_rate"]["after_requests"]) == (60, 100)
    # What holds is worth keeping for longer.
    assert found["modes"]["fast"]["extended_ttl_seconds"] == 600


def test_services_read_a_document_or_each_value_from_their_environment() -> None:
    data = plan.settings_map("tiers", spec(**VIEWS))["data"]
    assert json.loads(data["cache.json"]) == plan.settings(spec(**VIEWS))
    assert data["CACHE_L1_SIZE_MB"] == "128"
    assert data["CACHE_MODES_CREATIVE_TTL_SECONDS"] == "1800"
    assert data["CACHE_L2_HOST"] == "cache.data.svc.cluster.local"
    assert data["CACHE_L3_VIEWS"] == "by_model"
    assert all(isinstance(value, str) for value in data.values())


def test_views_are_made_by_a_job_that_is_named_by_what_it_runs_and_refreshed_hourly() -> None:
    made = registered(**VIEWS)
    job = of_type(made, "kubernetes:batch/v1:Job")["tiers-views"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    environment = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert environment["KEY"] == '"model"'
    assert environment["QUERY"].endswith("group by model")
    assert environment["PGSSLMODE"] == "verify-full"
    cron = of_type(made, "kubernetes:batch/v1:CronJob")["tiers-refresh"]
    assert cron["spec"]["schedule"] == "0 * * * *"
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"

    def called(query: str) -> str:
        views = spec(postgres=POSTGRES, views={"views": [{**VIEW, "query": query}]}).views
        assert views
        return str(plan.views_job("tiers", spec(**VIEWS).postgres, views)["metadata"]["name"])  # type: ignore[arg-type]

    assert called("select 1 as model") == called("select 1 as model") != called("select 2 as model")


def test_pods_of_the_views_are_those_that_the_database_lets_in() -> None:
    job = of_type(registered(**VIEWS), "kubernetes:batch/v1:Job")["tiers-views"]
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert labels["penstock.dev/job"] == "postgres"
    assert labels["app.kubernetes.io/instance"] == "main"


def test_a_share_of_hits_below_60_percent_is_warned_of_after_100_requests() -> None:
    (rule,) = watching.alerts("tiers", spec())
    assert " < 0.6 and " in rule["expr"]
    assert rule["expr"].endswith(">= 100")
    assert rule["labels"]["severity"] == "warning"


def test_grafana_finds_a_dashboard_whose_panels_do_not_overlap() -> None:
    made = of_type(registered(**VIEWS), "kubernetes:core/v1:ConfigMap")["tiers-dashboard"]
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    board = json.loads(made["data"]["tiers-cache.json"])
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len(set(places)) == len(places)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    assert all(target["expr"] for panel in board["panels"] for target in panel.get("targets", []))


def test_without_monitoring_nothing_of_prometheus_is_made() -> None:
    assert {r.type for r in registered(monitoring=False)} == {
        "penstock:index:CacheTiers",
        "kubernetes:core/v1:ConfigMap",
    }


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        ({"redis": {**REDIS, "use": "queue"}}, "redis", "evicts nothing"),
        ({"redis": {"name": "cache"}}, "redis", "no ref of a RedisCluster"),
        ({"redis": {**REDIS, "port": None}}, "redis", "no ref of a RedisCluster"),
        ({"redis": {**REDIS, "memory_mib": None}}, "redis", "no ref of a RedisCluster"),
        ({"rule_labels": {"a": "b c"}}, "rule_labels.a", "cannot be the value of a label"),
        ({"shared": {"expected": {"per_second": float("inf"), "kib": 1}}}, "shared.expected.per_second", "at most"),
        ({"shared": {"expected": {"per_second": 1e300, "kib": 1e300}}}, "shared.expected.kib", "at most"),
        ({"shared": {"size_mib": 7000}}, "shared.size_mib", "has 6144 MiB"),
        ({"shared": {"expected": {"per_second": 200, "kib": 8}}}, "shared.expected", "3600 s, need 5625 MiB, and 3072"),
        ({"local": {"ttl_seconds": 400}}, "local.ttl_seconds", "for 400 s"),
        ({"views": {"views": [VIEW]}}, "postgres", "have to be somewhere"),
        ({**VIEWS, "postgres": {"name": "x"}}, "postgres", "no ref of a PostgresCluster"),
        ({**VIEWS, "views": {"views": [{**VIEW, "query": "drop table x"}]}}, "views.views[0].query", "one SELECT"),
        ({**VIEWS, "views": {"views": [{**VIEW, "query": "select 1; drop table x"}]}}, "views.views[0].query", "one"),
        ({**VIEWS, "views": {"views": [{**VIEW, "key": ["a b"]}]}}, "views.views[0].key[0]", "no name of a column"),
        ({**VIEWS, "views": {"views": [{**VIEW, "key": []}]}}, "views.views[0].key", "at least 1"),
        ({**VIEWS, "views": {"views": [VIEW, VIEW]}}, "views.views", "2 times"),
        ({**VIEWS, "views": {"views": [VIEW], "db_schema": "t_acme"}}, "views.db_schema", "tenants'"),
        ({**VIEWS, "views": {"views": [VIEW], "schedule": "hourly"}}, "views.schedule", "Write five"),
        ({"metric": "cache_requests"}, "metric", "end in _total"),
        ({"hit_rate": {"percent": 0}}, "hit_rate.percent", "at least 1"),
        ({"modes": {"slow": 1}}, "modes.slow", "no such setting"),
        ({"l1": {}}, "l1", "Write local"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_path(said: dict[str, Any], path: str, reason: str) -> None:
    assert reason in reasons(CacheTiersSpec, asked(**said))[path]
