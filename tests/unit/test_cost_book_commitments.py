"""Commitments: what they take off, when they are paid, and that none is ever free."""

import pytest

from penstock_cost.book import Commitment, PriceBook, UnknownPrice, tables
from penstock_cost.money import Confidence

BOOK = PriceBook.bundled()


def test_every_discount_lies_between_nothing_and_everything() -> None:
    discounts = [float(row.discount) for rows in tables.commitments().values() for row in rows]
    for place in tables.machines().values():
        discounts += [float(cell) for row in place.values() for cell in (row.cud_1y, row.cud_3y) if cell]
    assert len(discounts) > 1500
    assert all(0.2 < discount < 0.75 for discount in discounts)


# t3.medium in us-east-1, 0.0416 an hour: 19.05 a month without upfront payment, 9.05 beside as much upfront.
@pytest.mark.parametrize(
    ("payment", "month", "upfront"),
    [("no_upfront", 19.05, 0), ("partial_upfront", 18.10, 0.5), ("all_upfront", 17.77, 1)],
)
def test_what_is_paid_upfront_is_spread_over_the_term_and_never_free(
    payment: str, month: float, upfront: float
) -> None:
    paid = BOOK.commitment("aws", "us-east-1", "t3.medium", "1y", payment)
    assert paid.rate.usd * 730 == pytest.approx(month, abs=0.05)
    assert paid.upfront_fraction == upfront
    assert paid.upfront == pytest.approx(paid.rate.usd * 8760 * upfront)


@pytest.mark.parametrize("term", ["1y", "3y"])
def test_the_more_is_paid_upfront_the_less_it_costs(term: str) -> None:
    for (cloud, family), rows in tables.commitments().items():
        by_payment = {
            row.payment: float(row.discount)
            for row in rows
            if row.term == term and row.instrument == "reserved_instance"
        }
        if cloud == "aws" and "all_upfront" in by_payment:
            assert by_payment["all_upfront"] > by_payment["partial_upfront"] > by_payment["no_upfront"], family


def test_a_longer_term_costs_less() -> None:
    for cloud, machine, region in [
        ("aws", "m5.large", "us-east-1"),
        ("gcp", "n2-standard-8", "us-central1"),
        ("azure", "Standard_D4s_v5", "eastus"),
    ]:
        one, three = (BOOK.commitment(cloud, region, machine, term) for term in ("1y", "3y"))
        assert three.rate.usd < one.rate.usd < BOOK.machine(cloud, region, machine).hourly.usd


def test_what_was_read_counts_before_what_was_derived() -> None:
    assert BOOK.commitment("aws", "us-east-1", "t3.large", "1y").discount == 0.3727  # not 0.373
    assert BOOK.commitment("aws", "us-east-1", "t3.large", "3y").discount == 0.5673  # not 0.5681


def test_google_commitments_are_of_the_machine_and_region_itself() -> None:
    # 1689.371139 a month against 3.673385 an hour.
    paid = BOOK.commitment("gcp", "us-central1", "a2-highgpu-1g", "1y")
    assert paid.rate.usd * 730 == pytest.approx(1689.371139, abs=0.01)
    assert paid.rate.confidence is Confidence.HIGH
    assert paid.instrument == "committed_use_discount"


def test_google_and_azure_ask_the_same_in_whatever_way_it_is_paid() -> None:
    for cloud, region, machine in [("gcp", "us-central1", "n2-standard-8"), ("azure", "eastus", "Standard_D4s_v5")]:
        paid = {
            BOOK.commitment(cloud, region, machine, "1y", payment)
            for payment in ("no_upfront", "partial_upfront", "all_upfront")
        }
        assert len(paid) == 1
        assert paid.pop().payment == "no_upfront"


def test_reserved_means_a_reservation_and_other_instruments_are_asked_for_by_name() -> None:
    def of(cloud: str, region: str, machine: str, instrument: str | None) -> Commitment:
        return BOOK.commitment(cloud, region, machine, "1y", instrument=instrument)

    assert of("azure", "eastus", "Standard_D4s_v5", None).instrument == "reservation"
    assert of("azure", "eastus", "Standard_D4s_v5", "savings_plan").discount == 0.3165
    assert of("aws", "us-east-1", "t3.medium", "convertible_reserved_instance").discount == 0.2788
    assert of("aws", "us-east-1", "t3.medium", None).discount == 0.3727


def test_a_discount_from_before_a_price_cut_is_believed_least() -> None:
    assert BOOK.commitment("aws", "us-east-1", "p4d.24xlarge", "1y").rate.confidence is Confidence.LOW


@pytest.mark.parametrize(
    ("cloud", "region", "machine", "term", "told"),
    [
        ("gcp", "us-central1", "a2-ultragpu-1g", "1y", "committed use discount of 1y"),
        ("azure", "eastus", "Standard_NC24ads_A100_v4", "1y", "Dds_v5, Ds_v5"),
        ("aws", "us-east-1", "p5.48xlarge", "3y", "purchase reserved"),
        ("aws", "us-east-1", "c7i.large", "3y", "Known for it: reserved_instance of 1y, all_upfront"),
        ("aws", "us-east-1", "m5.large", "2y", "Write a term of 1y or 3y"),
        ("aws", "us-west-2", "p5e.48xlarge", "1y", "no on-demand price"),
    ],
)
def test_a_commitment_that_nobody_lists_is_an_error_and_not_a_discount_of_zero(
    cloud: str, region: str, machine: str, term: str, told: str
) -> None:
    with pytest.raises(UnknownPrice, match=told):
        BOOK.commitment(cloud, region, machine, term)
