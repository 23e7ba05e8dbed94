"""Laws that hold for every pool, and what is refused with a sentence."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_cost.book import PriceBook
from penstock_cost.money import Confidence, CostError, UnknownPrice
from penstock_cost.usage.pool import pool_item
from penstock_cost.usage.question import ask

BOOK = PriceBook.bundled()
PLACES = [
    ("aws", "us-east-1", ("m5.xlarge",)),
    ("aws", "us-east-1", ("g5.xlarge", "m6i.xlarge")),
    ("gcp", "us-central1", ("n1-standard-4",)),
    ("gcp", "europe-west4", ("n2-standard-8",)),
    ("azure", "eastus", ("Standard_NC24ads_A100_v4",)),
]


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    cloud, region, machines = draw(st.sampled_from(PLACES))
    minimum = draw(st.integers(0, 20))
    asked: dict[str, Any] = {
        "cloud": cloud,
        "region": region,
        "machines": machines,
        "minimum": minimum,
        "maximum": minimum + draw(st.integers(0, 20)),
        "purchase": draw(st.sampled_from(["on_demand", "spot"])),
        "reserved_capacity": 0,
    }
    if asked["purchase"] == "spot":
        asked["fallback"] = draw(st.floats(0, 1))
        asked["redo"] = draw(st.floats(0, 1))
    else:
        asked["reserved_capacity"] = draw(st.integers(0, 30))
    profile = st.lists(st.floats(0, 50), min_size=24, max_size=24)
    asked["profile"] = tuple(draw(st.one_of(st.just([]), profile)))
    asked["workload_maximum"] = draw(st.one_of(st.none(), st.integers(0, 60)))
    return asked


@given(questions())
@settings(max_examples=200)
def test_floor_expected_and_bounds_are_in_order(asked: dict[str, Any]) -> None:
    cost = pool_item(ask(**asked), BOOK).cost
    slack = 1e-6 + cost.ceiling * 1e-9
    assert 0 <= cost.floor <= cost.expected + slack
    assert cost.expected <= cost.ceiling + slack
    assert cost.floor <= cost.bounded + slack
    assert cost.bounded <= cost.ceiling + slack


@given(questions(), st.integers(1, 10))
@settings(max_examples=100)
def test_a_larger_maximum_never_lowers_anything(asked: dict[str, Any], more: int) -> None:
    before = pool_item(ask(**asked), BOOK).cost
    after = pool_item(ask(**asked | {"maximum": asked["maximum"] + more}), BOOK).cost
    assert all(late >= early - 1e-6 for early, late in zip(before, after, strict=True))


@given(questions())
@settings(max_examples=100)
def test_money_is_linear_in_zones(asked: dict[str, Any]) -> None:
    asked |= {"reserved_capacity": 0, "workload_maximum": None}
    one = pool_item(ask(**asked), BOOK).cost
    three = pool_item(ask(**asked, zones=3, per_zone=True), BOOK).cost
    assert three == pytest.approx(one.times(3))


def test_break_even_of_a_commitment_is_where_its_price_is_that_of_the_hours_used() -> None:
    # A year without upfront of an M5 costs 63 % of the list price, so it pays from 63 % of the hours on.
    committed = BOOK.commitment("aws", "us-east-1", "m5.xlarge", "1y", "no_upfront")
    hours = committed.rate.usd * 730 / BOOK.machine("aws", "us-east-1", "m5.xlarge").hourly.usd
    assert hours == pytest.approx(0.63 * 730, rel=1e-3)


def test_a_commitment_is_paid_monthly_unless_told_otherwise() -> None:
    asked: dict[str, Any] = {
        "cloud": "aws",
        "region": "us-east-1",
        "machines": ("m5.xlarge",),
        "minimum": 2,
        "maximum": 5,
        "purchase": "reserved",
        "term": "1y",
    }
    item = pool_item(ask(**asked), BOOK)
    assert item == pool_item(ask(**asked, payment="no_upfront"), BOOK)
    assert item.what == "m5.xlarge, reserved, 1y no upfront"


ON_N1 = {"cloud": "gcp", "region": "us-central1", "accelerator": "nvidia-tesla-t4:1"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"minimum": 3, "maximum": 2}, "minimum: 3 is above the maximum of 2"),
        ({"maximum": 10**12}, "maximum: Write a number of at most 1000000"),
        ({"minimum": -1}, "minimum: Write a number of at least 0"),
        ({"maximum": 1.5}, "maximum: Write a whole number"),
        ({"desired": 9}, "desired: 9 is not between 0 and 4"),
        ({"machines": ()}, "machines: Write at least 1"),
        ({"cloud": "oracle"}, "cloud: Write one of 'aws', 'azure' or 'gcp'"),
        ({"purchase": "free"}, "purchase: Write one of"),
        ({"profile": (1, 2, 3)}, "profile: Write 24 numbers"),
        ({"profile": (1,) * 24, "schedule": ("Mon 00:00-01:00=1",)}, "profile: A schedule is given too"),
        ({"otherwise": 1}, "otherwise: There is no schedule"),
        ({"fallback": 0.5}, "fallback: This is for spot machines"),
        ({"spot_price": 1.0}, "spot_price: This is for spot machines"),
        ({"purchase": "spot", "fallback": 1.5}, "fallback: Write a number of at most 1"),
        ({"purchase": "spot", "spot_price": float("nan")}, "spot_price: Write"),
        ({"purchase": "reserved"}, "term: A reserved pool is covered by a commitment"),
        ({"purchase": "reserved", "term": "1y"}, "minimum: A commitment covers the machines that always run"),
        ({"term": "1y"}, "term: A commitment is for reserved machines"),
        ({"accelerator": "nvidia-tesla-t4:1"}, "accelerator: Only Google Cloud attaches"),
        ({"accelerator": "one T4"}, "accelerator: 'one T4' is none"),
        (ON_N1 | {"machines": ("n2-standard-8",)}, "accelerator: nvidia-tesla-t4 is attached to n1 machines only"),
        (ON_N1 | {"machines": ("n1-standard-8", "g1-small")}, "n1 machines only, not to g1-small"),
        (ON_N1 | {"machines": ("n1-standard-8",), "accelerator": "nvidia-tesla-t4:3"}, "in counts of 1, 2, 4, not 3"),
        ({"per_zone": True}, "zones: Counts are of one zone each"),
        ({"colour": "red"}, "colour: There is no such setting"),
        ({"schedule": ("whenever",)}, "schedule[0]: 'whenever' is no window"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], text: str) -> None:
    asked = {"cloud": "aws", "region": "us-east-1", "machines": ("m5.xlarge",), "minimum": 0, "maximum": 4}
    with pytest.raises(CostError) as refused:
        pool_item(ask(**asked | change), BOOK)
    assert text in str(refused.value)


def test_a_machine_that_is_too_large_for_its_accelerators_is_noted_and_believed_less() -> None:
    asked: dict[str, Any] = {"minimum": 2, "maximum": 2, **ON_N1}
    fits, large = (pool_item(ask(**asked, machines=(name,)), BOOK) for name in ("n1-standard-32", "n1-standard-96"))
    assert (fits.confidence, fits.notes) == (Confidence.HIGH, ())
    assert large.confidence == Confidence.LOW
    assert "1 nvidia-tesla-t4 go with at most 48 vCPU, and n1-standard-96 has 96" in large.notes[0]


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(CostError) as refused:
        ask(cloud="aws", region="us-east-1", machines=("m5.xlarge",), minimum=-1, maximum=-2, desired="x")
    assert {line.split(":")[0] for line in str(refused.value).splitlines()} == {"minimum", "maximum", "desired"}


@pytest.mark.parametrize(
    ("machine", "region", "purchase", "near"),
    [
        ("p3.2xlrge", "us-east-1", "on_demand", "p3.2xlarge"),
        ("p3.2xlarge", "us-east-9", "on_demand", "us-east-1"),
        ("g6.xlarge", "eu-west-1", "on_demand", "us-east-1"),
        ("p5e.48xlarge", "us-west-2", "on_demand", "negotiated rate"),
        ("p5.48xlarge", "us-east-1", "capacity_block", "negotiated rate"),
    ],
)
def test_a_price_that_is_not_known_is_no_price_and_never_0(machine: str, region: str, purchase: str, near: str) -> None:
    with pytest.raises(UnknownPrice, match=near):
        pool_item(ask(cloud="aws", region=region, machines=(machine,), minimum=0, maximum=1, purchase=purchase), BOOK)


@pytest.mark.parametrize(
    ("more", "confidence", "basis"),
    [
        ({}, Confidence.LOW, "minimum; no schedule or profile was given"),
        ({"desired": 2}, Confidence.LOW, "desired size; the autoscaler moves it"),
        ({"schedule": ("Mon-Fri 08:00-20:00=3",)}, Confidence.HIGH, "schedule, 60 of 168 hours a week"),
        ({"profile": (1,) * 24}, Confidence.HIGH, "profile of a day"),
        ({"minimum": 4}, Confidence.HIGH, "fixed size"),
    ],
)
def test_the_expected_cost_says_what_it_was_computed_from(more: dict[str, Any], confidence: str, basis: str) -> None:
    asked = {"cloud": "gcp", "region": "us-central1", "machines": ("e2-standard-4",), "minimum": 0, "maximum": 4}
    item = pool_item(ask(**asked | more), BOOK)
    assert (item.confidence, item.basis) == (confidence, basis)
