"""The folder of refreshed prices: what is written there, and how a book reads it."""

from pathlib import Path

import pytest

from penstock_cost.book import NegotiatedRates, PriceBook, UnknownPrice
from penstock_cost.book.overlay import Price, read
from penstock_cost.money import CostError
from penstock_cost.refresh import store


def _price(region: str, name: str, usd: float, purchase: str = "on_demand", cloud: str = "aws") -> Price:
    return Price(cloud, region, name, purchase, "", "", "", usd, 0.0, "a list", "2026-11-20")


def test_prices_of_one_region_leave_those_of_another_and_replace_their_own(tmp_path: Path) -> None:
    store.write(tmp_path, "aws", [_price("us-east-1", "m5.large", 1), _price("us-east-1", "m5.xlarge", 2)])
    store.write(tmp_path, "aws", [_price("eu-west-1", "m5.large", 3)])
    path = store.write(tmp_path, "aws", [_price("us-east-1", "m5.large", 4)])
    assert [price[1:3] + price[7:8] for price in read(path)] == [
        ("eu-west-1", "m5.large", 3),
        ("us-east-1", "m5.large", 4),
    ]


def test_a_book_takes_fresh_prices_before_bundled_ones_and_knows_new_machines_and_regions(tmp_path: Path) -> None:
    fresh = [_price("us-east-1", "m5.large", 0.5), _price("sa-east-1", "m9z.large", 0.7)]
    store.write(tmp_path, "aws", fresh)
    store.write(tmp_path, "gcp", [_price("us-east4", "n2d-standard-8", 0.3, cloud="gcp")])
    book = PriceBook.load(tmp_path)
    assert book.machine("aws", "us-east-1", "m5.large").hourly.usd == 0.5
    assert book.machine("aws", "us-east-1", "c5.large") == PriceBook.bundled().machine("aws", "us-east-1", "c5.large")
    assert "sa-east-1" in book.regions("aws")
    assert book.machines("aws", "sa-east-1") == ["m9z.large"]
    assert book.machine("gcp", "us-east4", "n2d-standard-8").sustained_use == 0.2
    with pytest.raises(UnknownPrice, match="priced in sa-east-1"):
        book.machine("aws", "us-east-1", "m9z.large")


def test_a_negotiated_discount_comes_off_a_fresh_commitment_too(tmp_path: Path) -> None:
    reserved = Price(
        "aws",
        "us-east-1",
        "m5.large",
        "reserved",
        "reserved_instance",
        "1y",
        "no_upfront",
        0.06,
        0.0,
        "a list",
        "2026-11-20",
    )
    store.write(tmp_path, "aws", [_price("us-east-1", "m5.large", 0.1), reserved])
    book = PriceBook.load(tmp_path)
    assert book.commitment("aws", "us-east-1", "m5.large", "1y").rate.usd == pytest.approx(0.06)
    agreed = NegotiatedRates.model_validate({"discounts": [{"cloud": "aws", "percent": 10}]})
    paid = book.with_rates(agreed).commitment("aws", "us-east-1", "m5.large", "1y")
    assert (paid.discount, paid.rate.usd) == (pytest.approx(0.4), pytest.approx(0.054))


def test_the_folder_may_be_named_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(tmp_path, "aws", [_price("us-east-1", "m5.large", 0.5)])
    monkeypatch.setenv("PENSTOCK_PRICES", str(tmp_path))
    assert PriceBook.load().machine("aws", "us-east-1", "m5.large").hourly.usd == 0.5
    assert PriceBook.bundled().machine("aws", "us-east-1", "m5.large").hourly.usd == 0.096
    monkeypatch.delenv("PENSTOCK_PRICES")
    assert PriceBook.load() is PriceBook.bundled()


def test_a_folder_without_prices_and_a_file_of_something_else_are_told(tmp_path: Path) -> None:
    with pytest.raises(CostError, match="holds no prices. Write them there with"):
        PriceBook.load(tmp_path)
    (tmp_path / "aws.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CostError, match=r"aws.csv is no price file of Penstock"):
        PriceBook.load(tmp_path)
    store_path = store.write(tmp_path / "other", "aws", [_price("us-east-1", "m5.large", 0.5)])
    store_path.write_text(store_path.read_text().replace("0.5", "0"))
    with pytest.raises(CostError, match="no price file"):
        PriceBook.load(tmp_path / "other")


def test_the_default_folder_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.folder() == tmp_path / "penstock" / "prices"
