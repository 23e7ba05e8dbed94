"""What a pool says of its use: it is checked, registered for estimates, and split over the pools of a mix."""

from typing import Any

import pytest

from penstock.clouds import pool_ref, pool_spec
from penstock.nodes.cost import annotation
from penstock.nodes.mix_spec import MixSpec
from penstock.problems import InvalidSpec
from penstock.refs import Cloud
from penstock.spec import check

POOL: dict[str, Any] = {
    "machine_types": ["n2-standard-8"],
    "purchase": "on_demand",
    "min_nodes": 0,
    "max_nodes": 10,
}
MIX: dict[str, Any] = {
    "cloud": "gcp",
    "machine_types": ["n2-standard-8"],
    "nodes": 10,
    "shares": {"reserved": 20, "on_demand": 20, "spot": 60},
    "commitment": {"term": "1y"},
}


def refusals(asked: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidSpec) as refused:
        check(pool_spec(Cloud.GCP), asked)
    return {problem.path: problem.reason for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("cost", "path", "text"),
    [
        ({"schedule": ["Mon-Fri 08:00-20:00=6", "always=3"]}, "cost.schedule[1]", "'always=3' is no window"),
        ({"profile": [1, 2]}, "cost.profile", "Write 24 numbers"),
        ({"profile": [-1.0] * 24}, "cost.profile[0]", "from 0 on"),
        ({"profile": [1] * 24, "schedule": ["daily 00:00-01:00=1"]}, "cost.profile", "one of the two"),
        ({"otherwise": 1}, "cost.otherwise", "There is no schedule"),
        ({"fallback": 0.2}, "cost.fallback", "for spot machines"),
        ({"redo": 2}, "cost.redo", "at most 1"),
        ({"spot_price": 0.5}, "cost.spot_price", "for spot machines"),
        ({"tennant": "acme"}, "cost.tennant", "Did you mean 'tenant'?"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_path(cost: dict[str, Any], path: str, text: str) -> None:
    told = refusals({**POOL, "cost": cost})
    assert text in told[path]


def test_only_machines_on_demand_stand_in_for_spot() -> None:
    told = refusals({**POOL, "purchase": "spot", "cost": {"fallback_for": "web"}})
    assert "Machines on demand stand in" in told["cost.fallback_for"]


def test_a_pool_registers_what_no_cloud_resource_carries() -> None:
    used = {"tenant": "acme", "schedule": ["Mon-Fri 08:00-20:00=6"], "otherwise": 1, "fallback_for": "spot"}
    spec = check(pool_spec(Cloud.GCP), {**POOL, "cost": used})
    said = annotation(pool_ref("web", spec), spec)
    assert (said["pool"], said["purchase"], said["minNodes"], said["maxNodes"]) == ("web", "on_demand", 0, 10)
    assert (said["tenant"], said["schedule"], said["otherwise"]) == ("acme", ["Mon-Fri 08:00-20:00=6"], 1)
    assert said["fallbackFor"] == "spot" and said["capacity"]["cpuMillicores"] > 0
    assert not {"profile", "fallback", "redo", "spotPrice", "commitment"} & set(said)


def test_a_reserved_pool_registers_its_commitment() -> None:
    asked = {**POOL, "purchase": "reserved", "min_nodes": 10, "commitment": {"term": "3y"}}
    spec = check(pool_spec(Cloud.GCP), asked)
    assert annotation(pool_ref("web", spec), spec)["commitment"] == {"term": "3y", "payment": "no_upfront"}


def test_what_a_mix_says_is_split_over_its_pools_the_steadiest_first() -> None:
    used = {"tenant": "acme", "schedule": ["Mon-Fri 08:00-20:00=9"], "otherwise": 3, "fallback": 0.1}
    pools = check(MixSpec, {**MIX, "cost": used}).pools("web")
    assert {name: (pool["cost"]["schedule"], pool["cost"]["otherwise"]) for name, pool in pools.items()} == {
        "web-reserved": (["Mon-Fri 08:00-20:00=2"], 2),
        "web-on-demand": (["Mon-Fri 08:00-20:00=2"], 1),
        "web-spot": (["Mon-Fri 08:00-20:00=5"], 0),
    }
    assert {pool["cost"]["tenant"] for pool in pools.values()} == {"acme"}
    assert [name for name, pool in pools.items() if "fallback" in pool["cost"]] == ["web-spot"]


def test_the_parts_of_a_profile_are_the_whole() -> None:
    profile = [hour % 11 for hour in range(24)]
    pools = check(MixSpec, {**MIX, "cost": {"profile": profile}}).pools("web")
    assert [sum(hour) for hour in zip(*(pool["cost"]["profile"] for pool in pools.values()), strict=True)] == profile


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        ({"schedule": ["whenever"]}, "is no window"),
        ("cheap", "Write a map"),
        ({"profile": ["x"] * 24}, "Write a number"),
    ],
)
def test_a_mix_refuses_what_its_pools_refuse(cost: Any, text: str) -> None:
    with pytest.raises(InvalidSpec, match=text):
        check(MixSpec, {**MIX, "cost": cost})


def test_a_mix_without_spot_knows_no_fallback() -> None:
    shares = {"reserved": 50, "on_demand": 50}
    with pytest.raises(InvalidSpec, match="Nothing is bought as spot"):
        check(MixSpec, {**MIX, "shares": shares, "cost": {"fallback": 0.1}})
