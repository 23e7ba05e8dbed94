"""The real control plane: it comes up, does its work on fake nodes, outlives crashes, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import ssl
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from sandbox.cluster import Cluster, FakeNode
from sandbox.cluster.api import Api, ApiError, Object
from sandbox.cluster.control_plane import NAMES
from sandbox.cluster.nodes import MANAGED, Taint, set_nodes
from sandbox.cluster.ports import is_free
from sandbox.cluster.processes import born
from sandbox.cluster.stages import START_DELAY, STARTING
from tests.cluster.objects import await_, await_ready, condition, deployment, pids, pod, states

SMALL = {"cpu": "4", "memory": "16Gi", "pods": "110"}
GPU = Taint("nvidia.com/gpu", "present")
NODES = (
    *(FakeNode(f"small-{number}", SMALL, labels={"pool": "small"}) for number in range(3)),
    FakeNode("gpu-0", {**SMALL, "nvidia.com/gpu": "2"}, labels={"pool": "gpu"}, taints=(GPU,)),
)


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Api:
    """The cluster's API server, with fake nodes."""
    asked = cluster.api
    set_nodes(asked, NODES)
    await_(
        "all nodes are ready",
        lambda: all(_takes_pods(node) for node in asked.get("/api/v1/nodes")["items"]),
    )
    return asked


def _takes_pods(node: Object) -> bool:
    """The taints of its start go a moment after it is ready."""
    starts = {STARTING, "node.kubernetes.io/not-ready"} & {taint["key"] for taint in node["spec"].get("taints", [])}
    return condition(node, "Ready") == "True" and not starts


def test_the_api_server_is_ready_and_tells_its_version(cluster: Cluster) -> None:
    assert cluster.ask("get", "--raw", "/readyz") == "ok"
    found = json.loads(cluster.ask("version", "--output", "json"))
    assert found["serverVersion"]["gitVersion"] == found["clientVersion"]["gitVersion"] == "v1.36.3"
    assert set(states(cluster).values()) == {"ready"}


def test_an_up_again_starts_nothing_and_keeps_every_process(cluster: Cluster) -> None:
    before = pids(cluster)
    assert cluster.up() == []
    assert pids(cluster) == before


def test_everything_listens_on_loopback_only(cluster: Cluster) -> None:
    ours = {f"{port:04X}" for port in json.loads((cluster.folder / "ports.json").read_text()).values()}
    listening = [
        line.split()[1].split(":") for file in ("tcp", "tcp6") for line in _table(file) if line.split()[3] == "0A"
    ]
    there = {port: address for address, port in listening if port in ours}
    assert there.keys() == ours
    assert set(there.values()) == {"0100007F"}


def _table(file: str) -> list[str]:
    path = Path("/proc/net", file)
    return path.read_text().splitlines()[1:] if path.exists() else []


def test_twenty_pods_of_a_deployment_become_ready_on_fake_nodes(cluster: Cluster, api: Api) -> None:
    made = deployment("web", 20)
    api.apply(made)
    await_ready(api, made)
    pods = api.get("/api/v1/namespaces/default/pods?labelSelector=app%3Dweb")["items"]
    assert len(pods) == 20
    assert {found["spec"]["nodeName"] for found in pods} == {"small-0", "small-1", "small-2"}
    # Where its very first pods start at the same moment, kwok gives one address twice.
    assert len({found["status"]["podIP"] for found in pods}) >= 19


def test_a_pod_is_ready_after_the_time_that_it_states(api: Api) -> None:
    quick, slow = pod("quick", annotations={START_DELAY: "0s"}), pod("slow", annotations={START_DELAY: "6s"})
    for made in (quick, slow):
        api.apply(made)
    assert _start_seconds(await_ready(api, quick)) <= 4
    assert 6 <= _start_seconds(await_ready(api, slow)) <= 10


def _start_seconds(found: dict) -> float:  # type: ignore[type-arg]
    times = {each["type"]: each["lastTransitionTime"] for each in found["status"]["conditions"]}
    ready, created = (datetime.fromisoformat(text) for text in (times["Ready"], found["metadata"]["creationTimestamp"]))
    return (ready - created).total_seconds()


def test_a_gpu_pod_runs_only_where_gpus_are_and_only_if_it_tolerates_their_taint(api: Api) -> None:
    needs = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "2"}
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    tolerant, intolerant = pod("tolerant", requests=needs, tolerations=tolerations), pod("intolerant", requests=needs)
    api.apply(tolerant)
    assert await_ready(api, tolerant)["spec"]["nodeName"] == "gpu-0"
    api.apply(intolerant)
    path = api.path(intolerant)
    await_("the intolerant pod is found unschedulable", lambda: condition(api.get(path), "PodScheduled") == "False")
    api.delete(path)


def test_a_claim_is_bound_when_a_pod_needs_it_and_its_volume_goes_with_it(api: Api) -> None:
    storage = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": storage}
    api.apply(claim)
    user = pod("user", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
    assert api.get(api.path(claim))["status"]["phase"] == "Pending"
    api.apply(user)
    await_ready(api, user)
    bound = api.get(api.path(claim))
    assert (bound["status"]["phase"], bound["status"]["capacity"]) == ("Bound", {"storage": "10Gi"})
    api.delete(api.path(user))
    api.delete(api.path(claim))
    volume = f"/api/v1/persistentvolumes/{bound['spec']['volumeName']}"
    await_("the volume is gone", lambda: api.find(volume) is None)


def test_nodes_whose_description_is_gone_are_removed_and_those_of_others_stay(api: Api) -> None:
    foreign = FakeNode("autoscaled").manifest()
    del foreign["metadata"]["labels"][MANAGED]
    api.create("/api/v1/nodes", foreign)
    assert set_nodes(api, [*NODES, FakeNode("extra-0", SMALL)]) == (["extra-0"], [])
    assert set_nodes(api, NODES) == ([], ["extra-0"])
    names = {node["metadata"]["name"] for node in api.get("/api/v1/nodes")["items"]}
    assert names == {"autoscaled", *(node.name for node in NODES)}
    api.delete("/api/v1/nodes/autoscaled")


def test_a_node_that_is_described_anew_is_what_the_description_says(api: Api) -> None:
    before = FakeNode("changing", {**SMALL, "nvidia.com/gpu": "1"}, labels={"tier": "a"}, taints=(GPU,))
    after = FakeNode("changing", {**SMALL, "cpu": "8"}, labels={"pool": "b"}, taints=(Taint("dedicated", "b"),))
    set_nodes(api, [*NODES, before])
    await_("the node is ready", lambda: condition(api.get("/api/v1/nodes/changing"), "Ready") == "True")
    set_nodes(api, [*NODES, after])
    found = api.get("/api/v1/nodes/changing")
    assert found["status"]["capacity"] == found["status"]["allocatable"] == {**SMALL, "cpu": "8"}
    assert found["metadata"]["labels"].get("tier") is None and found["metadata"]["labels"]["pool"] == "b"
    # The node controller takes its own taint away in its own time.
    await_("only the described taint is left", lambda: _taints(api, "changing") == {("dedicated", "b")})
    assert condition(found, "Ready") == "True"
    set_nodes(api, NODES)


def _taints(api: Api, node: str) -> set[tuple[str, str]]:
    return {(it["key"], it.get("value", "")) for it in api.get(f"/api/v1/nodes/{node}")["spec"].get("taints", [])}


def test_kubelets_tell_what_annotated_pods_use(cluster: Cluster, api: Api) -> None:
    busy = pod("busy", annotations={"kwok.x-k8s.io/usage-cpu": "250m", "kwok.x-k8s.io/usage-memory": "48Mi"})
    api.apply(busy)
    node = await_ready(api, busy)["spec"]["nodeName"]
    port = json.loads((cluster.folder / "ports.json").read_text())["kwok"]
    trusted = ssl.create_default_context(cafile=str(cluster.folder / "certificates" / "ca.crt"))
    url = f"https://127.0.0.1:{port}/metrics/nodes/{node}/metrics/resource"

    def told() -> dict[str, float]:
        with urllib.request.urlopen(url, context=trusted, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {line.split("{")[0]: float(line.split()[-1]) for line in lines if 'pod="busy"' in line}

    # The first answer starts the count.
    await_("the kubelet tells of the CPU", lambda: told().get("pod_cpu_usage_seconds_total", 0) > 0.1)
    assert told()["pod_memory_working_set_bytes"] == 48 * 2**20


def test_rbac_refuses_a_token_without_rights(cluster: Cluster, api: Api) -> None:
    cluster.ask("create", "serviceaccount", "nobody")
    token = cluster.ask("create", "token", "nobody").strip()
    nobody = _bearer(cluster, token)
    assert nobody.get("/version")["gitVersion"] == "v1.36.3"
    with pytest.raises(ApiError, match='nobody.*cannot list resource "secrets"') as refused:
        nobody.get("/api/v1/namespaces/default/secrets")
    assert (refused.value.status, refused.value.reason) == (403, "Forbidden")
    cluster.ask("create", "rolebinding", "somebody", "--clusterrole=view", "--serviceaccount=default:nobody")
    await_("the binding counts", lambda: _may(nobody, "/api/v1/namespaces/default/pods"))
    assert not _may(nobody, "/api/v1/namespaces/default/secrets")
    assert not _may(nobody, "/api/v1/namespaces/kube-system/pods")
    with pytest.raises(ApiError) as unknown:
        _bearer(cluster, "made-up").get("/api/v1/namespaces/default/pods")
    assert unknown.value.status == 401


def _bearer(cluster: Cluster, token: str) -> Api:
    return cluster.api_of(token)


def _may(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except ApiError as error:
        if error.status != 403:
            raise
        return False
    return True


@pytest.fixture
def web(api: Api) -> Iterator[dict]:  # type: ignore[type-arg]
    """A Deployment that is ready."""
    made = deployment("kept", 2)
    api.apply(made)
    await_ready(api, made)
    yield made


@pytest.mark.parametrize("victims", [("kube-apiserver",), ("etcd",), ("kube-scheduler", "kwok")], ids="+".join)
def test_what_was_killed_is_started_again_and_nothing_is_forgotten(
    cluster: Cluster,
    api: Api,
    web: dict,
    victims: tuple[str, ...],  # type: ignore[type-arg]
) -> None:
    before = pids(cluster)
    uid = api.get(api.path(web))["metadata"]["uid"]
    for victim in victims:
        os.kill(before[victim] or 0, signal.SIGKILL)
    await_("status tells who died", lambda: all(states(cluster)[victim] == "died" for victim in victims))
    assert cluster.up() == [name for name in NAMES if name in victims]
    after = pids(cluster)
    assert {name for name in NAMES if after[name] != before[name]} == set(victims)
    found = api.get(api.path(web))
    assert found["metadata"]["uid"] == uid
    web["spec"]["replicas"] = found["spec"]["replicas"] + 1
    api.apply(web)
    await_ready(api, web)


def test_status_tells_of_a_component_that_runs_and_does_not_answer(cluster: Cluster) -> None:
    scheduler = pids(cluster)["kube-scheduler"] or 0
    os.kill(scheduler, signal.SIGSTOP)
    try:
        assert states(cluster)["kube-scheduler"] == "not ready"
    finally:
        os.kill(scheduler, signal.SIGCONT)
    await_("the scheduler answers again", lambda: states(cluster)["kube-scheduler"] == "ready")


def test_down_leaves_no_process_and_no_listener_and_an_up_brings_everything_back(
    cluster: Cluster,
    api: Api,
    web: dict,  # type: ignore[type-arg]
) -> None:
    running = pids(cluster)
    ports = json.loads((cluster.folder / "ports.json").read_text())
    assert cluster.down() == list(reversed(NAMES))
    assert not [pid for pid in running.values() if pid and born(pid)]
    assert all(is_free(port) for port in ports.values())
    assert set(states(cluster).values()) == {"stopped"}
    assert cluster.down() == []
    assert cluster.up() == list(NAMES)
    assert json.loads((cluster.folder / "ports.json").read_text()) == ports
    await_ready(api, web)
