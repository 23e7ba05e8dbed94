"""Negotiated prices and discounts win over every list, and say so."""

from typing import Any

import pytest
from pydantic import ValidationError

from penstock_cost.book import NegotiatedRates, PriceBook, UnknownPrice
from penstock_cost.money import Confidence, Rate


def _book(**agreed: Any) -> PriceBook:
    return PriceBook.bundled().with_rates(NegotiatedRates.model_validate(agreed))


def test_a_rate_replaces_the_list_price_of_a_machine_only_where_it_was_agreed() -> None:
    book = _book(rates=[{"cloud": "aws", "region": "us-*", "machine": "p5.48xlarge", "usd": 40}])
    rate = book.machine("aws", "us-east-1", "p5.48xlarge").hourly
    assert (rate.usd, rate.source, rate.confidence) == (40, "negotiated rate", Confidence.HIGH)
    assert "negotiated" not in book.machine("aws", "ap-northeast-1", "p5.48xlarge").hourly.source
    assert PriceBook.bundled().machine("aws", "us-east-1", "p5.48xlarge").hourly.usd == 55.04


def test_a_discount_is_taken_off_machines_and_so_off_their_commitments_but_not_off_spot() -> None:
    listed, book = PriceBook.bundled(), _book(discounts=[{"cloud": "aws", "machine": "m5.*", "percent": 10}])
    machine = book.machine("aws", "us-east-1", "m5.large")
    assert machine.hourly.usd == pytest.approx(0.096 * 0.9)
    assert machine.hourly.source.startswith("negotiated rate: 10 % off ")
    assert machine.spot == listed.machine("aws", "us-east-1", "m5.large").spot
    assert book.commitment("aws", "us-east-1", "m5.large", "1y").rate.usd == pytest.approx(0.096 * 0.9 * 0.63)
    assert book.machine("aws", "us-east-1", "c5.large") == listed.machine("aws", "us-east-1", "c5.large")
    assert book.service("aws", "us-east-1", "ebs_gp3").usd == 0.08


def test_a_discount_of_all_the_cloud_reaches_items_and_egress_too() -> None:
    book = _book(discounts=[{"cloud": "aws", "percent": 50}])
    assert book.service("aws", "us-east-1", "ebs_gp3").usd == pytest.approx(0.04)
    assert book.tiered("aws", "us-east-1", "egress_internet", 100) == pytest.approx(4.5)
    assert book.service("azure", "eastus", "aks_standard").usd == 0.10


def test_the_last_discount_that_matches_counts_and_a_rate_counts_before_all() -> None:
    book = _book(
        discounts=[
            {"cloud": "aws", "percent": 5},
            {"cloud": "aws", "machine": "m5.*", "percent": 20},
            {"cloud": "aws", "machine": "m5.*", "region": "eu-*", "percent": 30},
        ],
        rates=[{"cloud": "aws", "machine": "m5.xlarge", "usd": 0.15}],
    )
    assert book.machine("aws", "us-east-1", "m5.large").hourly.usd == pytest.approx(0.096 * 0.8)
    assert book.machine("aws", "us-east-1", "c5.large").hourly.usd == pytest.approx(0.085 * 0.95)
    assert book.machine("aws", "us-east-1", "m5.xlarge").hourly.usd == 0.15
    assert book.machine("aws", "eu-west-1", "m5.large").hourly.usd == pytest.approx(0.107 * 0.7)


def test_a_negotiated_machine_gets_no_sustained_use_discount() -> None:
    book = _book(discounts=[{"cloud": "gcp", "machine": "n1-*", "percent": 10}])
    assert book.machine("gcp", "us-central1", "n1-standard-8").sustained_use == 0
    assert book.machine("gcp", "us-central1", "n2-standard-8").sustained_use > 0


def test_rates_may_be_of_reserved_spot_and_block_machines() -> None:
    book = _book(
        rates=[
            {"cloud": "aws", "machine": "p5.48xlarge", "usd": 27.52, "purchase": "reserved"},
            {"cloud": "aws", "machine": "p5.48xlarge", "usd": 20, "purchase": "spot"},
            {"cloud": "aws", "machine": "p5e.48xlarge", "usd": 35, "purchase": "capacity_block"},
        ]
    )
    paid = book.commitment("aws", "us-east-1", "p5.48xlarge", "3y")
    assert (paid.rate.usd, paid.discount, paid.instrument) == (27.52, pytest.approx(0.5), "negotiated")
    machine = book.machine("aws", "us-east-1", "p5.48xlarge")
    assert machine.hourly.usd == 55.04
    assert (machine.spot_hourly.usd, machine.spot_hourly.source) == (20, "negotiated rate")
    block = book.negotiated_rate("aws", "us-east-1", "p5e.48xlarge", "capacity_block")
    assert block is not None
    assert block.usd == 35
    assert book.negotiated_rate("aws", "us-east-1", "p5.48xlarge", "flex") is None


def test_a_machine_that_no_list_has_gets_the_agreed_price_and_no_other() -> None:
    book = _book(rates=[{"cloud": "gcp", "region": "us-east4", "machine": "a4-highgpu-8g", "usd": 70}])
    machine = book.machine("gcp", "us-east4", "a4-highgpu-8g")
    assert (machine.hourly.usd, machine.spot, machine.sustained_use) == (70, None, 0)
    with pytest.raises(UnknownPrice):
        book.machine("gcp", "us-central1", "a4-highgpu-8g")


def test_items_and_egress_take_agreed_rates() -> None:
    book = _book(
        rates=[
            {"cloud": "aws", "item": "ebs_gp3", "usd": 0.05, "unit": "GB-month"},
            {"cloud": "aws", "item": "egress_internet", "usd": 0.02, "unit": "GB"},
        ]
    )
    assert book.service("aws", "sa-east-1", "ebs_gp3").usd == 0.05
    assert book.tiered("aws", "us-east-1", "egress_internet", 20_000) == pytest.approx(400)
    assert book.tier_rate("aws", "us-east-1", "egress_internet", 20_000).source == "negotiated rate"


def test_no_machine_is_given_away() -> None:
    with pytest.raises(ValidationError, match="No cloud gives m5.large away"):
        _book(rates=[{"cloud": "aws", "machine": "m5.large", "usd": 0}])
    assert _book(rates=[{"cloud": "aws", "item": "eks_control_plane", "usd": 0}]).service(
        "aws", "us-east-1", "eks_control_plane"
    ) == Rate(0, "hour", "negotiated rate", "")


def test_all_mistakes_are_told_at_once_each_with_its_path() -> None:
    with pytest.raises(ValidationError) as raised:
        NegotiatedRates.model_validate(
            {
                "discounts": [
                    {"cloud": "aws", "machine": "m5.*", "item": "ebs_gp3", "percent": 10},
                    {"cloud": "aws", "percent": 100},
                ],
                "rates": [
                    {"cloud": "aws", "usd": 1},
                    {"cloud": "aws", "item": "ebs_gp3", "usd": 1},
                    {"cloud": "oci", "machine": "x", "usd": 1},
                    {"cloud": "aws", "machine": "m5.large", "usd": -1},
                ],
            }
        )
    told = {".".join(map(str, error["loc"])): error["msg"] for error in raised.value.errors()}
    assert set(told) == {"discounts.0", "discounts.1.percent", "rates.0", "rates.1", "rates.2.cloud", "rates.3.usd"}
    assert "priced by GB-month, not by hour" in told["rates.1"]
    assert "Write two for both" in told["discounts.0"]
