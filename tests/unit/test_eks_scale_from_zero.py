"""Every EKS pool can start from nothing: the node that the autoscaler expects takes the pods that are meant for it, and
so does the node that then comes."""

from typing import Any

import pytest

import penstock
from penstock import PoolRef, scheduling
from penstock_cost import machine
from tests.support.eks_node_template import expected_node, groups, real_node, tags_of
from tests.support.eks_program import POOLS, deploy
from tests.support.mocked import Registered
from tests.support.node_template import misfits

REFS: dict[str, PoolRef] = {}
REGISTERED: list[Registered] = []


@pytest.fixture(scope="module", autouse=True)
def deployed() -> None:
    """All the kinds of pools in one cluster."""
    if not REGISTERED:
        REGISTERED.extend(deploy(lambda cluster: _make(cluster)))


def _make(cluster: dict[str, Any]) -> None:
    for name, args in POOLS.items():
        REFS[name] = penstock.nodes.pools.node_pool(name, {"cluster": cluster, "cloud": "aws", **args}).ref


def fills_the_node(pool: PoolRef) -> dict[str, float]:
    """The largest pod that is meant for the pool."""
    capacity = pool["capacity"]
    requests: dict[str, float] = {"cpu": capacity["cpu_millicores"], "memory": capacity["memory_mib"]}
    if capacity["accelerators"]:
        requests[capacity["accelerator_resource"]] = capacity["accelerators"]
    return requests


def test_every_pool_was_deployed() -> None:
    assert sorted(groups(REGISTERED)) == sorted(POOLS)


@pytest.mark.parametrize("name", POOLS)
def test_a_workload_placed_on_a_pool_fits_the_node_that_is_expected(name: str) -> None:
    ref = REFS[name]
    assert misfits(expected_node(REGISTERED, name), scheduling(ref), fills_the_node(ref)) == []


@pytest.mark.parametrize("name", POOLS)
def test_it_fits_the_node_that_comes_of_whatever_machine_type(name: str) -> None:
    ref = REFS[name]
    for kind in ref["machine_types"]:
        node = real_node(REGISTERED, name, machine("aws", kind))
        assert misfits(node, scheduling(ref), fills_the_node(ref)) == []


@pytest.mark.parametrize("name", POOLS)
def test_the_autoscaler_never_expects_more_than_comes(name: str) -> None:
    """Else it would add node after node for a pod that fits none of them."""
    expected = expected_node(REGISTERED, name)
    for kind in REFS[name]["machine_types"]:
        node = real_node(REGISTERED, name, machine("aws", kind))
        assert {key: node.labels[key] for key in tags_labels(name)} == {
            key: expected.labels[key] for key in tags_labels(name)
        }
        assert expected.taints == node.taints
        for resource, amount in expected.allocatable.items():
            assert amount <= node.allocatable.get(resource, 0), resource


def tags_labels(pool: str) -> list[str]:
    start = "k8s.io/cluster-autoscaler/node-template/label/"
    return [key.removeprefix(start) for key in tags_of(REGISTERED, pool) if key.startswith(start)]


@pytest.mark.parametrize("name", [name for name in POOLS if name.startswith(("gpu", "tainted"))])
def test_a_workload_that_tolerates_nothing_does_not_fit_a_tainted_pool(name: str) -> None:
    placed = {**scheduling(REFS[name]), "tolerations": []}
    assert any(reason.startswith("taint") for reason in misfits(expected_node(REGISTERED, name), placed, {}))


@pytest.mark.parametrize("name", [name for name in POOLS if name.startswith("gpu")])
def test_a_pool_whose_tags_are_lost_takes_no_workload_from_zero(name: str) -> None:
    without = [r for r in REGISTERED if not r.type.startswith("aws:autoscaling")]
    assert misfits(expected_node(without, name), scheduling(REFS[name]), {}) != []


@pytest.mark.parametrize("name", POOLS)
def test_a_workload_of_one_pool_fits_no_other(name: str) -> None:
    placed = scheduling(REFS[name])
    fitting = [other for other in POOLS if not misfits(expected_node(REGISTERED, other), placed, {})]
    assert fitting == [name]
