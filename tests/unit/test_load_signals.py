"""What exporters tell of the model, and how they tell it: names, labels, delays and outages."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox.load.exporter import serving
from sandbox.load.model import ServiceModel
from sandbox.load.profile import Profile
from sandbox.load.signals import Board, GpuMemory, Identity, ServiceSignals, gpu_utilization, signals

GPU = GpuMemory(total_mib=24_000, weights_mib=9_000, cache_mib=8_000)
WHO = Identity("team-a", "llm", "llm-server", GPU)


def at_work(arrivals: int = 20, replicas: int = 2, gpu: GpuMemory | None = GPU) -> ServiceSignals:
    model = ServiceModel()
    model.set_replicas([f"pod-{number}" for number in range(replicas)])
    model.advance(0.2, arrivals)
    return signals(Identity("team-a", "llm", "llm-server", gpu), model)


@pytest.fixture
def told() -> Iterator[dict[str, list[Any]]]:
    """The samples that a scrape of two busy pods brings, by their names."""
    board = Board()
    board.post(1, (at_work(),))
    with serving(board) as port:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    yield {family.name: family.samples for family in text_string_to_metric_families(text)}


def test_what_waits_and_runs_adds_up_to_what_came() -> None:
    found = at_work(arrivals=20, replicas=2)
    assert (found.queue_depth, found.in_service, found.arrived) == (4, 16, 20)
    assert sum(pod.waiting for pod in found.pods) == found.queue_depth
    assert sum(pod.running for pod in found.pods) == found.in_service


def test_cache_use_is_the_share_of_places_and_gpu_utilisation_pins_high_at_any_load() -> None:
    (pod,) = at_work(arrivals=2, replicas=1).pods
    assert pod.cache_share == 0.25
    assert 95 < pod.gpu_utilization < 97
    assert gpu_utilization(1.0) == 100
    (idle,) = at_work(arrivals=0, replicas=1).pods
    assert (idle.cache_share, idle.gpu_utilization) == (0, 0)


def test_memory_of_a_preallocated_cache_does_not_follow_the_load() -> None:
    assert GPU.used(0.0, 0) == GPU.used(1.0, 0) == 17_000
    growing = GpuMemory(24_000, 9_000, 8_000, preallocated=False)
    assert (growing.used(0.0, 0), growing.used(0.5, 0)) == (9_000, 13_000)


def test_somebody_else_may_take_memory_for_a_while_but_never_more_than_there_is() -> None:
    taken = GpuMemory(24_000, 9_000, 8_000, taken_mib=Profile(((0, 0), (60, 0), (60, 3_000), (90, 99_000))))
    assert taken.used(1, 30) == 17_000
    assert taken.used(1, 60) == 20_000
    assert taken.used(1, 100) == 24_000


def test_the_exporter_uses_the_names_and_labels_of_real_ones(told: dict[str, list[Any]]) -> None:
    service = {"namespace": "team-a", "service": "llm", "deployment": "llm-server"}
    of_pods = (
        "active_executions",
        "vllm:num_requests_waiting",
        "vllm:num_requests_running",
        "vllm:kv_cache_usage_perc",
    )
    for name in ("queue_depth", "p95_latency_seconds"):
        (sample,) = told[name]
        assert sample.labels == service
    for name in of_pods:
        assert [sample.labels for sample in told[name]] == [{**service, "pod": f"pod-{number}"} for number in (0, 1)]
    for name in ("DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_FB_FREE", "DCGM_FI_DEV_FB_USED"):
        assert {sample.labels["gpu"] for sample in told[name]} == {"0"}
    (depth,) = told["queue_depth"]
    assert depth.value == 4
    free, used = (told[f"DCGM_FI_DEV_FB_{what}"][0].value for what in ("FREE", "USED"))
    assert free + used == 24_000
    counters = {sample.name for sample in told["http_requests"]}
    assert "http_requests_total" in counters
    assert {sample.name for sample in told["http_request_duration_seconds"]} >= {
        f"http_request_duration_seconds_{part}" for part in ("bucket", "count", "sum")
    }


def test_pods_without_gpus_tell_nothing_of_gpus() -> None:
    board = Board()
    board.post(1, (at_work(gpu=None),))
    with serving(board) as port:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    assert "DCGM_FI_DEV_GPU_UTIL{" not in text
    assert "active_executions{" in text


def test_counters_of_the_scenario_rise_with_what_pods_answer() -> None:
    model = ServiceModel()
    model.set_replicas(["pod-0"])
    for arrivals in (8, 0, 0, 0, 0, 0):
        model.advance(0.2, arrivals)
    board = Board()
    board.post(1, (signals(Identity("team-a", "guardian", "guardian", counters={"pii_checks_total": 3}), model),))
    with serving(board) as port:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    found = {family.name: family.samples for family in text_string_to_metric_families(text)}
    (sample,) = (each for each in found["pii_checks"] if each.name == "pii_checks_total")
    assert (sample.labels["pod"], sample.value) == ("pod-0", 24)


def test_keda_is_told_the_queue_as_json_and_of_unknown_services_nothing() -> None:
    board = Board()
    board.post(1, (at_work(),))
    with serving(board) as port:
        found = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/queue/team-a/llm"))
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/queue/team-b/llm")
    assert (found["queue_depth"], found["in_service"], found["ready_pods"]) == (4, 16, 2)


def test_in_an_outage_nothing_is_told() -> None:
    board = Board(silent=lambda at: 10 <= at < 20)
    with serving(board) as port:
        for at, status in ((5, 200), (12, 503), (20, 200)):
            board.post(at, (at_work(),))
            for path in ("metrics", "queue/team-a/llm"):
                try:
                    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}").status == status
                except urllib.error.HTTPError as error:
                    assert error.code == status


def test_late_exporters_tell_what_was() -> None:
    board = Board(delay_seconds=10)
    for at in range(31):
        board.post(at, (at_work(arrivals=at),))
        old = board.read()
        assert old == () if at < 10 else old is not None and old[0].arrived == at - 10


def test_nobody_is_told_anything_before_the_beginning() -> None:
    assert Board().read() is None
