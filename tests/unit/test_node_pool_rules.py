"""Impossible node pools are refused at once, with the path and the reason; possible ones are not."""

from typing import Any

import pytest

from penstock.nodes.gke.spec import GkePoolSpec
from penstock.nodes.spec import ACKNOWLEDGEMENT
from tests.support.refused import reasons

PLAIN: dict[str, Any] = {
    "machine_types": ["n2-standard-8"],
    "purchase": "on_demand",
    "min_nodes": 0,
    "max_nodes": 3,
}
ZONE = {"zones": ["us-central1-a"]}
RESERVED = {"purchase": "reserved", "min_nodes": 2, "max_nodes": 2}
FLEX = {"purchase": "flex", "max_run_hours": 24}


def problems(**changes: Any) -> dict[str, str]:
    return reasons(GkePoolSpec, {**PLAIN, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"purchase": "spot", "min_nodes": 3, "max_nodes": 50},
        {**RESERVED, "commitment": {"term": "1y"}},
        {**RESERVED, "commitment": {"term": "3y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}}},
        {"capacity_reservation": {"create": True}, **ZONE},
        {"capacity_reservation": {"name": "held"}, **ZONE},
        {"capacity_reservation": {"name": "other-project/held"}, **ZONE},
        {**RESERVED, "commitment": {"term": "1y"}, "capacity_reservation": {"create": True}, **ZONE},
        {**FLEX, "machine_types": ["a2-highgpu-1g"]},
        {"compact": True, **ZONE},
        {"machine_types": ["g2-standard-8"]},
        {"machine_types": ["a2-highgpu-1g"], "accelerator": {"partition": "1g.5gb"}},
        {"machine_types": ["g2-standard-8"], "accelerator": {"sharing": {"strategy": "mps", "max_clients": 4}}},
        {"machine_types": ["n1-standard-8"], "accelerator": {"type": "nvidia-tesla-t4"}},
        {"machine_types": ["a3-highgpu-1g"], "purchase": "spot"},
        {"machine_types": ["n2-custom-6-12288"]},
        {"taints": [{"key": "dedicated", "value": "database"}, {"key": "dedicated", "effect": "NoExecute"}]},
        {"labels": {"example.com/team": "search", "empty": ""}},
    ],
)  # fmt: skip
def test_a_possible_pool_is_accepted(changes: dict[str, Any]) -> None:
    assert problems(**changes) == {}


@pytest.mark.parametrize(
    ("path", "words", "changes"),
    [
        ("max_nodes", "at least 5", {"min_nodes": 5}),
        ("max_nodes", "at least 1", {"max_nodes": 0}),
        ("max_nodes", "1000 nodes of a pool in a zone", {"max_nodes": 3001}),
        ("min_nodes", "at least 0", {"min_nodes": -1}),
        ("min_nodes_per_zone", "totals over all zones", {"min_nodes_per_zone": 1}),
        ("max_per_zone", "totals over all zones", {"max_per_zone": 1}),
        ("node_count", "autoscaler decides", {"node_count": 3}),
        ("machine_types", "one machine type", {"machine_types": ["n2-standard-8", "n2-standard-16"]}),
        ("machine_types", "more than once", {"machine_types": ["n2-standard-8", "n2-standard-8"]}),
        ("machine_types[0]", "n2-standard-8", {"machine_types": ["n2-standart-8"]}),
        ("capacity_reservation", "Spot machines cannot", {"purchase": "spot", **ZONE, "capacity_reservation": {"create": True}}),
        ("commitment", "covers nodes that always run", {"purchase": "spot", "commitment": {"term": "1y"}}),
        ("commitment", "Write its term", RESERVED),
        ("commitment.payment", "paid monthly", {**RESERVED, "commitment": {"term": "1y", "payment": "all_upfront"}}),
        ("commitment.purchase.acknowledge", "cannot be undone", {**RESERVED, "commitment": {"term": "1y", "purchase": {"acknowledge": "yes"}}}),
        ("commitment.purchase.acknowledge", "required", {**RESERVED, "commitment": {"term": "1y", "purchase": {}}}),
        ("capacity_reservation", "only with a reservation", {**RESERVED, "machine_types": ["g2-standard-8"], "commitment": {"term": "1y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}}}),
        ("max_nodes", "same as min_nodes", {"purchase": "reserved", "min_nodes": 2, "commitment": {"term": "1y"}}),
        ("purchase", "sold by AWS", {"purchase": "capacity_block"}),
        ("purchase", "not sold on demand", {"machine_types": ["a3-highgpu-1g"]}),
        ("max_nodes", "at most 150 nodes", {"compact": True, **ZONE, "max_nodes": 151}),
        ("purchase", "is none of them", {"purchase": "cheap"}),
        ("zones", "the one", {"compact": True}),
        ("zones", "the one", {"compact": True, "zones": ["us-central1-a", "us-central1-b"]}),
        ("compact", "no compact placement", {"compact": True, **ZONE, "machine_types": ["e2-standard-8"]}),
        ("auto_repair", "does not repair", {**FLEX, "auto_repair": True}),
        ("min_nodes", "Write 0", {**FLEX, "min_nodes": 1}),
        ("max_run_hours", "stated time", {"purchase": "flex"}),
        ("max_run_hours", "Only flex", {"max_run_hours": 24}),
        ("max_run_hours", "at most 168", {**FLEX, "max_run_hours": 169}),
        ("surge", "letting them end", {**FLEX, "surge": {"max_surge": 1}}),
        ("capacity_reservation", "Flex machines cannot", {**FLEX, **ZONE, "capacity_reservation": {"create": True}}),
        ("zones", "in one zone", {"capacity_reservation": {"create": True}}),
        ("capacity_reservation.count", "paid for nothing", {**ZONE, "capacity_reservation": {"create": True, "count": 4}}),
        ("capacity_reservation.name", "create: true", {**ZONE, "capacity_reservation": {}}),
        ("capacity_reservation.name", "Drop the name", {**ZONE, "capacity_reservation": {"create": True, "name": "x"}}),
        ("capacity_reservation.count", "its own count", {**ZONE, "capacity_reservation": {"name": "x", "count": 2}}),
        ("compact", "placement policy", {**ZONE, "compact": True, "capacity_reservation": {"create": True}}),
        ("accelerator.type", "no GPU of its own", {"accelerator": {"count": 1}}),
        ("accelerator.type", "n1", {"accelerator": {"type": "nvidia-tesla-t4"}}),
        ("accelerator.type", "nvidia-l4", {"machine_types": ["g2-standard-8"], "accelerator": {"type": "nvidia-tesla-t4"}}),
        ("accelerator.count", "has 1", {"machine_types": ["g2-standard-8"], "accelerator": {"count": 2}}),
        ("accelerator.count", "1, 2, 4", {"machine_types": ["n1-standard-8"], "accelerator": {"type": "nvidia-tesla-t4", "count": 3}}),
        ("machine_types[0]", "vCPU", {"machine_types": ["n1-standard-96"], "accelerator": {"type": "nvidia-tesla-t4"}}),
        ("accelerator.partition", "cannot be partitioned", {"machine_types": ["g2-standard-8"], "accelerator": {"partition": "1g.5gb"}}),
        ("accelerator.partition", "1g.5gb, 2g.10gb", {"machine_types": ["a2-highgpu-1g"], "accelerator": {"partition": "1g.10gb"}}),
        ("accelerator.sharing.strategy", "does not work on MIG", {"machine_types": ["a2-highgpu-1g"], "accelerator": {"partition": "1g.5gb", "sharing": {"strategy": "mps", "max_clients": 2}}}),
        ("accelerator.sharing.max_clients", "at most 48", {"machine_types": ["g2-standard-8"], "accelerator": {"sharing": {"strategy": "mps", "max_clients": 49}}}),
        ("disk.type", "balanced, performance", {"machine_types": ["c4-standard-8"], "disk": {"type": "standard"}}),
        ("disk.size_gib", "at least 12", {"disk": {"size_gib": 5}}),
        ("surge", "Nothing could ever be upgraded", {"surge": {}}),
        ("surge", "at most 20", {"surge": {"max_surge": 15, "max_unavailable": 15}}),
        ("zones[1]", "not in us-central1", {"zones": ["us-central1-a", "europe-west4-a"]}),
        ("zones[0]", "no zone", {"zones": ["us-central1"]}),
        ("zones", "more than once", {"zones": ["us-central1-a", "us-central1-a"]}),
        ("labels.penstock/pool", "set by the pool", {"labels": {"penstock/pool": "x"}}),
        ("labels.cloud.google.com/gke-spot", "set by Kubernetes or the cloud", {"labels": {"cloud.google.com/gke-spot": "true"}}),
        ("labels.team", "no valid value", {"labels": {"team": "a b"}}),
        ("labels.-x", "no valid key", {"labels": {"-x": "y"}}),
        ("taints[0].effect", "NoSchedule", {"taints": [{"key": "a", "effect": "NO_SCHEDULE"}]}),
        ("taints[0].key", "no valid key", {"taints": [{"key": "a b"}]}),
        ("taints", "more than once", {"taints": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}),
    ],
)  # fmt: skip
def test_an_impossible_pool_is_refused_with_path_and_reason(path: str, words: str, changes: dict[str, Any]) -> None:
    found = problems(**changes)
    assert path in found, found
    assert words in found[path]


def test_all_impossible_combinations_of_a_pool_are_told_together() -> None:
    found = problems(
        purchase="spot",
        min_nodes=9,
        min_nodes_per_zone=1,
        commitment={"term": "5y"},
        capacity_reservation={"create": True},
        compact=True,
        taints=[{"key": "", "effect": "Never"}],
    )
    assert set(found) == {
        "max_nodes",
        "min_nodes_per_zone",
        "commitment.term",
        "capacity_reservation",
        "zones",
        "compact",
        "taints[0].key",
        "taints[0].effect",
    }
