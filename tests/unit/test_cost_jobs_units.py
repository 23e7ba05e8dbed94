"""What a unit of work costs, by OpenCost's definitions, and when own nodes beat an API."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost.jobs.asked import ask
from penstock_cost.jobs.units import UnitsQuestion, unit_costs
from penstock_cost.money import CostError


def units(**given):
    return unit_costs(ask(UnitsQuestion, given))


def test_by_hand():
    # 2 nodes at 3.60 = 7.20 USD/h. Used 0.25: 1.80. Requested 0.75: allocated 5.40, idle 3.60, unallocated 1.80.
    # A replica serves 100 tokens/s, a node has 4: 2 x 4 x 100 x 3600 x 0.25 = 720,000 tokens an hour.
    done = units(
        usd_per_hour=3.6, gpus=4, nodes=2, replicas_per_node=4, tokens_per_second=100, requests_per_second=1,
        utilisation=0.25, requested=0.75,
    )  # fmt: skip
    assert (done.usd_per_hour, done.used, done.allocated) == pytest.approx((7.2, 1.8, 5.4))
    assert (done.idle, done.unallocated, done.efficiency) == pytest.approx((3.6, 1.8, 1 / 3))
    assert done.per_1m_tokens == pytest.approx((2.5, 7.5, 10.0))
    assert done.per_1k_tokens == pytest.approx((0.0025, 0.0075, 0.01))
    # A replica answers 1 request/s: 7,200 an hour.
    assert done.per_1m_requests == pytest.approx((250, 750, 1000))
    # 8 GPUs, a quarter busy: 2 busy GPUs.
    assert done.per_gpu_hour == pytest.approx((0.9, 2.7, 3.6))
    assert done.tokens_per_day == pytest.approx(720_000 * 24)


def test_the_throughput_of_a_node_is_not_multiplied_by_replicas():
    done = units(usd_per_hour=3.6, per="node", tokens_per_second=1000, utilisation=1)
    assert done.per_1m_tokens == pytest.approx((1.0, 1.0, 1.0))
    with pytest.raises(CostError, match="replicas_per_node: The throughput is that of a node"):
        units(usd_per_hour=1, per="node", replicas_per_node=2, tokens_per_second=1, utilisation=1)


def test_allocation_is_the_greater_of_request_and_usage():
    assert units(usd_per_hour=10, tokens_per_second=1, utilisation=0.6, requested=0.2).allocated == pytest.approx(6)
    assert units(usd_per_hour=10, tokens_per_second=1, utilisation=0.2, requested=0.6).allocated == pytest.approx(6)


def test_nothing_is_guessed_that_is_not_stated():
    done = units(usd_per_hour=1, requests_per_second=1, utilisation=0.5)
    assert done.per_1m_tokens is done.per_gpu_hour is done.break_even is done.tokens_per_day is None
    with pytest.raises(CostError, match="State a throughput"):
        units(usd_per_hour=1, utilisation=0.5)


def test_break_even_by_hand():
    # A node serves 1000 tokens/s, 3.6 M an hour; at 1 USD per 1M the API asks 3.60 for them. A node costs 2.16: 0.6 of it.
    done = units(usd_per_hour=2.16, tokens_per_second=1000, utilisation=0.5, api_usd_per_1m_tokens=1)
    even = done.break_even
    assert even.utilisation == pytest.approx(0.6)
    # 0.6 x 86.4 M a day.
    assert even.tokens_per_day == pytest.approx(51.84e6)
    # One full node: 86.4 M; then two nodes cost 103.68 a day, the API 86.40: it wins up to 103.68 M.
    assert even.always_from_tokens_per_day == pytest.approx(103.68e6)
    # At half use the API asks 1.80 an hour.
    assert (even.api_usd_per_hour, even.saved_per_hour) == pytest.approx((1.8, -0.36))


def test_more_nodes_that_always_run_need_more_tokens_to_beat_the_api():
    # As above with 3 nodes: 3 x 0.6 x 86.4 M. Beyond 3 full nodes a fourth costs less than the API, so that is for good.
    even = units(
        usd_per_hour=2.16, nodes=3, tokens_per_second=1000, utilisation=0.5, api_usd_per_1m_tokens=1
    ).break_even
    assert even.tokens_per_day == even.always_from_tokens_per_day == pytest.approx(155.52e6)


def test_nodes_that_never_beat_the_api():
    even = units(usd_per_hour=4, tokens_per_second=1000, utilisation=1, api_usd_per_1m_tokens=1).break_even
    assert even.utilisation > 1
    assert even.tokens_per_day is even.always_from_tokens_per_day is None


@given(
    usd=st.floats(0.01, 100),
    utilisation=st.floats(0.001, 1),
    requested=st.floats(0, 1),
    nodes=st.floats(0.1, 1000),
    tokens=st.floats(0.1, 1e5),
)
def test_usage_idle_and_unallocated_are_all_that_nodes_cost(usd, utilisation, requested, nodes, tokens):
    done = units(
        usd_per_hour=usd, nodes=nodes, utilisation=utilisation, requested=requested, tokens_per_second=tokens, gpus=1
    )
    assert done.used + done.idle + done.unallocated == pytest.approx(done.usd_per_hour)
    assert done.idle >= 0 and done.unallocated >= 0
    assert 0 < done.efficiency <= 1
    for basis in (done.per_1m_tokens, done.per_gpu_hour):
        assert basis.usage <= basis.allocation <= basis.total
    assert done.per_1m_tokens.total * done.tokens_per_day / 1e6 == pytest.approx(done.usd_per_hour * 24)


@given(usd=st.floats(0.1, 10), price=st.floats(0.1, 10), nodes=st.integers(1, 20), over=st.floats(1.0001, 5))
def test_beyond_the_last_break_even_the_nodes_are_cheaper_however_many_are_needed(usd, price, nodes, over):
    even = units(
        usd_per_hour=usd, nodes=nodes, tokens_per_second=1000, utilisation=1, api_usd_per_1m_tokens=price
    ).break_even
    if even.always_from_tokens_per_day is None or even.utilisation > 0.99:
        return
    tokens = even.always_from_tokens_per_day * over
    needed = max(nodes, -(-tokens // 86.4e6))
    assert needed * usd * 24 <= tokens / 1e6 * price * (1 + 1e-9)


@pytest.mark.parametrize(
    "given, problem",
    [
        ({"utilisation": 0}, "utilisation: "),
        ({"utilisation": 1.1}, "utilisation: .* It is 1.1"),
        ({"utilisation": float("nan")}, "utilisation: "),
        ({"usd_per_hour": 0}, "usd_per_hour: "),
        ({"usd_per_hour": 1e30}, "usd_per_hour: "),
        ({"tokens_per_second": float("inf")}, "tokens_per_second: "),
        ({"tokens_per_second": -1}, "tokens_per_second: "),
        ({"usd_per_hour": 1e-320}, "usd_per_hour: "),
        ({"utilisation": 1e-320}, "utilisation: "),
        ({"requested": 2}, "requested: "),
        ({"nodes": 0}, "nodes: "),
        ({"api_usd_per_1m_tokens": 0}, "Nothing beats what costs nothing"),
        ({"api_usd_per_1m_tokens": 1e-320}, "Nothing beats what costs nothing"),
        ({"utilization": 1}, "utilization: There is no such field. Write for example utilisation"),
    ],
)
def test_bad_questions_are_refused_with_their_field(given, problem):
    with pytest.raises(CostError, match=problem):
        units(**{"usd_per_hour": 1, "tokens_per_second": 1, "utilisation": 0.5, **given})
