"""What a run is judged by, on timelines made by hand: those that pass, and those that must not."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from penstock.spec import check
from sandbox.load import measures, report
from sandbox.load.latency import Latencies
from sandbox.load.record import Second, ServiceSecond, Timeline
from sandbox.load.scenario import Scenario

PLATEAU = [[0, 0], [0, 100], [100, 100]]
"""100 requests a second for 100 s: 10 replicas."""


def scenario(profile: Any = PLATEAU, **said: Any) -> Scenario:
    service = {"selector": {"app": "web"}, "profile": profile, "pod_start_seconds": 10}
    return check(Scenario, {"services": {"web": service}, **said})


def timeline(see: Callable[[int], dict[str, int]], seconds: int = 100, asked: Scenario | None = None) -> Timeline:
    """`see` tells of each second what a service's second holds, and `nodes` and `nodes_asked`."""
    found = []
    for at in range(1, seconds + 1):
        seen = see(at)
        nodes = {key: seen.pop(key) for key in ("nodes", "nodes_asked") if key in seen}
        found.append(Second(float(at), {"web": ServiceSecond(**seen)}, **nodes))
    return Timeline(asked or scenario(), tuple(found), {"web": Latencies({700: 100})})


def test_the_first_scaling_is_when_more_replicas_are_asked_for_than_were_ready() -> None:
    quick = timeline(lambda at: {"ready": 2 if at < 20 else 10, "desired": 2 if at < 13 else 10})
    assert measures.first_scaling(quick, "web") == 12
    never = timeline(lambda at: {"ready": 2, "desired": 2})
    assert measures.first_scaling(never, "web") == math.inf
    not_needed = timeline(lambda at: {"ready": 10, "desired": 10})
    assert measures.first_scaling(not_needed, "web") is None


def test_the_slowest_of_all_reactions_counts() -> None:
    waves = scenario([[0, 100], [30, 100], [30, 10], [60, 10], [60, 200], [100, 200]])

    def see(at: int) -> dict[str, int]:
        if at <= 30:
            return {"ready": 1 if at < 10 else 10, "desired": 1 if at < 4 else 10}
        return {"ready": 10, "desired": 10 if at < 85 else 20}

    found = timeline(see, asked=waves)
    assert (measures.first_scaling(found, "web"), measures.reaction(found, "web")) == (3, 25)


def test_an_overload_that_passes_within_seconds_needs_no_reaction() -> None:
    blink = scenario([[0, 10], [50, 10], [50, 100], [60, 100], [60, 10], [100, 10]])
    assert measures.reaction(timeline(lambda at: {"ready": 1, "desired": 1}, asked=blink), "web") is None


@pytest.mark.parametrize(
    ("counts", "turns"),
    [
        ([1, 1, 1], 0),
        ([1, 5, 9, 9, 12], 0),
        ([12, 9, 9, 3], 0),
        ([1, 5, 3], 1),
        ([1, 5, 5, 5, 3, 3, 8], 2),
        ([], 0),
        ([4], 0),
    ],
)
def test_a_turn_is_a_fall_after_a_rise_or_a_rise_after_a_fall(counts: list[int], turns: int) -> None:
    assert measures.sign_changes(counts) == turns


def test_turns_count_inside_of_plateaus_only() -> None:
    waves = scenario([[0, 100], [50, 100], [50, 10], [100, 10]])
    with_the_load = timeline(lambda at: {"desired": min(at, 30) if at <= 50 else 3}, asked=waves)
    assert measures.reversals(with_the_load, "web") == 0
    inside = timeline(lambda at: {"desired": 10 if at < 20 else 5 if at < 30 else 12}, asked=waves)
    assert measures.reversals(inside, "web") == 1
    restless = timeline(lambda at: {"desired": 5 + at % 2})
    assert measures.reversals(restless, "web") > 90


def test_a_node_is_asked_for_after_the_longest_wait_of_an_unschedulable_pod() -> None:
    def see(at: int) -> dict[str, int]:
        return {"unschedulable": int(10 <= at < 50 or 70 <= at < 90), "nodes_asked": (at >= 14) + (at >= 78)}

    found = timeline(see)
    assert measures.node_asked(found) == 8
    assert measures.nodes_there(found) == 40


def test_nodes_that_nobody_asks_for_never_come() -> None:
    found = timeline(lambda at: {"unschedulable": int(at > 40)})
    assert measures.node_asked(found) == math.inf
    assert measures.nodes_there(found) == math.inf
    fine = timeline(lambda at: {})
    assert (measures.node_asked(fine), measures.nodes_there(fine)) == (None, None)


def test_what_a_run_took_counts_every_pod_and_node_for_its_time() -> None:
    found = timeline(lambda at: {"ready": 1, "pods": 4, "nodes": 2})
    assert measures.spent(found) == (400, 200)
    halves = replace(found, seconds=found.seconds[1::2])
    assert measures.spent(halves) == (400, 200)


def test_the_static_peak_has_all_replicas_all_the_time() -> None:
    asked = scenario([[0, 0], [50, 95], [100, 0]], replicas_per_node=4)
    assert measures.static_peak(timeline(lambda at: {}, asked=asked)) == (10 * 100, 3 * 100)


def test_the_oracle_has_each_replica_just_early_enough() -> None:
    jump = scenario([[0, 10], [50, 10], [50, 100], [60, 100], [60, 10], [100, 10]], node_start_seconds=20)
    found = measures.oracle(timeline(lambda at: {}, asked=jump))
    # One replica all the time; nine more for ten seconds, that start ten before, to the second.
    assert found.replica_seconds == pytest.approx(100 + 9 * 20, abs=9)
    assert found.node_seconds == 0
    asked = scenario(
        [[0, 10], [50, 10], [50, 100], [60, 100], [60, 10], [100, 10]], node_start_seconds=20, replicas_per_node=5
    )
    # Nodes start twenty seconds before the replicas do.
    assert measures.oracle(timeline(lambda at: {}, asked=asked)).node_seconds == pytest.approx(100 + 40, abs=1)


def test_no_run_that_serves_all_in_time_is_cheaper_than_the_oracle() -> None:
    asked = scenario()
    exact = timeline(lambda at: {"ready": 10, "pods": 10, "desired": 10}, asked=asked)
    assert measures.oracle(exact).replica_seconds == measures.spent(exact).replica_seconds
    assert measures.oracle(exact).replica_seconds <= measures.static_peak(exact).replica_seconds


def test_cost_is_time_by_price() -> None:
    asked = scenario(prices={"replica_hour": 0.5, "node_hour": 2}, replicas_per_node=1)
    assert measures.cost(timeline(lambda at: {}, asked=asked), measures.Spent(7200, 3600)) == pytest.approx(3.0)


def verdicts(found: Timeline) -> dict[str, bool | None]:
    return {finding.name: finding.met for finding in report.findings(found)}


def test_a_good_run_meets_every_target() -> None:
    good = timeline(lambda at: {"ready": 2 if at < 20 else 10, "desired": 2 if at < 13 else 10, "pods": 10})
    assert report.missed(report.findings(good)) == []
    assert "met" in report.text(good)
    assert "MISSED" not in report.text(good)


def test_each_target_can_be_missed() -> None:
    lines = {"p95 over all requests", "failed requests", "first scaling after overload", "reversals inside of plateaus"}
    lines |= {"pod autoscaler's slowest reaction", "unschedulable pod until node asked for"}
    lines |= {"unschedulable pods until all have nodes", "cost / static peak", "cost / oracle"}

    def see(at: int) -> dict[str, int]:
        return {"ready": 2, "desired": 1 + at % 2, "pods": 50, "unschedulable": 3, "nodes": 9}

    strict = {"prices": {"replica_hour": 1}, "targets": {"of_static_peak": 1, "of_oracle": 1}}
    bad = timeline(see, asked=scenario(**strict))
    bad = replace(bad, latencies={"web": Latencies({900: 90}, failed=10)})
    assert {finding.name for finding in report.missed(report.findings(bad))} == lines
    assert "never" in report.text(bad)


def test_a_target_that_is_just_reached_is_missed_where_less_is_asked_for() -> None:
    one_percent = replace(timeline(lambda at: {}), latencies={"web": Latencies({0: 99}, failed=1)})
    assert verdicts(one_percent)["failed requests"] is False
    assert report.Finding("x", 1.0, 1.0).met is True
    assert report.Finding("x", None, 1.0).met is None
    assert report.Finding("x", math.inf, 1.0).met is False


def test_a_run_that_was_broken_off_has_no_percentile_and_says_when_it_saw_nothing() -> None:
    broken = replace(timeline(lambda at: {}, seconds=10), latencies={})
    blind = replace(broken, seconds=tuple(replace(second, blind=True) for second in broken.seconds))
    assert verdicts(blind)["p95 over all requests"] is None
    assert "For 10 s the API server did not answer" in report.text(blind)
