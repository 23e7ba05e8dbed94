"""The load model: no request is lost or made up, replicas serve as fast as stated, and what ends early fails."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.load.model import ServiceModel
from sandbox.load.profile import Arrivals, spike

NAMES = [f"pod-{number}" for number in range(6)]


def whole(model: ServiceModel) -> bool:
    return model.arrived == model.waiting + model.in_service + model.served + model.failed


def model_of(replicas: int, **settings_: float) -> ServiceModel:
    model = ServiceModel(**settings_)
    model.set_replicas(NAMES[:replicas])
    return model


def pass_time(model: ServiceModel, seconds: float, tick: float = 0.1) -> None:
    for _ in range(round(seconds / tick)):
        model.advance(tick, 0)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.sampled_from([0.1, 0.2, 0.25, 1.0]),
        st.sets(st.sampled_from(NAMES)),
        st.sets(st.sampled_from(NAMES)),
        st.sets(st.sampled_from(NAMES)),
        st.floats(-1, 5),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.sampled_from([(10, 0.8), (2, 4.0), (4, 0.25), (1, 1.0)]), st.sampled_from([0.5, 3.0, 30.0]))
def test_every_request_that_came_waits_is_served_or_has_failed(
    steps: list[tuple[int, float, set[str], set[str], set[str], float]], speed: tuple[float, float], timeout: float
) -> None:
    model = ServiceModel(*speed, timeout_seconds=timeout)
    for arrivals, seconds, ready, ending, unready, grace in steps:
        model.set_replicas(ready, dict.fromkeys(ending, model.now + grace), unready)
        assert whole(model)
        model.advance(seconds, arrivals)
        assert whole(model)
        assert all(0 <= replica.holds <= model.concurrency for replica in model.replicas)
        assert model.latencies.count == model.served + model.failed
        assert min(model.waiting, model.served, model.failed) >= 0
    model.set_replicas([])
    pass_time(model, 40, 1.0)
    assert (model.waiting, model.in_service) == (0, 0)
    assert model.arrived == model.served + model.failed


@pytest.mark.parametrize(("rate", "seconds"), [(10, 0.8), (500, 0.1), (0.5, 4.0), (2.5, 2.0)])
def test_a_full_replica_serves_exactly_at_its_rate(rate: float, seconds: float) -> None:
    model = model_of(1, rate=rate, service_seconds=seconds, timeout_seconds=10_000)
    model.advance(0.25, round(rate * 300))
    pass_time(model, 100 + seconds, 0.25)
    assert model.served == pytest.approx(rate * model.now, abs=model.concurrency)


def test_requests_are_served_in_the_order_in_which_they_came_and_none_overtakes() -> None:
    model = model_of(1)
    for _ in range(3):
        model.advance(0.1, 8)
    pass_time(model, 3)
    # 8 at a time: the second eight wait for the first, the third for the second.
    assert [model.latencies.percentile(percent) for percent in (30, 60, 99)] == pytest.approx([0.8, 1.5, 2.2], rel=0.02)


def test_without_a_ready_replica_requests_wait_and_fail_after_the_timeout() -> None:
    model = ServiceModel(timeout_seconds=5)
    model.advance(0.1, 7)
    pass_time(model, 4.8)
    assert (model.waiting, model.failed) == (7, 0)
    pass_time(model, 0.2)
    assert (model.waiting, model.failed) == (0, 7)


def test_a_replica_that_becomes_ready_takes_what_waits_at_once() -> None:
    model = ServiceModel()
    model.advance(0.1, 20)
    model.set_replicas(["a"])
    assert (model.in_service, model.waiting) == (8, 12)


def test_a_terminating_replica_takes_no_new_work_and_finishes_what_it_has() -> None:
    model = model_of(1)
    model.advance(0.1, 10)
    model.set_replicas([], {NAMES[0]: model.now + 30})
    assert (model.in_service, model.waiting) == (8, 2)
    pass_time(model, 1)
    assert (model.served, model.waiting, model.failed) == (8, 2, 0)
    assert list(model.replicas) == []


def test_what_is_not_finished_when_the_grace_ends_fails() -> None:
    model = model_of(1, rate=2, service_seconds=10.0)
    model.advance(0.1, 5)
    model.set_replicas([], {NAMES[0]: model.now + 3})
    pass_time(model, 2.9)
    assert (model.in_service, model.failed) == (5, 0)
    pass_time(model, 0.2)
    assert (model.in_service, model.failed, model.served) == (0, 5, 0)


def test_a_terminating_replica_that_is_not_seen_any_more_keeps_its_deadline() -> None:
    model = model_of(1, rate=2, service_seconds=10.0)
    model.advance(0.1, 5)
    model.set_replicas([], {NAMES[0]: model.now + 60})
    model.set_replicas([])
    pass_time(model, 11)
    assert (model.served, model.failed) == (5, 0)


def test_a_replica_that_is_gone_without_having_been_told_loses_what_it_has() -> None:
    model = model_of(2)
    model.advance(0.1, 16)
    model.set_replicas([NAMES[0]])
    assert (model.in_service, model.failed) == (8, 8)
    pass_time(model, 1)
    assert (model.served, model.failed) == (8, 8)


def test_an_unready_replica_keeps_what_it_has_and_works_again_when_it_is_ready() -> None:
    model = model_of(1)
    model.advance(0.1, 16)
    model.set_replicas([], unready=[NAMES[0]])
    pass_time(model, 1)
    assert (model.served, model.waiting) == (8, 8)
    model.set_replicas([NAMES[0]])
    assert model.in_service == 8


def test_work_is_spread_evenly() -> None:
    model = model_of(4)
    model.advance(0.1, 10)
    assert sorted(replica.holds for replica in model.replicas) == [2, 2, 3, 3]


def test_busy_seconds_tell_the_share_of_places_taken() -> None:
    model = model_of(1)
    model.advance(0.1, 4)
    pass_time(model, 0.7)
    assert model.take_busy_seconds() == pytest.approx(4 * 0.8)
    assert model.take_busy_seconds() == 0


def test_rates_that_make_no_whole_number_of_places_are_refused_with_one_that_does() -> None:
    with pytest.raises(ValueError, match=r"would hold 2\.4 at once. Write a rate such as 2\.5"):
        ServiceModel(rate=3)


def test_the_same_arrivals_and_replicas_give_the_same_numbers() -> None:
    def run() -> tuple[int, int, float]:
        model, arrivals = model_of(6), Arrivals(spike(peak=100), seed=7)
        for tick in range(1500):
            model.advance(0.2, arrivals.between(tick * 0.2, (tick + 1) * 0.2))
        return model.arrived, model.failed, model.latencies.percentile(99)

    assert run() == run()


def test_a_thousand_requests_a_second_cost_less_than_two_percent_of_a_core() -> None:
    model, arrivals, tick = ServiceModel(), Arrivals(spike()), 0.1
    model.set_replicas([f"pod-{number}" for number in range(90)])
    begun = time.process_time()
    for number in range(3000):
        model.advance(tick, arrivals.between(number * tick, (number + 1) * tick))
    assert time.process_time() - begun < 0.02 * 300
    assert model.arrived > 220_000
