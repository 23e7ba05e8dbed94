"""`RedisCluster`: its objects, its figures, what it refuses, and where its nodes are."""

import re
from typing import Any

import kubernetes_validate
import pulumi
import pytest

from penstock.component import InvalidInputs
from penstock.data.kept import shrinking
from penstock.data.redis import images, jobs, plan, pods
from penstock.data.redis.cluster import RedisCluster
from penstock.data.redis.kept import fewer_nodes
from penstock.data.redis.spec import RedisClusterSpec
from penstock.problems import InvalidSpec
from penstock.spec import check
from tests.support.mocked import of_type, run

TAINT = {"key": "dedicated", "value": "database", "effect": "NoSchedule"}


def pool(**said: Any) -> dict[str, Any]:
    return {
        "name": "database",
        "cloud": "gcp",
        "purchase": "on_demand",
        "machine_types": ["n2-highmem-4"],
        "min_nodes": 6,
        "max_nodes": 9,
        "labels": {"node-type": "database"},
        "taints": [TAINT],
        "capacity": {"cpu_millicores": 3920, "memory_mib": 28000, "accelerators": 0},
        **said,
    }


def asked(**said: Any) -> dict[str, Any]:
    return {"namespace": "data", "pools": [pool()], **said}


def spec(**said: Any) -> RedisClusterSpec:
    return check(RedisClusterSpec, asked(**said))


def problems(**said: Any) -> dict[str, str]:
    try:
        spec(**said)
    except InvalidSpec as refused:
        return {problem.path: problem.reason for problem in refused.problems}
    return {}


FULL = {
    "use": "queue",
    "replicas": 8,
    "maxmemory_mib": 4096,
    "sync": "always",
    "cpu_request": "1",
    "cpu_limit": "2",
    "memory_request": "5Gi",
    "memory_limit": "6Gi",
    "volume_gib": 40,
    "storage_class": "fast",
    "monitoring": True,
    "rotation": 3,
    "client_namespaces": ["services", "batch"],
    "priority_class": "platform-data",
    "labels": {"cost-center": "42"},
    "tls_secret": "from-cert-manager",
    "pools": [pool(max_nodes=4, min_nodes=4)],
}


def objects(**said: Any) -> list[dict[str, Any]]:
    asked_for = spec(**said)
    made = [
        {"apiVersion": "v1", "kind": "ConfigMap", **plan.config_map("cache", asked_for)},
        {"apiVersion": "v1", "kind": "Service", **plan.service("cache", asked_for)},
        {"apiVersion": "v1", "kind": "Service", **plan.nodes_service("cache", asked_for)},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", **plan.disruption_budget("cache", asked_for)},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", **pods.stateful_set("cache", asked_for, "cache-tls")},
        {"apiVersion": "batch/v1", "kind": "Job", **jobs.form_job("cache", asked_for, "cache-tls")},
    ]
    policies = plan.network_policies("cache", asked_for).values()
    return made + [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **each} for each in policies]


def nodes(**said: Any) -> dict[str, Any]:
    whole: dict[str, Any] = pods.stateful_set("cache", spec(**said), "cache-tls")["spec"]
    return whole


def pod(**said: Any) -> dict[str, Any]:
    inside: dict[str, Any] = nodes(**said)["template"]["spec"]
    return inside


def container(name: str, **said: Any) -> dict[str, Any]:
    return next(each for each in pod(**said)["containers"] if each["name"] == name)


@pytest.mark.parametrize("said", [{}, FULL, {"exporter": False}], ids=["least", "full", "no exporter"])
def test_its_objects_are_those_of_the_kubernetes_schema(said: dict[str, Any]) -> None:
    for thing in objects(**said):
        kubernetes_validate.validate(thing, "1.34", strict=True)


def test_it_has_the_figures_that_are_asked_of_it_by_default() -> None:
    whole = nodes()
    assert whole["replicas"] == 6
    assert container("redis")["resources"] == {
        "requests": {"cpu": "500m", "memory": "2Gi"},
        "limits": {"cpu": "1", "memory": "3Gi"},
    }
    (claim,) = whole["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "20Gi"
    assert {port["containerPort"] for port in container("redis")["ports"]} == {6379, 16379}
    fixed = plan.config_files(spec())["redis.conf"].splitlines()
    assert {"cluster-node-timeout 5000", "appendonly yes", "port 0", "tls-cluster yes"} <= set(fixed)


def test_a_cache_drops_what_is_used_least_and_a_queue_drops_nothing() -> None:
    assert plan.settings(spec()).splitlines()[:2] == ["maxmemory 2048mb", "maxmemory-policy allkeys-lru"]
    assert "maxmemory-policy noeviction\n" in plan.settings(spec(use="queue"))


def test_a_cache_goes_on_without_a_pair_and_a_queue_stops() -> None:
    assert "cluster-require-full-coverage no\n" in plan.settings(spec())
    assert "cluster-require-full-coverage yes\n" in plan.settings(spec(use="queue"))


def test_all_pods_start_at_once_so_that_nodes_find_each_other_and_each_keeps_its_volume() -> None:
    whole = nodes()
    assert whole["podManagementPolicy"] == "Parallel"
    assert whole["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert plan.nodes_service("cache", spec())["spec"]["publishNotReadyAddresses"] is True


def test_each_node_has_a_machine_of_its_own_where_there_are_six() -> None:
    assert "requiredDuringSchedulingIgnoredDuringExecution" in pod()["affinity"]["podAntiAffinity"]
    assert spec().placement_told is None


def test_where_machines_are_fewer_that_is_said_and_no_machine_may_have_a_third_node() -> None:
    few = {"pools": [pool(min_nodes=3, max_nodes=3)]}
    told = spec(**few).placement_told
    assert told and "6 machines are wanted" in told and "up to 2 pods share a machine" in told
    (ceiling,) = [each for each in pod(**few)["topologySpreadConstraints"] if "minDomains" in each]
    assert (ceiling["maxSkew"], ceiling["minDomains"], ceiling["whenUnsatisfiable"]) == (2, 6, "DoNotSchedule")


@pytest.mark.parametrize(("replicas", "least"), [(6, 3), (8, 4), (10, 3), (12, 3)])
def test_it_is_refused_where_one_machine_would_hold_the_majority(replicas: int, least: int) -> None:
    assert spec(replicas=replicas, pools=[pool(max_nodes=least, min_nodes=least)]).least_machines == least
    refused = problems(replicas=replicas, pools=[pool(max_nodes=least - 1, min_nodes=1)])
    assert f"needs {least} machines" in refused["replicas"]


def test_a_pod_that_ends_has_time_to_hand_over_and_to_write() -> None:
    assert pod()["terminationGracePeriodSeconds"] >= pods.HANDOVER_SECONDS + 10
    assert container("redis")["lifecycle"]["preStop"]["exec"]["command"] == ["sh", "/config/pre-stop.sh"]


def test_its_pods_need_no_privilege() -> None:
    for each in pod()["containers"]:
        security = each["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["readOnlyRootFilesystem"] is True
    inside = pod()
    assert inside["securityContext"]["runAsNonRoot"] is True
    assert inside["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inside["automountServiceAccountToken"] is False
    assert "initContainers" not in inside


def test_machines_are_drained_one_after_the_other() -> None:
    assert plan.disruption_budget("cache", spec())["spec"]["maxUnavailable"] == 1


def test_clients_reach_its_port_and_only_its_nodes_reach_the_bus() -> None:
    policies = plan.network_policies("cache", spec(client_namespaces=["services", "batch"]))
    rules = policies["cache"]["spec"]["ingress"]
    ports = [[port["port"] for port in rule["ports"]] for rule in rules]
    assert ports == [[6379], [6379, 16379], [9121]]
    who = [each.get("namespaceSelector") for each in rules[0]["from"]]
    assert {"matchExpressions": [{"key": "penstock.dev/tenant", "operator": "Exists"}]} in who
    assert {"matchLabels": {"kubernetes.io/metadata.name": "batch"}} in who
    assert rules[1]["from"] == [{"podSelector": {"matchLabels": plan.labels("cache")}}]


def test_its_nodes_reach_each_other_and_names_over_udp_and_tcp_and_nothing_else() -> None:
    names, among = plan.network_policies("cache", spec())["cache"]["spec"]["egress"]
    assert [port["protocol"] for port in names["ports"]] == ["UDP", "TCP"]
    assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in names["to"]
    assert among["to"] == [{"podSelector": {"matchLabels": plan.labels("cache")}}]


def test_pods_of_jobs_are_no_nodes() -> None:
    labels = jobs.form_job("cache", spec(), "tls")["spec"]["template"]["metadata"]["labels"]
    assert not plan.labels("cache").items() <= labels.items()


def test_more_nodes_restart_none_and_anything_else_restarts_all() -> None:
    now = pods.revision(spec())
    assert pods.revision(spec(replicas=8)) == now
    assert (
        len(
            {now, *(pods.revision(spec(**one)) for one in ({"use": "queue"}, {"rotation": 2}, {"cpu_request": "600m"}))}
        )
        == 4
    )


def test_the_job_runs_anew_for_more_nodes_and_for_what_restarts_them() -> None:
    called = [
        jobs.form_job("cache", spec(**said), "tls")["metadata"]["name"]
        for said in ({}, {"replicas": 8}, {"rotation": 2}, {"client_namespaces": []})
    ]
    assert len(set(called)) == 3
    assert called[0] == called[3]


def test_after_a_rotation_the_passwords_before_stay_valid() -> None:
    passwords = {(user, n): f"{user}{n}" for user in plan.OWN_USERS for n in (1, 2, 3)}
    assert plan.users(spec(), passwords).keys() == {f"{user}-password" for user in plan.OWN_USERS}
    third = plan.users(spec(rotation=3), passwords)
    assert (third["admin-password"], third["admin-previous-password"]) == ("admin3", "admin2")


def test_each_own_user_has_a_password_and_default_is_off() -> None:
    rules = dict(line.split(" ", 1) for line in plan.config_files(spec())["own-users.acl"].splitlines())
    assert rules.keys() == {*plan.OWN_USERS, "default"}
    assert rules["default"] == "off"
    assert "@" not in rules["exporter"] + rules["probe"] + rules["replica"], "they have single commands only"


def test_the_names_of_its_certificate_are_all_by_which_it_is_reached() -> None:
    names = plan.dns_names("cache", "data")
    assert {"cache", "cache.data.svc.cluster.local", "*.cache-nodes.data.svc.cluster.local"} <= set(names)


def test_images_are_official_and_pinned() -> None:
    for image in (images.REDIS, images.EXPORTER):
        assert re.fullmatch(r"docker\.io/[a-z0-9]+/[a-z_]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?", image)


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        ({"replicas": 7}, "replicas", "even number, 6 or 8"),
        ({"replicas": 4}, "replicas", "at least 6"),
        ({"replicas": 102}, "replicas", "at most 100"),
        ({"maxmemory_mib": 2500}, "maxmemory_mib", "more than 75 % of the memory_limit 3Gi"),
        ({"maxmemory_mib": 2200}, "memory_request", "Write at least 2200Mi"),
        ({"volume_gib": 7}, "volume_gib", "Write at least 8"),
        ({"memory_request": "4Gi"}, "memory_limit", "at least 4Gi"),
        ({"cpu_request": "much"}, "cpu_request", "no amount"),
        ({"use": "queue", "eviction": "allkeys-lru"}, "eviction", "drop work that nobody has done"),
        ({"eviction": "noeviction"}, "eviction", "refuse every write"),
        ({"use": "stream"}, "use", "one of"),
        ({"min_replicas": 6}, "min_replicas", "not scaled by an autoscaler"),
        ({"max_replicas": 12}, "max_replicas", "Write replicas, an even number"),
        ({"autoscaling": {}}, "autoscaling", "not scaled by an autoscaler"),
        ({"shards": 3}, "shards", "Write replicas"),
        ({"password": "x"}, "password", "raise rotation"),
        ({"monitoring": True, "exporter": False}, "monitoring", "nothing to scrape"),
        ({"rotation": 0}, "rotation", "at least 1"),
        ({"pools": [pool(purchase="spot")]}, "pools[0]", "take its machines back"),
        ({"pools": [pool(capacity={"cpu_millicores": 500, "memory_mib": 9000})]}, "pools[0]", "500m of CPU"),
        ({"pools": [pool(max_nodes=2, min_nodes=2)]}, "replicas", "needs 3 machines"),
        ({"namespace": "Data"}, "namespace", "no name that Kubernetes takes"),
        ({"client_namespaces": ["a_b"]}, "client_namespaces[0]", "no name that Kubernetes takes"),
        ({"maxmem": 3}, "maxmem", "Did you mean 'maxmemory_mib'"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_path(said: dict[str, Any], path: str, reason: str) -> None:
    assert reason in problems(**said)[path]


def test_all_problems_are_told_at_once() -> None:
    assert problems(replicas=7, maxmemory_mib=9000, pools=[pool(purchase="spot")]).keys() == {
        "replicas",
        "maxmemory_mib",
        "pools[0]",
        "volume_gib",
    }


def test_it_only_grows() -> None:
    has = {"replicas": 8, "volume_gib": 20}
    for rule, told in ((fewer_nodes, "Write at least 8"), (shrinking("volume_gib"), "Write at least 20")):
        assert not list(rule(has, has))
        assert not list(rule(has, {"replicas": 10, "volume_gib": 30}))
        (refused,) = rule(has, {"replicas": 6, "volume_gib": 10})
        assert told in refused.reason


@pytest.mark.parametrize("preview", [True, False])
def test_it_makes_its_objects_and_tells_others_what_they_need(preview: bool) -> None:
    made: list[RedisCluster] = []
    registered = run(
        lambda: made.append(RedisCluster("cache", asked(namespace="default", monitoring=True))), preview=preview
    )
    assert of_type(registered, "kubernetes:apps/v1:StatefulSet").keys() == {"cache"}
    assert of_type(registered, "kubernetes:core/v1:Service").keys() == {"cache", "cache-nodes"}
    assert of_type(registered, "kubernetes:batch/v1:Job").keys() == {"cache-form"}
    assert of_type(registered, "kubernetes:policy/v1:PodDisruptionBudget").keys() == {"cache"}
    assert of_type(registered, "kubernetes:networking.k8s.io/v1:NetworkPolicy").keys() == {
        "cache",
        "cache-administration",
    }
    assert of_type(registered, "kubernetes:monitoring.coreos.com/v1:PodMonitor").keys() == {"cache"}
    claims = of_type(registered, "kubernetes:core/v1:PersistentVolumeClaimPatch")
    assert claims.keys() == {f"data-cache-{i}" for i in range(6)}
    assert len(of_type(registered, "random:index/randomPassword:RandomPassword")) == 4
    assert of_type(registered, "penstock:index:RedisCluster")["cache"] == {"volume_gib": 20, "replicas": 6}
    ref = made[0].ref
    assert (ref["name"], ref["port"], ref["use"], ref["memory_mib"]) == ("cache", 6379, "cache", 3 * 2048)
    assert ref["admin_secret"] in of_type(registered, "kubernetes:core/v1:Secret")
    pod = of_type(registered, "kubernetes:apps/v1:StatefulSet")["cache"]["spec"]["template"]["spec"]
    assert ref["scheduling"] == {key: pod[key] for key in ("nodeSelector", "tolerations")}
    assert "placement" not in ref
    assert made[0].placement == "Each of its 6 nodes has a machine of its own."


def test_a_cluster_that_cannot_be_is_refused_before_anything_is_made() -> None:
    with pytest.raises(InvalidInputs, match="RedisCluster 'cache' cannot be deployed"):
        run(lambda: RedisCluster("cache", asked(replicas=7)))


def test_a_name_has_to_leave_room_for_those_of_its_objects() -> None:
    with pytest.raises(InvalidInputs, match="up to 40"):
        run(lambda: RedisCluster("c" * 41, asked()))
    with pytest.raises(InvalidInputs, match="begins with a letter"):
        run(lambda: RedisCluster("1st", asked()))


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"storage_class": 3}, "storage_class"),
        ({"storage_class": ["fast"]}, "storage_class"),
        ({"storage_class": "Fast SSD"}, "storage_class"),
        ({"tls_secret": {}}, "tls_secret"),
        ({"tls_secret": ""}, "tls_secret"),
        ({"priority_class": "High"}, "priority_class"),
        ({"image": "redis 8"}, "image"),
        ({"exporter_image": "ü"}, "exporter_image"),
        ({"labels": {"team": "A & B"}}, "labels.team"),
        ({"labels": {"the team": "a"}}, "labels.the team"),
        ({"memory_limit": "1e999999"}, "memory_limit"),
        ({"cpu_limit": "1e9999999999999999999999"}, "cpu_limit"),
        ({"cpu_limit": "\u0663"}, "cpu_limit"),
    ],
)  # fmt: skip
def test_what_no_kubernetes_object_can_have_is_refused(said: dict[str, Any], path: str) -> None:
    assert path in problems(**said)


def test_names_of_the_users_objects_may_be_outputs() -> None:
    assert not problems(storage_class="fast.ssd", tls_secret="mine", priority_class="high", labels={"a.b/c": ""})
    assert not problems(storage_class=pulumi.Output.from_input("fast"), tls_secret=pulumi.Output.from_input("mine"))
