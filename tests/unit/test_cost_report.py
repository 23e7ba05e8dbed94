"""A bill as JSON, table, Markdown and HTML: each holds every line, sums right and shows names as they are."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_cost.bill import Bill, Hole, Item
from penstock_cost.book import PriceBook
from penstock_cost.money import ZERO, Confidence, CostError, Estimate, Rate
from penstock_cost.report import chart as charts
from penstock_cost.report import document as documents
from penstock_cost.report.html import html
from penstock_cost.report.markdown import markdown
from penstock_cost.report.table import WIDTH, table

SCHEMA = Path(documents.__file__).with_name("report.schema.json")
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
RATE = Rate(0.096, "hour", "a price list", "2026-10-01")
NASTY = '<script>alert("x")</script>|`*_$\n@all'


def item(name: str = "web", **given: Any) -> Item:
    fields: dict[str, Any] = {
        "urn": f"urn:pulumi:dev::platform::aws:eks/nodeGroup:NodeGroup::{name}",
        "name": name,
        "type": "aws:eks/nodeGroup:NodeGroup",
        "what": "m5.large, spot",
        "kind": "machines",
        "cost": Estimate(140.16, 350.4, 700.8, 700.8),
        "confidence": Confidence.HIGH,
        "basis": "schedule, 60 of 168 hours a week",
        "rates": (RATE,),
    }
    return Item(**fields | given)


def hole(name: str = "bucket", **given: Any) -> Hole:
    return Hole(**{"urn": f"urn:{name}", "name": name, "type": "aws:s3:Bucket", "reason": "State its usage."} | given)


def made(*items: Item, holes: tuple[Hole, ...] = (), stack: str = "dev", free: int = 0) -> documents.Report:
    return documents.report(Bill(items, holes, free), book=PriceBook.bundled(), stack=stack, generated=NOW)


AMOUNTS = st.floats(0, 1e9, allow_nan=False)
ESTIMATES = st.lists(AMOUNTS, min_size=4, max_size=4).map(lambda four: Estimate(*sorted(four)))
TEXTS = st.text(max_size=30) | st.just(NASTY)
RATES = st.builds(Rate, AMOUNTS, TEXTS, TEXTS, st.sampled_from(["", "2024", "2026-08", "2026-10-01"]))
ITEMS = st.builds(
    Item,
    **dict.fromkeys(("urn", "name", "type", "what", "basis", "region", "pool", "tenant"), TEXTS),
    kind=st.sampled_from(["machines", "disks", "other"]),
    cost=ESTIMATES,
    confidence=st.sampled_from(Confidence),
    rates=st.lists(RATES, max_size=2).map(tuple),
    purchase=st.sampled_from(["", "spot", "on_demand"]),
    counts=ESTIMATES.map(tuple),
    unit_usd_per_hour=AMOUNTS,
    gpus=AMOUNTS,
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    irrevocable=st.booleans(),
)
HOLES = st.builds(Hole, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.booleans(), TEXTS, TEXTS)
BILLS = st.builds(
    Bill, st.lists(ITEMS, max_size=4).map(tuple), st.lists(HOLES, max_size=3).map(tuple), st.integers(0, 99)
)


@settings(max_examples=30, deadline=None)
@given(BILLS, TEXTS)
def test_any_bill_becomes_a_document_of_the_schema_and_comes_back(bill: Bill, stack: str) -> None:
    document = documents.document(bill, book=PriceBook.bundled(), stack=stack, generated=NOW)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    again = documents.restored(json.loads(json.dumps(document, allow_nan=False))).bill()
    assert sorted(again.items) == sorted(bill.items)
    assert again.holes == bill.holes
    assert again.free == bill.free
    assert again.confidence == bill.confidence
    assert document["ceiling"] == pytest.approx(bill.cost.ceiling)
    for groups in ("pools", "tenants", "kinds"):
        assert sum(group["expected"] for group in document[groups]) == pytest.approx(bill.cost.expected)
        assert sum(group["items"] for group in document[groups]) == len(bill.items)


@settings(max_examples=30, deadline=None)
@given(BILLS, TEXTS)
def test_any_bill_becomes_a_table_a_comment_and_a_page(bill: Bill, stack: str) -> None:
    report = documents.report(bill, book=PriceBook.bundled(), stack=stack, generated=NOW)
    longest = max((len(word) for one in bill.holes for word in one.reason.split()), default=0)
    assert all(len(line) <= max(WIDTH, longest + 4) for line in table(report).splitlines())
    assert "<script" not in markdown(report)
    assert "<script" not in html(report)


def test_the_schema_in_the_package_is_that_of_the_models() -> None:
    assert json.loads(SCHEMA.read_text()) == documents.schema(), "Write documents.schema() into report.schema.json."


def test_what_other_tools_read_of_a_document() -> None:
    bill = Bill((item(pool="web", tenant="acme"),), (hole(allowed=True), hole("y", pool="web")), 7)
    document = documents.document(bill, book=PriceBook.bundled(), stack="dev", generated=NOW)
    assert (document["floor"], document["expected"], document["ceiling"]) == (140.16, 350.4, 700.8)
    assert (document["currency"], document["hours_per_month"], document["stack"]) == ("USD", 730, "dev")
    assert document["confidence"] == "low"
    assert document["items"][0]["rates"][0] == {**RATE._asdict(), "confidence": "high"}
    assert [one["allowed"] for one in document["holes"]] == [True, False]
    assert document["pools"][0]["holes"] == 1
    assert document["prices"] == {"oldest": "2026-10-01", "newest": "2026-10-01", "age_days": 51, "negotiated": False}
    assert document["generated"] == "2026-11-21T15:00:00+00:00"


def test_the_age_is_that_of_the_prices_that_were_used() -> None:
    rates = (RATE._replace(as_of="2024"), RATE, RATE._replace(as_of="", source="negotiated rate"))
    prices = made(item(rates=rates)).prices
    assert (prices.oldest, prices.newest, prices.negotiated) == ("2024", "2026-10-01", True)
    oldest, newest = PriceBook.bundled().as_of()
    assert (made().prices.oldest, made().prices.newest) == (oldest, newest)


def test_a_document_that_is_none_is_refused_with_every_problem() -> None:
    document = made(item()).model_dump(mode="json") | {"floor": "much", "colour": "red"}
    with pytest.raises(CostError, match=r"(?s)floor: .*colour: "):
        documents.restored(document)
    with pytest.raises(CostError):
        table({})


def test_the_table_of_a_small_stack() -> None:
    bill = [
        item(pool="web", counts=(2, 5, 10, 8), cost=Estimate(140.16, 350.4, 1700.8, 1500), confidence=Confidence.LOW),
        item("disk", pool="web", kind="disks", what="gp3", cost=Estimate(16, 40, 80, 80)),
        item("llm", kind="control_plane", what="EKS control plane", cost=Estimate(73, 73, 73, 73)),
    ]
    text = table(made(*bill, holes=(hole(), hole("logs", allowed=True)), free=3))
    assert text.splitlines() == [
        "Stack dev: $229.16 to $1,853.80 a month, $463.40 expected (confidence: low)",
        "",
        "USD a month                             floor    expected    ceiling",
        "─────────────  ─────────────────────  ───────  ──────────  ─────────",
        "web            2-10 x m5.large, spot   140.16      350.40   1,700.80",
        "               gp3                      16.00       40.00      80.00",
        "llm            EKS control plane        73.00       73.00      73.00",
        "─────────────  ─────────────────────  ───────  ──────────  ─────────",
        "by kind        machines                140.16      350.40   1,700.80",
        "               disks                    16.00       40.00      80.00",
        "               control planes           73.00       73.00      73.00",
        "─────────────  ─────────────────────  ───────  ──────────  ─────────",
        "total                                  229.16      463.40   1,853.80",
        "The workloads can ask for at most $1,653.00 of the ceiling.",
        "",
        "Without a price, so that the stack costs more than the total (1):",
        "  - bucket (aws:s3:Bucket): State its usage.",
        "",
        "Without a price, which the configuration allows (1): logs (aws:s3:Bucket).",
        "Expected with low confidence: web (schedule, 60 of 168 hours a week).",
        "3 resources cost nothing.",
        "List prices of 2026-10-01; the newest is 51 days old.",
    ]


def test_many_small_lines_are_folded_and_still_summed() -> None:
    report = made(*(item(f"n{index}", cost=Estimate(1, 1, 1 + index, 1 + index)) for index in range(40)))
    text = table(report)
    assert "and 16 more" in text
    assert "n39" in text
    assert "n3 " not in text
    assert f"{sum(range(1, 17)):.2f}" in text
    assert f"{sum(range(1, 41)):.2f}" in text


def test_old_prices_are_told_with_what_brings_newer_ones() -> None:
    assert "refresh" in table(made(item(rates=(RATE._replace(as_of="2025-01-01"),))))
    assert "refresh" not in table(made(item()))


def test_names_are_shown_as_they_are_and_run_nothing() -> None:
    report = made(item(NASTY, tenant=NASTY, notes=(NASTY,)), holes=(hole(NASTY, reason=NASTY),), stack=NASTY)
    page = _Page(html(report))
    assert page.tags.isdisjoint({"script", "img", "iframe", "link"})
    assert '<script>alert("x")</script>' in page.text
    line = next(line for line in markdown(report).splitlines() if "m5.large" in line)
    assert line.count("|") - line.count("\\|") == 6
    assert "@all" not in line
    assert "\n@all" not in table(report)


def test_the_page_needs_nothing_else_and_says_what_its_tables_are() -> None:
    report = made(item(pool="web"), item("x", tenant="acme"), holes=(hole(),))
    page = _Page(html(report.model_dump(mode="json")))
    assert page.addresses <= {"#source-1"}
    assert page.scopes == {"col", "row"}
    assert page.titles
    for told in ("$280.32", "$700.80", "$1,401.60", "Floor", "a price list", "State its usage.", "acme"):
        assert told in page.text


def test_a_page_without_a_price_is_made_too() -> None:
    assert "Nothing here has a price." in _Page(html(made(holes=(hole(),)))).text


@given(st.lists(st.tuples(st.text(max_size=40), ESTIMATES), max_size=30))
def test_bars_keep_their_order_and_their_place(rows: list[tuple[str, Estimate]]) -> None:
    chart = charts.chart(rows)
    for bar, (_, cost) in zip(chart.bars, rows, strict=True):
        assert chart.left <= bar.floor_x <= bar.expected_x <= bar.ceiling_x <= chart.right
        assert 0 <= bar.y < chart.base
        if cost == ZERO:
            assert bar.ceiling_x == chart.left


@pytest.mark.parametrize("most", [0.0, -1.0, 5e-324])
def test_next_to_nothing_has_no_scale(most: float) -> None:
    assert charts.nice_step(most) == 0


@given(st.floats(0.001, 1e12))
def test_the_scale_reaches_the_longest_bar_and_wastes_less_than_half(most: float) -> None:
    step = charts.nice_step(most)
    assert step * 5 >= most * 0.999999
    assert step * 5 <= most * 2.6


class _Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str | None] = set()
        self.scopes: set[str | None] = set()
        self.pieces: list[str] = []
        self.titles = 0
        self.feed(content)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.titles += tag == "title"
        self.addresses |= {value for name, value in attrs if name in ("href", "src")}
        if tag == "th":
            self.scopes.add(dict(attrs).get("scope"))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def test_importing_the_package_reads_no_template() -> None:
    def modules() -> Iterator[str]:
        import subprocess
        import sys

        code = "import penstock_cost, sys; print(*sys.modules)"
        yield from subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()

    assert {"jinja2", "tabulate", "pydantic"}.isdisjoint(modules())
