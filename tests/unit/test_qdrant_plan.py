"""What a Qdrant cluster becomes in Kubernetes: its figures, its safety, what its nodes are told."""

import json
import re
from typing import Any

import kubernetes_validate
import pytest

from penstock.data.qdrant import jobs, kept, plan, pods, policies, texts
from penstock.data.qdrant.spec import QdrantSpec
from penstock.problems import InvalidSpec
from penstock.spec import check
from tests.unit.test_workload import pool

TAINT = {"key": "workload-type", "value": "database", "effect": "NoSchedule"}
DATABASE = pool("database", min_nodes=6, max_nodes=6, taints=[TAINT], labels={"workload-type": "database"})


def asked(**said: Any) -> dict[str, Any]:
    return {"namespace": "data", "pools": [DATABASE], **said}


def spec(**said: Any) -> QdrantSpec:
    return check(QdrantSpec, asked(**said))


def problems(**said: Any) -> dict[str, str]:
    try:
        spec(**said)
    except InvalidSpec as refused:
        return {problem.path: problem.reason for problem in refused.problems}
    return {}


def stateful(**said: Any) -> dict[str, Any]:
    return plan.stateful_set("vectors", spec(**said), tls_secret="vectors-tls", annotations={"a": "b"})


def pod(**said: Any) -> dict[str, Any]:
    return dict(stateful(**said)["spec"]["template"]["spec"])


def server(**said: Any) -> dict[str, Any]:
    (container,) = pod(**said)["containers"]
    return dict(container)


def job_pod(tls: bool = True) -> dict[str, Any]:
    return jobs.pod("vectors", image="python:1", url="https://v:6333", tls_secret="vectors-tls" if tls else None)


def everything(**said: Any) -> list[dict[str, Any]]:
    given = spec(**said)
    monitor = plan.pod_monitor("vectors", given, tls_secret="vectors-tls", host="v")
    job = jobs.collections_job(
        "vectors-collections", "vectors", namespace="data", wanted="vectors-collections", digest="1", pod=job_pod()
    )
    return [
        {"apiVersion": "apps/v1", "kind": "StatefulSet", **stateful(**said)},
        *({"apiVersion": "v1", "kind": "Service", **each} for each in plan.services("vectors", given)),
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", **plan.disruption_budget("vectors", given)},
        *(
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **each("vectors", given)}
            for each in (policies.servers, policies.admins)
        ),
        {"apiVersion": "batch/v1", "kind": "Job", **job},
        {"apiVersion": "batch/v1", "kind": "CronJob", **jobs.repair("vectors", namespace="data", pod=job_pod())},
        monitor,
    ]


@pytest.mark.parametrize("said", [{}, {"tls": False}, {"nodes": 5, "storage_class": "fast"}])
def test_its_objects_are_as_kubernetes_wants_them(said: dict[str, Any]) -> None:
    for manifest in everything(**said):
        if manifest["kind"] != "PodMonitor":
            kubernetes_validate.validate(manifest, "1.36", strict=True)


def test_it_has_the_figures_that_were_asked_for() -> None:
    made = stateful()["spec"]
    assert (made["replicas"], made["podManagementPolicy"]) == (3, "Parallel")
    ports = {port["name"]: port["containerPort"] for port in server()["ports"]}
    assert (ports["http"], ports["grpc"], ports["p2p"]) == (6333, 6334, 6335)
    assert server()["resources"] == {
        "requests": {"cpu": "500m", "memory": "2Gi"},
        "limits": {"cpu": "2", "memory": "8Gi"},
    }
    sizes = {claim["metadata"]["name"]: claim["spec"] for claim in made["volumeClaimTemplates"]}
    assert {name: each["resources"]["requests"]["storage"] for name, each in sizes.items()} == {
        "storage": "100Gi",
        "snapshots": "100Gi",
    }
    shared, cache = texts.wanted(spec())["collections"]
    for collection in (shared, cache):
        body = collection["body"]
        assert body["vectors"] == {"size": 384, "distance": "Cosine"}
        assert (body["shard_number"], body["replication_factor"]) == (6, 2)
    assert cache["name"] == "llm_cache"
    assert texts.settings("host", spec())["QDRANT_CACHE_SCORE_THRESHOLD"] == "0.95"


def test_its_image_is_the_official_one_without_privileges_and_pinned() -> None:
    assert re.fullmatch(r"docker\.io/qdrant/qdrant:v\d+\.\d+\.\d+-unprivileged", server()["image"])
    assert re.fullmatch(r"docker\.io/library/python:\d+\.\d+\.\d+-alpine\d+\.\d+", pod()["initContainers"][0]["image"])


def pods_of_all() -> list[dict[str, Any]]:
    job = jobs.collections_job("c", "vectors", namespace="data", wanted="c", digest="1", pod=job_pod())
    repair = jobs.repair("vectors", namespace="data", pod=job_pod())
    return [
        pod(),
        job["spec"]["template"]["spec"],
        repair["spec"]["jobTemplate"]["spec"]["template"]["spec"],
    ]


def test_pods_are_what_pod_security_calls_restricted() -> None:
    for each in pods_of_all():
        security = each["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert each["automountServiceAccountToken"] is False
        for container in [*each["containers"], *each.get("initContainers", [])]:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert own["readOnlyRootFilesystem"] is True
        kinds = {kind for volume in each["volumes"] for kind in volume if kind != "name"}
        assert kinds <= {"configMap", "secret", "emptyDir"}


def test_each_node_has_a_machine_of_the_pool_to_itself() -> None:
    placed = pod()
    assert placed["nodeSelector"] == {"workload-type": "database"}
    assert placed["tolerations"][0]["key"] == "workload-type"
    (apart,) = placed["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert apart["topologyKey"] == "kubernetes.io/hostname"
    assert apart["labelSelector"]["matchLabels"] == pods.labels("vectors")
    assert stateful()["spec"]["selector"]["matchLabels"] == pods.labels("vectors")


def test_one_node_at_a_time_may_be_away() -> None:
    assert plan.disruption_budget("vectors", spec())["spec"]["maxUnavailable"] == 1


def test_nodes_find_one_another_before_they_are_ready() -> None:
    client, among = plan.services("vectors", spec())
    assert among["spec"]["publishNotReadyAddresses"] is True
    assert among["spec"]["clusterIP"] == "None"
    assert stateful()["spec"]["serviceName"] == among["metadata"]["name"]
    assert {port["port"] for port in client["spec"]["ports"]} == {6333, 6334}


def test_shards_that_are_not_whole_make_a_node_unready_and_never_restart_it() -> None:
    container = server()
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/livez"
    start = server(startup_seconds=1200)["startupProbe"]
    assert start["failureThreshold"] * start["periodSeconds"] == 1200


def test_a_node_is_given_time_to_end() -> None:
    assert pod()["terminationGracePeriodSeconds"] >= 60
    assert server()["lifecycle"]["preStop"]["sleep"]["seconds"] > 0


@pytest.mark.parametrize(("tls", "scheme"), [(True, "HTTPS"), (False, "HTTP")])
def test_probes_peers_and_configuration_agree_on_tls(tls: bool, scheme: str) -> None:
    assert server(tls=tls)["livenessProbe"]["httpGet"]["scheme"] == scheme
    variables = {each["name"]: each.get("value", "") for each in server(tls=tls)["env"]}
    assert variables["PEER_URI"].startswith(f"{scheme.lower()}://$(POD_NAME).")
    told = texts.configuration(spec(tls=tls))
    assert told["service"]["enable_tls"] is told["cluster"]["p2p"]["enable_tls"] is tls
    assert ("tls" in told) is tls
    volumes = {volume["name"] for volume in pod(tls=tls)["volumes"]}
    assert ("tls" in volumes) is tls


def test_a_node_is_told_all_that_keeps_it_safe() -> None:
    told = json.loads(texts.server(spec())["production.yaml"])
    assert told["service"]["jwt_rbac"] is True
    assert told["service"]["enable_snapshot_url_recovery"] is False
    assert told["telemetry_disabled"] is True
    assert told["cluster"]["enabled"] is True
    assert told["storage"]["collection"]["replication_factor"] == 2
    assert "api_key" not in json.dumps(told), "keys come by a Secret"


def test_keys_come_from_a_secret_the_previous_one_only_where_there_is_one() -> None:
    keys = {
        each["name"]: each["valueFrom"]["secretKeyRef"]
        for each in server()["env"]
        if "secretKeyRef" in each.get("valueFrom", {})
    }
    assert keys["QDRANT__SERVICE__API_KEY"] == {"name": "vectors-keys", "key": "api-key", "optional": False}
    assert keys["QDRANT__SERVICE__ALT_API_KEY"]["optional"] is True
    assert keys["QDRANT__SERVICE__READ_ONLY_API_KEY"]["key"] == "read-only-api-key"


def test_jobs_see_the_authority_and_never_the_servers_key() -> None:
    job = jobs.collections_job("c", "vectors", namespace="data", wanted="c", digest="1", pod=job_pod())
    secrets = [each["secret"] for each in job["spec"]["template"]["spec"]["volumes"] if "secret" in each]
    assert [item["key"] for secret in secrets for item in secret["items"]] == ["ca.crt"]
    mounts = pod()["initContainers"][0]["volumeMounts"]
    assert [mount["subPath"] for mount in mounts if mount["name"] == "tls"] == ["ca.crt"]


def test_points_of_tenants_have_a_partition_in_shared_collections() -> None:
    for collection in texts.wanted(spec())["collections"]:
        (index,) = collection["indexes"]
        assert index == {"field_name": "tenant_id", "field_schema": {"type": "keyword", "is_tenant": True}}
        assert collection["body"]["hnsw_config"] == {"m": 0, "payload_m": 16}


def test_a_job_is_another_one_when_what_it_runs_is() -> None:
    digests = {
        texts.digest(texts.wanted(spec(**said)), texts.admin()) for said in ({}, {"collection": {"replicas": 3}})
    }
    assert len(digests) == 2


def test_names_of_jobs_stay_labels() -> None:
    long = jobs.fitted("a" * 40 + "-tenant-" + "b" * 32 + "-12345678")
    other = jobs.fitted("a" * 40 + "-tenant-" + "b" * 32 + "-87654321")
    assert len(long) == len(other) == 63
    assert long != other


class Peer:
    """Who may reach what, read from a policy's ingress."""

    def __init__(self, policy: dict[str, Any]) -> None:
        self.rules = policy["spec"]["ingress"]

    def ports(self, namespace: dict[str, str], pods: dict[str, str] | None = None) -> set[int]:
        """The ports that pods with labels `pods` in a namespace with these labels reach."""
        found: set[int] = set()
        for rule in self.rules:
            if any(self._is(each, namespace, pods or {}) for each in rule["from"]):
                found |= {port["port"] for port in rule["ports"]}
        return found

    @staticmethod
    def _is(peer: dict[str, Any], namespace: dict[str, str], pods: dict[str, str]) -> bool:
        if "namespaceSelector" not in peer:
            own = namespace.get("kubernetes.io/metadata.name") == "data"
            return own and peer["podSelector"]["matchLabels"].items() <= pods.items()
        selector = peer["namespaceSelector"]
        known = all(term["key"] in namespace for term in selector.get("matchExpressions", []))
        return known and selector.get("matchLabels", {}).items() <= namespace.items()


def namespace(name: str, **labels: str) -> dict[str, str]:
    return {"kubernetes.io/metadata.name": name, **labels}


def test_who_reaches_it() -> None:
    reach = Peer(policies.servers("vectors", spec()))
    tenant = {"penstock.dev/tenant": "acme"}
    assert reach.ports(namespace("services")) == {6333, 6334}
    assert reach.ports(namespace("acme", **tenant, **{"penstock.dev/qdrant": "dedicated"})) == {6333, 6334}
    assert reach.ports(namespace("acme", **tenant)) == set(), "it is reached through services"
    assert reach.ports(namespace("other", **{"penstock.dev/qdrant": "dedicated"})) == set()
    assert reach.ports(namespace("monitoring")) == {6336}
    assert reach.ports(namespace("data"), pods.labels("vectors")) == {6333, 6335}
    assert reach.ports(namespace("data"), pods.admin_labels("vectors")) == {6333}
    assert reach.ports(namespace("data"), pods.labels("other")) == set()


def test_no_tenant_and_no_service_reaches_the_ports_of_nodes_and_of_metrics() -> None:
    reach = Peer(policies.servers("vectors", spec(client_namespaces=["services", "gateway"])))
    for each in (namespace("services"), namespace("gateway")):
        assert reach.ports(each).isdisjoint({6335, 6336})


def test_it_reaches_nothing_but_names_and_its_own_nodes() -> None:
    (dns, own) = policies.servers("vectors", spec())["spec"]["egress"]
    assert {(port["protocol"], port["port"]) for port in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in dns["to"]
    assert own["to"] == [{"podSelector": {"matchLabels": pods.labels("vectors")}}]


@pytest.mark.parametrize(
    ("said", "path", "sentence"),
    [
        ({"nodes": 4}, "nodes", "Write 3 or 5"),
        ({"nodes": 1}, "nodes", "at least 3"),
        ({"pools": []}, "pools", "at least 1"),
        ({"pools": [pool("few", max_nodes=2)]}, "nodes", "Raise max_nodes"),
        ({"pools": [pool("spot", purchase="spot", max_nodes=9)]}, "pools[0]", "no home for data"),
        ({"memory_request": "64Gi", "memory_limit": "64Gi"}, "pools[0]", "larger machines"),
        ({"cpu_request": "much"}, "cpu_request", "no amount"),
        ({"memory_limit": "1Gi"}, "memory_limit", "at least 2Gi"),
        ({"snapshot_volume_gib": 50}, "snapshot_volume_gib", "copy of the data"),
        ({"collection": {"replicas": 1}}, "collection.replicas", "at least 2"),
        ({"collection": {"replicas": 4}}, "collection.replicas", "a node of its own"),
        ({"collection": {"write_consistency": 2}}, "collection.write_consistency", "stops writes"),
        ({"collection": {"name": "tenant-acme"}}, "collection.name", "tenants' own collections"),
        ({"collection": {"name": "A/B"}}, "collection.name", "no name for a collection"),
        ({"collection": {"name": "llm_cache"}}, "cache.name", "collection of tenants"),
        ({"cache": {"threshold": 1.5}}, "cache.threshold", "at most 1"),
        ({"tls": False, "tls_secret": "mine"}, "tls_secret", "Without TLS"),
        ({"rotation": 0}, "rotation", "at least 1"),
        ({"namespace": "No Name"}, "namespace", "no name that Kubernetes takes"),
        ({"replicas": 3}, "replicas", "Write nodes"),
        ({"client_namespaces": ["A B"]}, "client_namespaces[0]", "no name that Kubernetes takes"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(said: dict[str, Any], path: str, sentence: str) -> None:
    found = problems(**said)
    assert sentence in found[path]


def test_all_problems_are_told_at_once() -> None:
    assert problems(nodes=4, rotation=0, cache={"threshold": 2}).keys() == {"nodes", "rotation", "cache.threshold"}


def test_volumes_grow_by_their_claims() -> None:
    found = plan.claims("vectors", spec(volume_gib=200))
    sizes = {each["metadata"]["name"]: each["spec"]["resources"]["requests"]["storage"] for each in found}
    assert sizes["storage-vectors-0"] == sizes["snapshots-vectors-2"] == "200Gi"
    assert len(sizes) == 6


def refused(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """What is wrong with a change, by path."""
    return {each.path: each.reason for each in kept.changed(kept.facts(spec(**before)), kept.facts(spec(**after)))}


@pytest.mark.parametrize(
    ("before", "after", "path", "sentence"),
    [
        ({"nodes": 5}, {"nodes": 3}, "nodes", "Write at least 5"),
        ({}, {"collection": {"vector_size": 768}}, "collection.vector_size", "has 384"),
        ({}, {"collection": {"distance": "Dot"}}, "collection.distance", "has Cosine"),
        ({}, {"collection": {"shards": 12}}, "collection.shards", "has 6"),
        ({}, {"cache": {"vector_size": 768}}, "cache.vector_size", "'llm_cache' has 384"),
        ({"storage_class": "fast"}, {}, "storage_class", "'fast'"),
    ],
)
def test_what_cannot_be_changed_is_refused_where_the_state_knows_it(
    before: dict[str, Any], after: dict[str, Any], path: str, sentence: str
) -> None:
    found = refused(before, after)
    assert found.keys() == {path}
    assert sentence in found[path]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({}, {"nodes": 5}),
        ({}, {"collection": {"replicas": 3, "write_consistency": 2}}),
        ({}, {"collection": {"name": "wide", "vector_size": 768}}),
        ({}, {"cache": {"threshold": 0.9}}),
    ],
)
def test_what_can_be_changed_is_not_refused(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert refused(before, after) == {}


def test_a_component_that_has_registered_less_refuses_nothing() -> None:
    assert not list(kept.changed({}, kept.facts(spec())))


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"storage_class": "Fast SSD"}, "storage_class"),
        ({"image": "qdrant 1"}, "image"),
        ({"client_image": ""}, "client_image"),
    ],
)
def test_names_that_kubernetes_does_not_take_are_refused(said: dict[str, Any], path: str) -> None:
    assert path in problems(**said)
