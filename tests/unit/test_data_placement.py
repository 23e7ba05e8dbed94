"""Placement of stores: one pod to a machine, said plainly where that cannot be."""

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.data import placement
from penstock.problems import Problem

LABELS = {"app.kubernetes.io/name": "redis", "app.kubernetes.io/instance": "cache"}
TAINT = {"key": "dedicated", "value": "database", "effect": "NoSchedule"}


def pool(name: str = "database", least: int = 6, most: int = 9, **said: Any) -> dict[str, Any]:
    return {
        "name": name,
        "cloud": "gcp",
        "purchase": "on_demand",
        "machine_types": ["n2-highmem-4"],
        "min_nodes": least,
        "max_nodes": most,
        "labels": {"node-type": "database"},
        "taints": [TAINT],
        "capacity": {"cpu_millicores": 3920, "memory_mib": 28000, "accelerators": 0},
        **said,
    }


def reasons(problems: Any) -> dict[str, str]:
    found: list[Problem] = list(problems)
    return {problem.path: problem.reason for problem in found}


def room(pods: int, *pools: dict[str, Any], least: int = 0, cpu: int = 500, memory: int = 2048) -> dict[str, str]:
    return reasons(placement.room_problems("replicas", pods, cpu, memory, pools, least=least))


def test_a_pod_has_a_machine_of_its_own_and_zones_are_evened_out() -> None:
    parts = placement.pod_placement(LABELS, 6, [pool()], may_share=True)
    assert parts["nodeSelector"] == {"node-type": "database"}
    assert parts["tolerations"] == [
        {"key": "dedicated", "operator": "Equal", "value": "database", "effect": "NoSchedule"}
    ]
    (apart,) = parts["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert apart == {"labelSelector": {"matchLabels": LABELS}, "topologyKey": "kubernetes.io/hostname"}
    (spread,) = parts["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "ScheduleAnyway")


def test_pods_share_machines_only_where_they_may_and_have_to() -> None:
    parts = placement.pod_placement(LABELS, 6, [pool(most=3)], may_share=True)
    assert "affinity" not in parts
    hard = [each for each in parts["topologySpreadConstraints"] if each["whenUnsatisfiable"] == "DoNotSchedule"]
    assert [(each["topologyKey"], each["maxSkew"], each["minDomains"]) for each in hard] == [
        ("kubernetes.io/hostname", 2, 6)
    ]
    assert "affinity" in placement.pod_placement(LABELS, 6, [pool(most=3)])


@pytest.mark.parametrize("most", [3, 6])
def test_placements_are_those_of_the_kubernetes_schema(most: int) -> None:
    parts = placement.pod_placement(LABELS, 6, [pool(most=most)], may_share=True)
    spec = {"containers": [{"name": "a", "image": "b"}], **parts}
    kubernetes_validate.validate(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}, "1.34", strict=True
    )


@given(pods=st.integers(1, 40), most=st.integers(1, 40))
def test_machines_hold_all_pods_with_the_smallest_possible_share(pods: int, most: int) -> None:
    shared = placement.per_machine(pods, [pool(most=most)])
    assert shared * most >= pods
    assert (shared - 1) * most < pods


def test_fewer_machines_than_pods_are_refused_with_what_to_raise() -> None:
    assert "needs 3 machines, one for each pod, and the pool 'database' can have 2" in room(3, pool(most=2))["replicas"]


def test_machines_of_all_pools_count_together() -> None:
    assert room(3, pool("a", most=2), pool("b", most=1)) == {}


def test_a_store_whose_pods_may_share_needs_its_least_number_of_machines() -> None:
    assert room(6, pool(most=3), least=3) == {}
    assert "needs 3 machines, at least, and" in room(6, pool(most=2), least=3)["replicas"]


def test_a_pod_larger_than_a_node_is_refused() -> None:
    assert "offers 3920m of CPU, and a pod of it requests 4000m" in room(3, pool(), cpu=4000)["pools[0]"]
    assert "offers 28000Mi of memory" in room(3, pool(), memory=30000)["pools[0]"]


def test_pods_that_share_a_machine_have_to_fit_it_together() -> None:
    assert "the 2 pods that share a machine request 4000m" in room(6, pool(most=3), cpu=2000, least=3)["pools[0]"]


@pytest.mark.parametrize(
    ("pools", "path", "reason"),
    [
        ([], "pools", "at least one pool"),
        ([{"name": "x"}], "pools", "no refs of pools"),
        ([pool(taints=None)], "pools", "no refs of pools"),
        ([pool(), pool("b", labels={"a": "b"})], "pools", "no label in common"),
        ([pool(purchase="spot")], "pools[0]", "take its machines back"),
        ([pool(), pool(purchase="flex")], "pools[1]", "lends its machines for a time"),
    ],
)
def test_pools_that_are_no_home_for_data_are_refused(pools: Any, path: str, reason: str) -> None:
    assert reason in reasons(placement.pool_problems(pools))[path]


def test_room_is_silent_on_pools_that_are_refused_anyway() -> None:
    assert room(3, {"name": "x"}) == {}


def test_what_is_told_of_the_room() -> None:
    assert placement.room_told(6, [pool()]) is None
    few = placement.room_told(6, [pool(least=3, most=3)])
    assert few and "can have 3: up to 2 pods share a machine" in few
    shrinks = placement.room_told(6, [pool(least=3, most=9)])
    assert shrinks and "may shrink to 3 machines while 6 are wanted" in shrinks


def test_a_pool_is_named_once_and_pools_have_a_label_that_others_have_not() -> None:
    twice = reasons(placement.pool_problems([pool(most=3), pool(most=3)]))
    assert "'database' stands there 2 times" in twice["pools"], "its machines would count twice"
    bought = {"penstock/purchase": "on_demand"}
    alike = reasons(placement.pool_problems([pool("a", labels={"a": "a", **bought}), pool("b", labels=bought)]))
    assert "a label of their own" in alike["pools"]
    together = {"node-type": "database", **bought}
    assert not reasons(placement.pool_problems([pool("a", labels=together), pool("b", labels=together)]))
