"""The platform breathes: what docs/examples/rehearsal deploys is put under load, and follows it.

One run of the load model for all tests: services, each with its own load and autoscaler, at the same time. What is
judged is what was recorded in each second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.cluster import Cluster
from sandbox.cluster.platform import platform
from sandbox.cluster.processes import wait_until
from sandbox.engine import find_engine
from sandbox.errors import SandboxError
from sandbox.load import measures
from sandbox.load.__main__ import main as load
from sandbox.load.record import ServiceSecond, Timeline, read_timeline
from tests.cluster.conftest import ROOT
from tests.cluster.objects import deployment

PROGRAM = ROOT / "docs" / "examples" / "rehearsal"
BUFFER = "/apis/autoscaling.x-k8s.io/v1beta1/namespaces/services/capacitybuffers/spike-headroom"
NIGHT_PODS = "/api/v1/namespaces/services/pods?labelSelector=app.kubernetes.io%2Fname%3Dnightly"
NIGHT_NODES = "/api/v1/nodes?labelSelector=penstock%2Fpool%3Dnightly"
HOMELESS = "/api/v1/namespaces/default/pods?labelSelector=app%3Dhomeless"


@dataclass(frozen=True)
class Night:
    """What was seen of the workers of the night at a time of day."""

    at: datetime
    pods: int
    nodes: int


@dataclass(frozen=True)
class Rehearsal:
    """The run, and the cluster that it left behind."""

    timeline: Timeline
    cluster: Cluster
    opens: datetime
    closes: datetime
    nights: list[Night]

    def between(self, service: str, begin: float, end: float) -> list[ServiceSecond]:
        """What was seen of a service from one second of the run to another."""
        return [second.services[service] for second in self.timeline.seconds if begin <= second.at < end]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Rehearsal]:
    """The program deployed, its nodes kept warm, and the scenario played."""
    home = tmp_path_factory.mktemp("home")
    cluster = Cluster(home, tools)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    opens, closes = now + timedelta(minutes=6), now + timedelta(minutes=8)
    project = home / "rehearsal"
    project.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        text = (PROGRAM / name).read_text()
        for written, moment in (("0 2 * * *", opens), ("0 4 * * *", closes)):
            text = text.replace(written, f"{moment:%-M %-H} * * *")
        (project / name).write_text(text)
    stopped = threading.Event()
    try:
        cluster.up()
        platform(project, cluster, find_engine(ROOT / ".sandbox" / "engine")).pulumi("up", check=True)
        # Pods that no pool has a machine for.
        cluster.api.apply(deployment("homeless", 1, requests={"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "99"}))
        assert wait_until(lambda: _is_warm(cluster), 180), "the headroom's nodes are not there"
        nights: list[Night] = []
        watch = threading.Thread(target=_watch, args=(cluster, nights, stopped))
        watch.start()
        record = home / "run.jsonl"
        load(["run", "rehearsal", "--kubeconfig", str(cluster.kubeconfig), "--record", str(record)])
        stopped.set()
        watch.join()
        yield Rehearsal(read_timeline(record), cluster, opens, closes, nights)
    finally:
        stopped.set()
        cluster.delete()


def _is_warm(cluster: Cluster) -> bool:
    """Whether there is room for all that the buffer holds, on nodes that are ready."""
    provisioned = [
        found["status"] == "True"
        for found in cluster.api.get(BUFFER).get("status", {}).get("conditions", [])
        if found["type"] == "Provisioning"
    ]
    states = [
        found["status"] == "True"
        for node in cluster.api.get("/api/v1/nodes")["items"]
        for found in node["status"].get("conditions", [])
        if found["type"] == "Ready"
    ]
    return any(provisioned) and all(states)


def _watch(cluster: Cluster, nights: list[Night], stopped: threading.Event) -> None:
    api = cluster.api
    while not stopped.wait(2):
        try:
            pods, nodes = len(api.get(NIGHT_PODS)["items"]), len(api.get(NIGHT_NODES)["items"])
        except SandboxError:
            continue  # The next look tells.
        nights.append(Night(datetime.now(UTC), pods, nodes))


def test_a_spike_on_warm_nodes_is_answered_in_time(rehearsal: Rehearsal) -> None:
    latencies = rehearsal.timeline.latencies["spike"]
    assert latencies.percentile(95) < 3
    assert measures.failed_share(latencies) < 0.01
    first = measures.first_scaling(rehearsal.timeline, "spike")
    assert first is not None
    assert first <= 60
    assert measures.reversals(rehearsal.timeline, "spike") == 0


def test_the_same_spike_without_warm_nodes_is_not(rehearsal: Rehearsal) -> None:
    cold, warm = (rehearsal.timeline.latencies[name].percentile(95) for name in ("cold", "spike"))
    assert cold > 3
    assert cold > 2 * warm


def test_nodes_are_asked_for_at_once_and_are_there_within_five_minutes(rehearsal: Rehearsal) -> None:
    asked, there = measures.node_asked(rehearsal.timeline), measures.nodes_there(rehearsal.timeline)
    assert asked is not None and asked <= 30
    assert there is not None and there <= 300


def test_waves_of_load_do_not_turn_a_steady_autoscaler_around(rehearsal: Rehearsal) -> None:
    assert measures.reversals(rehearsal.timeline, "waves") == 0


def test_they_turn_one_around_that_does_not_hold_on(rehearsal: Rehearsal) -> None:
    lows = [min(seen.desired for seen in rehearsal.between("nervous", at, at + 30)) for at in (120, 180, 240)]
    highs = [max(seen.desired for seen in rehearsal.between("nervous", at, at + 30)) for at in (150, 210, 270)]
    assert max(lows) < min(highs), "it goes down in every trough and up in every crest"


def test_who_is_woken_stays_until_it_answers(rehearsal: Rehearsal) -> None:
    """The requests of 20 s come too early for it; all later ones find it awake."""
    before, after = rehearsal.between("woken", 90, 110)[0], rehearsal.between("woken", 280, 290)[-1]
    assert after.served - before.served == after.arrived - before.arrived > 0


def test_who_is_put_to_sleep_before_it_has_started_answers_nobody(rehearsal: Rehearsal) -> None:
    last = rehearsal.between("restless", 280, 290)[-1]
    assert last.arrived > 0
    assert last.served == 0
    assert {seen.desired for seen in rehearsal.between("restless", 20, 290)} == {0, 1}, "woken, and put to sleep"


def test_while_metrics_are_missing_replicas_stay_although_the_load_is_gone(rehearsal: Rehearsal) -> None:
    """Exporters are silent from 290 s to 330 s. The crest ends at 300 s, the last request of the other at 225 s.

    What was scraped last is 5 s old, and the autoscaler looks every 5 s: by 305 s it has done what that asked for, which
    may be to come down from what the queue of the crest's beginning had needed to what its load needs.
    """
    high = rehearsal.between("nervous", 235, 240)[-1].desired
    assert min(seen.desired for seen in rehearsal.between("nervous", 245, 270)) < high, "25 s of a trough bring it down"
    held = rehearsal.between("nervous", 300, 305)[-1].desired
    assert {seen.desired for seen in rehearsal.between("nervous", 305, 330)} == {held}
    assert min(seen.desired for seen in rehearsal.between("nervous", 330, 390)) < held
    # Its cool-down of 85 s ends at 310 s.
    assert {seen.desired for seen in rehearsal.between("woken", 312, 330)} == {1}, "never to zero"
    assert rehearsal.between("woken", 330, 390)[-1].desired == 0


def test_short_gpu_memory_blocks_a_scale_up_until_it_is_free(rehearsal: Rehearsal) -> None:
    blocked, free = rehearsal.between("worker-llm", 60, 150), rehearsal.between("worker-llm", 150, 390)
    assert all(seen.waiting > 50 for seen in blocked), "the queue has called for more all the time"
    assert {seen.desired for seen in blocked} == {1}
    assert max(seen.desired for seen in free) > 1


def test_rules_scale_after_what_they_ask_for_has_held_and_not_before(rehearsal: Rehearsal) -> None:
    # Busy from 60 s on, for which 18 s (a tenth of three minutes) are needed; idle from 150 s on, of which 60 s are.
    assert {seen.desired for seen in rehearsal.between("app", 0, 60 + 18)} == {2}
    assert max(seen.desired for seen in rehearsal.between("app", 60 + 18, 150)) > 2
    assert min(seen.desired for seen in rehearsal.between("app", 150, 150 + 60)) > 2
    assert rehearsal.between("app", 330, 390)[-1].desired == 2


def test_the_window_of_the_night_opens_and_closes_and_leaves_neither_pods_nor_nodes(rehearsal: Rehearsal) -> None:
    def seen(begin: datetime, end: datetime) -> list[Night]:
        return [night for night in rehearsal.nights if begin <= night.at < end]

    slack = timedelta(seconds=20)
    before = seen(rehearsal.nights[0].at, rehearsal.opens)
    assert before and all(night.pods == night.nodes == 0 for night in before[-5:])
    assert any(night.pods == 1 for night in seen(rehearsal.opens, rehearsal.opens + timedelta(seconds=60)))
    assert all(night.pods == 1 for night in seen(rehearsal.opens + timedelta(seconds=60), rehearsal.closes - slack))

    def gone() -> bool:
        api = rehearsal.cluster.api
        return not api.get(NIGHT_PODS)["items"] and not api.get(NIGHT_NODES)["items"]

    left = (rehearsal.closes - datetime.now(UTC)).total_seconds()
    assert wait_until(gone, max(left, 0) + 240)


def test_pods_that_no_machine_can_take_are_told_and_wait_for_ever(rehearsal: Rehearsal) -> None:
    (pod,) = rehearsal.cluster.api.get(HOMELESS)["items"]
    (placed,) = [found for found in pod["status"]["conditions"] if found["type"] == "PodScheduled"]
    assert placed["status"] == "False"
    assert "Insufficient nvidia.com/gpu" in placed["message"]


def test_without_metrics_replicas_stay_and_the_autoscaler_says_so(rehearsal: Rehearsal) -> None:
    """The exporter has ended with the run: nobody tells the queue of the spike any more."""
    api = rehearsal.cluster.api
    path = "/apis/apps/v1/namespaces/services/deployments/spike"
    scaled = "/apis/keda.sh/v1alpha1/namespaces/services/scaledobjects/spike"

    def unwell() -> bool:
        conditions = {found["type"]: found["status"] for found in api.get(scaled)["status"]["conditions"]}
        return conditions["Ready"] == "False" or conditions.get("Fallback") == "True"

    assert wait_until(unwell, 120), "the condition shows it"
    replicas = api.get(path)["spec"]["replicas"]
    end = time.monotonic() + 45  # longer than the autoscaler needs to act, which looks every 5 s
    assert not wait_until(lambda: api.get(path)["spec"]["replicas"] != replicas, end - time.monotonic())
