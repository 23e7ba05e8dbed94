"""Each rule of the `cost` pack on stacks that keep to it, and on such that do not. Fixes are applied, and pass."""

# ruff: noqa: RUF001 (people read it as times)

import re
from typing import Any

import pytest
from ceilings import (
    Ceilings,
    StackCeiling,
    environment_ceilings,
    pool_ceilings,
    stack_ceiling,
    tenant_ceilings,
)
from estimate import Target, UnitCosts, estimate, unit_costs
from fixes import Search
from hypothesis import given, settings
from hypothesis import strategies as st
from nights import GpusAtNight, gpus_at_night
from priced import EstimateConfig, Priced, everything, priced
from pydantic import ValidationError
from shares import (
    OnDemandGpus,
    Purchases,
    SpotShare,
    irrevocable,
    on_demand_gpus,
    purchases,
    spot_share,
)

from penstock_cost.book import PriceBook
from penstock_cost.crossguard import Seen
from penstock_cost.money import HOURS_PER_MONTH
from penstock_cost.resources.model import UNKNOWN, Resource
from penstock_cost.resources.options import Annotation, Commitment
from tests.unit.test_policy_capacity import said

BOOK = PriceBook.bundled()
COMMITTED = re.compile(r"a 1-year commitment for the minimum of \d+ of '([^']+)'")
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
PROVIDER = Resource("urn:pulumi:dev::p::pulumi:providers:aws::d", "pulumi:providers:aws", "d", {"region": "us-east-1"})
DISK = 20


def pool(name: str, machine: str = "p3.2xlarge", least: Any = 0, most: Any = 10, **more: Any) -> Resource:
    sizes = {"minSize": least, "maxSize": most, "desiredSize": least}
    properties = {"instanceTypes": [machine], "scalingConfig": sizes, **more}
    return Resource(f"urn:pulumi:dev::p::{NODE_GROUP}::{name}", NODE_GROUP, name, properties, provider=PROVIDER.urn)


def stack(*resources: Resource) -> Seen:
    return Seen([PROVIDER, *resources], "dev")


def monthly(machine: str) -> float:
    """USD a month of one, with its root disk."""
    hourly = BOOK.machine("aws", "us-east-1", machine).hourly.usd
    return hourly * HOURS_PER_MONTH + DISK * BOOK.service("aws", "us-east-1", "ebs_gp2").usd


def test_a_stack_at_its_ceiling_passes_and_above_it_is_told_the_excess_and_the_largest_maximum() -> None:
    gpu = stack(pool("gpu-pool"))
    whole = 10 * monthly("p3.2xlarge")
    assert not said(stack_ceiling(gpu, StackCeiling(usd=whole), {}))
    assert not said(stack_ceiling(gpu, StackCeiling(), {}))
    limit = 8.5 * monthly("p3.2xlarge")
    text = said(stack_ceiling(gpu, StackCeiling(usd=limit), {}))
    assert f"10 × p3.2xlarge, on demand = ${whole:,.2f} a month at its ceiling" in text
    assert f"exceeds ${limit:,.2f} by ${whole - limit:,.2f}." in text
    assert f"Fits: maximum 8 of 'gpu-pool' (${8 * monthly('p3.2xlarge'):,.2f})" in text


def test_the_measure_decides_what_is_held() -> None:
    gpu = stack(pool("gpu-pool", least=1))
    one = monthly("p3.2xlarge")
    for measure, fits in (("floor", True), ("expected", True), ("ceiling", False)):
        config = StackCeiling.model_validate({"usd": one * 1.5, "measure": measure})
        assert (not said(stack_ceiling(gpu, config, {}))) is fits


def test_a_ceiling_below_the_floor_is_told_and_no_maximum_is_proposed() -> None:
    text = said(stack_ceiling(stack(pool("gpu-pool", least=5)), StackCeiling(usd=monthly("p3.2xlarge")), {}))
    assert f"The floor is ${5 * monthly('p3.2xlarge'):,.2f}; no maximum can meet this ceiling." in text
    assert "maximum 5" not in text


def test_a_ceiling_above_the_floor_that_no_maximum_meets_is_told() -> None:
    text = said(stack_ceiling(stack(pool("gpu-pool")), StackCeiling(usd=1.0), {}))
    assert "With every maximum lowered to its minimum (or 1)" in text
    assert "it is still $" in text


def test_a_commitment_for_the_minimum_is_proposed_where_it_is_enough() -> None:
    fixed = stack(pool("web", "m5.large", 4, 5))
    text = said(stack_ceiling(fixed, StackCeiling(usd=4.4 * monthly("m5.large")), {}))
    assert "a 1-year commitment for the minimum of 4 of 'web' ($" in text


def test_where_no_maxima_are_enough_idle_pools_are_left_out_and_the_rest_keeps_what_fits() -> None:
    base, idle = pool("base", "m5.large", 1, 5), pool("idle", "p3.8xlarge", 0, 4)
    most, large = 5 * monthly("m5.large"), monthly("p3.8xlarge")
    text = said(stack_ceiling(stack(base, idle), StackCeiling(usd=most + 1), {}))
    assert f"Fits: without 'idle' (${most:,.2f})." in text
    text = said(stack_ceiling(stack(base, idle), StackCeiling(usd=3.5 * monthly("m5.large")), {}))
    assert f"Fits: together: without 'idle', maximum 3 of 'base' (${3 * monthly('m5.large'):,.2f})." in text
    text = said(stack_ceiling(stack(base, idle), StackCeiling(usd=most + large), {}))
    assert "without" not in text  # a lower maximum is enough


def test_where_lower_maxima_are_not_enough_cheaper_machines_and_commitments_go_with_them() -> None:
    kept = {"scalingConfig": {"minSize": 2, "maxSize": 6, "desiredSize": 3}}
    gpus = [pool(name, "p3.2xlarge", **kept) for name in ("a", "b")]
    text = said(stack_ceiling(stack(*gpus), StackCeiling(usd=3 * monthly("p3.2xlarge")), {}))
    assert "The floor is" in text  # whatever fits, it says so
    spot = [pool(name, "p3.2xlarge", capacityType="SPOT", **kept) for name in ("a", "b")]
    text = said(stack_ceiling(stack(*spot), StackCeiling(usd=3 * monthly("p3.2xlarge")), {}))
    assert "Fits: together: maximum 2 of 'a', maximum 2 of 'b', g" in text
    assert "instead of p3.2xlarge in 'a'" in text


machines = st.sampled_from(["m5.large", "c5.xlarge", "p3.2xlarge", "g5.xlarge", "r5.large"])
pools = st.lists(st.tuples(machines, st.integers(0, 5), st.integers(0, 30)), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(pools, st.floats(0.05, 0.99))
def test_every_fix_when_it_is_applied_passes_and_the_maximum_is_the_largest_that_does(
    asked: list[tuple[str, int, int]], share: float
) -> None:
    seen = stack(*(pool(f"p{i}", name, low, max(low + more, 1)) for i, (name, low, more) in enumerate(asked)))
    before = priced(seen, {})
    limit = before.cost(everything, "ceiling") * share
    for fix in Search(before, everything, "ceiling", limit).fixes():
        after = Seen([fix.changed.get(one.urn, one) for one in seen.resources if one.urn not in fix.removed], "dev")
        committed = {
            urn: Annotation(purchase="reserved", commitment=Commitment(term="1y", payment="no_upfront"))
            for urn in (pool(name).urn for part in fix.parts for name in COMMITTED.findall(part))
        }
        configs = {"estimate": EstimateConfig(annotations=committed)}
        assert not said(stack_ceiling(after, StackCeiling(usd=limit + 0.01), configs))
        if lone := re.match(r"maximum (\d+) of '(p\d+)'", fix.text):
            machine, low, more = asked[int(lone[2][1:])]
            larger = [
                pool(lone[2], machine, low, int(lone[1]) + 1) if one.name == lone[2] else one for one in seen.resources
            ]
            assert Priced(Seen(larger), before.options).cost(everything, "ceiling") > limit
            assert low <= int(lone[1]) < max(low + more, 1)


def test_maxima_of_several_pools_together_are_proposed_where_one_is_not_enough() -> None:
    seen = stack(pool("a", "m5.large", 0, 10), pool("b", "m5.large", 0, 10), pool("c", "m5.large", 0, 10))
    text = said(stack_ceiling(seen, StackCeiling(usd=13 * monthly("m5.large")), {}))
    assert "Fits: together: maximum 1 of 'a', maximum 2 of 'b' ($" in text


def test_pools_by_zone_are_lowered_by_whole_zones_and_inline_pools_in_their_list() -> None:
    gke = "gcp:container/nodePool:NodePool"
    zonal = Resource(
        f"urn:pulumi:dev::p::{gke}::z",
        gke,
        "z",
        {
            "location": "us-central1",
            "nodeLocations": ["us-central1-a", "us-central1-b"],
            "autoscaling": {"minNodeCount": 0.0, "maxNodeCount": 5.0},
            "nodeConfig": {"machineType": "n2-standard-8"},
        },
        provider=PROVIDER.urn,
    )
    seen = Seen([PROVIDER, zonal])
    whole = priced(seen, {}).cost(everything, "ceiling")
    assert "maximum 6 of 'z', 3 a zone" in said(stack_ceiling(seen, StackCeiling(usd=0.75 * whole), {}))


def test_what_has_no_price_fails_a_ceiling_and_is_named_with_its_property_unless_its_type_is_allowed() -> None:
    seen = stack(pool("gpu", most=UNKNOWN))
    config = StackCeiling(usd=1e9)
    text = said(stack_ceiling(seen, config, {}))
    assert text.startswith(f"'gpu' ({NODE_GROUP}) has no price, so the stack cannot be held to $1,000,000,000.00: ")
    assert "scalingConfig.maxSize is not known" in text
    allowed = {"estimate": EstimateConfig(allowed_holes=("aws:eks/*",))}
    assert not said(stack_ceiling(stack(pool("gpu", most=UNKNOWN)), config, allowed))


def test_pool_ceilings_are_by_pattern_and_of_that_pool_alone() -> None:
    limits = Ceilings.model_validate({"limits": [{"pattern": "gpu-*", "usd": 3 * monthly("p3.2xlarge")}]})
    text = said(pool_ceilings(stack(pool("gpu-a"), pool("gpu-b", most=3), pool("cpu", "m5.large", 0, 99)), limits, {}))
    assert text.startswith("Pool 'gpu-a': 10 × p3.2xlarge")
    assert "maximum 3 of 'gpu-a'" in text
    assert "gpu-b" not in text
    assert "cpu" not in text


def test_a_pool_of_which_the_maximum_is_not_known_fails_its_ceiling() -> None:
    limits = Ceilings.model_validate({"limits": [{"pattern": "gpu-*", "usd": 1e9}]})
    text = said(pool_ceilings(stack(pool("gpu-a", most=UNKNOWN), pool("cpu", most=UNKNOWN)), limits, {}))
    assert "'gpu-a' (aws:eks/nodeGroup:NodeGroup) has no price, so pool 'gpu-a' cannot be held" in text
    assert "'cpu'" not in text
    type_ = "azure-native:containerservice:ManagedCluster"
    inline = Resource(
        f"urn:pulumi:dev::p::{type_}::aks", type_, "aks", {"agentPoolProfiles": UNKNOWN, "location": "eastus"}
    )
    assert "The pools of 'aks' cannot be held to a ceiling: " in said(pool_ceilings(stack(inline), limits, {}))


def _component(name: str, child: Resource, **cost: Any) -> tuple[Resource, Resource]:
    urn = f"urn:pulumi:dev::p::x:index:Pool::{name}"
    return Resource(urn, "x:index:Pool", name, {"cost": cost}, custom=False), child._replace(parent=urn)


def test_tenant_ceilings_hold_what_is_for_the_tenant() -> None:
    limits = Ceilings.model_validate({"limits": [{"pattern": "*", "usd": 5 * monthly("p3.2xlarge")}]})
    shared = pool("shared", most=100)
    assert not said(tenant_ceilings(stack(*_component("a", pool("a", most=5), tenant="acme"), shared), limits, {}))
    text = said(tenant_ceilings(stack(*_component("a", pool("a", most=6), tenant="acme"), shared), limits, {}))
    assert text.startswith("Tenant 'acme': 6 × p3.2xlarge")


def test_environments_are_labels_or_the_name_of_the_stack() -> None:
    limits = Ceilings.model_validate({"limits": [{"pattern": "dev", "usd": 3 * monthly("p3.2xlarge")}]})
    labelled = pool("a", most=9, tags={"environment": "prod"})
    assert not said(environment_ceilings(stack(labelled, pool("b", most=3)), limits, {}))
    assert "Environment 'dev': 4 × p3.2xlarge" in said(
        environment_ceilings(stack(labelled, pool("b", most=4)), limits, {})
    )


def test_annotations_and_negotiated_rates_of_the_configuration_count() -> None:
    config = EstimateConfig.model_validate(
        {"rates": {"rates": [{"cloud": "aws", "machine": "p3.2xlarge", "usd": 1.0, "unit": "hour"}]}}
    )
    cheap = said(estimate(stack(pool("gpu", least=1, most=1)), config, {"estimate": config}))
    assert (
        f"${HOURS_PER_MONTH + monthly('p3.2xlarge') - BOOK.machine('aws', 'us-east-1', 'p3.2xlarge').hourly.usd * HOURS_PER_MONTH:,.2f} (floor)"
        in cheap
    )
    config = EstimateConfig.model_validate({"annotations": {"gpu": {"schedule": ["daily 00:00-12:00=4"]}}})
    half = said(estimate(stack(pool("gpu")), config, {"estimate": config}))
    assert f"${2 * monthly('p3.2xlarge'):,.2f} (expected)" in half
    assert not said(estimate(stack(pool("gpu")), EstimateConfig(summary=False), {}))


def test_the_share_of_spot_machines_is_held() -> None:
    seen = stack(pool("s", "m5.large", 0, 6, capacityType="SPOT"), pool("o", "m5.large", 0, 4))
    for least, fits in ((0.6, True), (0.61, False)):
        text = said(spot_share(seen, SpotShare(minimum=least, of="ceiling"), {}))
        assert (not text) is fits
    assert "60.0% of the machine-hours (ceiling) are spot" in text
    assert "Fits: 'o' as spot." in text
    assert not said(spot_share(seen, SpotShare(), {}))
    unknown = stack(pool("s", most=UNKNOWN))
    assert "cannot be told, because of 's'" in said(spot_share(unknown, SpotShare(minimum=0.1), {}))


def test_gpus_on_demand_are_counted_at_their_maximum() -> None:
    seen = stack(pool("a", most=4), pool("b", "p3.8xlarge", 0, 2), pool("s", most=50, capacityType="SPOT"))
    assert not said(on_demand_gpus(seen, OnDemandGpus(maximum=12), {}))
    text = said(on_demand_gpus(seen, OnDemandGpus(maximum=10), {}))
    assert "Up to 12 GPUs may be bought on demand ('b' 8, 'a' 4), 2 above the maximum of 10." in text
    assert "Fits: maximum 1 of 'b'; or maximum 2 of 'a'." in text
    unknown = stack(pool("a", most=UNKNOWN))
    assert "cannot be told, because of 'a'" in said(on_demand_gpus(unknown, OnDemandGpus(maximum=1), {}))


def test_gpus_that_run_all_night_are_told() -> None:
    assert not said(gpus_at_night(stack(pool("a")), GpusAtNight(), {}))
    assert not said(gpus_at_night(stack(pool("a", least=2)), GpusAtNight(maximum=2), {}))
    assert not said(gpus_at_night(stack(pool("a", "m5.large", 2)), GpusAtNight(), {}))
    text = said(gpus_at_night(stack(pool("a", least=2)), GpusAtNight(), {}))
    assert "'a' keeps 2 GPUs at 03:00 at night, because of its minimum of 2." in text


@pytest.mark.parametrize(
    ("said_of_it", "kept"),
    [
        ({"schedule": ["Mon-Fri 08:00-20:00=4"]}, 0),
        ({"schedule": ["Fri 20:00-04:00=4"]}, 4),
        ({"schedule": ["Sun 22:00-04:00=40"]}, 10),
        ({"schedule": ["Mon-Fri 08:00-20:00=4"], "otherwise": 1}, 1),
        ({"profile": [0, 0, 0, 0, *[5] * 20]}, 0),
        ({"profile": [0, 0, 0, 3, *[5] * 20]}, 3),
    ],
)
def test_gpus_that_a_schedule_or_a_profile_keeps_at_night_are_told(said_of_it: dict[str, Any], kept: int) -> None:
    config = EstimateConfig.model_validate({"annotations": {"a": said_of_it}})
    text = said(gpus_at_night(stack(pool("a")), GpusAtNight(), {"estimate": config}))
    assert (f"'a' keeps {kept} GPUs at 03:00" in text) if kept else not text


@pytest.mark.parametrize("type_", irrevocable())
def test_a_purchase_that_cannot_be_undone_needs_to_be_acknowledged(type_: str) -> None:
    bought = Resource(f"urn:pulumi:dev::p::{type_}::for-ever", type_, "for-ever", {})
    assert "'for-ever' cannot be undone: " in said(purchases(bought, Purchases()))
    assert not said(purchases(bought, Purchases(acknowledged=("for-*",))))
    assert not said(purchases(bought._replace(type="gcp:compute/reservation:Reservation"), Purchases()))


def test_targets_of_requests_are_told_where_they_are_missed() -> None:
    seen = stack(pool("llm", least=2, most=2))
    cost = 2 * monthly("p3.2xlarge")
    good = Target(pools="llm", requests_per_month=cost * 1e6 / 4, requests_per_machine_hour=cost * 1e6 / 4 / 1460 / 0.7)
    assert not said(unit_costs(seen, UnitCosts(targets=(good,)), {}))
    dear = good.model_copy(update={"requests_per_month": good.requests_per_month / 2})
    text = said(unit_costs(seen, UnitCosts(targets=(dear,)), {}))
    assert "A million requests on 'llm' costs $8.00" in text
    assert "above the target of $5.00" in text
    assert "'llm' is used to 35% with 2 machines on average, outside of 60% to 80%" in text
    assert "No pool matches 'x'" in said(
        unit_costs(seen, UnitCosts(targets=(good.model_copy(update={"pools": "x"}),)), {})
    )


@pytest.mark.parametrize(
    ("said_of_pools", "told"),
    [
        ({"cpu": {"schedule": ["Mon-Fri 08:00=6"]}}, "cpu.schedule[0]: "),
        ({"cpu": {"shedule": ["Mon-Fri 08:00-20:00=6"]}}, "There is no shedule to say of a pool."),
    ],
)
def test_annotations_that_mean_nothing_are_refused(said_of_pools: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        EstimateConfig.model_validate({"annotations": said_of_pools})
