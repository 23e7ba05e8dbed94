"""The tables of options are whole: each cloud says of every option, and of every value, what it makes of it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from penstock.clouds import cluster_spec, options_of, pool_spec
from penstock.clusters.spec import ClusterSpec
from penstock.nodes.spec import ACKNOWLEDGEMENT, NodePoolSpec
from penstock.options import Support
from penstock.problems import InvalidSpec
from penstock.refs import Cloud
from penstock.spec import check

# What the tables speak of as a whole, or not at all since it is what every cloud has.
WHOLE = {
    "shape",
    "taints",
    "accelerator.sharing",
    "network.adopt",
    "maintenance_window",
    "authorized_networks",
    "system_pool",
    "cost",
}
EVERYWHERE = {
    "cloud",
    "adopt",
    "commitment.purchase.acknowledge",
    "commitment.term",
    "network",
    "accelerator",
    "disk",
    "surge",
    "capacity_reservation",
}


def inputs(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every option of a specification, with its values where they are few."""
    for name, field in model.model_fields.items():
        here = f"{path}{name}"
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        nested = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        values = next((list(kind) for kind in kinds if issubclass(kind, StrEnum)), [])
        if nested and here not in WHOLE:
            yield here, []
            yield from inputs(nested, f"{here}.")
        else:
            yield here, [str(value) for value in values]


@pytest.mark.parametrize("cloud", Cloud)
@pytest.mark.parametrize(("area", "model"), [("nodes", NodePoolSpec), ("clusters", ClusterSpec)])
def test_a_cloud_says_of_every_option_what_it_makes_of_it(cloud: Cloud, area: str, model: type[BaseModel]) -> None:
    said: dict[str, set[str | None]] = {}
    for option in options_of(cloud, area):
        said.setdefault(option.path, set()).add(option.value)
    unsaid = [
        path
        for path, values in inputs(model)
        if path not in EVERYWHERE and said.get(path) not in ({None}, set(values or ["true", "false"]))
    ]
    assert unsaid == []


@pytest.mark.parametrize("area", ["nodes", "clusters"])
def test_all_clouds_speak_of_the_same_options_in_the_same_order(area: str) -> None:
    tables = [[(option.path, option.value) for option in options_of(cloud, area)] for cloud in Cloud]
    assert all(table == tables[0] for table in tables)


@pytest.mark.parametrize("cloud", Cloud)
@pytest.mark.parametrize("area", ["nodes", "clusters"])
def test_what_is_refused_or_done_otherwise_is_explained_in_sentences(cloud: Cloud, area: str) -> None:
    for option in options_of(cloud, area):
        if option.support is not Support.YES:
            assert option.text.endswith(".") or option.support is Support.OTHERWISE, option
            assert len(option.text) > 20, option


# What has to stand beside an option, so that nothing but the option is wrong with what it belongs to.
BESIDE: dict[str, dict[str, Any]] = {
    "adopt": {"name": "theirs"},
    "capacity_reservation.placement_group": {"name": "theirs"},
    "capacity_reservation.count": {"create": True},
    "commitment": {"term": "1y"},
}


def asked(path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    wanted = {last: value}
    for parent in reversed(parents):
        wanted = {parent: {**BESIDE.get(parent, {}), **BESIDE.get(path, {}), **wanted}}
    return wanted


SOME: dict[str, Any] = {
    "shape": {"vcpu": 4, "memory_gib": 16},
    "accelerator.sharing": {"strategy": "mps", "max_clients": 2},
    "network.adopt": {"network": "theirs"},
    "maintenance_window": {"start": "2026-01-03T02:00:00Z", "hours": 24, "days": ["SA"]},
    "authorized_networks": [{"cidr": "203.0.113.0/24"}],
    "system_pool": {"min_nodes": 2},
    "admins": ["somebody"],
    "zones": ["a"],
    "nodes": ["a"],
    "labels": {"team": "llm"},
    "commitment.purchase": {"acknowledge": ACKNOWLEDGEMENT},
    "network.node_cidr": "192.168.0.0/20",
    "network.pod_cidr": "192.168.128.0/20",
    "network.service_cidr": "192.168.64.0/20",
    "surge.max_surge": 1,
    "surge.max_unavailable": 1,
    "disk.size_gib": 100,
    "max_run_hours": 2,
    "capacity_reservation.count": 1,
    "accelerator.count": 1,
    "network.isolated": True,
    "adopt.subnets": {"a": "b"},
    "unequal_shapes": True,
    "private_endpoint": True,
    "efa": True,
    "compact": True,
    "auto_repair": True,
    "deletion_protection": True,
    "capacity_reservation.create": True,
}


@pytest.mark.parametrize(
    ("cloud", "area", "path", "value", "text"),
    [
        pytest.param(cloud, area, o.path, o.value, o.text, id=f"{cloud}-{area}-{o.path}-{o.value}")
        for cloud in Cloud
        for area in ("nodes", "clusters")
        for o in options_of(cloud, area)
        if o.support is Support.REFUSED
    ],
)
def test_what_a_table_refuses_is_refused_with_its_sentence(
    cloud: Cloud, area: str, path: str, value: str | None, text: str
) -> None:
    model = pool_spec(cloud) if area == "nodes" else cluster_spec(cloud)
    meant = {"true": True, "false": False}.get(value, value) if value else SOME.get(path, "some")
    with pytest.raises(InvalidSpec) as refused:
        check(model, {"cloud": cloud, **asked(path, meant)} if area == "clusters" else asked(path, meant))
    assert text in [problem.reason for problem in refused.value.problems if problem.path == path]
