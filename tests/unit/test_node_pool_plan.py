"""Laws of the pure plans: how a pool starts, how a request is split, where a workload goes."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.nodes.gke.capacity import allocatable_cpu_millicores, allocatable_memory_mib
from penstock.nodes.gke.plan import adopted_reservation, node_pool_args, pool_ref, reservation_path, spread
from penstock.nodes.gke.spec import GkePoolSpec
from penstock.nodes.plan import nodes_for_rate, scheduling, split
from penstock.refs import Purchase
from penstock.spec import check
from penstock_cost import machine, machines

ZONES = ["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"]


def spec(**args: Any) -> GkePoolSpec:
    plain = {"machine_types": ["n2-standard-8"], "purchase": "on_demand", "min_nodes": 0, "max_nodes": 3}
    return check(GkePoolSpec, {**plain, **args})


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 4))
def test_a_pool_never_starts_above_its_maximum_nor_a_whole_row_below_its_minimum(
    low: int, more: int, zones: int
) -> None:
    start = spread(low, max(1, low + more), ZONES[:zones])
    nodes = start.nodes_per_zone * len(start.zones)
    assert nodes <= max(1, low + more)
    assert nodes > low - len(start.zones)
    assert set(start.zones) <= set(ZONES[:zones])


@pytest.mark.parametrize(
    ("low", "high", "zones", "used", "per_zone"),
    [
        (0, 5, 3, 3, 0),  # from zero, anywhere
        (2, 20, 3, 3, 1),  # three nodes at first, the autoscaler trims to two
        (2, 2, 3, 2, 1),  # a fixed two: two zones of three
        (3, 3, 3, 3, 1),
        (4, 4, 3, 2, 2),
        (1, 1, 3, 1, 1),
        (4, 5, 3, 3, 1),  # rounded up it would be six
        (5, 5, 3, 3, 1),  # not five in one zone: three at once, the rest when pods need them
        (6, 9, 3, 3, 2),
    ],
)
def test_how_a_pool_starts(low: int, high: int, zones: int, used: int, per_zone: int) -> None:
    start = spread(low, high, ZONES[:zones])
    assert (len(start.zones), start.nodes_per_zone) == (used, per_zone)


percentages = st.integers(0, 100).flatmap(lambda a: st.integers(0, 100 - a).map(lambda b: (a, b, 100 - a - b)))


@given(st.integers(1, 3000), percentages)
def test_a_split_is_whole_and_at_least_as_steady_as_asked(nodes: int, shares: tuple[int, int, int]) -> None:
    on_demand, spot, reserved = shares
    parts = split(nodes, {Purchase.ON_DEMAND: on_demand, Purchase.SPOT: spot, Purchase.RESERVED: reserved})
    assert sum(parts.values()) == nodes
    steady = parts.get(Purchase.ON_DEMAND, 0) + parts.get(Purchase.RESERVED, 0)
    assert steady == math.ceil(nodes * (on_demand + reserved) / 100) if spot else steady == nodes
    for purchase, share in zip((Purchase.ON_DEMAND, Purchase.RESERVED), (on_demand, reserved), strict=True):
        assert abs(parts.get(purchase, 0) - nodes * share / 100) < 2
        assert share or not parts.get(purchase)


@given(st.floats(0.1, 1e6), st.floats(0.1, 1e4))
def test_the_nodes_for_a_rate_always_reach_it(target: float, per_node: float) -> None:
    nodes = nodes_for_rate(target, per_node)
    assert nodes * per_node >= target * (1 - 1e-9)
    assert (nodes - 1) * per_node < target


@pytest.mark.parametrize(
    ("nodes", "shares", "expected"),
    [
        (10, {Purchase.ON_DEMAND: 20, Purchase.SPOT: 60, Purchase.RESERVED: 20},
         {Purchase.ON_DEMAND: 2, Purchase.SPOT: 6, Purchase.RESERVED: 2}),
        (nodes_for_rate(95, 10), {Purchase.RESERVED: 30, Purchase.SPOT: 70},  # p3.2xlarge serves 10 a second
         {Purchase.RESERVED: 3, Purchase.SPOT: 7}),
        (nodes_for_rate(95, 40), {Purchase.RESERVED: 30, Purchase.SPOT: 70},  # p3.8xlarge serves 40
         {Purchase.RESERVED: 1, Purchase.SPOT: 2}),
        (1, {Purchase.ON_DEMAND: 20, Purchase.SPOT: 60, Purchase.RESERVED: 20},
         {Purchase.ON_DEMAND: 0, Purchase.SPOT: 0, Purchase.RESERVED: 1}),
    ],
)  # fmt: skip
def test_splits_of_the_examples(nodes: int, shares: dict[Purchase, int], expected: dict[Purchase, int]) -> None:
    assert split(nodes, shares) == expected


@pytest.mark.parametrize(
    ("name", "cpu", "memory"),
    [
        # https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes: CPU is exact, memory a safe bound
        ("n2-standard-8", 7910, 28.5),
        ("e2-standard-4", 3920, 13.3),
        ("e2-medium", 940, 2.8),
        ("n2-highcpu-16", 15890, 13.3),
    ],
)
def test_what_a_node_offers(name: str, cpu: int, memory: float) -> None:
    assert allocatable_cpu_millicores(machine("gcp", name)) == cpu
    assert memory * 0.95 < allocatable_memory_mib(machine("gcp", name)) / 1024 <= memory


@pytest.mark.parametrize("shape", machines("gcp"), ids=lambda shape: shape.name)
def test_no_node_offers_more_than_its_machine_has(shape: Any) -> None:
    assert 0 < allocatable_memory_mib(shape) < shape.memory_gib * 1024
    assert 0 < allocatable_cpu_millicores(shape) < max(shape.vcpu, 2) * 1000


@pytest.mark.parametrize(
    ("accelerator", "offered"),
    [
        ({}, 1),
        ({"partition": "1g.5gb"}, 7),
        ({"sharing": {"strategy": "time_sharing", "max_clients": 4}}, 4),
        ({"partition": "3g.20gb", "sharing": {"strategy": "time_sharing", "max_clients": 3}}, 6),
    ],
)
def test_a_node_offers_shares_and_partitions_of_its_gpus(accelerator: dict[str, Any], offered: int) -> None:
    pool = pool_ref("gpu", spec(machine_types=["a2-highgpu-1g"], accelerator=accelerator))
    assert pool["capacity"]["accelerators"] == offered
    assert pool["capacity"]["accelerator_resource"] == "nvidia.com/gpu"
    assert pool["capacity"].get("accelerator_shared", False) is ("sharing" in accelerator)


def test_a_workload_on_several_pools_selects_what_they_share_and_tolerates_all() -> None:
    a = pool_ref("a", spec(labels={"workload-type": "web", "x": "1"}, taints=[{"key": "t", "value": "1"}]))
    b = pool_ref("b", spec(labels={"workload-type": "web", "x": "2"}, purchase="spot", taints=[{"key": "u"}]))
    placed = scheduling(a, b)
    assert placed["node_selector"] == {"workload-type": "web"}
    assert placed["tolerations"] == [
        {"key": "t", "operator": "Equal", "value": "1", "effect": "NoSchedule"},
        {"key": "u", "operator": "Exists", "effect": "NoSchedule"},
    ]
    assert placed["termination_grace_period_seconds"] == 15


def test_a_workload_cannot_mean_pools_that_share_nothing() -> None:
    a, b = pool_ref("a", spec()), pool_ref("b", spec(purchase="spot"))
    with pytest.raises(ValueError, match="no label in common"):
        scheduling(a, b)


def test_a_reservation_of_another_project_is_consumed_by_its_path() -> None:
    assert adopted_reservation("held") == "held"
    assert adopted_reservation("owner/held") == "projects/owner/reservations/held"
    assert reservation_path("ours", "z", adopted_reservation("held")) == "projects/ours/zones/z/reservations/held"
    assert reservation_path("ours", "z", adopted_reservation("o/held")) == "projects/o/zones/z/reservations/held"


def test_scarce_machines_are_taken_wherever_they_are_and_others_spread() -> None:
    def policy(**args: Any) -> str:
        return node_pool_args("x", spec(**args))["autoscaling"]["location_policy"]

    assert policy() == "BALANCED"
    assert policy(purchase="spot") == policy(machine_types=["g2-standard-8"]) == "ANY"
    assert policy(zones=ZONES[:1], capacity_reservation={"create": True}) == "ANY"


def test_upgrades_add_no_node_where_there_may_be_none_to_add() -> None:
    def surge(**args: Any) -> tuple[int, int]:
        settings = node_pool_args("x", spec(**args))["upgrade_settings"]
        return settings["max_surge"], settings["max_unavailable"]

    assert surge() == surge(purchase="spot") == (1, 0)
    assert surge(machine_types=["g2-standard-8"]) == (0, 1)
    assert surge(purchase="reserved", min_nodes=3, commitment={"term": "1y"}) == (0, 1)
    assert surge(surge={"max_surge": 2}) == (2, 0)
