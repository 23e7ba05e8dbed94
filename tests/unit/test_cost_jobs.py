"""What a job costs: its parts, its tariff, and what it would cost otherwise."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_cost.book import PriceBook
from penstock_cost.book.model import MachinePrice, SpotRate
from penstock_cost.jobs.adjust import Adjustments
from penstock_cost.jobs.asked import ask
from penstock_cost.jobs.job import job_cost
from penstock_cost.jobs.job_question import JobQuestion
from penstock_cost.money import Confidence, CostError, Rate, UnknownPrice

# USD an hour: on demand, spot.
PRICES = {
    "m5.xlarge": (0.192, 0.0768),
    "r5.xlarge": (0.252, None),
    "p3.2xlarge": (3.06, 1.2852),
    "p3.8xlarge": (12.24, 5.1408),
    "n1-standard-8": (0.38, 0.16),
    "n2-standard-4": (0.194236, None),
    "n2-highmem-4": (0.262028, None),
}


class Book:
    """A price book of a few machines whose prices no refresh moves."""

    def machine(self, cloud, region, name):
        if name not in PRICES or region == "nowhere":
            raise UnknownPrice(f"No price of {name} in {region}.")
        return self._price(cloud, region, name, *PRICES[name])

    def accelerator(self, cloud, region, kind):
        return self._price(cloud, region, kind, 0.35, 0.14)

    def alternatives(self, cloud, region, name):
        return []

    def _price(self, cloud, region, name, usd, spot):
        listed = SpotRate(spot, spot, spot, "", None, "test", "", Confidence.HIGH) if spot else None
        return MachinePrice(Rate(usd, "hour", "test", ""), listed, 0.0, region, name, cloud)


P3 = {"cloud": "aws", "region": "us-east-1", "machine": "p3.2xlarge"}


def cost(tariff=None, **given):
    return job_cost(ask(JobQuestion, given), Book(), Adjustments(**(tariff or {})))


def test_a_gpu_machine_is_divided_by_unit_prices_and_the_rest_is_the_gpus():
    # A GiB: (0.252 - 0.192) / (32 - 16) = 0.00375; a vCPU: (0.192 - 16 x 0.00375) / 4 = 0.033.
    # A p3.2xlarge has 8 vCPU and 61 GiB: 8 x 0.033 = 0.264; 61 x 0.00375 = 0.22875; 3.06 - both = 2.56725.
    done = cost(**P3, hours=10)
    assert done.parts == pytest.approx((25.6725, 2.64, 2.2875))
    assert done.usd == pytest.approx(30.60)
    assert (done.gpu_hours, done.cpu_hours, done.gib_hours) == (10, 80, 610)


def test_a_machine_without_gpu_is_divided_in_the_ratio_of_vcpu_and_memory():
    # m5.xlarge: 4 x 0.033 = 0.132 and 16 x 0.00375 = 0.06, together its price.
    done = cost(cloud="aws", region="us-east-1", machine="m5.xlarge", hours=100)
    assert done.parts == pytest.approx((0, 13.2, 6.0))


def test_where_the_book_lacks_the_pair_the_unit_prices_are_opencosts(monkeypatch):
    monkeypatch.delitem(PRICES, "r5.xlarge")
    done = cost(**P3, hours=1)
    assert done.parts.cpu == pytest.approx(8 * 0.031611)
    assert done.parts.memory == pytest.approx(61 * 0.004237)
    assert done.usd == pytest.approx(3.06)
    assert "OpenCost" in done.basis


def test_opencosts_default_prices_are_those_of_n2_in_us_central1():
    # (0.262028 - 0.194236) / 16 = 0.004237; (0.194236 - 16 x 0.004237) / 4 = 0.031611.
    done = cost(cloud="gcp", region="us-central1", machine="n2-standard-4", hours=1)
    assert done.parts == pytest.approx((0, 4 * 0.031611, 16 * 0.004237))


def test_a_gpu_machine_that_costs_less_than_its_vcpu_and_memory_still_has_a_part_for_its_gpus(monkeypatch):
    monkeypatch.setitem(PRICES, "p3.2xlarge", (0.4, None))
    done = cost(**P3, hours=1)
    # In the ratio 1 x 0.95 : 8 x 0.031611 : 61 x 0.004237 = 0.95 : 0.252888 : 0.258457, together 1.461345.
    assert done.parts == pytest.approx((0.4 * 0.95 / 1.461345, 0.4 * 0.252888 / 1.461345, 0.4 * 0.258457 / 1.461345))
    assert min(done.parts) > 0


def test_an_attached_accelerator_is_of_the_gpu_part():
    done = cost(cloud="gcp", region="us-central1", machine="n1-standard-8", accelerator="nvidia-tesla-t4:2", hours=1)
    assert done.parts.gpu == pytest.approx(0.70)
    assert done.usd == pytest.approx(0.38 + 0.70)
    assert done.gpu_hours == 2


def test_adjustments_multiply():
    # 30.60 x 1.5 (urgent) x 0.5 (off-peak) x 0.3 (spot) = 6.885.
    done = cost(**P3, hours=10, priority="urgent", off_peak=True, spot=True)
    assert done.usd == pytest.approx(6.885)
    assert [one.name for one in done.adjustments] == ["urgent", "off-peak", "spot"]
    assert done.list_usd == pytest.approx(30.60)


def test_a_share_of_the_hours_off_peak_takes_that_share_of_the_discount():
    # Half of the hours at half the price: x 0.75; background x 0.8: 30.60 x 0.6 = 18.36.
    assert cost(**P3, hours=10, priority="background", off_peak=0.5).usd == pytest.approx(18.36)


def test_a_default_that_differs_from_the_price_book_says_so():
    # The book's spot price is 1.2852 / 3.06 = 0.42 of the list price.
    done = cost(**P3, hours=10, spot=True)
    assert done.notes == ("Spot -70 % is this tariff's; the price book says -58 % for this machine here.",)
    assert done.adjustments[0].book_factor == pytest.approx(0.42)
    assert done.usd == pytest.approx(9.18)
    assert done.book_usd == pytest.approx(12.852)


def test_a_default_that_is_the_price_books_says_nothing():
    assert cost({"spot": -0.58}, **P3, hours=10, spot=True).notes == ()


def test_the_price_books_spot_price_can_be_taken():
    done = cost({"spot": "book"}, **P3, hours=10, spot=True)
    assert (done.usd, done.book_usd) == pytest.approx((12.852, 12.852))
    assert done.notes == ()


def test_no_spot_price_is_no_guess():
    with pytest.raises(UnknownPrice, match="no spot price for r5.xlarge"):
        cost({"spot": "book"}, cloud="aws", region="us-east-1", machine="r5.xlarge", hours=1, spot=True)
    done = cost(cloud="aws", region="us-east-1", machine="r5.xlarge", hours=1, spot=True)
    assert "the price book has no spot price here" in done.notes[0]
    assert done.book_usd == done.list_usd


def test_tariffs_of_time_and_priority_are_not_the_clouds():
    done = cost(**P3, hours=10, priority="urgent", off_peak=True)
    assert all("a cloud bills the same" in note for note in done.notes)
    assert done.book_usd == done.list_usd == pytest.approx(30.60)


def test_a_job_takes_a_part_of_a_machine():
    # A p3.8xlarge has 4 GPUs, 32 vCPU, 244 GiB: a GPU of it is (12.24 - 32 x 0.033 - 244 x 0.00375) / 4 = 2.56725.
    done = cost(**{**P3, "machine": "p3.8xlarge"}, gpus=1, cpus=4, memory_gib=30.5, hours=2, copies=5)
    assert done.parts == pytest.approx((10 * 2.56725, 10 * 4 * 0.033, 10 * 30.5 * 0.00375))
    # Four copies fit one machine, so five need two, for 2 hours each: 4 x 12.24.
    assert done.machines == 2
    assert done.machines_usd == pytest.approx(48.96)


def test_what_is_not_stated_is_the_same_part_of_the_machine():
    done = cost(**{**P3, "machine": "p3.8xlarge"}, gpus=1, hours=1)
    assert done.usd == pytest.approx(12.24 / 4)
    assert done.notes == ("No vCPU or GiB stated: 0.25 of the machine's, as of what it takes most of.",)


def test_stated_rates_need_no_price_book():
    # (1 x 2 + 8 x 0.03 + 64 x 0.004) x 100 h = 249.60.
    done = cost(rates={"gpu": 2, "cpu": 0.03, "gib": 0.004}, gpus=1, cpus=8, memory_gib=64, hours=100)
    assert done.usd == pytest.approx(249.60)
    assert done.machines == 0


def test_what_it_would_cost_otherwise():
    choices = {one.what: one for one in cost(**P3, hours=10).choices}
    assert choices["background"].usd == pytest.approx(24.48)
    assert choices["urgent"].saved == pytest.approx(-15.30)
    # 30.60 x 0.8 x 0.5 x 0.3
    assert choices["background, off-peak, on spot"].usd == pytest.approx(3.672)
    assert "normal priority" not in choices and "on demand" not in choices


def test_the_same_job_is_no_choice():
    choices = [one.what for one in cost(**P3, hours=10, priority="background", off_peak=True, spot=True).choices]
    assert "background, off-peak, on spot" not in choices
    assert len(choices) == len(set(choices))


def test_cheaper_machines_that_hold_as_much_are_named():
    job = ask(JobQuestion, {**P3, "hours": 10})
    done = job_cost(job, PriceBook.bundled())
    on_others = [one for one in done.choices if one.what.startswith("on ") and "holds as much" in one.what]
    assert 1 <= len(on_others) <= 3
    assert all(one.usd < done.usd for one in on_others)


@pytest.mark.parametrize("cloud, region", [("aws", "us-east-1"), ("gcp", "us-central1"), ("azure", "eastus")])
def test_the_parts_of_every_machine_sum_to_its_price(cloud, region):
    from penstock_cost.catalogue import machine
    from penstock_cost.jobs.split import split, unit_prices
    from penstock_cost.model import UnknownMachineType

    book = PriceBook.bundled()
    units = unit_prices(cloud, region, book)
    seen = 0
    for name in book.machines(cloud, region):
        price = book.machine(cloud, region, name).on_demand
        try:
            shape = machine(cloud, name)
        except UnknownMachineType:
            continue
        if price is None:
            continue
        parts = split(price.usd, shape, units).parts
        assert parts.total == pytest.approx(price.usd, rel=1e-14), name
        assert min(parts) >= 0, name
        assert (parts.gpu > 0) == (shape.accelerator is not None), name
        seen += 1
    assert seen > 40


@settings(max_examples=60, deadline=None)
@given(
    hours=st.floats(0.01, 1e5),
    copies=st.integers(1, 1000),
    priority=st.sampled_from(["normal", "urgent", "background"]),
    off_peak=st.floats(0, 1),
    spot=st.booleans(),
)
def test_a_job_is_its_list_price_times_its_factors(hours, copies, priority, off_peak, spot):
    done = cost(**P3, hours=hours, copies=copies, priority=priority, off_peak=off_peak, spot=spot)
    assert done.usd == done.parts.gpu + done.parts.cpu + done.parts.memory
    assert done.usd == pytest.approx(done.list_usd * math.prod(one.factor for one in done.adjustments))
    assert done.list_usd == pytest.approx(3.06 * hours * copies)
    assert all(one.usd == pytest.approx(done.usd - one.saved) for one in done.choices)


@pytest.mark.parametrize(
    "given, problem",
    [
        ({"hours": -1}, "hours: .* greater than or equal to 0.000001. It is -1"),
        ({"hours": float("nan")}, "hours: .* finite"),
        ({"hours": float("inf")}, "hours: .* finite"),
        ({"hours": 1e30}, "hours: .* less than or equal to 1000000"),
        ({"hours": 1, "copies": 0}, "copies: "),
        ({"hours": 1, "copies": 1e30}, "copies: Write a whole number from 1 to 1000000. It is 1e\\+30"),
        ({"hours": 1, "copies": True}, "copies: Write a whole number"),
        ({"hours": 1, "off_peak": 1.2}, "off_peak: .* It is 1.2"),
        ({"hours": 1, "gpus": -1}, "gpus: "),
        ({"hours": 1, "gpus": 2}, "gpus: One p3.2xlarge has 1 GPUs, not 2"),
        ({"hours": 1, "gpus": 0}, "gpus: A copy takes nothing"),
        ({"hours": 1, "priority": "high"}, "priority: "),
        ({"hours": 1, "prioritee": "urgent"}, "prioritee: There is no such field. Write for example priority"),
        ({"hours": 1, "accelerator": "nvidia-tesla-t4:1"}, "accelerator: Only Google Cloud"),
        ({}, "hours: This is needed"),
    ],
)
def test_bad_jobs_are_refused_with_their_field(given, problem):
    with pytest.raises(CostError, match=problem):
        cost(**P3, **given)


def test_the_smallest_part_of_a_machine_needs_a_machine():
    assert cost(**P3, hours=1, cpus=1e-310).machines == 1


def test_all_problems_come_at_once():
    with pytest.raises(CostError) as caught:
        cost(rates={"cpu": 1, "gpuu": 2}, hours=-1)
    assert "rates.gpuu: There is no such field. Write for example gpu" in str(caught.value)
    assert "hours: " in str(caught.value)


def test_a_job_needs_a_machine_or_rates_and_not_both():
    with pytest.raises(CostError, match="machine: This is needed"):
        cost(hours=1, cloud="aws", region="us-east-1")
    with pytest.raises(CostError, match="machine: Rates are stated"):
        cost(**P3, hours=1, rates={"cpu": 1}, cpus=1)
    with pytest.raises(CostError, match="rates.gpu: gpus is 1, so its price is needed"):
        cost(hours=1, rates={"cpu": 1}, gpus=1)
    with pytest.raises(CostError, match="write what a copy takes"):
        cost(hours=1, rates={"cpu": 1})


def test_an_unknown_machine_is_no_price_of_nothing():
    with pytest.raises(UnknownPrice):
        cost(cloud="aws", region="us-east-1", machine="p9.large", hours=1)


@pytest.mark.parametrize("change", [-1, -2, 11, float("nan"), "booK"])
def test_a_tariff_cannot_make_a_job_free_or_absurd(change):
    with pytest.raises(CostError, match="spot"):
        ask(Adjustments, {"spot": change})
