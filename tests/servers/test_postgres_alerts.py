"""The alerts of the Postgres cluster and of the cache, as Prometheus itself reads them: each is raised by what it is
for, and by nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from penstock.data.cache import watching
from penstock.data.postgres import monitors
from sandbox.cluster.toolbox import Toolbox
from tests.unit import test_cache_tiers as cache
from tests.unit import test_postgres_cluster as postgres

ROOT = Path(__file__).parents[2]
OF = 'cnpg_io_cluster="main",namespace="data"'
BACKUP = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"
DRILL, REFRESH = 'cronjob="main-drill",namespace="data"', 'cronjob="tiers-refresh",namespace="data"'
CRON = "kube_cronjob_status_last_{}_time"
# What is there, how often it is sampled the same, and what is raised of it. 40 samples, a minute apart, unless said.
CASES: list[tuple[str, dict[str, str], int, set[str]]] = [
    ("a replica that lags", {f'cnpg_pg_replication_lag{{{OF},pod="main-2"}}': "31x40"}, 20, {"PostgresReplicaLags"}),
    ("a replica that lags a little", {f'cnpg_pg_replication_lag{{{OF},pod="main-2"}}': "30x40"}, 20, set()),
    ("another cluster", {'cnpg_pg_replication_lag{cnpg_io_cluster="b",namespace="data"}': "99x40"}, 20, set()),
    (
        "a replica without a log",
        {
            f'cnpg_pg_replication_in_recovery{{{OF},pod="main-2"}}': "1x40",
            f'cnpg_pg_replication_is_wal_receiver_up{{{OF},pod="main-2"}}': "0x40",
        },
        20,
        {"PostgresReplicaCutOff"},
    ),
    (
        "a primary alone",
        {f'cnpg_pg_replication_streaming_replicas{{{OF},pod="main-1"}}': "0x40"},
        20,
        {"PostgresWritesStand"},
    ),
    ("two of three", {f'cnpg_collector_up{{{OF},pod="main-{n}"}}': "1x40" for n in (1, 2)}, 20, {"PostgresServerDown"}),
    ("three of three", {f'cnpg_collector_up{{{OF},pod="main-{n}"}}': "1x40" for n in (1, 2, 3)}, 20, set()),
    ("no backup for 28 hours", {f"{BACKUP}{{{OF}}}": "0x1700"}, 1680, {"PostgresBackupOld"}),
    ("no backup for 25 hours", {f"{BACKUP}{{{OF}}}": "0x1700"}, 1500, set()),
    (
        "an archive that fails",
        {
            f"cnpg_pg_stat_archiver_last_failed_time{{{OF}}}": "10x40",
            f"cnpg_pg_stat_archiver_last_archived_time{{{OF}}}": "5x40",
        },
        20,
        {"PostgresArchiveFails"},
    ),
    (
        "an archive that failed once",
        {
            f"cnpg_pg_stat_archiver_last_failed_time{{{OF}}}": "5x40",
            f"cnpg_pg_stat_archiver_last_archived_time{{{OF}}}": "10x40",
        },
        20,
        set(),
    ),
    (
        "an archive that is behind",
        {f'cnpg_collector_pg_wal_archive_status{{{OF},value="ready"}}': "17x40"},
        20,
        {"PostgresArchiveBehind"},
    ),
    ("clients that wait", {f'cnpg_pgbouncer_pools_maxwait{{{OF},pod="p"}}': "6x40"}, 20, {"PostgresClientsWait"}),
    (
        "a volume of logs that fills",
        {
            'kubelet_volume_stats_available_bytes{persistentvolumeclaim="main-1-wal",namespace="data"}': "1x40",
            'kubelet_volume_stats_capacity_bytes{persistentvolumeclaim="main-1-wal",namespace="data"}': "10x40",
        },
        20,
        {"PostgresVolumeFills"},
    ),
    ("a drill that never succeeded", {f"{CRON.format('schedule')}{{{DRILL}}}": "0x300"}, 200, {"PostgresDrillFailed"}),
    ("a drill under way", {f"{CRON.format('schedule')}{{{DRILL}}}": "0x300"}, 100, set()),
    (
        "a drill that succeeded",
        {f"{CRON.format('schedule')}{{{DRILL}}}": "60x300", f"{CRON.format('successful')}{{{DRILL}}}": "90x300"},
        200,
        set(),
    ),
    ("views that are old", {f"{CRON.format('schedule')}{{{REFRESH}}}": "0x300"}, 100, {"CacheViewsStale"}),
    (
        "a cache that answers 59 %",
        {
            'cache_requests_total{namespace="services",tier="l1",result="hit"}': "0+30x100",
            'cache_requests_total{namespace="services",tier="l1",result="miss"}': "0+70x100",
            'cache_requests_total{namespace="services",tier="l2",result="hit"}': "0+29x100",
        },
        90,
        {"CacheHitRateLow"},
    ),
    (
        "a cache that answers 61 %",
        {
            'cache_requests_total{namespace="services",tier="l1",result="hit"}': "0+30x100",
            'cache_requests_total{namespace="services",tier="l1",result="miss"}': "0+70x100",
            'cache_requests_total{namespace="services",tier="l2",result="hit"}': "0+31x100",
        },
        90,
        set(),
    ),
    (
        "a cache that answers nothing",
        {'cache_requests_total{namespace="services",tier="l1",result="miss"}': "0+70x100"},
        90,
        {"CacheHitRateLow"},
    ),
    ("60 requests", {'cache_requests_total{namespace="services",tier="l1",result="miss"}': "0+1x100"}, 90, set()),
]  # fmt: skip


def rules() -> dict[str, Any]:
    found: dict[str, Any] = monitors.prometheus_rule("main", postgres.spec(**postgres.FULL))["spec"]
    found["groups"] += watching.prometheus_rule("tiers", cache.spec(**cache.VIEWS))["spec"]["groups"]
    return found


def every_alert() -> list[str]:
    return [rule["alert"] for group in rules()["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def promtool() -> Path:
    return Toolbox(ROOT / ".sandbox" / "tools").path("promtool")


def ask(promtool: Path, *words: str) -> None:
    done = subprocess.run([str(promtool), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_raised_by_what_it_is_for_and_by_nothing_else(promtool: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules()))
    # With `expr` on ALERTS only the names count: who reads the texts reads them in the unit tests.
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in given.items()],
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                    "eval_time": f"{minutes}m",
                    "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(raised)],
                }
            ],
        }
        for name, given, minutes, raised in CASES
    ]
    whole = {"rule_files": [str(tmp_path / "rules.yaml")], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(whole))
    ask(promtool, "check", "rules", str(tmp_path / "rules.yaml"))
    ask(promtool, "test", "rules", str(tmp_path / "tests.yaml"))


def test_every_alert_has_a_case_in_which_it_is_raised() -> None:
    assert {alert for *_, raised in CASES for alert in raised} == set(every_alert())


def test_every_panel_of_the_dashboard_asks_what_prometheus_understands(promtool: Path, tmp_path: Path) -> None:
    board = watching.dashboard("tiers", cache.spec(**cache.VIEWS))
    queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    recorded = [
        {"record": f"panel:{number}", "expr": query.replace("$namespace", "data")}
        for number, query in enumerate(queries)
    ]
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    ask(promtool, "check", "rules", str(tmp_path / "panels.yaml"))
