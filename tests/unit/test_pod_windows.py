"""Pre-scaling windows: they cover what a profile of traffic needs, ahead of time, and little else."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from penstock.autoscaling.pods.crontab import MINUTES_OF_WEEK, is_open, window_problems
from penstock.autoscaling.pods.event_spec import EventSpec
from penstock.autoscaling.pods.windows import replicas_needed
from penstock.problems import InvalidSpec
from penstock.spec import check
from tests.support.pod_scaling import TARGET

ZONE = "Europe/Berlin"
OFFICE_DAY = [0.0] * 8 + [50, 100, 100, 100, 100, 100, 100, 100, 50] + [0.0] * 7


def windows(profile: Sequence[float], rate: float = 10, **asked: Any) -> list[Any]:
    return penstock.traffic_windows(profile, rate, **{"timezone": ZONE, "max_replicas": 50, **asked})


def replicas_by_minute(triggers: list[Any]) -> list[int]:
    """What KEDA makes of the triggers, for each minute of a week: the largest window that is open."""
    counts = [0] * MINUTES_OF_WEEK
    for trigger in triggers:
        opened = is_open(trigger["cron"]["start"], trigger["cron"]["end"])
        assert opened is not None
        for at, is_now in enumerate(opened):
            if is_now:
                counts[at] = max(counts[at], trigger["cron"]["desired_replicas"])
    return counts


def test_a_day_becomes_a_window_for_each_height_of_it() -> None:
    made = [
        (t["name"], t["cron"]["start"], t["cron"]["end"], t["cron"]["desired_replicas"]) for t in windows(OFFICE_DAY)
    ]
    assert made == [
        ("profile_5_0", "50 7 * * *", "0 17 * * *", 5),
        ("profile_10_0", "50 8 * * *", "0 16 * * *", 10),
    ]


def test_a_week_names_its_days_and_a_window_that_begins_before_midnight_the_day_before() -> None:
    week = [0.0] * 168
    for day in range(5):
        week[day * 24 + 9 : day * 24 + 12] = [40.0] * 3
    week[5 * 24] = week[5 * 24 + 1] = 20.0
    made = [
        (t["cron"]["start"], t["cron"]["end"], t["cron"]["desired_replicas"]) for t in windows(week, lead_minutes=30)
    ]
    assert made == [
        ("30 8 * * 1-5", "0 12 * * 1-5", 2),
        ("30 23 * * 5", "0 2 * * 6", 2),
        ("30 8 * * 1-5", "0 12 * * 1-5", 4),
    ]


def test_what_the_least_replicas_cover_needs_no_window() -> None:
    assert windows([30.0] * 24, min_replicas=3) == []
    assert [t["cron"]["desired_replicas"] for t in windows(OFFICE_DAY, min_replicas=5)] == [10]


def test_rounding_makes_fewer_windows_and_headroom_larger_ones() -> None:
    ramp = [float(10 * hour) for hour in range(24)]
    assert len(windows(ramp)) == 23
    assert [t["cron"]["desired_replicas"] for t in windows(ramp, round_to=10)] == [10, 20, 30]
    assert max(t["cron"]["desired_replicas"] for t in windows(OFFICE_DAY, headroom_percent=25)) == 13


def test_a_rate_that_is_met_exactly_needs_no_replica_more() -> None:
    assert replicas_needed([0.3], 0.1, 10) == [3]


def test_an_autoscaler_takes_what_is_made() -> None:
    asked = {"target": TARGET, "min_replicas": 0, "max_replicas": 50, "triggers": windows(OFFICE_DAY)}
    assert check(EventSpec, asked).triggers[0].cron is not None


profiles = st.one_of(
    st.lists(st.integers(0, 300).map(float), min_size=24, max_size=24),
    st.lists(st.sampled_from([0.0, 0.0, 15.0, 120.0]), min_size=168, max_size=168),
)


@settings(max_examples=25, deadline=None)
@given(profiles, st.integers(0, 59), st.sampled_from([1, 5]))
def test_windows_cover_every_hour_from_its_lead_on_and_ask_for_no_more_than_the_profile_does(
    profile: list[float], lead: int, round_to: int
) -> None:
    needs = replicas_needed(profile, 10, 20, round_to=round_to)
    least = min(needs)
    triggers = windows(profile, max_replicas=20, min_replicas=least, lead_minutes=lead, round_to=round_to)
    for trigger in triggers:
        assert list(window_problems(trigger["cron"]["start"], trigger["cron"]["end"])) == []
    have = replicas_by_minute(triggers)
    hours = len(profile)
    for at, count in enumerate(have):
        now, ahead = needs[at // 60 % hours], needs[(at + lead) // 60 % hours]
        wanted = max(now, ahead)
        assert max(count, least) == wanted, f"minute {at}"


def test_each_problem_is_told_with_its_place() -> None:
    with pytest.raises(InvalidSpec) as refused:
        penstock.traffic_windows(
            [1.0, -1.0, math.nan],
            0,
            timezone="Berlin",
            max_replicas=0,
            lead_minutes=60,
            headroom_percent=-1,
            round_to=0,
        )
    assert {problem.path for problem in refused.value.problems} == {
        "timezone",
        "profile",
        "profile[1]",
        "profile[2]",
        "replica_rate",
        "max_replicas",
        "lead_minutes",
        "headroom_percent",
        "round_to",
    }


def test_a_load_that_never_ends_is_no_window_but_a_least_number() -> None:
    with pytest.raises(InvalidSpec, match="min_replicas: The profile never asks for fewer than 3"):
        windows([30.0] * 23 + [60.0])
