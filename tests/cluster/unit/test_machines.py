"""What Karpenter is told of node pools: machine shapes, and how many nodes there may be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.addons.karpenter import remember_pools
from sandbox.cluster.addons.machines import instance_types, node_pool_objects, paced, scaling
from sandbox.cluster.nodes import FakeNode, Taint
from sandbox.cluster.pools import NodePool
from sandbox.cluster.settings import Pace
from sandbox.cluster.stages import START_SECONDS

WHOLE = {"cpu": "8", "memory": "32768Mi", "ephemeral-storage": "100Gi", "pods": "110"}
LEFT = {**WHOLE, "cpu": "7910m", "memory": "29000Mi"}
LABELS = {
    "kubernetes.io/arch": "amd64",
    "node.kubernetes.io/instance-type": "n2-standard-8",
    "cloud.google.com/gke-nodepool": "work",
}
NODE = FakeNode("", WHOLE, LEFT, LABELS, (Taint("dedicated", "work"), Taint("gone", effect="NoExecute")))
POOL = NodePool("id/work", "Main", "work", NODE, "us-central1", ("us-central1-a", "us-central1-b"), 1, 1, 5)


def named(name: str, **changes: Any) -> NodePool:
    return replace(POOL, id=f"id/{name}", name=name, **changes)


def test_only_pools_whose_maximum_is_above_what_is_there_from_the_start_scale() -> None:
    assert scaling([POOL, named("fixed", most=None), named("full", least=5)]) == [POOL]


def test_the_nodes_that_are_there_from_the_start_count_against_the_maximum() -> None:
    (made,) = node_pool_objects([POOL])
    assert made["spec"]["limits"] == {"nodes": "4"}
    assert made["metadata"]["name"] == "main-work"


def test_a_new_node_has_the_labels_taints_machine_and_zones_of_its_pool() -> None:
    (made,) = node_pool_objects([named("spot", spot=True)])
    template = made["spec"]["template"]
    assert template["metadata"]["labels"] == {
        "cloud.google.com/gke-nodepool": "work",
        "topology.kubernetes.io/region": "us-central1",
    }
    assert template["spec"]["taints"] == [
        {"key": "dedicated", "value": "work", "effect": "NoSchedule"},
        {"key": "gone", "effect": "NoExecute"},
    ]
    needs = {each["key"]: each["values"] for each in template["spec"]["requirements"]}
    assert needs == {
        "node.kubernetes.io/instance-type": ["n2-standard-8"],
        "kubernetes.io/arch": ["amd64"],
        "kubernetes.io/os": ["linux"],
        "topology.kubernetes.io/zone": ["us-central1-a", "us-central1-b"],
        "karpenter.sh/capacity-type": ["spot"],
    }


def test_pods_have_as_much_of_a_new_node_as_of_one_that_was_there_from_the_start() -> None:
    (made,) = instance_types([POOL])
    # The provider takes 100m and 10Mi from each machine.
    assert made["resources"] == {**LEFT, "cpu": "8010m", "memory": "29010Mi", "nodes": "1"}
    zones = [offer["Requirements"][1]["values"] for offer in made["offerings"]]
    assert zones == [["us-central1-a"], ["us-central1-b"]]


def test_pools_of_one_shape_share_it_and_another_shape_of_the_machine_has_a_name_of_its_own() -> None:
    twin = named("twin", spot=True)
    bigger = named("bigger", node=replace(NODE, allocatable={**LEFT, "ephemeral-storage": "500Gi"}))
    types = instance_types([POOL, twin, bigger])
    assert [found["name"] for found in types] == ["n2-standard-8", "n2-standard-8.main-bigger"]
    offers = [(it["Requirements"][0]["values"][0], it["Price"]) for it in types[0]["offerings"]]
    assert offers == [("on-demand", 2.32)] * 2 + [("spot", 1.624)] * 2
    wanted = [
        made["spec"]["template"]["spec"]["requirements"][0]["values"] for made in node_pool_objects([POOL, bigger])
    ]
    assert wanted == [["n2-standard-8"], ["n2-standard-8.main-bigger"]]


def test_the_pace_decides_when_nodes_are_ready_and_when_empty_ones_go() -> None:
    (bare,) = node_pool_objects([POOL])
    made = paced(bare, Pace(node_start=90, node_idle=7.5))["spec"]
    assert made["template"]["metadata"]["annotations"] == {START_SECONDS: "90"}
    assert made["template"]["metadata"]["labels"] == bare["spec"]["template"]["metadata"]["labels"]
    assert made["disruption"] == {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": "8s",
        "budgets": [{"nodes": "100%"}],
    }


def test_the_same_pools_leave_the_file_that_karpenter_reads_as_it_is(tmp_path: Path) -> None:
    remember_pools(tmp_path, [POOL])
    file = tmp_path / "karpenter" / "instance-types.json"
    before = file.stat().st_ino
    remember_pools(tmp_path, [POOL])
    assert file.stat().st_ino == before
    remember_pools(tmp_path, [])
    assert file.read_text() == "[]"


@pytest.mark.parametrize("memory", ["32Gi", "32768Mi"])
def test_amounts_in_gi_and_mi_are_the_same(memory: str) -> None:
    (made,) = instance_types([named("x", node=replace(NODE, allocatable={**WHOLE, "memory": memory}))])
    assert made["resources"]["memory"] == "32778Mi"
