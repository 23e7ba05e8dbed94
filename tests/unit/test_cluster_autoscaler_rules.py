"""What the cluster autoscaler refuses, and what it says to write instead."""

from typing import Any

import pytest

from penstock.autoscaling.spec import ClusterAutoscalerSpec
from penstock.problems import InvalidSpec
from penstock.spec import check
from tests.support.pool_refs import AZURE, GPU, SPOT, pool

EKS: dict[str, Any] = {"cloud": "aws", "pools": [pool("web")]}


def refusals(asked: dict[str, Any]) -> dict[str, str]:
    try:
        check(ClusterAutoscalerSpec, asked)
    except InvalidSpec as refused:
        return {problem.path: problem.reason for problem in refused.problems}
    return {}


def existing(*pools: dict[str, Any], **asked: Any) -> dict[str, Any]:
    given = pools or (pool("web"),)
    return {"cloud": "existing", "pools": [{**each, "cloud": "existing"} for each in given], **asked}


def test_what_is_meant_to_work_is_not_refused() -> None:
    assert refusals(EKS) == {}
    assert refusals(existing(self_managed={"provider": "aws"})) == {}
    assert refusals(existing(self_managed={"provider": "azure", **AZURE})) == {}
    assert refusals(existing(self_managed={"provider": "gce", "groups": {"web": ["web-a-", "web-b-"]}})) == {}


@pytest.mark.parametrize(
    ("cloud", "instead"), [("gcp", "GKE scales its pools itself"), ("azure", "AKS scales its pools itself")]
)
def test_clouds_with_an_autoscaler_of_their_own_get_no_second_one(cloud: str, instead: str) -> None:
    said = refusals({"cloud": cloud, "pools": [pool("web", cloud=cloud)]})
    assert list(said) == ["cloud"]
    assert said["cloud"].startswith(instead)
    assert "Drop ClusterAutoscaler" in said["cloud"]
    assert "the Cluster" in said["cloud"]  # what does it instead


def test_kind_and_bare_metal_hear_what_could_be_used() -> None:
    said = refusals(existing())
    assert list(said) == ["self_managed"]
    for word in ("kind", "bare metal", "aws, gce or azure", "clusterapi", "externalgrpc"):
        assert word in said["self_managed"]


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({**EKS, "self_managed": {"provider": "aws"}}, "self_managed", "Drop this"),
        ({**EKS, "pools": []}, "pools", "at least 1"),
        ({**EKS, "pools": [pool("web"), pool("web")]}, "pools", "more than once"),
        ({**EKS, "pools": [pool("web"), pool("theirs", cloud="gcp")]}, "pools[1]", "is a pool in gcp"),
        ({**EKS, "pools": [pool("web", **SPOT)]}, "pools", "No pool always has a node"),
        ({**EKS, "pools": [pool("web", min_nodes=0)]}, "pools", "No pool always has a node"),
        ({**EKS, "pools": [pool("gpu", **{**GPU, "min_nodes": 1})]}, "pools", "No pool always has a node"),
        ({**EKS, "placed_on": ["web", "wbe"]}, "placed_on[1]", "none of the pools: web"),
        (
            {**EKS, "pools": [pool("web"), pool("cheap", purchase="spot")], "placed_on": ["cheap"]},
            "placed_on",
            "may lose its last node",
        ),
        (
            {**EKS, "pools": [pool("web"), pool("empty", min_nodes=0)], "placed_on": ["empty"]},
            "placed_on",
            "may lose its last node",
        ),
        (
            {**EKS, "pools": [pool("web"), pool("cheap", **SPOT, group_pattern=None)]},
            "pools[1].group_pattern",
            "expander: least_waste",
        ),
        ({**EKS, "version": "1.20"}, "version", "Update the cluster to 1.32 or later"),
        ({**EKS, "version": "latest"}, "version", "Write one like 1."),
        ({**EKS, "max_nodes": 0}, "max_nodes", "at least 1"),
        ({**EKS, "pools": [pool("web", min_nodes=5)], "max_nodes": 4}, "max_nodes", "at least 5"),
        ({**EKS, "replicas": 0}, "replicas", "at least 1"),
        ({**EKS, "replicas": 4}, "replicas", "at most 3"),
        ({**EKS, "node_provision_minutes": 1}, "node_provision_minutes", "at least 2"),
        ({**EKS, "scale_down": {"utilization_percent": 101}}, "scale_down.utilization_percent", "at most 100"),
        ({**EKS, "scale_down": {"unneeded_minutes": 0}}, "scale_down.unneeded_minutes", "at least 1"),
        ({**EKS, "expander": "price"}, "expander", "least_waste"),
        ({**EKS, "namespace": "Kube_System"}, "namespace", "kube-system"),
        ({**EKS, "image": "mine:1"}, "image", "Write version"),
    ],
)
def test_it_says_what_to_write_instead(asked: dict[str, Any], path: str, words: str) -> None:
    said = refusals(asked)
    assert list(said) == [path]
    assert words in said[path]


@pytest.mark.parametrize(
    ("machines", "path", "words"),
    [
        ({}, "provider", "aws, gce or azure"),
        ({"provider": "kwok"}, "provider", "none of them"),
        ({"provider": "azure", "resource_group": "g"}, "subscription", "required on Azure"),
        ({"provider": "aws", "resource_group": "g"}, "resource_group", "Only Azure"),
        ({"provider": "azure", **AZURE, "region": "eastus"}, "region", "Only AWS"),
        ({"provider": "gce"}, "groups.web", "found by their names"),
        (
            {"provider": "gce", "groups": {"web": ["w-"]}, "identity": "x@y"},
            "identity",
            "service account of their machine",
        ),
        ({"provider": "gce", "groups": {"web": []}}, "groups.web", "begin"),
        ({"provider": "gce", "groups": {"web": ["a,min=9"]}}, "groups.web", "begins no group's name"),
        ({"provider": "gce", "groups": {"web": ["w-"] * 2}}, "groups.web", "Write more of the name"),
        ({"provider": "aws", "groups": {"web": ["w-"], "old": ["o-"]}}, "groups.old", "none of the pools"),
        ({"provider": "gce", "groups": {"web": [f"w{n}x" for n in range(11)]}}, "groups.web", "at most 10 nodes"),
    ],
)
def test_scaling_groups_that_cannot_be_found_or_told_apart_are_refused(
    machines: dict[str, Any], path: str, words: str
) -> None:
    said = refusals(existing(self_managed=machines))
    assert f"self_managed.{path}" in said
    assert words in said[f"self_managed.{path}"]


def test_a_group_of_one_pool_is_never_taken_for_anothers() -> None:
    groups = {"web": ["web-"], "web-spot": ["web-spot-"]}
    pools = [pool("web"), pool("web-spot", **SPOT)]
    said = refusals(existing(*pools, self_managed={"provider": "gce", "groups": groups}))
    assert list(said) == ["self_managed.groups.web"]
    assert "web-spot" in said["self_managed.groups.web"]


def test_priorities_of_a_self_managed_cluster_need_the_names_of_its_groups() -> None:
    pools = [pool("web"), pool("web-spot", **SPOT)]
    said = refusals(existing(*pools, self_managed={"provider": "aws", "groups": {"web": ["web-a"]}}))
    assert list(said) == ["self_managed.groups.web-spot"]
    assert "expander: least_waste" in said["self_managed.groups.web-spot"]
    assert refusals(existing(*pools, self_managed={"provider": "aws"}, expander="least_waste")) == {}


def test_all_is_said_at_once() -> None:
    said = refusals({**EKS, "replicas": 9, "version": "1.20", "placed_on": ["x"]})
    assert set(said) == {"replicas", "version", "placed_on[0]"}
