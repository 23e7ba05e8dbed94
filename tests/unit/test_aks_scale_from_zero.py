"""Every AKS pool can start from nothing: the node that the autoscaler expects takes the workloads meant for it."""

from typing import Any

import pytest

import penstock
from penstock import PoolRef, scheduling
from penstock.nodes.plan import POOL_LABEL
from tests.support.aks_node_template import node_template
from tests.support.mocked import of_type, run
from tests.support.node_template import misfits

CLUSTER: dict[str, Any] = {
    "cloud": "azure",
    "name": "llm",
    "location": "eastus",
    "resource_group": "llm",
    "zones": ["1", "2", "3"],
    "subnets": dict.fromkeys(["1", "2", "3"], "/subscriptions/s/…/subnets/nodes"),
}
POOLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "web": (penstock.OnDemandNodePool, {"machine_types": ["Standard_D8s_v5"]}),
    "tainted": (
        penstock.OnDemandNodePool,
        {"machine_types": ["Standard_E16s_v5"], "taints": [{"key": "dedicated"}, {"key": "team", "value": "a"}]},
    ),
    "arm": (penstock.OnDemandNodePool, {"machine_types": ["Standard_D4ps_v5"]}),
    "spot": (penstock.SpotNodePool, {"machine_types": ["Standard_D64s_v5"]}),
    "gpu": (penstock.GpuNodePool, {"machine_types": ["Standard_NC24ads_A100_v4"], "purchase": "spot"}),
    "gpus": (penstock.GpuNodePool, {"machine_types": ["Standard_NC96ads_A100_v4"]}),
    "slices": (
        penstock.GpuNodePool,
        {"machine_types": ["Standard_NC48ads_A100_v4"], "accelerator": {"partition": "1g.10gb"}},
    ),
}


def registered() -> dict[str, tuple[dict[str, Any], PoolRef]]:
    """Each pool's registered inputs, and what its workloads know of it."""
    refs: dict[str, PoolRef] = {}

    def program() -> None:
        for name, (kind, args) in POOLS.items():
            made = kind(name, {"cluster": CLUSTER, "cloud": "azure", "min_nodes": 0, "max_nodes": 3, **args})
            refs[name] = made.ref

    made = of_type(run(program, preview=True), "azure-native:containerservice:AgentPool")
    return {name: (made[name], refs[name]) for name in POOLS}


ALL = registered()


def fills_the_node(pool: PoolRef) -> dict[str, float]:
    """The largest pod that is meant for the pool."""
    capacity = pool["capacity"]
    requests: dict[str, float] = {"cpu": capacity["cpu_millicores"], "memory": capacity["memory_mib"]}
    if capacity["accelerators"]:
        requests[capacity["accelerator_resource"]] = capacity["accelerators"]
    return requests


@pytest.mark.parametrize("name", ALL)
def test_a_workload_placed_on_a_pool_fits_an_empty_one(name: str) -> None:
    inputs, ref = ALL[name]
    assert misfits(node_template(inputs), scheduling(ref), fills_the_node(ref)) == []


@pytest.mark.parametrize("name", [name for name, (_, ref) in ALL.items() if ref["taints"]])
def test_a_workload_that_tolerates_nothing_does_not_fit_a_tainted_pool(name: str) -> None:
    inputs, ref = ALL[name]
    placed = {**scheduling(ref), "tolerations": []}
    assert any(reason.startswith("taint") for reason in misfits(node_template(inputs), placed, {}))


@pytest.mark.parametrize("name", ALL)
def test_all_taints_of_a_pool_are_read_by_the_autoscaler(name: str) -> None:
    inputs, ref = ALL[name]
    assert len(node_template(inputs).taints) == len(inputs["nodeTaints"]) == len(ref["taints"])


def test_without_its_tag_an_empty_partitioned_pool_would_take_too_little() -> None:
    inputs, ref = ALL["slices"]
    untagged = {**inputs, "tags": {}}
    assert misfits(node_template(untagged), scheduling(ref), fills_the_node(ref)) == ["14 of nvidia.com/gpu"]


@pytest.mark.parametrize("name", ALL)
def test_a_workload_of_one_pool_fits_no_other(name: str) -> None:
    _, ref = ALL[name]
    assert scheduling(ref)["node_selector"][POOL_LABEL] == name
    fitting = [other for other, (inputs, _) in ALL.items() if not misfits(node_template(inputs), scheduling(ref), {})]
    assert fitting == [name]
