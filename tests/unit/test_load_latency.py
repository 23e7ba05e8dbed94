"""Percentiles from buckets: within 1 % of the exact ones, failed requests counted as endless, windows that forget."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.load.latency import EXPORTED, FINENESS, Exported, Latencies, Window


@given(st.lists(st.floats(0.001, 500), min_size=1, max_size=200), st.sampled_from([50, 90, 95, 99, 100]))
def test_a_percentile_overstates_by_one_percent_at_most_and_never_understates(times: list[float], percent: int) -> None:
    found = Latencies()
    for seconds in times:
        found.record(seconds, 1)
    exact = sorted(times)[math.ceil(percent / 100 * len(times)) - 1]
    assert exact * (1 - 1e-9) <= found.percentile(percent) <= exact * FINENESS * (1 + 1e-9)


def test_failed_requests_took_forever() -> None:
    found = Latencies()
    found.record(1.0, 95)
    found.failed = 5
    assert found.percentile(95) == pytest.approx(1.0, rel=0.01)
    found.failed = 6
    assert math.isinf(found.percentile(95))


def test_without_requests_nothing_took_any_time() -> None:
    assert Latencies().percentile(95) == 0


def test_counts_of_several_parts_add_up() -> None:
    first, second = Latencies(failed=1), Latencies(failed=2)
    first.record(1.0, 3)
    second.record(2.0, 4)
    first.add(second)
    assert (first.count, first.failed) == (10, 3)


def test_a_window_forgets_what_is_older() -> None:
    window = Window(10)
    window.record(0.5, 9.0, 100)
    window.record(8.0, 1.0, 100)
    assert window.percentile(95, 9.0) == pytest.approx(9.0, rel=0.01)
    assert window.percentile(95, 12.0) == pytest.approx(1.0, rel=0.01)
    assert window.percentile(95, 30.0) == 0


@given(st.lists(st.tuples(st.floats(0.001, 100), st.integers(1, 9)), max_size=50))
def test_the_exported_histogram_counts_what_took_at_most_each_bound(times: list[tuple[float, int]]) -> None:
    exported = Exported()
    for seconds, count in times:
        exported.record(seconds, count)
    for (bound, found), limit in zip(exported.buckets(), [*EXPORTED, math.inf], strict=True):
        assert float(bound) == limit
        assert found == sum(count for seconds, count in times if seconds <= limit)
    assert exported.sum == pytest.approx(sum(seconds * count for seconds, count in times))
