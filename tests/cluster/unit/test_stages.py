"""What kwok is told to play, and the nodes that it plays."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sandbox.cluster.nodes import FakeNode, Taint
from sandbox.cluster.stages import FAIL, HERE, START_DELAY, START_SECONDS, config, paced


def stage(name: str, **spec: Any) -> dict[str, Any]:
    return {"kind": "Stage", "metadata": {"name": name}, "spec": {"selector": {}, **spec}}


@pytest.mark.parametrize(("name", "milliseconds"), [("pod-ready", 2000), ("node-initialize", 0)])
def test_pods_and_nodes_are_ready_after_the_time_that_annotation_or_label_states(name: str, milliseconds: int) -> None:
    delay = {"durationMilliseconds": 1000, "jitterDurationMilliseconds": 5000}
    found = paced(stage(name, delay=delay), 2)["spec"]["delay"]
    assert found["durationMilliseconds"] == milliseconds and "jitterDurationMilliseconds" not in found
    stated = found["durationFrom"]["jq"]["expression"]
    for key in (START_DELAY, START_SECONDS):
        assert f'.metadata.annotations["{key}"]' in stated and f'.metadata.labels["{key}"]' in stated


def test_a_node_is_ready_since_it_became_so_and_not_since_its_creation() -> None:
    given = "{{ $lastTransitionTime := or .metadata.creationTimestamp $now }} conditions:"
    found = paced(stage("node-initialize", next={"statusTemplate": given}), 2)
    assert found["spec"]["next"] == {"statusTemplate": "{{ $lastTransitionTime := $now }} conditions:"}


def test_the_rest_of_a_pods_life_has_no_jitter_and_the_modules_document_stays_as_it_is() -> None:
    given = stage("pod-create", delay={"durationMilliseconds": 1000, "jitterDurationMilliseconds": 5000})
    assert paced(given, 2)["spec"]["delay"] == {"durationMilliseconds": 0}
    assert given["spec"]["delay"]["jitterDurationMilliseconds"] == 5000


@pytest.mark.parametrize(("name", "told"), [("pod-complete", FAIL), ("pod-delete", "cnpg.io/podRole")])
def test_pods_that_end_in_a_way_of_ours_are_left_out_of_the_modules_stage(name: str, told: str) -> None:
    given = stage(name, selector={"matchExpressions": [{"key": ".status.phase", "operator": "Exists"}]}, delay={})
    *before, ours = paced(given, 2)["spec"]["selector"]["matchExpressions"]
    assert before == given["spec"]["selector"]["matchExpressions"]
    assert told in ours["key"] and ours["operator"] == "NotIn"


def test_a_stage_that_we_do_not_know_is_played_as_it_is() -> None:
    given = stage("node-heartbeat", delay={"durationMilliseconds": 20})
    assert paced(given, 2) == given


def test_the_configuration_is_a_document_for_each() -> None:
    ours = [*yaml.safe_load_all((HERE / "volumes.yaml").read_text())]
    assert [found["metadata"]["name"] for found in ours] == ["volume-provision", "volume-delete"]
    assert [*yaml.safe_load_all(config(ours))] == ours


def test_a_node_is_what_a_kubelet_would_register() -> None:
    whole = {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}
    node = FakeNode("n-1", whole, {**whole, "cpu": "7910m"}, {"pool": "gpu"}, (Taint("gpu"),), start_seconds=60)
    made = node.manifest()
    assert made["metadata"]["labels"] | {"pool": "gpu", "kubernetes.io/hostname": "n-1"} == made["metadata"]["labels"]
    assert made["metadata"]["annotations"][START_DELAY] == "60s"
    assert made["spec"]["taints"] == [{"key": "gpu", "effect": "NoSchedule"}]
    assert made["status"]["capacity"]["cpu"] == "8" and made["status"]["allocatable"]["cpu"] == "7910m"
    assert FakeNode("n-2").manifest()["status"]["allocatable"] == FakeNode("n-2").manifest()["status"]["capacity"]
