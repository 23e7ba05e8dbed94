"""Schedules and profiles: how many machines run in which share of the week."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost.money import CostError
from penstock_cost.usage.hours import of_profile, of_schedule
from penstock_cost.usage.schedule import parse


@pytest.mark.parametrize(
    ("windows", "otherwise", "hours"),
    [
        (["Mon-Fri 08:00-20:00=6"], 1, {6: 60, 1: 108}),
        (["daily 22:00-06:00=2"], 5, {2: 56, 5: 112}),
        (["Sat,Sun 10:00-14:00=2"], 0, {2: 8, 0: 160}),
        (["Fri-Mon 00:00-24:00=3"], 1, {3: 96, 1: 72}),
        (["Sun 23:00-01:00=4"], 0, {4: 2, 0: 166}),
        (["Mon 08:00-12:00=2", "Mon 10:00-14:00=5"], 0, {2: 2, 5: 4, 0: 162}),
        (["Mon 10:00-14:00=5", "Mon 08:00-12:00=2"], 0, {2: 2, 5: 4, 0: 162}),
        (["Mon 08:00-12:00=0"], 3, {0: 4, 3: 164}),
        (["daily 00:00-00:00=2"], 9, {2: 168}),
        (["monday 09:30-10:00=1.5"], 0, {1.5: 0.5, 0: 167.5}),
        ([], 4, {4: 168}),
    ],
)
def test_windows_cover_their_hours(windows: list[str], otherwise: float, hours: dict[float, float]) -> None:
    usage = of_schedule(windows, otherwise)
    assert {load.machines: float(load.share * 168) for load in usage.loads} == pytest.approx(hours)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ("Mon-Fri 8-20=6", "is no window"),
        ("Mon-Fri 08:00-20:00", "is no window"),
        ("Mon-Fry 08:00-20:00=6", "'Fry' in 'Mon-Fry 08:00-20:00=6' is no day"),
        ("Mon 08:00-25:00=6", "'25:00' in 'Mon 08:00-25:00=6' is no time"),
        ("Mon 08:75-20:00=6", "is no time"),
        ("Mon 24:00-06:00=6", "begins at 24:00"),
        ("Mon 08:00-20:00=six", "is no number of machines"),
        ("Mon 08:00-20:00=-1", "is no number of machines"),
        ("Mon 08:00-20:00=inf", "is no number of machines"),
        ("Mon 08:00-20:00=nan", "is no number of machines"),
        ("Mon 08:00-20:00=1e99", "Write 0 to 1000000"),
        ("T 08:00-20:00=1", "is no day"),
    ],
)
def test_what_is_no_window_is_refused_by_its_place(window: str, text: str) -> None:
    with pytest.raises(CostError) as refused:
        parse(["Mon 00:00-01:00=1", window])
    assert str(refused.value).startswith("schedule[1]: ") and text in str(refused.value)


def test_every_bad_window_is_told_at_once() -> None:
    with pytest.raises(CostError) as refused:
        parse(["nonsense", "Mon 00:00-01:00=1", "more"])
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == ["schedule[0]", "schedule[2]"]


times = st.integers(0, 23 * 60).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
windows = st.builds(
    "{} {}-{}={}".format, st.sampled_from(["Mon", "Fri-Sun", "daily", "Tue,Thu"]), times, times, st.integers(0, 9)
)


@given(st.lists(windows, max_size=6), st.integers(0, 9))
def test_shares_are_the_whole_week_and_more_windows_of_the_most_never_lower_the_mean(
    written: list[str], otherwise: int
) -> None:
    usage = of_schedule(written, otherwise)
    assert sum(load.share for load in usage.loads) == 1
    assert list(usage.loads) == sorted(usage.loads, reverse=True)
    assert of_schedule([*written, "Wed 05:00-07:00=9"], otherwise).mean >= usage.mean


def test_a_profile_is_of_a_day_or_a_week() -> None:
    assert of_profile([2] * 12 + [6] * 12).mean == 4
    assert of_profile([1] * 167 + [169]).mean == 2
    assert of_profile([0] * 18 + [4] * 6).share_above(0) == Fraction(1, 4)
    with pytest.raises(CostError, match="24 numbers"):
        of_profile([1, 2, 3])


def test_counts_beyond_the_bounds_are_taken_as_the_bounds_and_noted() -> None:
    usage = of_schedule(["Mon-Fri 08:00-20:00=12"], 0).within(1, 10)
    assert usage.mean == pytest.approx((60 * 10 + 108 * 1) / 168)
    assert [note.split(" were")[0] for note in usage.notes] == [
        "Counts above the maximum of 10",
        "Counts below the minimum of 1",
    ]
