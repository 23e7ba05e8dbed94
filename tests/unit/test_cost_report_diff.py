"""What a change costs, and why: the causes add up to the difference, and newer prices are not blamed on the change."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_cost.bill import PER_MACHINE, Item
from penstock_cost.money import Estimate
from penstock_cost.report.changes import CAUSES, Difference
from penstock_cost.report.differences import difference
from penstock_cost.report.markdown import markdown_difference
from penstock_cost.report.table import WIDTH, difference_table
from tests.unit.test_cost_report import ITEMS, NASTY, RATE, hole, item, made

PRICE = 0.1
COUNTS = st.lists(st.integers(0, 1000) | st.floats(0, 1000), min_size=4, max_size=4).map(
    lambda four: tuple(sorted(four))
)
COSTS = st.lists(st.floats(0, 1e6), min_size=4, max_size=4).map(lambda four: Estimate(*sorted(four)))
LINES = st.builds(lambda one, counts, cost: one._replace(counts=counts, cost=cost), ITEMS, COUNTS, COSTS)
BASE = item(
    pool="web",
    what="m5.large, on demand",
    cost=Estimate(2 * 73, 4 * 73, 10 * 73, 10 * 73),
    counts=(2, 4, 10, 10),
    purchase="on_demand",
    rates=(RATE._replace(usd=PRICE),),
)


def machines(counts: tuple[float, float, float, float], price: float = PRICE, **given: Any) -> Item:
    rates = (RATE._replace(usd=price, as_of="2026-10-01" if price == PRICE else "2026-11-01"),)
    fields: dict[str, Any] = {
        "counts": counts,
        "rates": rates,
        "cost": Estimate(*(one * price * 730 for one in counts)),
    }
    return BASE._replace(**fields | given)


def compared(before: list[Item], after: list[Item]) -> Difference:
    return difference(made(*before), made(*after))


def causes(given: Difference) -> dict[tuple[str, ...], float]:
    """What each cause makes of the ceiling."""
    return {cause.causes: round(cause.delta.ceiling, 2) for cause in given.causes}


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (machines((2, 4, 12, 12)), {("count",): 146}),
        (machines((2, 6, 10, 10)), {("count",): 0}),
        (machines((2, 4, 10, 8)), {("count",): 0}),
        (machines((2, 4, 10, 10), 0.2), {("price",): 730}),
        (machines((2, 4, 12, 12), 0.2), {("count",): 146, ("price",): 876}),
        (machines((2, 4, 10, 10), 0.2, what="m5.xlarge, on demand"), {("type",): 730}),
        (machines((2, 4, 10, 10), 0.05, what="m5.large, spot", purchase="spot"), {("purchase",): -365}),
        (machines((2, 4, 10, 10), 0.2, region="eu-west-1"), {("region",): 730}),
        (
            machines((2, 4, 10, 10), 0.2, region="eu-west-1", what="m5.xlarge, on demand"),
            {("type", "region"): 730},
        ),
        (machines((2, 4, 10, 10), tenant="acme"), {("other",): 0}),
        (machines((2, 4, 10, 10), cost=Estimate(146, 300, 730, 730), basis="schedule"), {("other",): 0}),
        (machines((2, 4, 10, 10)), {}),
    ],
)
def test_a_change_has_its_cause(after: Item, told: dict[tuple[str, ...], float]) -> None:
    assert causes(compared([BASE], [after])) == told


def test_a_machine_beyond_a_commitment_costs_more_and_is_still_of_the_count() -> None:
    before = machines((2, 2, 2, 2), cost=Estimate(100, 100, 100, 100), purchase="reserved")
    after = machines((2, 2, 4, 4), cost=Estimate(100, 100, 246, 246), purchase="reserved")
    assert causes(compared([before], [after])) == {("count",): 146}


def test_another_size_of_a_disk_is_a_size() -> None:
    disk = item("d", kind="disks", what="gp3 100 GiB", cost=Estimate(8, 8, 8, 8), counts=(0, 0, 0, 0))
    larger = disk._replace(what="gp3 200 GiB", cost=Estimate(16, 16, 16, 16))
    given = compared([disk], [larger])
    assert causes(given) == {("size",): 8}
    assert given.changes[0].causes[0].text == "gp3 100 GiB → gp3 200 GiB"


def test_more_machines_have_more_disks_and_that_is_of_the_count() -> None:
    disk = item("d", kind="disks", what="gp3 100 GiB", cost=Estimate(8, 8, 16, 16), counts=(0, 0, 0, 0))
    before = disk._replace(basis=PER_MACHINE)
    assert causes(compared([before], [before._replace(cost=Estimate(8, 8, 40, 40))])) == {("count",): 24}


def test_new_and_removed_lines_and_those_that_lose_or_get_a_price() -> None:
    other = item("gpu", cost=Estimate(0, 0, 500, 500))
    assert causes(compared([], [other])) == {("new",): 500}
    assert causes(compared([other], [])) == {("removed",): -500}
    unpriced = made(holes=(hole("gpu", urn=other.urn),))
    lost, got = difference(made(other), unpriced), difference(unpriced, made(other))
    assert causes(lost) == {("unpriced",): -500}
    assert causes(got) == {("priced",): 500}
    assert [one.name for one in lost.new_holes] == ["gpu"]
    assert [one.name for one in got.closed_holes] == ["gpu"]
    assert "has no price any more" in markdown_difference(lost)
    assert "1 resource has no price before and after" in difference_table(difference(unpriced, unpriced))


def test_stacks_of_the_same_program_are_compared_by_their_resources() -> None:
    prod = BASE._replace(urn=BASE.urn.replace(":dev:", ":prod:"))
    assert compared([BASE], [prod]).changes == ()


def test_lines_of_a_resource_are_matched_by_what_they_pay_for() -> None:
    disks = [item(what=what, kind="disks", cost=Estimate(*[usd] * 4)) for what, usd in (("root", 8), ("data", 80))]
    assert compared(disks, disks[::-1]).changes == ()
    assert causes(compared(disks, disks[1:])) == {("removed",): -8}


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, max_size=3), st.lists(LINES, max_size=3))
def test_causes_and_changes_add_up_to_the_difference(before: list[Item], after: list[Item]) -> None:
    given = compared(before, after)
    for field in ("floor", "expected", "ceiling", "bounded_ceiling"):
        whole = getattr(given.delta, field)
        missed = 0.005 * (len(before) + len(after)) + 1e-3
        assert sum(getattr(one.delta, field) for one in given.changes) == pytest.approx(whole, abs=missed)
        assert sum(getattr(one.delta, field) for one in given.causes) == pytest.approx(whole, abs=missed)
        for one in given.changes:
            parts = sum(getattr(cause.delta, field) for cause in one.causes)
            assert parts == pytest.approx(getattr(one.delta, field), abs=0.005 + 1e-3)
    assert {name for cause in given.causes for name in cause.causes} <= set(CAUSES)
    assert Difference.model_validate_json(given.model_dump_json()) == given
    assert all(len(line) <= WIDTH for line in difference_table(given).splitlines() if "─" in line)
    assert markdown_difference(given)


def test_the_same_bill_twice_changes_nothing() -> None:
    given = compared([BASE], [BASE])
    assert "No line of the bill changes." in markdown_difference(given)
    assert "0.00 USD a month at the ceiling" in difference_table(given)


def test_the_comment_of_a_change() -> None:
    text = markdown_difference(compared([BASE], [machines((2, 4, 12, 12), 0.2), item(NASTY)]))
    assert text.startswith(
        "### Stack dev: +1,722.80 USD a month at the ceiling, +642.40 expected, +286.16 at the floor"
    )
    assert "| before | 146.00 | 292.00 | 730.00 |" in text
    assert "| number of machines | 0.00 | 0.00 | +146.00 |" in text
    assert "number of machines: 2-10 → 2-12; prices of the list: 2026-10-01 → 2026-11-01" in text
    assert "<script" not in text
    assert "Before with list prices up to 2026-10-01, after up to 2026-11-01." in text
