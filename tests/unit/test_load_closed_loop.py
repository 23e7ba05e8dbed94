"""The load model in a closed loop with an emulated autoscaler: what helps, helps, and what harms is found out."""

from typing import Any

import pytest

from penstock.spec import check
from sandbox.load import measures, report
from sandbox.load.record import Recorder, Timeline
from sandbox.load.run import Run
from sandbox.load.scenario import Scenario, read
from sandbox.load.signals import Board
from tests.support.emulated import Autoscaler, Clock, Platform

OSCILLATION = {"name": "oscillation", "times": 3}


def played(scenario: Scenario, autoscaler: Autoscaler, **platform: Any) -> Timeline:
    board = Board(scenario.metrics_delay_seconds, scenario.is_silent)
    (service,) = scenario.services
    source = Platform(service, autoscaler, board, **platform)
    clock = Clock()
    return Run(scenario, source, board, Recorder(scenario)).play(clock, clock.sleep)


def scenario(profile: Any, **said: Any) -> Scenario:
    service = {"selector": {"app": "gateway"}, "profile": profile}
    return check(Scenario, {"services": {"gateway": service}, "tick_seconds": 0.25, **said})


def missed(timeline: Timeline) -> set[str]:
    return {finding.name for finding in report.missed(report.findings(timeline))}


def test_enough_replicas_from_the_start_answer_a_spike_in_time() -> None:
    timeline = played(read("spike"), Autoscaler(least=120))
    assert timeline.latencies["gateway"].percentile(95) < 1.0
    assert measures.failed_share(timeline.latencies["gateway"]) == 0
    assert measures.reaction(timeline, "gateway") is None
    assert "failed requests" not in missed(timeline)


@pytest.fixture(scope="module")
def warm() -> Timeline:
    """A spike that a quick autoscaler follows, on nodes that are there."""
    return played(read("spike"), Autoscaler(), warm=15)


def test_a_quick_autoscaler_on_warm_nodes_answers_a_spike_in_time(warm: Timeline) -> None:
    assert warm.latencies["gateway"].percentile(95) < 3
    assert measures.failed_share(warm.latencies["gateway"]) < 0.01
    assert 0 < (measures.first_scaling(warm, "gateway") or 0) <= 10
    assert measures.oracle(warm).replica_seconds < measures.spent(warm).replica_seconds
    assert missed(warm) == set()


def test_the_same_spike_without_warm_nodes_is_answered_late(warm: Timeline) -> None:
    cold = played(read("spike"), Autoscaler())
    assert "p95 over all requests" in missed(cold)
    assert "failed requests" in missed(cold)
    assert (measures.nodes_there(cold) or 0) >= 60
    assert (measures.node_asked(cold) or 0) <= 1
    assert measures.nodes_there(warm) is None


def test_a_maximum_below_the_load_is_found_out() -> None:
    low = played(read("spike"), Autoscaler(most=20), warm=15)
    assert {"p95 over all requests", "failed requests"} <= missed(low)


def test_a_long_window_before_going_down_keeps_the_count_steady_under_oscillation() -> None:
    steady = played(scenario(OSCILLATION, metrics_delay_seconds=15), Autoscaler(down_window=300), warm=15)
    assert measures.reversals(steady, "gateway") == 0


def test_without_stabilisation_and_with_late_metrics_the_count_turns_around_inside_plateaus() -> None:
    restless = played(scenario(OSCILLATION, metrics_delay_seconds=15), Autoscaler(down_window=0), warm=15)
    assert measures.reversals(restless, "gateway") > 0
    assert "reversals inside of plateaus" in missed(restless)


@pytest.mark.parametrize(
    ("sync", "age", "in_time"), [(5, 0, True), (5, 5, True), (15, 0, True), (5, 15, False), (15, 15, False)]
)
def test_a_spike_is_answered_in_time_only_where_the_autoscaler_sees_what_is_and_not_what_was(
    sync: float, age: float, in_time: bool
) -> None:
    late = read("spike").model_copy(update={"metrics_delay_seconds": age})
    p95 = played(late, Autoscaler(sync=sync, least=10, most=150, target=8), warm=20).latencies["gateway"].percentile(95)
    assert (p95 < 3) is in_time


def test_an_autoscaler_that_sees_only_what_waits_turns_around_as_soon_as_nothing_does() -> None:
    def turns(metric: Any, target: float) -> int:
        scaler = Autoscaler(metric=metric, target=target, most=150, down_window=60)
        return measures.reversals(played(read("spike"), scaler, warm=20), "gateway")

    assert turns(lambda service: service.queue_depth, 10) > turns(lambda it: it.queue_depth + it.in_service, 7)


def test_silent_exporters_make_the_autoscaler_hold_what_it_has() -> None:
    silent = played(read("metrics-outage"), Autoscaler(least=1, down_window=0), warm=15)
    during = [second.services["gateway"].desired for second in silent.seconds if 121 < second.at < 180]
    assert len(set(during)) == 1
    assert during[0] > 1


def test_work_of_replicas_that_end_is_finished_within_their_grace() -> None:
    steps = scenario([[0, 200], [60, 200], [60, 10], [120, 10]], seconds=120)
    kind = played(steps, Autoscaler(down_window=0, least=1), warm=15, grace=30)
    hard = played(steps, Autoscaler(down_window=0, least=1), warm=15, grace=0)
    assert kind.latencies["gateway"].failed == 0
    assert hard.latencies["gateway"].failed > 0
