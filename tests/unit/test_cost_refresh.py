"""Refreshing prices from price lists (see price_lists.py: hand-written answers of the documented formats)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock_cost.book import PriceBook
from penstock_cost.cli import main
from penstock_cost.refresh import http
from tests.support.price_lists import Answer, PriceLists, aws_csv, aws_index, azure_item, gcp_sku

INDEX = "/offers/v1.0/aws/AmazonEC2/current/region_index.json"
FILE = "/offers/v1.0/aws/AmazonEC2/20261119181331/us-east-1/index.csv"
AZURE = "/api/retail/prices"
GCP = "/v1/services/6F81-5844-456A/skus"


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[PriceLists]:
    monkeypatch.setattr(http, "BACKOFF", 0.001)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with PriceLists() as served:
        yield served


def _refresh(lists: PriceLists, cloud: str, region: str, out: Path) -> int:
    return main(["cost", "refresh", "--cloud", cloud, "--region", region, "--url", lists.address, "--out", str(out)])


def _reserved(name: str, unit: str, usd: str, payment: str, **changes: str) -> dict[str, str]:
    return {
        "TermType": "Reserved", "Instance Type": name, "Unit": unit, "PricePerUnit": usd, "LeaseContractLength": "1yr",
        "PurchaseOption": payment, "OfferingClass": "standard", **changes,
    }  # fmt: skip


AWS_ROWS = [
    {"Instance Type": "m5.large", "PricePerUnit": "0.1000000000"},
    {"Instance Type": "m5.large", "PricePerUnit": "0.9", "Operating System": "Windows"},
    {"Instance Type": "m5.large", "PricePerUnit": "0.8", "Tenancy": "Dedicated"},
    {"Instance Type": "m5.large", "PricePerUnit": "0.7", "Pre Installed S/W": "SQL Web"},
    {"Instance Type": "m5.large", "PricePerUnit": "0.0", "CapacityStatus": "AllocatedCapacityReservation"},
    {"Instance Type": "p5e.48xlarge", "PricePerUnit": "0.0000000000"},
    _reserved("m5.large", "Hrs", "0.0600000000", "No Upfront"),
    _reserved("m5.large", "Hrs", "0.0250000000", "Partial Upfront"),
    _reserved("m5.large", "Quantity", "219", "Partial Upfront"),
    _reserved("m5.large", "Hrs", "0.0000000000", "All Upfront"),
    _reserved("m5.large", "Quantity", "420.48", "All Upfront"),
    _reserved("m5.large", "Quantity", "788.4", "All Upfront", LeaseContractLength="3yr"),
    _reserved("m5.large", "Hrs", "0.07", "No Upfront", OfferingClass="convertible"),
]


def test_aws_prices_are_those_of_plain_linux_machines(
    lists: PriceLists, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists.serve(INDEX, aws_index("us-east-1", "eu-west-1"))
    lists.serve(FILE, Answer(aws_csv(AWS_ROWS)))
    assert _refresh(lists, "aws", "us-east-1", tmp_path) == 0
    assert f"PENSTOCK_PRICES={tmp_path}" in capsys.readouterr().out
    book = PriceBook.load(tmp_path)
    rate = book.machine("aws", "us-east-1", "m5.large").hourly
    assert (rate.usd, rate.as_of, rate.source) == (0.1, "2026-11-19", "AWS price list of AmazonEC2 in us-east-1")
    assert (
        book.machine("aws", "us-east-1", "m5.large").spot
        == PriceBook.bundled().machine("aws", "us-east-1", "m5.large").spot
    )
    assert book.machine("aws", "us-east-1", "p5.48xlarge").hourly.usd == 55.04  # not in the list: as bundled
    assert book.as_of()[1] == "2026-11-19"
    assert "p5e.48xlarge" not in (tmp_path / "aws.csv").read_text()


def test_aws_reservations_are_spread_over_their_term(lists: PriceLists, tmp_path: Path) -> None:
    lists.serve(INDEX, aws_index("us-east-1"))
    lists.serve(FILE, Answer(aws_csv(AWS_ROWS)))
    assert _refresh(lists, "aws", "us-east-1", tmp_path) == 0
    book = PriceBook.load(tmp_path)
    paid = [book.commitment("aws", "us-east-1", "m5.large", "1y", f"{how}_upfront") for how in ("no", "partial", "all")]
    assert [one.rate.usd for one in paid] == pytest.approx([0.06, 0.05, 0.048])  # 219 and 420.48 over 8,760 hours
    assert [one.upfront_fraction for one in paid] == pytest.approx([0, 0.5, 1])
    assert paid[0].discount == pytest.approx(0.4)
    assert book.commitment("aws", "us-east-1", "m5.large", "3y", "all_upfront").rate.usd == pytest.approx(0.03)
    assert (
        book.commitment("aws", "us-east-1", "m5.large", "1y", instrument="convertible_reserved_instance").rate.usd
        == 0.07
    )


def _azure_page(items: list[object], following: str | None) -> Answer:
    return Answer(
        json.dumps({"BillingCurrency": "USD", "Items": items, "NextPageLink": following, "Count": len(items)})
    )


def test_azure_prices_follow_the_pages_and_take_reservations_by_the_hour(lists: PriceLists, tmp_path: Path) -> None:
    name, plans = "Standard_D4s_v5", [{"unitPrice": 0.15, "retailPrice": 0.15, "term": "1 Year"}]
    first = [
        azure_item(name, 0.2, savingsPlan=plans),
        azure_item(name, 0.9, productName="Virtual Machines Dsv5 Series Windows"),
        azure_item(name, 0.05, skuName="D4s v5 Spot"),
        azure_item(name, 0.04, skuName="D4s v5 Low Priority"),
    ]
    second = [
        azure_item(name, 876, type="Reservation", reservationTerm="1 Year"),
        azure_item(name, 2102.4, type="Reservation", reservationTerm="3 Years"),
        azure_item("Standard_ND96isr_H100_v5", 98.0),
        azure_item("Standard_ND96isr_H100_v5", 98.0, skuName="ND96isr H100 v5 Spot"),
        azure_item("Standard_NC40ads_H100_v5", 0.0),
        azure_item(name, 0.1, type="DevTestConsumption"),
        azure_item(name, 0.3, armRegionName="westus2"),
    ]
    pages = {"": _azure_page(first, f"{lists.address}{AZURE}?$skip=1000"), "1000": _azure_page(second, None)}
    lists.routes[AZURE] = lambda query: pages[query.get("$skip", "")]
    assert _refresh(lists, "azure", "eastus", tmp_path) == 0
    assert lists.asked[0][1]["$filter"] == "serviceName eq 'Virtual Machines' and armRegionName eq 'eastus'"
    book = PriceBook.load(tmp_path)
    machine = book.machine("azure", "eastus", name)
    assert (machine.hourly.usd, machine.spot_hourly.usd) == (0.2, 0.05)
    assert book.commitment("azure", "eastus", name, "1y").rate.usd == pytest.approx(0.1)
    assert book.commitment("azure", "eastus", name, "3y").rate.usd == pytest.approx(0.08)
    assert book.commitment("azure", "eastus", name, "1y", instrument="savings_plan").rate.usd == 0.15
    written = (tmp_path / "azure.csv").read_text()
    assert "Standard_NC40ads_H100_v5" not in written
    assert written.count("ND96isr") == 1  # its spot price is that of the list, so it is none
    assert "westus2" not in written


def test_google_prices_are_put_together_from_their_parts(
    lists: PriceLists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "secret")
    first = [
        gcp_sku("N2 Instance Core running in Americas", 30_000_000),
        gcp_sku("N2 Instance Ram running in Americas", 4_000_000),
        gcp_sku("N2 Custom Instance Core running in Americas", 99_000_000),
        gcp_sku("N2 Instance Core running in Frankfurt", 99_000_000, regions=("europe-west3",)),
        gcp_sku("Spot Preemptible N2 Instance Core running in Americas", 9_000_000, "Preemptible"),
        gcp_sku("Spot Preemptible N2 Instance Ram running in Americas", 1_000_000, "Preemptible"),
        gcp_sku("Commitment v1: N2 Cpu in Americas for 1 Year", 20_000_000, "Commit1Yr"),
        gcp_sku("Commitment v1: N2 Ram in Americas for 1 Year", 3_000_000, "Commit1Yr"),
    ]
    second = [
        gcp_sku("G2 Instance Core running in Americas", 20_000_000),
        gcp_sku("G2 Instance Ram running in Americas", 3_000_000),
        gcp_sku("Nvidia L4 GPU running in Americas", 500_000_000),
        gcp_sku("A3 Instance Core running in Americas", 20_000_000),
    ]
    pages = {"": {"skus": first, "nextPageToken": "more"}, "more": {"skus": second, "nextPageToken": ""}}
    lists.routes[GCP] = lambda query: Answer(json.dumps(pages[query.get("pageToken", "")]))
    assert _refresh(lists, "gcp", "us-central1", tmp_path) == 0
    assert {query["key"] for _, query in lists.asked} == {"secret"}
    book = PriceBook.load(tmp_path)
    machine = book.machine("gcp", "us-central1", "n2-standard-8")
    assert machine.hourly.usd == pytest.approx(8 * 0.03 + 32 * 0.004)
    assert machine.spot_hourly.usd == pytest.approx(8 * 0.009 + 32 * 0.001)
    assert machine.sustained_use == pytest.approx(0.2, abs=0.001)
    assert book.commitment("gcp", "us-central1", "n2-standard-8", "1y").rate.usd == pytest.approx(8 * 0.02 + 32 * 0.003)
    assert book.machine("gcp", "us-central1", "g2-standard-4").hourly.usd == pytest.approx(4 * 0.02 + 16 * 0.003 + 0.5)
    written = (tmp_path / "gcp.csv").read_text()
    assert "a3-highgpu" not in written  # its local disks are priced apart
    assert "secret" not in written


def test_google_needs_a_key_and_says_which(
    lists: PriceLists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.delenv("GCP_API_KEY", raising=False)
    assert _refresh(lists, "gcp", "us-central1", tmp_path) == 1
    assert "set GOOGLE_API_KEY to it" in capsys.readouterr().err


def test_a_server_that_is_busy_is_asked_again(lists: PriceLists, tmp_path: Path) -> None:
    lists.serve(INDEX, Answer("", 429, {"Retry-After": "0"}), Answer("", 503), aws_index("us-east-1"))
    lists.serve(FILE, Answer("", 500), Answer(aws_csv(AWS_ROWS)))
    assert _refresh(lists, "aws", "us-east-1", tmp_path) == 0
    assert [path for path, _ in lists.asked] == [INDEX] * 3 + [FILE] * 2


TRUNCATED = aws_csv(AWS_ROWS)[:-40]


@pytest.mark.parametrize(
    ("index", "file", "told"),
    [
        (Answer("", 503), Answer(), "an error of its own 5 times. Run it again later"),
        (Answer("", 403), Answer(), "answered 403"),
        (Answer("<html>"), Answer(), "something else than a JSON object"),
        (aws_index("eu-west-1"), Answer(), "has no region us-east-1. Write of eu-west-1"),
        (aws_index("us-east-1"), Answer(TRUNCATED, cut=5000), "broke off after"),
        (aws_index("us-east-1"), Answer(TRUNCATED), "breaks off in a row"),
        (aws_index("us-east-1"), Answer("no csv"), "empty or no price list"),
        (aws_index("us-east-1"), Answer('"SKU","Unit"\n'), "has no column Operating System"),
        (aws_index("us-east-1"), Answer(aws_csv([])), "has no machine in us-east-1"),
    ],
)
def test_a_failed_download_is_a_sentence_and_leaves_the_good_file_as_it_was(
    lists: PriceLists, tmp_path: Path, capsys: pytest.CaptureFixture[str], index: Answer, file: Answer, told: str
) -> None:
    lists.serve(INDEX, aws_index("us-east-1"))
    lists.serve(FILE, Answer(aws_csv(AWS_ROWS)))
    assert _refresh(lists, "aws", "us-east-1", tmp_path) == 0
    before = (tmp_path / "aws.csv").read_bytes()
    lists.serve(INDEX, index)
    lists.serve(FILE, file)
    assert _refresh(lists, "aws", "us-east-1", tmp_path) == 1
    assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["aws.csv"]
    assert (tmp_path / "aws.csv").read_bytes() == before


def test_a_page_that_repeats_itself_or_leads_to_another_host_ends_it(
    lists: PriceLists, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists.serve(AZURE, _azure_page([], f"{lists.address}{AZURE}?$skip=1"))
    assert _refresh(lists, "azure", "eastus", tmp_path) == 1
    assert "repeats a page" in capsys.readouterr().err
    lists.serve(AZURE, _azure_page([], "http://elsewhere.invalid/"))
    assert _refresh(lists, "azure", "eastus", tmp_path) == 1
    assert "another host" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lists: PriceLists
) -> None:
    url = "http://127.0.0.1:1"
    assert (
        main(["cost", "refresh", "--cloud", "aws", "--region", "us-east-1", "--url", url, "--out", str(tmp_path)]) == 1
    )
    assert "cannot be reached" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
