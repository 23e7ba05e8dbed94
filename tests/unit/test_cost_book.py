"""The price book: every bundled price has a source and keeps within what prices can be, and some are checked by hand."""

from datetime import date

import pytest

from penstock_cost.book import PriceBook, UnknownPrice, tables
from penstock_cost.money import Confidence

BOOK = PriceBook.bundled()
PLACES = [(cloud, region) for cloud in ("aws", "azure", "gcp") for region in BOOK.regions(cloud)]
EVERY = [BOOK.machine(cloud, region, name) for cloud, region in PLACES for name in BOOK.machines(cloud, region)]


def test_each_region_has_the_machines_that_its_price_list_has() -> None:
    counts = {f"{cloud} {region}": len(BOOK.machines(cloud, region)) for cloud, region in PLACES}
    assert counts == {
        "aws ap-northeast-1": 124, "aws eu-central-1": 120, "aws eu-west-1": 104, "aws us-east-1": 128, "aws us-west-2": 127,
        "azure eastus": 62, "azure northeurope": 51, "azure westeurope": 57, "azure westus2": 53,
        "gcp asia-northeast1": 114, "gcp europe-west1": 117, "gcp europe-west4": 129, "gcp us-central1": 128,
        "gcp us-east1": 119, "gcp us-west1": 120,
    }  # fmt: skip


def test_every_price_of_a_machine_is_above_zero_and_has_a_source_and_a_day() -> None:
    rates = [price.on_demand for price in EVERY if price.on_demand] + [price.spot for price in EVERY if price.spot]
    assert len(rates) > 2900
    assert all(rate.usd > 0 and rate.source and rate.as_of[:3] == "202" for rate in rates)


def test_a_spot_price_is_always_below_the_list_price_and_within_its_own_range() -> None:
    for price in EVERY:
        if price.spot:
            assert price.spot.low <= price.spot.usd <= price.spot.high, price.name
            assert price.spot.confidence is not Confidence.HIGH
            if price.on_demand:
                assert price.spot.high < price.on_demand.usd, price.name


def test_only_google_takes_a_sustained_use_discount_off_and_never_a_negative_one() -> None:
    assert {price.sustained_use for price in EVERY if price.cloud != "gcp"} == {0.0}
    by_series: dict[str, set[float]] = {}
    for price in EVERY:
        if price.cloud == "gcp":
            by_series.setdefault(price.name.split("-")[0], set()).add(round(price.sustained_use, 2))
            assert str(price.sustained_use) != "-0.0"
    assert by_series == {
        "a2": {0.0}, "a3": {0.0}, "c2": {0.2}, "c3": {0.0}, "e2": {0.0}, "g2": {0.0}, "g4": {0.0}, "n1": {0.3}, "n2": {0.2},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cloud", "region", "machine", "usd"),
    [
        ("aws", "us-east-1", "p3.2xlarge", 3.06),
        ("aws", "us-east-1", "p5.48xlarge", 55.04),  # it cost 98.32 until June 2025
        ("aws", "us-east-1", "t3.medium", 0.0416),
        ("azure", "eastus", "Standard_D4s_v5", 0.192),
        ("azure", "eastus", "Standard_D4ds_v5", 0.226),
        ("gcp", "us-central1", "a2-highgpu-1g", 3.673385),
        ("gcp", "us-central1", "a3-highgpu-8g", 88.49),  # with its local disks
        ("gcp", "us-central1", "n1-standard-8", 8 * 0.031611 + 30 * 0.004237),
    ],
)
def test_list_prices_are_what_the_lists_say(cloud: str, region: str, machine: str, usd: float) -> None:
    assert BOOK.machine(cloud, region, machine).hourly.usd == pytest.approx(usd, abs=1e-5)


def test_a_machine_that_is_sold_in_capacity_blocks_has_no_on_demand_price_and_none_is_made_up() -> None:
    block = BOOK.machine("aws", "us-west-2", "p5e.48xlarge")
    assert block.on_demand is None
    with pytest.raises(UnknownPrice, match=r"no on-demand price in us-west-2.*capacity blocks.*negotiated rate"):
        _ = block.hourly


def test_where_azure_lists_no_spot_price_or_that_of_the_list_there_is_none() -> None:
    assert BOOK.machine("azure", "westeurope", "Standard_D4s_v5").spot is None
    assert BOOK.machine("azure", "eastus", "Standard_ND96isr_H100_v5").spot is None
    with pytest.raises(UnknownPrice, match="spot_price"):
        _ = BOOK.machine("azure", "westeurope", "Standard_D4s_v5").spot_hourly


def test_old_spot_prices_and_derived_list_prices_are_believed_less() -> None:
    assert BOOK.machine("azure", "eastus", "Standard_D4s_v5").spot_hourly.confidence is Confidence.LOW  # of 2023
    derived = BOOK.machine("aws", "ap-northeast-1", "g6e.xlarge").hourly
    assert "DERIVED" in derived.source
    assert derived.confidence is Confidence.MEDIUM
    assert BOOK.machine("aws", "us-east-1", "m5.large").hourly.confidence is Confidence.HIGH
    assert BOOK.machine("aws", "eu-west-1", "m5.large").hourly.confidence is Confidence.MEDIUM  # of 2024


def test_the_range_of_a_spot_price_spans_what_two_sources_say() -> None:
    # The median over zones is 0.3941; Spot Advisor says 80 % less than 3.06.
    spot = BOOK.machine("aws", "us-east-1", "p3.2xlarge").spot_hourly
    assert (spot.low, spot.usd, spot.high) == pytest.approx((0.3941, 0.3941, 0.612))
    t4 = BOOK.accelerator("gcp", "us-central1", "nvidia-tesla-t4").spot_hourly
    assert (t4.low, t4.usd, t4.high) == (0.11, 0.11, 0.14)


def test_the_risk_of_interruption_is_a_band_with_its_upper_end_where_it_has_one() -> None:
    bands = {(price.spot.interruption, price.spot.interruption_max) for price in EVERY if price.spot}
    assert bands == {("", None), ("<5%", 0.05), ("5-10%", 0.11), ("10-15%", 0.16), ("15-20%", 0.22), (">20%", None)}


def test_attached_accelerators_are_priced_each_with_the_sustained_use_discount_of_n1() -> None:
    t4 = BOOK.accelerator("gcp", "us-central1", "nvidia-tesla-t4")
    assert (t4.hourly.usd, t4.sustained_use) == (0.35, 0.3)
    assert BOOK.accelerator("gcp", "europe-west4", "nvidia-tesla-v100").hourly.usd == 2.55
    with pytest.raises(UnknownPrice, match="us-central1, us-east1, us-west1"):
        BOOK.accelerator("gcp", "asia-northeast1", "nvidia-tesla-v100")


@pytest.mark.parametrize(
    ("name", "usd", "sustained_use"),
    # What Google lists in us-central1: 0.033174 a vCPU and 0.004446 a GiB of N1 and N2, 0.02289 and 0.003067 of E2.
    [
        ("custom-4-8192", 4 * 0.033174 + 8 * 0.004446, 0.3),
        ("n2-custom-8-16384", 8 * 0.033174 + 16 * 0.004446, 0.2),
        ("e2-custom-4-8192", 4 * 0.02289 + 8 * 0.003067, 0.0),
    ],
)
def test_custom_machines_are_priced_from_their_parts(name: str, usd: float, sustained_use: float) -> None:
    price = BOOK.machine("gcp", "us-central1", name)
    assert price.hourly.usd == pytest.approx(usd, rel=1e-3)
    assert price.hourly.confidence is Confidence.MEDIUM
    assert price.hourly.source.startswith("derived")
    assert price.sustained_use == pytest.approx(sustained_use, abs=0.001)


@pytest.mark.parametrize(
    "name", ["n2-custom-8-262144-ext", "n2-custom-7-8192", "n2d-custom-8-16384", "e2-custom-micro-1024"]
)
def test_custom_machines_that_cost_otherwise_are_not_guessed(name: str) -> None:
    with pytest.raises(UnknownPrice, match=name):
        BOOK.machine("gcp", "us-central1", name)


@pytest.mark.parametrize(
    ("cloud", "region", "machine", "told"),
    [
        ("aws", "us-east-1", "m5.lrge", "Machine types priced there: m5.large"),
        ("aws", "eu-west-1", "g6.xlarge", "g5.xlarge.*priced in ap-northeast-1, eu-central-1, us-east-1, us-west-2"),
        ("aws", "mars-1", "z9.large", "Regions with prices: ap-northeast-1, eu-central-1"),
        ("oci", "x", "y", "knows no cloud 'oci'. Write aws, azure or gcp"),
        ("aws", "us-east-1", "banana", "Machine types priced there: .*[.]"),
        ("azure", "eastus", "standard_d4s_v5", "Machine types priced there: .*Standard_D4s_v5"),
        ("gcp", "us-central1", "m5.large", "It is a machine type of aws"),
        ("gcp", "us-central1", "n2d-standard-8", "n2-standard-8"),
    ],
)
def test_an_unknown_machine_is_told_with_what_is_priced_instead(
    cloud: str, region: str, machine: str, told: str
) -> None:
    with pytest.raises(UnknownPrice, match=told):
        BOOK.machine(cloud, region, machine)


def test_machines_near_one_with_gpus_have_gpus() -> None:
    with pytest.raises(UnknownPrice) as raised:
        BOOK.machine("aws", "eu-west-1", "g6.xlarge")
    named = str(raised.value).partition("Machine types priced there: ")[2].partition(". It is")[0].split(", ")
    assert named
    assert all(name.startswith(("g", "p")) for name in named)


def test_the_days_of_the_oldest_and_newest_price_are_known() -> None:
    assert BOOK.as_of() == ("2021-09-27", "2026-08-22")
    assert BOOK.age_days(date(2026, 8, 22)) == 0
    assert BOOK.age_days(date(2027, 2, 28)) == 190


def test_every_source_is_named_by_some_row_and_every_row_names_one() -> None:
    named = {
        source
        for place in tables.machines().values()
        for row in place.values()
        for source in (row.source, row.spot_source)
    }
    named |= {source for rows in tables.commitments().values() for row in rows for source in [row.source]}
    named |= {row.source for place in tables.accelerators().values() for row in place.values()}
    named |= {row.spot_source for place in tables.accelerators().values() for row in place.values()}
    named |= {row.sustained_use_source for place in tables.accelerators().values() for row in place.values()}
    named |= {source for row in tables.custom().values() for source in (row.source, row.premium_source)}
    named |= {cells[-1] for name in ("services", "tiers", "sustained_use") for cells in tables.read(name)}
    assert named - {""} == set(tables.sources())
    assert not any("/work" in text or "index id" in text for text, _ in tables.sources().values())
