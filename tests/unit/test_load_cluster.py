"""The load model on a cluster: what it reads from the API server, what it writes, and that it touches no other one."""

import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from penstock.spec import check
from sandbox.cluster.api import ApiError
from sandbox.cluster.certificates import Certificates
from sandbox.cluster.kubeconfig import write_kubeconfig
from sandbox.cluster.stages import START_DELAY, START_SECONDS
from sandbox.errors import SandboxError
from sandbox.load.__main__ import ending_well, kept_port, main, target
from sandbox.load.access import access
from sandbox.load.cluster_source import ClusterSource, pods_of, seconds_of
from sandbox.load.run import Usage
from sandbox.load.scenario import Scenario
from sandbox.load.usage import KwokUsage, expression, manifest

BEGUN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
SCENARIO = check(Scenario, {"services": {"web": {"selector": {"app": "web"}, "profile": "spike", "target": "front"}}})


def pod(name: str, *, phase: str = "Running", ready: str = "True", **said: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}, {"type": "PodScheduled", "status": said.pop("scheduled", "True")}]
    resources = {"requests": {"cpu": "250m", "memory": "1Gi"}}
    return {
        "metadata": {"name": name, "labels": {"app": "web"}, **said},
        "spec": {"containers": [{"name": "main", "resources": resources}, {"name": "side", "resources": resources}]},
        "status": {"phase": phase, "conditions": conditions},
    }


PODS = [
    pod("a"),
    pod("b", ready="False"),
    pod("c", phase="Pending", ready="False"),
    pod("d", phase="Pending", ready="False", scheduled="False"),
    pod("e", deletionTimestamp="2026-01-01T00:01:30Z"),
    pod("f", phase="Failed", ready="False"),
]


class FakeView:
    """A collection of objects."""

    def __init__(self, objects: list[dict[str, Any]]) -> None:
        self.there, self.gone = objects, list[dict[str, Any]]()

    def objects(self) -> list[dict[str, Any]]:
        return self.there

    def take_ended(self) -> list[dict[str, Any]]:
        gone, self.gone = self.gone, []
        return gone


class FakeCluster:
    """Collections by the last words of their paths."""

    def __init__(self, **objects: list[dict[str, Any]]) -> None:
        template = {"metadata": {"labels": {}}}
        self.deployment: dict[str, Any] = {"metadata": {"name": "front"}, "spec": {"replicas": 5, "template": template}}
        start = {"pods": PODS, "deployments": [self.deployment], **objects}
        kinds = ("pods", "deployments", "horizontalpodautoscalers", "nodes", "nodeclaims")
        self.views = {kind: FakeView(start.get(kind, [])) for kind in kinds}
        self.paths: list[str] = []
        self.applied: list[dict[str, Any]] = []

    def open(self, path: str) -> FakeView:
        self.paths.append(path)
        return self.views[path.rpartition("/")[2]]

    def apply(self, thing: dict[str, Any]) -> dict[str, Any]:
        self.applied.append(thing)
        return thing


def node(ready: str = "True", **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "n", "labels": labels}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def source(cluster: FakeCluster, at: float = 0.0) -> ClusterSource:
    return ClusterSource(SCENARIO, cluster.open, wall=lambda: BEGUN + at)


def test_pods_are_told_apart_by_what_they_can_do() -> None:
    found = pods_of(PODS, 5, 7, BEGUN)
    assert (found.ready, found.unready, found.terminating) == ({"a"}, {"b"}, {"e": 90.0})
    assert (found.pending, found.unschedulable, found.count) == (2, 1, 5)
    assert (found.desired, found.recommended) == (5, 7)
    assert (found.cpu_request, found.memory_request, found.containers) == (0.5, 2 * 2**30, 2)


def test_a_service_without_pods_is_seen_as_such() -> None:
    assert pods_of([], 0, None, BEGUN).count == 0


def test_deadlines_count_from_the_beginning_of_the_run_whenever_they_are_seen() -> None:
    assert source(FakeCluster(), at=42).observe(42).services["web"].terminating == {"e": 90.0}


def test_pods_of_other_services_are_not_counted() -> None:
    other = pod("z", labels={"app": "other"})
    assert source(FakeCluster(pods=[*PODS, other])).observe(0).services["web"].ready == {"a"}


def test_a_pod_that_is_gone_before_its_deadline_keeps_it_and_one_that_was_lost_has_none() -> None:
    cluster = FakeCluster(pods=[])
    kept = pod("kept", deletionTimestamp="2026-01-01T00:00:30Z")
    lost, strange = pod("lost"), pod("strange", labels={"app": "x"}, deletionTimestamp="2026-01-01T00:00:30Z")
    cluster.views["pods"].gone = [kept, lost, strange]
    clock = [BEGUN]
    eyes = ClusterSource(SCENARIO, cluster.open, wall=lambda: clock[0])
    seen = eyes.observe(0).services["web"]
    assert (dict(seen.ended), seen.count) == ({"kept": 30.0}, 0)
    clock[0] += 20
    assert dict(eyes.observe(20).services["web"].ended) == {"kept": 30.0}
    clock[0] += 20
    assert dict(eyes.observe(40).services["web"].ended) == {}


def test_what_is_desired_is_the_workloads_own_and_what_is_recommended_its_autoscalers() -> None:
    def scaler(name: str, wants: int) -> dict[str, Any]:
        return {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": name}}, "status": {"desiredReplicas": wants}}

    cluster = FakeCluster(horizontalpodautoscalers=[scaler("other", 99), scaler("front", 6)])
    pods = source(cluster).observe(0).services["web"]
    assert (pods.desired, pods.recommended) == (5, 6)
    assert "/api/v1/namespaces/default/pods" in cluster.paths


def test_nodes_that_were_asked_for_are_karpenters_claims_beside_fixed_nodes() -> None:
    made = {"karpenter.sh/nodepool": "general"}
    cluster = FakeCluster(nodes=[node(), node(ready="False"), node(**made)])
    seen = source(cluster).observe(0)
    assert (seen.nodes, seen.nodes_asked) == (2, 3)
    cluster.views["nodeclaims"].there = [{"metadata": {"name": name}} for name in ("a", "b", "c")]
    source_ = source(cluster)
    assert source_.observe(0).nodes_asked == 2 + 3
    cluster.views["nodeclaims"].there = [{"metadata": {"name": "d"}}]
    assert source_.observe(1).nodes_asked == 2 + 4, "those that are gone were asked for, too"


def test_pods_that_start_in_another_time_than_the_scenario_counts_on_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster = FakeCluster()
    source(cluster).check_starts()
    assert capsys.readouterr().err == ""
    for said in ({START_DELAY: "1m40s"}, {START_SECONDS: "100"}):
        cluster.deployment["spec"]["template"]["metadata"] = {"annotations": said}
        source(cluster).check_starts()
        assert "Pods of web start in 100 s, and the scenario counts on 2 s." in capsys.readouterr().err
    cluster.views["deployments"].there = []
    source(cluster).check_starts()
    assert "There is no Deployment default/front yet." in capsys.readouterr().err


@pytest.mark.parametrize(("told", "seconds"), [("100s", 100), ("1m40s", 100), ("1h0.5s", 3600.5), ("", 0)])
def test_durations(told: str, seconds: float) -> None:
    assert seconds_of(told) == seconds


@pytest.mark.parametrize("told", ["5", "s", "5x", "5 s"])
def test_what_is_no_duration_is_never_the_right_one(told: str) -> None:
    assert seconds_of(told) == float("inf")


def test_pods_under_load_use_what_the_model_says_and_all_others_what_they_say() -> None:
    found = expression("cpu", [("team-a", ("a", "b"), "250m"), ("team-b", ("c",), "10m")])
    assert found == (
        'pod.metadata.namespace == "team-a" && pod.metadata.name in ["a", "b"] ? Quantity("250m") : '
        'pod.metadata.namespace == "team-b" && pod.metadata.name in ["c"] ? Quantity("10m") : '
        '"kwok.x-k8s.io/usage-cpu" in pod.metadata.annotations ? '
        'Quantity(pod.metadata.annotations["kwok.x-k8s.io/usage-cpu"]) : Quantity("1m")'
    )


def test_usage_is_told_when_it_changes_and_taken_back_at_the_end() -> None:
    api = FakeCluster()
    sink = KwokUsage(api)  # type: ignore[arg-type]
    for cpu in (0.2, 0.2, 0.3):
        sink({("default", "web"): Usage(("a",), cpu, 2**30)})
    sink.reset()
    said = [each["spec"]["usages"][0]["usage"]["cpu"]["expression"] for each in api.applied]
    assert ["200m" in said[0], "300m" in said[1], "web" in said[2], "in [" in said[2]] == [True, True, False, False]
    assert len(api.applied) == 3
    assert api.applied[0]["metadata"]["name"] == "usage-from-annotation"


def test_a_service_without_pods_is_not_in_the_expression() -> None:
    assert manifest({("default", "web"): Usage((), 1, 1)}) == manifest({})


def test_the_api_server_of_a_sandbox_cluster_is_found_by_its_kubeconfig(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "certificates")
    certificates.make({"admin": "/O=system:masters/CN=admin"})
    file = write_kubeconfig(tmp_path / "kubeconfig", "https://127.0.0.1:1", certificates, "admin")
    with pytest.raises(SandboxError, match="does not answer") as told:
        access(file).api().get("/readyz")
    assert access(file).endpoint().server == "https://127.0.0.1:1"
    assert not isinstance(told.value, ApiError)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[",
        '{"clusters": [{"cluster": {"server": "https://prod"}}], "users": [{"user": {"token": "t"}}]}',
        '{"clusters": [{"cluster": {"server": "s", "certificate-authority": "/x/prod.pem"}}],'
        ' "users": [{"user": {"client-certificate": "/x/admin.crt"}}]}',
    ],
)
def test_another_cluster_is_not_put_under_load(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    with pytest.raises(SandboxError, match="is not that of a sandbox cluster"):
        access(file)
    with pytest.raises(SandboxError, match="starts a cluster"):
        access(tmp_path / "none")


def test_prometheus_is_told_of_the_exporter_while_it_runs(tmp_path: Path) -> None:
    with target(tmp_path / "targets", 4711) as file:
        assert json.loads(file.read_text())[0]["targets"] == ["127.0.0.1:4711"]
        assert [each.suffix for each in file.parent.iterdir()] == [".json"]
    assert list((tmp_path / "targets").iterdir()) == []


def test_the_exporter_listens_where_the_cluster_looks_for_it(tmp_path: Path) -> None:
    assert kept_port(tmp_path / "kubeconfig") == 0
    (tmp_path / "ports.json").write_text('{"etcd": 1}')
    assert kept_port(tmp_path / "kubeconfig") == 0
    (tmp_path / "ports.json").write_text('{"etcd": 1, "load": 4711}')
    assert kept_port(tmp_path / "kubeconfig") == 4711


def test_being_told_to_terminate_ends_a_run_as_an_interrupt_does() -> None:
    with pytest.raises(KeyboardInterrupt), ending_well():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()


def test_the_command_line_tells_what_is_wrong_in_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "spikes"]) == 1
    assert "There is no scenario spikes." in capsys.readouterr().err
    assert main(["run", "spike", "--kubeconfig", str(tmp_path / "none")]) == 1
    assert "starts a cluster" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "none")]) == 1
    assert "There is no record" in capsys.readouterr().err
