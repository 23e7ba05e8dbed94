"""What a CronJob costs that makes a PostgreSQL cluster for a while: the recovery drill."""

import json
from typing import Any

import pytest

from penstock.data.postgres import backup_plan, offered, plan
from penstock.data.postgres.spec import PostgresSpec
from penstock.spec import check
from penstock_cost.resources import UNKNOWN
from penstock_cost.resources.kubernetes.cron import times_a_month
from tests.support.cost_resources import HOUR, costs, machines_of, priced, resource
from tests.support.pool_refs import pool

EKS = resource("aws:eks/cluster:Cluster", "cluster", {"upgradePolicy": {"supportType": "STANDARD"}})
FEE = 0.1 * HOUR
WEEKLY = 1461 / 28 / 12
"""Mondays, say, in an average month."""
STORAGE = {"size": "40Gi", "storageClass": "gp3"}


def manifest(**spec: Any) -> str:
    asked = {"instances": 1, "storage": STORAGE, **spec}
    return json.dumps({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "spec": asked})


def config_map(text: Any, name: str = "drill", namespace: Any = "data", file: str = "cluster.json") -> Any:
    properties = {"metadata": {"name": name, "namespace": namespace}, "data": {file: text, "check.sql": "SELECT 1;"}}
    return resource("kubernetes:core/v1:ConfigMap", f"{namespace}-{name}", properties)


def cron_job(schedule: Any = "0 4 * * 0", limit: Any = 2 * 3600, namespace: Any = "data", **spec: Any) -> Any:
    pod = {
        "containers": [],
        "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "sql", "configMap": {"name": "drill"}}],
    }
    job = {"template": {"spec": pod}, **({} if limit is None else {"activeDeadlineSeconds": limit})}
    properties = {
        "metadata": {"name": "drill", "namespace": namespace},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": job}, **spec},
    }
    return resource("kubernetes:batch/v1:CronJob", "drill", properties)


def test_the_volumes_of_a_drill_cost_its_time_each_run_and_at_the_most_all_month():
    bill = priced(EKS, cron_job(), config_map(manifest(walStorage={"size": "10Gi", "storageClass": "gp3"})))
    expected = 5 * 2 * WEEKLY / HOUR
    assert costs(bill) == pytest.approx((FEE, FEE + expected, FEE + 5, FEE + 5), abs=1e-5)
    data, log = [item for item in bill.items if item.kind == "disks"]
    assert data.what == "gp3 40 GiB of the PostgreSQL cluster that a run makes"
    assert log.what.startswith("gp3 10 GiB")
    assert data.basis == "4.35 runs a month of at most 2 hours"
    assert "until the next one" in data.notes[0]
    assert (data.name, data.confidence, bill.holes) == ("drill", "medium", ())


@pytest.mark.parametrize(
    "nothing",
    [
        [cron_job()],
        [cron_job(suspend=True), config_map(manifest())],
        [cron_job(), config_map(manifest(), name="other")],
        [cron_job(), config_map(manifest(), namespace="elsewhere")],
        [cron_job(), config_map('{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup"}')],
        [cron_job(), config_map("postgresql.cnpg.io/ in a text that is no JSON")],
        [cron_job(), config_map(UNKNOWN, file="settings.json")],
        [config_map(manifest())],
    ],
    ids=["no manifest", "suspended", "not mounted", "elsewhere", "another kind", "no JSON", "another file", "no job"],
)
def test_jobs_that_make_no_cluster_cost_nothing(nothing):
    bill = priced(EKS, *nothing)
    assert costs(bill) == pytest.approx((FEE,) * 4)
    assert bill.holes == ()


def test_a_job_without_a_time_limit_may_run_all_month():
    assert costs(priced(EKS, cron_job(limit=None), config_map(manifest())))[:3] == pytest.approx(
        (FEE, FEE + 4, FEE + 4)
    )
    hourly = cron_job("0 * * * *", limit=7200)
    assert costs(priced(EKS, hourly, config_map(manifest())))[1] == pytest.approx(FEE + 4), "and no longer than that"


@pytest.mark.parametrize(
    ("made", "path"),
    [
        ([cron_job("now and then"), config_map(manifest())], "spec.schedule"),
        ([cron_job(UNKNOWN), config_map(manifest())], "spec.schedule"),
        ([cron_job(limit=UNKNOWN), config_map(manifest())], "spec.jobTemplate.spec.activeDeadlineSeconds"),
        (
            [cron_job(), config_map(manifest(storage={"size": "1Gi"}))],
            "data.cluster.json.spec.storage.storageClassName",
        ),
        ([cron_job(), config_map(UNKNOWN)], "data.cluster.json.spec.storage"),
    ],
)
def test_a_drill_that_cannot_be_priced_is_a_hole_with_its_path(made, path):
    (hole,) = priced(EKS, *made).holes
    assert (hole.name, hole.property) == ("drill", path)


def test_a_manifest_that_is_not_known_yet_is_one_instance_of_the_cluster_beside_the_job():
    beside = resource(
        "kubernetes:postgresql.cnpg.io/v1:Cluster",
        "main",
        {"metadata": {"name": "main"}, "spec": {"instances": 3, "storage": STORAGE}},
    )
    bill = priced(EKS, beside, cron_job(), config_map(UNKNOWN))
    assert bill.holes == ()
    assert costs(bill) == pytest.approx((FEE + 12, FEE + 12 + 4 * 2 * WEEKLY / HOUR, FEE + 16, FEE + 16), abs=1e-5)


def test_the_server_of_a_drill_needs_room_that_bounds_its_pool_but_is_not_expected():
    nodes = resource(
        "aws:eks/nodeGroup:NodeGroup",
        "web",
        {
            "scalingConfig": {"minSize": 0, "maxSize": 10},
            "instanceTypes": ["m5.large"],
            "diskSize": 1,
            "labels": {"pool": "web"},
        },
        joined={"clusterName": [EKS]},
    )
    asked = {"requests": {"cpu": "1500m", "memory": "1Gi"}}
    servers = manifest(resources=asked, affinity={"nodeSelector": {"pool": "web"}})
    counts = machines_of(priced(EKS, nodes, cron_job(), config_map(servers)), "web").counts
    # A pod of the job and one server, each on a node that has no room for both: the job asks for nothing.
    assert counts == (0, 0, 10, 1)
    assert machines_of(priced(EKS, nodes, cron_job(), config_map("{}")), "web").counts == (0, 0, 10, 10)


def test_the_drill_that_penstock_makes_is_on_the_bill():
    asked = {
        "namespace": "data",
        "pools": [pool("database", min_nodes=3, max_nodes=6)],
        "backups": {"kind": "s3", "destination": "s3://bucket/path"},
        "recovery_drill": {"timeout_minutes": 60},
        "storage_class": "gp3",
    }
    spec = check(PostgresSpec, asked)
    assert spec.recovery_drill is not None
    job = backup_plan.drill_job("main", spec, spec.recovery_drill, offered.reference("main", spec))
    files = backup_plan.drill_files("main", spec, spec.recovery_drill)
    bill = priced(
        EKS,
        resource("kubernetes:batch/v1:CronJob", "main-drill", job),
        resource("kubernetes:core/v1:ConfigMap", "main-drill", files),
        resource("kubernetes:postgresql.cnpg.io/v1:Cluster", "main", plan.cluster("main", spec)),
    )
    assert bill.holes == ()
    drill = [item for item in bill.items if item.name == "main-drill"]
    server = (spec.volume_gib + spec.wal_volume_gib) * 0.1
    hours = backup_plan.drill_seconds(spec.recovery_drill) / 3600
    assert sum(item.cost.expected for item in drill) == pytest.approx(server * hours * WEEKLY / HOUR, rel=1e-6)
    assert [sum(item.cost.floor for item in drill), sum(item.cost.ceiling for item in drill)] == [
        0,
        pytest.approx(server),
    ]


@pytest.mark.parametrize(
    ("schedule", "times"),
    [
        ("0 4 * * 0", WEEKLY),
        ("0 4 * * sun", WEEKLY),
        ("0 4 * * 1-5", 5 * WEEKLY),
        ("0 4 1 * *", 1),
        ("0 4 1,15 * ?", 2),
        ("0 4 1 jan,jul *", 1 / 6),
        ("30 */6 * * *", 4 * 1461 / 48),
        ("@monthly", 1),
        ("@weekly", WEEKLY),
        # Either day is enough where both are bound: 12 firsts a year, and each Sunday that is none.
        ("0 4 1 * 0", 1 + WEEKLY - 1 / 7),
        ("0 4 31 2 *", 0),
    ],
)
def test_how_often_a_schedule_runs_in_a_month(schedule, times):
    assert times_a_month(schedule) == pytest.approx(times, rel=1e-6)


@pytest.mark.parametrize("schedule", ["", "0 4 * *", "0 4 0 * *", "0 4 * 13 *", "0 25 * * *", "@every 1h", "x 4 * * *"])
def test_what_is_no_schedule_runs_nobody_knows_how_often(schedule):
    assert times_a_month(schedule) is None
