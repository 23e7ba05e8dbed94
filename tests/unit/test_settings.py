"""Stack files: the ones of the repository deploy, a broken one is refused with every path, no file crashes it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

import settings as platform
from penstock.clusters.gke.plan import account_id
from penstock.names import name_problems
from penstock.problems import InvalidSpec
from services import metrics_inputs
from tests.support import stacks
from tests.support.mocked import of_type, run
from tests.support.mutations import mutated
from wiring import cluster_name, deploy

POOL = "gcp:container/nodePool:NodePool"


def read(config: dict[str, Any]) -> platform.Settings:
    return platform.read(stacks.as_engine_gives_it(config))


def problems(config: dict[str, Any]) -> dict[str, str]:
    try:
        read(config)
    except InvalidSpec as refused:
        return {problem.path: problem.reason for problem in refused.problems}
    return {}


@pytest.fixture
def prod() -> dict[str, Any]:
    return stacks.config("prod")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stacks_of_the_repository_deploy_with_inputs_that_the_provider_takes(stack: str) -> None:
    config = read(stacks.config(stack))
    registered = run(lambda: deploy(config) and None)
    assert of_type(registered, "gcp:container/cluster:Cluster").keys() == {"llm-test"}
    assert set(config.pools) <= of_type(registered, POOL).keys()


def test_prod_has_the_pools_of_a_full_platform() -> None:
    pools = of_type(run(lambda: deploy(read(stacks.config("prod"))) and None), POOL)

    def facts(name: str) -> tuple[str, int, int, bool]:
        bounds, config = pools[name]["autoscaling"], pools[name]["nodeConfig"]
        return config["machineType"], bounds["totalMinNodeCount"], bounds["totalMaxNodeCount"], config["spot"]

    assert facts("cpu") == ("n2-highcpu-16", 2, 20, False)
    assert facts("memory") == ("n2-highmem-8", 2, 10, False)
    assert facts("spot") == ("n2-standard-8", 3, 50, True)
    assert facts("baseline") == ("n2-standard-8", 2, 2, False)
    assert pools["system"]["nodeConfig"]["taints"] == []
    database = pools["database"]["nodeConfig"]
    assert database["taints"] == [{"key": "dedicated", "value": "database", "effect": "NO_SCHEDULE"}]
    assert (database["labels"]["node-type"], database["diskType"]) == ("database", "pd-ssd")
    gpus = {
        (accelerator["type"], accelerator["count"])
        for pool in pools.values()
        for accelerator in pool["nodeConfig"].get("guestAccelerators", [])
    }
    assert {("nvidia-l4", 1), ("nvidia-l4", 4), ("nvidia-tesla-a100", 4)} <= gpus
    mix = {name: facts(name)[2] for name in pools if name.startswith("web-")}
    assert mix == {"web-on-demand": 2, "web-spot": 6, "web-reserved": 2}


def test_every_error_of_a_file_is_told_with_its_path(prod: dict[str, Any]) -> None:
    prod["penstock:cluster"]["location"] = "us-central1-a"
    prod["penstock:cluster"]["zone"] = "us-central1-a"
    prod["penstock:pools"]["cpu"]["max_nodes"] = 1
    prod["penstock:pools"]["spot"]["machine_types"] = ["n2-standart-8"]
    prod["penstock:pools"]["database"]["taints"][0]["effect"] = "Never"
    prod["penstock:pools"]["baseline"].pop("commitment")
    prod["penstock:mixes"]["web"]["shares"]["spot"] = 50
    prod["penstock:pool"] = {}
    assert problems(prod).keys() == {
        "cluster.location",
        "cluster.zone",
        "pools.cpu.max_nodes",
        "pools.spot.machine_types[0]",
        "pools.database.taints[0].effect",
        "pools.baseline.commitment",
        "mixes.web.shares",
        "pool",
    }


def test_the_project_is_asked_for_where_neither_file_nor_environment_names_it(prod: dict[str, Any]) -> None:
    del prod["gcp:project"]
    with pytest.raises(InvalidSpec, match="gcp:project: This is required"):
        platform.read(stacks.as_engine_gives_it(prod), environment={})
    platform.read(stacks.as_engine_gives_it(prod), environment={"GOOGLE_PROJECT": "acme"})
    prod["penstock:cluster"]["project"] = "acme"
    platform.read(stacks.as_engine_gives_it(prod), environment={})


@pytest.mark.parametrize("days", [["SA", "SA", "SU"], ["Saturday", "SU"]])
def test_maintenance_days_are_distinct_days_of_the_week(prod: dict[str, Any], days: list[str]) -> None:
    prod["penstock:cluster"]["maintenance_window"]["days"] = days
    assert any(path.startswith("cluster.maintenance_window.days") for path in problems(prod))


def test_somebody_elses_zonal_cluster_may_be_adopted(prod: dict[str, Any]) -> None:
    adopted = {"cloud": "gcp", "location": "us-central1-a", "zones": ["us-central1-a"], "adopt": {"name": "theirs"}}
    prod["penstock:cluster"] = adopted
    assert problems(prod) == {}


@pytest.mark.parametrize(
    ("one", "other"), [("Dev", "dev"), ("a_b", "a-b"), ("a-stack-with-a-long-name-1", "a-stack-with-a-long-name-2")]
)
def test_stacks_of_one_project_have_clusters_and_node_accounts_of_their_own(one: str, other: str) -> None:
    assert account_id(cluster_name(one)) != account_id(cluster_name(other))
    for stack in (one, other):
        assert not list(name_problems(cluster_name(stack)))


def test_a_platform_needs_a_home_for_system_pods(prod: dict[str, Any]) -> None:
    prod["penstock:pools"]["system"]["taints"] = [{"key": "dedicated"}]
    assert "nowhere to run" in problems(prod)["pools"]


def test_a_pool_uses_zones_of_the_cluster(prod: dict[str, Any]) -> None:
    prod["penstock:pools"]["cpu"]["zones"] = ["us-central1-f"]
    assert "not among the cluster's zones" in problems(prod)["pools.cpu.zones[0]"]


def test_a_pool_and_a_pool_of_a_mix_cannot_share_a_name(prod: dict[str, Any]) -> None:
    prod["penstock:pools"]["web-spot"] = prod["penstock:pools"]["spot"]
    assert "Choose another" in problems(prod)["pools.web-spot"]


def test_a_name_that_gke_does_not_take_is_refused(prod: dict[str, Any]) -> None:
    prod["penstock:pools"]["GPU_Pool"] = prod["penstock:pools"]["gpu-l4"]
    assert "no name for a pool" in problems(prod)["pools.GPU_Pool"]


@pytest.mark.parametrize("metrics", [{"mode": "lightweight"}, None])
def test_where_nothing_knows_what_a_monitor_is_stores_have_none(
    prod: dict[str, Any], metrics: dict[str, Any] | None
) -> None:
    kinds = {each.type for each in run(lambda: deploy(read(prod)) and None)}
    assert any("monitoring.coreos.com" in kind for kind in kinds)
    for setting in ("penstock:metrics", "penstock:services"):
        prod.pop(setting)
    if metrics:
        prod["penstock:metrics"] = metrics
    kinds = {each.type for each in run(lambda: deploy(read(prod)) and None)}
    assert "penstock:index:RedisCluster" in kinds
    assert not [kind for kind in kinds if "monitoring.coreos.com" in kind]


@pytest.mark.parametrize("metrics", [{"mode": "lightweight"}, None])
def test_a_monitor_that_is_asked_for_where_nothing_knows_it_is_refused(
    prod: dict[str, Any], metrics: dict[str, Any] | None
) -> None:
    for setting in ("penstock:metrics", "penstock:services"):
        prod.pop(setting)
    if metrics:
        prod["penstock:metrics"] = metrics
    prod["penstock:redis"]["cache"]["monitoring"] = prod["penstock:cache"]["monitoring"] = True
    assert problems(prod).keys() == {"redis.cache.monitoring", "cache.monitoring"}
    prod["penstock:metrics"] = {}
    assert problems(prod) == {}


def deploys_or_is_refused(config: dict[str, Any]) -> None:
    try:
        accepted = read(config)
    except InvalidSpec as refused:
        assert refused.problems
        assert all(problem.path and problem.reason.endswith((".", '".')) for problem in refused.problems), refused
        return
    run(lambda: deploy(accepted) and None)  # raises where the provider would refuse what a component emits


@hypothesis_settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_mutated_file_deploys_with_valid_inputs_or_is_refused_with_paths(config: dict[str, Any]) -> None:
    deploys_or_is_refused(config)


@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated("aws"))
def test_a_mutated_file_of_eks_deploys_with_valid_inputs_or_is_refused_with_paths(config: dict[str, Any]) -> None:
    deploys_or_is_refused(config)


@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated("azure"))
def test_a_mutated_file_of_aks_deploys_with_valid_inputs_or_is_refused_with_paths(config: dict[str, Any]) -> None:
    deploys_or_is_refused(config)


SERVICE = {"scaling": {"table": "worker-rl", "min_replicas": 1, "max_replicas": 2}, "image": "a:1", "pools": ["cpu"]}
SERVICE |= {"requests": {"cpu": "1", "memory": "1Gi"}}
PLANNER = {**SERVICE, "scaling": {"table": "standard", "service": "planner"}}


@pytest.mark.parametrize(
    ("metrics", "services", "path", "reason"),
    [
        (None, {"a": SERVICE}, "metrics", "Services are scaled by what is measured"),
        ({}, {"a": {**SERVICE, "pools": ["nowhere"]}}, "services.a.pools[0]", "There is no pool 'nowhere'"),
        ({}, {"a": {**SERVICE, "namespace": "mine"}}, "services.a.namespace", "Drop this"),
        ({}, {"a": {**SERVICE, "scaling": {**PLANNER["scaling"], "target": {}}}}, "services.a.scaling.target", "Drop"),
        ({}, {"a": {**SERVICE, "scaling": {"table": "app"}}}, "services.a.scaling.min_replicas", "states none"),
        ({}, {"a" * 60: SERVICE}, "services." + "a" * 60, "is no name"),
        ({}, {"3d": SERVICE}, "services.3d", "begins with a letter"),
        ({}, {"a": {**SERVICE, "image": 3}}, "services.a.image", "Write a text"),
        ({"event_autoscaling": False}, {"a": SERVICE}, "metrics.event_autoscaling", "scaled by KEDA"),
        ({"mode": "lightweight"}, {"a": SERVICE}, "metrics.mode", "needs Prometheus"),
        ({"pools": []}, {}, "metrics.pools", "platform's own"),
    ],
)
def test_services_that_cannot_be_scaled_are_refused_with_their_path(
    prod: dict[str, Any], metrics: Any, services: dict[str, Any], path: str, reason: str
) -> None:
    prod["penstock:services"] = services
    prod.pop("penstock:metrics")
    if metrics is not None:
        prod["penstock:metrics"] = metrics
    assert reason in problems(prod)[path]


TENANT = {"pools": ["cpu"], "quota": {"cpu": "4", "memory": "8Gi"}, "images": {"registries": ["r.example.com"]}}


@pytest.mark.parametrize(
    ("key", "value", "path", "reason"),
    [
        ("redis", {"x": {"pools": ["nowhere"]}}, "redis.x.pools[0]", "There is no pool 'nowhere'"),
        ("redis", {"x": {"pools": ["database"], "namespace": "a"}}, "redis.x.namespace", "It runs in 'data'"),
        ("redis", {"3x": {"pools": ["database"]}}, "redis.3x", "begins with a letter"),
        ("redis", {"x": {"pools": ["spot"]}}, "redis.x.pools[0]", "spot"),
        ("redis", {"vectors": {"pools": ["database"]}}, "qdrant.vectors", "has this name"),
        ("redis", {"a" * 41: {"pools": ["database"]}}, "redis." + "a" * 41, "up to 40"),
        ("redis", {"x": None}, "redis.x", "Write a map of settings"),
        ("redis", {"cache-nodes": {"pools": ["database"]}}, "redis.cache-nodes", "A part of the redis store 'cache'"),
        ("redis", {"vectors-headless": {"pools": ["database"]}}, "redis.vectors-headless", "qdrant store 'vectors'"),
        ("redis", {"main-rw": {"pools": ["database"]}}, "redis.main-rw", "A part of the postgres store 'main'"),
        ("redis", {"x": {"pools": ["database", "cpu"]}}, "redis.x.pools", "a label of their own"),
        ("redis", {"x": {"pools": ["database", "database"]}}, "redis.x.pools", "stands there 2 times"),
        ("qdrant", {"a" * 41: {"pools": ["database"]}}, "qdrant." + "a" * 41, "up to 40"),
        ("qdrant", {"v": {"pools": ["database"]}, "v-tenant-a": {"pools": ["database"]}}, "qdrant.v-tenant-a", "A part"),
        ("postgres", {"a" * 33: {"pools": ["database"]}}, "postgres." + "a" * 33, "up to 32"),
        ("tenant_overcommit", "inf", "tenant_overcommit", "a finite number"),
        ("redis", {"cache": {"pools": ["database"], "use": "queue"}}, "cache.redis", "evicts nothing"),
        ("cache", {"redis": "nowhere"}, "cache.redis", "There are: cache, queue"),
        ("cache", {"redis": ["cache"]}, "cache.redis", "There is no redis store ['cache']"),
        ("cache", {"redis": "cache", "shared": {"size_mib": 99999}}, "cache.shared.size_mib", "at most"),
        ("tenants", {"a": {**TENANT, "pools": ["nowhere"]}}, "tenants.a.pools[0]", "none of the cluster's pools"),
        ("tenants", {"a": {**TENANT, "redis": "nowhere"}}, "tenants.a.redis", "They are: cache, queue"),
        ("tenants", {"a": {**TENANT, "postgres": {}}}, "tenants.a.postgres", "no ref of a store"),
        ("tenants", {"a": {**TENANT, "cluster_pools": []}}, "tenants.a.cluster_pools", "platform's own"),
        ("tenants", {"A_b": TENANT}, "tenants.A_b", "no name for a tenant"),
        ("tenants", {"a": TENANT, "A": TENANT}, "tenants.A", "the same name"),
        ("tenants", {"a": {**TENANT, "quota": {"cpu": "9000", "memory": "1Gi"}}}, "tenants.a.quota.cpu", "9000"),
    ],
)  # fmt: skip
def test_stores_and_tenants_that_cannot_be_deployed_are_refused_with_their_path(
    prod: dict[str, Any], key: str, value: Any, path: str, reason: str
) -> None:
    prod[f"penstock:{key}"] = {**prod[f"penstock:{key}"], **value} if key in ("redis", "tenants") else value
    assert reason in problems(prod)[path]


def test_what_is_wrong_with_one_store_or_tenant_keeps_nothing_quiet_of_the_others(prod: dict[str, Any]) -> None:
    prod["penstock:redis"] = {"cache": {}, "queue": {"pools": "database"}}
    prod["penstock:qdrant"] = {"vectors": None}
    prod["penstock:postgres"] = {"main": {"pools": ["database"], "instances": 2}}
    prod["penstock:cache"] = {"redis": "nowhere", "metric": "x"}
    prod["penstock:tenants"] = {"a": None, "b": {**TENANT, "redis": "cache", "rotation": 0}}
    assert problems(prod).keys() == {
        "redis.cache.pools",
        "redis.queue.pools",
        "qdrant.vectors",
        "postgres.main.instances",
        "cache.redis",
        "cache.metric",
        "tenants.a",
        "tenants.b.rotation",
    }


def test_stores_and_the_cache_share_no_name_of_an_object(prod: dict[str, Any]) -> None:
    stores = {
        kind: {f"{kind}-{part}": {"pools": ["database"]} for part in ("a", "a-b")} for kind in ("redis", "qdrant")
    }
    prod |= {f"penstock:{kind}": named for kind, named in stores.items()}
    prod["penstock:postgres"] = {"cache": {"pools": ["database"]}}
    view = {"name": "v", "query": "select 1 as a", "key": ["a"]}
    prod["penstock:cache"] = {"redis": "redis-a", "postgres": "cache", "views": {"views": [view]}}
    prod["penstock:tenants"] = {
        "acme": {**TENANT, "priority_classes": [{"name": "high", "pods": 1}]},
        "acme-high": TENANT,
    }
    made = [
        (each.type, each.inputs["metadata"].get("namespace"), each.inputs["metadata"]["name"])
        for each in run(lambda: deploy(read(prod)) and None)
        if each.type.startswith("kubernetes:") and "name" in each.inputs.get("metadata", {})
    ]
    assert len(made) == len(set(made))


def test_metrics_that_autoscalers_need_are_added_to_those_that_are_asked_for(prod: dict[str, Any]) -> None:
    prod["penstock:services"] = {"a": PLANNER}
    prod["penstock:metrics"] = {"hpa_metrics": ["http_requests_per_second"]}
    settings = read(prod)
    asked = metrics_inputs(settings.metrics or {}, settings.cluster.cloud, [], settings.services)
    assert asked["hpa_metrics"] == ["http_requests_per_second", "queue_depth"]
