"""Whose part of a bill is whose: nothing is lost, idle is shared or apart, quotas and price plans."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost.bill import Bill, Hole, Item
from penstock_cost.jobs.asked import ask
from penstock_cost.jobs.noisy import noisy
from penstock_cost.jobs.plan import PricePlan, Use, margin
from penstock_cost.jobs.tenants import IDLE, UNALLOCATED, Sharing, distribute, tenant_shares
from penstock_cost.money import Confidence, CostError, Estimate, always, total


def line(usd, kind="machines", tenant="", ceiling=None):
    cost = always(usd) if ceiling is None else Estimate(0, usd, ceiling, ceiling)
    return Item("", "x", "t", "x", kind, cost, Confidence.HIGH, "", (), tenant=tenant)


def shares(items, holes=(), **sharing):
    rows = tenant_shares(Bill(tuple(items), tuple(holes)), ask(Sharing, sharing))
    return {row.tenant: row for row in rows}


TWO = {"acme": {"weight": 3}, "umbrella": {"weight": 1}}
ITEMS = [line(1000), line(73, "control_plane"), line(200, "tokens", "acme")]


def test_idle_shared_by_hand():
    # Reserved: 0.6 x 1000 + 73 = 673; idle 400; acme has three quarters of both and its own 200.
    rows = shares(ITEMS, tenants=TWO, allocated=0.6)
    acme, umbrella = rows["acme"], rows["umbrella"]
    assert (acme.own.expected, acme.shared.expected, acme.idle.expected) == pytest.approx((200, 504.75, 300))
    assert acme.cost.expected == pytest.approx(1004.75)
    assert umbrella.cost.expected == pytest.approx(268.25)
    assert list(rows) == ["acme", "umbrella"]


def test_idle_apart_by_hand():
    rows = shares(ITEMS, tenants=TWO, allocated=0.6, idle="apart")
    assert rows[IDLE].cost.expected == pytest.approx(400)
    assert rows["acme"].cost.expected == pytest.approx(704.75)
    assert rows["acme"].idle.expected == 0
    assert list(rows) == ["acme", "umbrella", "__idle__"]


def test_a_control_plane_is_never_idle():
    rows = shares([line(73, "control_plane")], tenants=TWO, allocated=0, idle="apart")
    assert IDLE not in rows


def test_shared_evenly_and_in_proportion_to_what_is_ones_own():
    items = [line(100), line(30, tenant="acme"), line(10, tenant="umbrella")]
    assert shares(items, tenants=TWO, by="even")["umbrella"].shared.expected == pytest.approx(50)
    assert shares(items, by="own")["umbrella"].shared.expected == pytest.approx(25)


def test_a_tenant_that_only_the_bill_names_has_its_own_alone():
    rows = shares([*ITEMS, line(5, tenant="guest")], tenants=TWO)
    assert rows["guest"].cost.expected == 5


def test_without_tenants_shared_costs_are_unallocated():
    rows = shares(ITEMS[:2], allocated=0.6)
    assert list(rows) == [UNALLOCATED]
    assert rows[UNALLOCATED].cost.expected == pytest.approx(1073)
    apart = shares(ITEMS[:2], allocated=0.6, idle="apart")
    assert apart[IDLE].cost.expected == pytest.approx(400) and apart[UNALLOCATED].cost.expected == pytest.approx(673)


def test_holes_stay_with_their_tenant():
    rows = shares(ITEMS, [Hole("", "db", "t", "No price.", tenant="initech"), Hole("", "s", "t", "No.")], tenants=TWO)
    assert [hole.name for hole in rows["initech"].holes] == ["db"]
    assert not rows["acme"].holes


usd = st.floats(0, 1e9)
items = st.lists(
    st.builds(
        line,
        usd,
        st.sampled_from(["machines", "accelerators", "disks", "control_plane", "tokens"]),
        st.sampled_from(["", "a", "b", "z"]),
    ),
    max_size=8,
)
weights = st.dictionaries(st.sampled_from("abcd"), st.floats(0.001, 1e6), max_size=4)


@given(
    items, weights, st.floats(0, 1), st.sampled_from(["shared", "apart"]), st.sampled_from(["weight", "even", "own"])
)
def test_the_shares_sum_to_the_bill(items, weights, allocated, idle, by):
    tenants = {name: {"weight": weight} for name, weight in weights.items()}
    sharing = ask(Sharing, {"tenants": tenants, "allocated": allocated, "idle": idle, "by": by})
    bill = Bill(tuple(items), ())
    rows = tenant_shares(bill, sharing)
    assert total(row.cost for row in rows) == pytest.approx(bill.cost, rel=1e-12)
    for row in rows:
        assert row.cost == pytest.approx(total([row.own, row.shared, row.idle]), rel=1e-12)
        assert min(row.cost) >= 0
    assert (IDLE in {row.tenant for row in rows}) <= (idle == "apart")


@given(st.fractions(min_value=0), st.dictionaries(st.text(max_size=3), st.fractions(min_value=0), min_size=1))
def test_distribution_loses_nothing_at_all(amount, weights):
    if any(weights.values()):
        parts = distribute(amount, weights)
        assert sum(parts.values(), Fraction(0)) == amount


@given(weights.filter(bool), st.floats(1, 100))
def test_only_the_proportion_of_weights_matters(weights, factor):
    sizes = [
        shares([line(100)], tenants={name: {"weight": weight * by} for name, weight in weights.items()})
        for by in (1, factor)
    ]
    for name in weights:
        assert sizes[0][name].cost.expected == pytest.approx(sizes[1][name].cost.expected)


QUOTA = {"acme": {"weight": 1, "quota": 3}, "umbrella": {"weight": 1}}


def worst(items, **sharing):
    return noisy(Bill(tuple(items), ()), ask(Sharing, {"tenants": QUOTA, **sharing}), "acme")


def test_a_noisy_tenant_by_hand():
    # The load goes from 2 to 4, the machines from 100 to 200; acme has three quarters of them, and of the fee of 40.
    found = worst([line(100, ceiling=500), line(40, "control_plane")])
    assert (found.before, found.after) == pytest.approx((70, 180))
    assert (found.bill_before, found.bill_after) == pytest.approx((140, 240))
    assert not found.held


def test_the_ceiling_holds_a_noisy_tenant():
    found = worst([line(100, ceiling=150)])
    assert found.bill_after == pytest.approx(150)
    assert found.held and "others get less" in found.note


def test_the_worst_case_needs_a_quota():
    with pytest.raises(CostError, match="tenants.umbrella.quota"):
        noisy(Bill((), ()), ask(Sharing, {"tenants": QUOTA}), "umbrella")
    with pytest.raises(CostError, match="Write weight"):
        worst([], by="even")


def test_margin_by_hand():
    # 500 + (300 - 100) M tokens x 2 = 900.
    plan = ask(PricePlan, {"usd_per_month": 500, "included_tokens": 100e6, "usd_per_1m_tokens": 2})
    revenue = plan.revenue(Use(tokens=300e6))
    assert margin(revenue, Estimate(100, 675, 1000, 1000)) == pytest.approx((900, 225, -100, 0.25))


def test_a_plan_within_what_is_included_asks_for_its_base():
    plan = ask(PricePlan, {"usd_per_month": 9, "included_requests": 9, "usd_per_1m_requests": 1})
    assert plan.revenue(Use(requests=5)) == 9


def test_units_and_margin_of_a_tenant_by_hand():
    # Of 1000 machines and 73 control plane acme has three quarters, 804.75, and its own 200: 1004.75.
    use = {"tokens": 502.375e6, "gpu_hours": 200, "requests": 4e6}
    plan = {"usd_per_month": 2009.5}
    rows = shares(ITEMS, tenants={**TWO, "acme": {"weight": 3, "use": use, "plan": plan}})
    assert rows["acme"].units == pytest.approx((2.0, 251.1875, 5.02375))
    assert rows["acme"].margin.fraction == pytest.approx(0.5)
    assert rows["umbrella"].units == (None, None, None) and rows["umbrella"].margin is None


def test_idle_apart_makes_a_tenants_units_cheaper():
    tenants = {"acme": {"use": {"tokens": 1e6}}}
    shared, apart = (
        shares(ITEMS, tenants=tenants, allocated=0.6, idle=idle)["acme"].units.per_1m_tokens
        for idle in ("shared", "apart")
    )
    assert shared - apart == pytest.approx(400)


@pytest.mark.parametrize(
    "sharing, problem",
    [
        ({"tenants": {"a": {"weight": -1}}}, "tenants.a.weight: "),
        ({"tenants": {"a": {"weight": float("nan")}}}, "tenants.a.weight: "),
        ({"tenants": {"a": {"weight": 1e30}}}, "tenants.a.weight: "),
        ({"tenants": {"a": {"weight": 0}}}, "No weight is above 0"),
        ({"tenants": {"__idle__": {}}}, "OpenCost's own"),
        ({"tenants": {"a": {"weight": 2, "quota": 1}}}, "quota: 1 is below the weight of 2"),
        ({"tenants": {"a": {"plan": {}}}}, "The plan asks for nothing"),
        ({"tenants": {"a": {"plan": {"usd_per_1m_tokens": 1}}}}, "use.tokens: .* Write how many the tenant uses"),
        ({"tenants": {"a": {"use": {"tokens": 0}}}}, "tenants.a.use.tokens: "),
        ({"allocated": 1.1}, "allocated: "),
        ({"idle": "gone"}, "idle: "),
        ({"tenant": {}}, "tenant: There is no such field. Write for example tenants"),
    ],
)
def test_bad_sharing_is_refused_with_its_field(sharing, problem):
    with pytest.raises(CostError, match=problem):
        ask(Sharing, sharing)
