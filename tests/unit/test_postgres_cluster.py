"""`PostgresCluster`: servers on machines of their own, commits on two of them, pools, backups, alerts: every figure."""

import copy
import json
from typing import Any

import pytest

import penstock
from penstock.data.postgres import backup_plan, offered, pgpool_plan, plan
from penstock.data.postgres.postgres_cluster import PostgresCluster
from penstock.data.postgres.spec import PostgresSpec
from penstock.spec import check
from tests.support.mocked import Registered, of_type, run
from tests.support.pool_refs import pool
from tests.support.refused import reasons

CLUSTER, POOLER = "kubernetes:postgresql.cnpg.io/v1:Cluster", "kubernetes:postgresql.cnpg.io/v1:Pooler"
DATABASE = pool("database", min_nodes=3, max_nodes=5, taints=[{"key": "dedicated", "value": "database"}])
BACKUPS = {"kind": "s3", "destination": "s3://backups/main"}
FULL: dict[str, Any] = {"backups": BACKUPS, "recovery_drill": {}, "pgpool": {}}


def asked(**said: Any) -> dict[str, Any]:
    return {"namespace": "default", "pools": [DATABASE], **said}


def spec(**said: Any) -> PostgresSpec:
    return check(PostgresSpec, asked(**said))


def cluster(**said: Any) -> dict[str, Any]:
    body: dict[str, Any] = plan.cluster("main", spec(**said))["spec"]
    return body


def registered(**said: Any) -> list[Registered]:
    def program() -> None:
        PostgresCluster("main", copy.deepcopy(asked(**said)))  # type: ignore[arg-type]

    previewed, deployed = run(program, preview=True), run(program)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def test_a_cluster_has_the_figures_of_the_issue_by_default() -> None:
    body = cluster()
    assert body["instances"] == 3
    assert body["imageName"] == "ghcr.io/cloudnative-pg/postgresql:18-standard-trixie"
    assert body["resources"] == {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}}
    assert body["storage"]["size"] == "50Gi"
    assert body["walStorage"]["size"] == "10Gi"
    parameters = body["postgresql"]["parameters"]
    assert parameters["max_wal_senders"] == "10"
    assert parameters["wal_keep_size"] == "1024MB"
    assert parameters["shared_buffers"] == "512MB"
    assert body["enableSuperuserAccess"] is False
    assert body["enablePDB"] is True
    assert "CREATE EXTENSION IF NOT EXISTS vector" in body["bootstrap"]["initdb"]["postInitApplicationSQL"]


def test_a_commit_is_on_two_disks_and_no_replica_without_it_takes_over() -> None:
    quorum = cluster()["postgresql"]["synchronous"]
    assert quorum == {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": True}
    assert cluster(durability="preferred")["postgresql"]["synchronous"]["dataDurability"] == "preferred"


def test_servers_keep_apart_by_machine_and_are_spread_over_zones() -> None:
    body = cluster()
    affinity = body["affinity"]
    assert affinity["podAntiAffinityType"] == "required"
    assert affinity["topologyKey"] == "kubernetes.io/hostname"
    assert affinity["nodeSelector"] == {"penstock/pool": "database"}
    assert affinity["tolerations"][0]["value"] == "database"
    (zone,) = body["topologySpreadConstraints"]
    assert (zone["topologyKey"], zone["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "ScheduleAnyway")
    assert zone["labelSelector"]["matchLabels"] == {"cnpg.io/cluster": "main", "cnpg.io/podRole": "instance"}


def test_a_pool_without_taints_gives_no_empty_list_for_which_the_operator_restarts_servers_for_ever() -> None:
    assert "tolerations" not in cluster(pools=[pool("database", min_nodes=3)])["affinity"]


def test_poolers_have_pools_of_10_and_20_for_writers_and_5_and_10_for_readers() -> None:
    made = {name: plan.pooler("main", name, kind, pooler, spec()) for name, (kind, pooler) in
            plan.poolers("main", spec()).items()}  # fmt: skip
    sizes = {
        body["spec"]["type"]: (
            body["spec"]["pgbouncer"]["parameters"]["default_pool_size"],
            body["spec"]["pgbouncer"]["parameters"]["reserve_pool_size"],
        )
        for body in made.values()
    }
    assert sizes == {"rw": ("10", "20"), "ro": ("5", "10")}
    for name, body in made.items():
        pod = body["spec"]["template"]["spec"]
        (apart,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert apart["labelSelector"]["matchLabels"] == {"cnpg.io/poolerName": name}
        assert [container["name"] for container in pod["containers"]] == ["pgbouncer"]
        assert body["spec"]["instances"] == 2


def test_prepared_statements_work_where_a_connection_is_lent_for_a_transaction() -> None:
    def settings(mode: str) -> dict[str, Any]:
        of = spec(pool_mode=mode)
        body = plan.pooler("main", "main-pooler-rw", "rw", of.writers, of)["spec"]["pgbouncer"]
        assert body["poolMode"] == mode
        return dict(body["parameters"])

    assert settings("transaction")["max_prepared_statements"] == "200"
    assert "max_prepared_statements" not in settings("session")


def test_reads_are_kept_from_a_replica_that_is_too_far_behind() -> None:
    assert cluster(max_lag_mib=128)["probes"]["readiness"]["type"] == "streaming"
    # Not 128M: the operator reads the digits of a decimal amount alone.
    assert cluster(max_lag_mib=128)["probes"]["readiness"]["maximumLag"] == "128Mi"


def test_the_certificates_name_the_poolers_too() -> None:
    names = cluster()["certificates"]["serverAltDNSNames"]
    assert {"main-pooler-rw", "main-pooler-ro.default.svc.cluster.local"} <= set(names)


def test_one_instance_waits_for_no_replica_and_can_be_drained() -> None:
    body = cluster(instances=1)
    assert "synchronous" not in body["postgresql"]
    assert "probes" not in body
    assert body["enablePDB"] is False
    assert list(plan.poolers("main", spec(instances=1))) == ["main-pooler-rw"]


def test_backups_go_to_the_store_with_the_log_within_five_minutes() -> None:
    of = spec(backups={**BACKUPS, "retention_days": 14, "keys": {"secret": "keys"}})
    assert of.backups
    body = plan.cluster("main", of)["spec"]
    assert body["plugins"] == [
        {
            "name": "barman-cloud.cloudnative-pg.io",
            "isWALArchiver": True,
            "parameters": {"barmanObjectName": "main"},
        }
    ]
    assert body["postgresql"]["parameters"]["archive_timeout"] == "4min"
    store = backup_plan.object_store("main", of, of.backups)
    assert store["spec"]["retentionPolicy"] == "14d"
    assert store["spec"]["configuration"]["destinationPath"] == "s3://backups/main"
    assert store["spec"]["configuration"]["s3Credentials"]["accessKeyId"] == {"name": "keys", "key": "ACCESS_KEY_ID"}
    backup = backup_plan.scheduled_backup("main", of, of.backups)["spec"]
    assert (backup["method"], backup["schedule"], backup["immediate"]) == ("plugin", "0 0 2 * * *", True)


@pytest.mark.parametrize(
    ("kind", "destination", "keys", "credentials"),
    [
        ("s3", "s3://b/p", None, {"s3Credentials": {"inheritFromIAMRole": True}}),
        ("gcs", "gs://b/p", None, {"googleCredentials": {"gkeEnvironment": True}}),
        ("gcs", "gs://b/p", {"secret": "k"},
         {"googleCredentials": {"applicationCredentials": {"name": "k", "key": "gcsCredentials"}}}),
        ("azure", "https://a.blob.core.windows.net/c", None, {"azureCredentials": {"inheritFromAzureAD": True}}),
        ("azure", "https://a.blob.core.windows.net/c", {"secret": "k"},
         {"azureCredentials": {"connectionString": {"name": "k", "key": "AZURE_CONNECTION_STRING"}}}),
    ],
)  # fmt: skip
def test_each_store_is_opened_by_the_pods_own_identity_or_by_keys(
    kind: str, destination: str, keys: dict[str, str] | None, credentials: dict[str, Any]
) -> None:
    said = {"kind": kind, "destination": destination} | ({"keys": keys} if keys else {})
    of = spec(backups=said)
    assert of.backups
    configuration = backup_plan.object_store("main", of, of.backups)["spec"]["configuration"]
    assert configuration.items() >= credentials.items()


@pytest.mark.parametrize(
    ("schedule", "retention", "held", "alert"),
    [("0 2 * * *", 30, 32, 26), ("0 2 * * 0", 30, 44, 336), ("0 2 1 * *", 30, 92, 1488), ("0 */6 * * *", 7, 8, 26)],
)
def test_it_says_for_how_long_a_backup_may_hold_what_was_erased(
    schedule: str, retention: int, held: int, alert: int
) -> None:
    backups = spec(backups={**BACKUPS, "schedule": schedule, "retention_days": retention}).backups
    assert backups
    assert backups.held_days == held
    assert backups.alert_after_hours == alert


def test_a_drill_marks_recovers_waits_asks_and_deletes_and_its_account_may_do_no_more() -> None:
    made = registered(**FULL)
    job = of_type(made, "kubernetes:batch/v1:CronJob")["main-drill"]
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    steps = [*pod["initContainers"], *pod["containers"]]
    assert [step["name"] for step in steps] == ["mark", "clear", "recover", "wait", "ask", "delete"]
    assert job["spec"]["schedule"] == "0 4 * * 0"
    # Only the steps that make and delete the cluster get a token.
    with_token = {s["name"] for s in steps if any(m["name"] == "token" for m in s["volumeMounts"])}
    assert with_token == {"clear", "recover", "wait", "delete"}
    assert pod["automountServiceAccountToken"] is False
    # The operator writes over accounts and Roles of the names of its Clusters, of which one is main-drill.
    assert pod["serviceAccountName"] == "main-drill-runner"
    rules = of_type(made, "kubernetes:rbac.authorization.k8s.io/v1:Role")["main-drill-runner"]["rules"]
    assert {verb for rule in rules for verb in rule["verbs"] if "resourceNames" not in rule} == {"create"}
    assert {name for rule in rules for name in rule.get("resourceNames", [])} == {"main-drill"}


def test_a_recovered_cluster_comes_from_the_newest_backup_with_room_and_settings_of_its_source() -> None:
    files = of_type(registered(**FULL), "kubernetes:core/v1:ConfigMap")["main-drill"]["data"]
    recovered = json.loads(files["cluster.json"])["spec"]
    assert recovered["bootstrap"]["recovery"]["source"] == "main"
    (source,) = recovered["externalClusters"]
    assert source["plugin"]["parameters"] == {"barmanObjectName": "main", "serverName": "main"}
    assert recovered["instances"] == 1
    # It must never write into the archive that it reads from.
    assert "plugins" not in recovered
    assert recovered["storage"] == cluster()["storage"]
    assert recovered["postgresql"]["parameters"] == cluster()["postgresql"]["parameters"]


def test_pgpool_is_its_publishers_and_sends_writes_to_the_primary_reads_to_replicas() -> None:
    of = spec(pgpool={})
    assert of.pgpool
    pod = pgpool_plan.deployment("main", of, of.pgpool)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"].startswith("docker.io/pgpool/pgpool:")
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    assert environment["PGPOOL_PARAMS_BACKEND_HOSTNAME0"] == "main-rw"
    assert environment["PGPOOL_PARAMS_BACKEND_FLAG0"] == "ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER"
    assert environment["PGPOOL_PARAMS_BACKEND_HOSTNAME1"] == "main-ro"
    # Not registered with it: passwords come from the clients, by TLS.
    assert environment["PGPOOL_ENABLE_POOL_PASSWD"] == "false"
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_it_makes_its_objects_and_tells_tenants_what_they_have_to_know() -> None:
    made: list[PostgresCluster] = []
    objects = run(lambda: made.append(PostgresCluster("main", asked(**FULL))))  # type: ignore[arg-type]
    assert of_type(objects, CLUSTER).keys() == {"main"}
    assert of_type(objects, POOLER).keys() == {"main-pooler-rw", "main-pooler-ro"}
    assert of_type(objects, "kubernetes:barmancloud.cnpg.io/v1:ObjectStore").keys() == {"main-backups"}
    assert of_type(objects, "kubernetes:postgresql.cnpg.io/v1:ScheduledBackup").keys() == {"main-schedule"}
    budgets = of_type(objects, "kubernetes:policy/v1:PodDisruptionBudget")
    assert budgets.keys() == {"main-pooler-rw", "main-pooler-ro", "main-pgpool"}
    secret = of_type(objects, "kubernetes:core/v1:Secret")["main-admin"]
    assert secret["type"] == "kubernetes.io/basic-auth"
    ref = made[0].ref
    assert ref["host"] == "main-pooler-rw.default.svc.cluster.local"
    assert ref["read_host"] == "main-pooler-ro.default.svc.cluster.local"
    assert ref["direct_host"] == "main-rw.default.svc.cluster.local"
    assert ref["ca_secret"] == "main-ca"
    affinity = of_type(objects, CLUSTER)["main"]["spec"]["affinity"]
    assert ref["scheduling"] == {key: affinity[key] for key in ("nodeSelector", "tolerations")}
    assert made[0].backup_days == 32
    assert made[0].told == []


def test_its_sizes_are_its_own_inputs_so_that_a_smaller_one_can_be_refused() -> None:
    (component,) = [r for r in registered() if r.type == "penstock:index:PostgresCluster"]
    assert component.inputs == {"volume_gib": 50, "wal_volume_gib": 10}


def test_what_it_does_not_survive_is_said() -> None:
    said = " ".join(offered.told("main", spec(instances=1)))
    assert "no backups" in said
    assert "one instance" in said
    shrinking = pool("database", min_nodes=1, max_nodes=5)
    assert "may shrink to 1 machines" in " ".join(offered.told("main", spec(backups=BACKUPS, pools=[shrinking])))


def test_no_image_is_of_a_publisher_that_has_withdrawn_its_images() -> None:
    assert "bitnami" not in json.dumps([r.inputs for r in registered(**FULL)])


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        ({"instances": 2}, "instances", "stops every write"),
        ({"instances": 4, "pools": [pool("db", min_nodes=3, max_nodes=3)]}, "instances", "needs 4 machines"),
        ({"instances": 0}, "instances", "at least 1"),
        ({"pools": [pool("db", purchase="spot", min_nodes=3)]}, "pools[0]", "no home for data"),
        ({"memory_request": "64Gi", "memory_limit": "64Gi"}, "pools[0]", "offers 14000Mi of memory"),
        ({"memory_request": "4Gi", "memory_limit": "2Gi"}, "memory_limit", "at least 4Gi"),
        ({"cpu_request": "much"}, "cpu_request", "no amount"),
        ({"wal_keep_mib": 4096}, "wal_keep_mib", "2560 MiB of 10 GiB"),
        ({"max_connections": 100}, "max_connections", "Write at least 116"),
        ({"writers": {"pool_size": 40, "overflow": 20}}, "writers.max_connections", "at least 60"),
        ({"readers": {"pods": 6}}, "readers.pods", "needs 6 machines"),
        ({"readers": {"pods": 5}}, "max_connections", "pods of readers may open 5 x 50"),
        ({"parameters": {"archive_timeout": "1h"}}, "parameters.archive_timeout", "below five minutes"),
        ({"parameters": {"synchronous_commit": "off"}}, "parameters.synchronous_commit", "two disks"),
        ({"recovery_drill": {}}, "recovery_drill", "nothing to recover from"),
        ({"backups": {"kind": "s3", "destination": "gs://b"}}, "backups.destination", "begins with s3://"),
        ({"backups": {**BACKUPS, "schedule": "2am"}}, "backups.schedule", "Write five"),
        ({"backups": {**BACKUPS, "schedule": "0 2 * * 0", "alert_hours": 26}}, "backups.alert_hours", "168 hours apart"),
        ({"pgpool": {}, "instances": 1}, "pgpool", "no replica to read from"),
        ({"database": "postgres"}, "database", "no name for it"),
        ({"database": "App-1"}, "database", "no name for it"),
        ({"client_namespaces": ["My Apps"]}, "client_namespaces[0]", "no name that Kubernetes takes"),
        ({"autoscaler": {}}, "autoscaler", "not scaled horizontally"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_with_its_path(said: dict[str, Any], path: str, reason: str) -> None:
    assert reason in reasons(PostgresSpec, asked(**said))[path]


def test_a_name_that_the_operator_refuses_is_refused_with_all_else() -> None:
    with pytest.raises(penstock.InvalidInputs) as refused:
        run(lambda: PostgresCluster("Main", asked(instances=2)))  # type: ignore[arg-type]
    assert {problem.path for problem in refused.value.problems} == {"", "instances"}


S3 = {"kind": "s3", "destination": "s3://bucket/main"}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"database": "t_acme"}, "database"),
        ({"image": None}, "image"),
        ({"image": ["a"]}, "image"),
        ({"pgpool": {"image": 3}}, "pgpool.image"),
        ({"backups": S3, "recovery_drill": {"image": ""}}, "recovery_drill.image"),
        ({"storage_class": "Fast SSD"}, "storage_class"),
        ({"rule_labels": {"a": "b c"}}, "rule_labels.a"),
        ({"service_account_annotations": {"a b": "c"}}, "service_account_annotations.a b"),
        ({"service_account_annotations": {"a": 3}}, "service_account_annotations.a"),
        ({"parameters": {"Work Mem": "4MB"}}, "parameters.Work Mem"),
        ({"memory_request": "1"}, "memory_request"),
        ({"backups": {**S3, "destination": "s3://"}}, "backups.destination"),
        ({"backups": {**S3, "endpoint": "https://minio:99999"}}, "backups.endpoint"),
        ({"backups": {**S3, "endpoint": "https://"}}, "backups.endpoint"),
    ],
)
def test_what_no_server_or_object_can_have_is_refused(said: dict[str, Any], path: str) -> None:
    assert path in reasons(PostgresSpec, asked(**said))
