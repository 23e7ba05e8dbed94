"""Every pool can start from nothing: the node that the autoscaler expects would take the workloads meant for it."""

from typing import Any

import pytest

import settings as platform
from penstock import PoolRef, scheduling
from tests.support import stacks
from tests.support.mocked import of_type, run
from tests.support.node_template import misfits, node_template
from wiring import deploy

POOL = "gcp:container/nodePool:NodePool"


def pools(stack: str) -> dict[str, tuple[dict[str, Any], PoolRef]]:
    """Each pool's registered inputs, and what its workloads know of it."""
    exported: dict[str, Any] = {}
    settings = platform.read(stacks.as_engine_gives_it(stacks.config(stack)))
    registered = of_type(run(lambda: exported.update(deploy(settings))), POOL)
    assert registered.keys() == exported["pools"].keys()
    return {name: (inputs, exported["pools"][name]) for name, inputs in registered.items()}


def fills_the_node(pool: PoolRef) -> dict[str, float]:
    """The largest pod that is meant for the pool."""
    capacity = pool["capacity"]
    requests = {"cpu": capacity["cpu_millicores"], "memory": capacity["memory_mib"]}
    if capacity["accelerators"]:
        requests[capacity["accelerator_resource"]] = capacity["accelerators"]
    return requests


ALL = {f"{stack}/{name}": pool for stack in ("dev", "prod") for name, pool in sorted(pools(stack).items())}


@pytest.mark.parametrize("name", ALL)
def test_a_workload_placed_on_a_pool_fits_an_empty_one(name: str) -> None:
    registered, ref = ALL[name]
    assert misfits(node_template(registered), scheduling(ref), fills_the_node(ref)) == []


@pytest.mark.parametrize("name", [name for name, (_, ref) in ALL.items() if ref["taints"]])
def test_a_workload_that_tolerates_nothing_does_not_fit_a_tainted_pool(name: str) -> None:
    registered, ref = ALL[name]
    placed = {**scheduling(ref), "tolerations": []}
    assert any(reason.startswith("taint") for reason in misfits(node_template(registered), placed, {}))


@pytest.mark.parametrize("name", [name for name, (_, ref) in ALL.items() if ref["capacity"]["accelerators"]])
def test_a_pool_that_lost_its_gpus_takes_no_gpu_workload(name: str) -> None:
    registered, ref = ALL[name]
    without = {**registered, "nodeConfig": {**registered["nodeConfig"], "guestAccelerators": []}}
    assert misfits(node_template(without), scheduling(ref), fills_the_node(ref)) != []


@pytest.mark.parametrize("name", ALL)
def test_a_workload_of_one_pool_fits_no_other(name: str) -> None:
    _, ref = ALL[name]
    stack = name.partition("/")[0]
    fitting = [
        other
        for other, (registered, _) in ALL.items()
        if other.startswith(stack) and not misfits(node_template(registered), scheduling(ref), {})
    ]
    assert fitting == [name]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_system_pods_have_an_untainted_home(stack: str) -> None:
    bare = {"node_selector": {}, "tolerations": []}
    homes = [
        name
        for name, (registered, _) in ALL.items()
        if name.startswith(stack) and not misfits(node_template(registered), bare, {})
    ]
    assert homes == [f"{stack}/system"]
