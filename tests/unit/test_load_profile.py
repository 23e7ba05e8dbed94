"""Load over time: curves, their areas, and the whole numbers drawn from them."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.load.profile import Arrivals, Plateau, Profile, constant, oscillation, poisson, spike

POINTS = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 500)), min_size=1, max_size=8).map(
    lambda points: Profile(tuple(sorted((float(time), float(rps)) for time, rps in points)))
)


def test_the_spike_is_the_one_that_is_asked_for() -> None:
    profile = spike()
    assert [profile.rps(at) for at in (0, 15, 30, 100, 180, 240, 300, 400)] == [0, 500, 1000, 1000, 1000, 500, 0, 0]
    assert (profile.end, profile.peak) == (300, 1000)


def test_the_oscillation_jumps() -> None:
    profile = oscillation(low=10, high=1000, every=30, times=2)
    assert [profile.rps(at) for at in (0, 29.9, 30, 59.9, 60, 90, 120, 150)] == [10, 10, 1000, 1000, 10, 1000, 10, 10]
    assert list(profile.plateaus()) == [
        Plateau(begin, begin + 30, rps) for begin, rps in zip(range(0, 150, 30), (10, 1000, 10, 1000, 10), strict=True)
    ]


def test_a_slope_is_no_plateau_and_neither_is_a_moment() -> None:
    assert list(spike().plateaus()) == [Plateau(30, 180, 1000)]
    assert list(Profile(((0, 5), (3, 5), (9, 7))).plateaus()) == []


@given(POINTS, st.floats(0, 120), st.floats(0, 120))
def test_the_requests_between_two_times_are_the_area_under_the_curve(profile: Profile, one: float, two: float) -> None:
    begin, end = sorted((one, two))
    steps = 2000
    width = (end - begin) / steps
    summed = sum(profile.rps(begin + (step + 0.5) * width) * width for step in range(steps))
    # A jump inside of a step is off by at most the jump times the step, and there are 8 at most.
    assert profile.requests(begin, end) == pytest.approx(summed, abs=8 * 500 * width + 1e-6)


@given(POINTS, st.lists(st.floats(0.05, 5), min_size=1, max_size=50))
def test_evenly_spaced_requests_are_as_many_as_the_curve_says_whatever_the_steps(
    profile: Profile, steps: list[float]
) -> None:
    times = [0.0]
    for step in steps:
        times.append(times[-1] + step)
    arrivals = Arrivals(profile, seed=None)
    come = [arrivals.between(begin, end) for begin, end in pairwise(times)]
    assert min(come) >= 0
    assert -1e-3 <= profile.requests(0, times[-1]) - sum(come) < 1 + 1e-3


def test_a_seed_decides_the_random_requests() -> None:
    def drawn(seed: int | str) -> list[int]:
        arrivals = Arrivals(constant(100), seed)
        return [arrivals.between(step / 10, (step + 1) / 10) for step in range(100)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert sum(drawn(1)) == pytest.approx(1000, rel=0.15)


@pytest.mark.parametrize("mean", [0.3, 5.0, 75.0, 400.0, 5000.0])
def test_random_numbers_have_the_mean_and_the_variance_of_poisson(mean: float) -> None:
    source = random.Random(3)
    drawn = [poisson(mean, source) for _ in range(2000)]
    average = sum(drawn) / len(drawn)
    assert average == pytest.approx(mean, rel=0.1)
    assert sum((each - average) ** 2 for each in drawn) / len(drawn) == pytest.approx(mean, rel=0.15)
    assert poisson(0, source) == 0
