"""`WarmHeadroom`: its objects, and what it refuses."""

from typing import Any

import kubernetes_validate
import pytest

from penstock.autoscaling.pods.headroom_plan import buffer, image, placeholders, pod_template, priority_class
from penstock.autoscaling.pods.headroom_spec import WarmHeadroomSpec
from penstock.spec import check
from tests.support.pod_scaling import gpu_pool
from tests.support.refused import reasons

POD = {"cpu": "4", "memory": "16Gi", "gpus": 1}
ASKED: dict[str, Any] = {"namespace": "apps", "replicas": 3, "pod": POD, "pools": [gpu_pool("l4")]}
PLACEHOLDER = {**ASKED, "kind": "placeholder"}
FOLLOWING = {"namespace": "apps", "percent": 20, "target": {"name": "web"}}


def spec(asked: dict[str, Any]) -> WarmHeadroomSpec:
    return check(WarmHeadroomSpec, asked)


def test_a_buffer_has_the_shape_of_its_template() -> None:
    assert buffer("warm", spec(ASKED)) == {
        "apiVersion": "autoscaling.x-k8s.io/v1beta1",
        "kind": "CapacityBuffer",
        "metadata": {"name": "warm", "namespace": "apps", "labels": {"app.kubernetes.io/managed-by": "penstock"}},
        "spec": {
            "provisioningStrategy": "buffer.x-k8s.io/active-capacity",
            "podTemplateRef": {"name": "warm"},
            "replicas": 3,
        },
    }
    template = pod_template("warm", spec(ASKED))
    assert template is not None
    pod = template["template"]["spec"]
    assert pod["nodeSelector"] == {"penstock/pool": "l4", "workload-type": "llm"}
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"},
        "limits": {"memory": "16Gi", "nvidia.com/gpu": "1"},
    }


def test_a_buffer_that_follows_a_workload_needs_no_template() -> None:
    made = spec({**FOLLOWING, "replicas": 1, "buffer_version": "v1alpha1"})
    assert pod_template("warm", made) is None
    body = buffer("warm", made)
    assert body["apiVersion"] == "autoscaling.x-k8s.io/v1alpha1"
    assert body["spec"] == {
        "provisioningStrategy": "buffer.x-k8s.io/active-capacity",
        "scalableRef": {"apiGroup": "apps", "kind": "Deployment", "name": "web"},
        "replicas": 1,
        "percentage": 20,
    }


@pytest.mark.parametrize("version", ["1.33", "1.36"])
def test_kubernetes_takes_what_is_not_of_a_custom_kind(version: str) -> None:
    template = {"apiVersion": "v1", "kind": "PodTemplate", **(pod_template("warm", spec(ASKED)) or {})}
    made = placeholders("warm", spec(PLACEHOLDER), image(None))
    kubernetes_validate.validate(template, version, strict=True)
    kubernetes_validate.validate({"apiVersion": "apps/v1", "kind": "Deployment", **made}, version, strict=True)
    priority = priority_class("warm", spec(PLACEHOLDER))
    kubernetes_validate.validate(
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", **priority}, version, strict=True
    )


def test_placeholders_give_way_to_anybody_at_once_and_make_nobody_give_way() -> None:
    made = placeholders("warm", spec(PLACEHOLDER), image(None))["spec"]
    pod = made["template"]["spec"]
    assert made["replicas"] == 3
    assert pod["priorityClassName"] == "warm"
    assert pod["terminationGracePeriodSeconds"] == 0
    priority = priority_class("warm", spec(PLACEHOLDER))
    assert (priority["value"], priority["preemptionPolicy"]) == (-10, "Never")
    assert made["selector"]["matchLabels"].items() <= made["template"]["metadata"]["labels"].items()


def test_placeholders_have_no_rights() -> None:
    pod = placeholders("warm", spec(PLACEHOLDER), image(None))["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_image_comes_from_the_mirror_where_there_is_one() -> None:
    assert image(None).startswith("registry.k8s.io/pause:")
    assert image("mirror.example.com/k8s/").startswith("mirror.example.com/k8s/pause:")


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({**ASKED, "replicas": None}, "replicas", "Write for how many"),
        ({**ASKED, "replicas": 0}, "replicas", "at least 1"),
        ({**ASKED, "percent": 10}, "percent", "as target"),
        ({**ASKED, "pod": None}, "pod", "Write either"),
        ({**FOLLOWING, "pod": POD}, "pod", "Write either"),
        ({**FOLLOWING, "pools": [gpu_pool("l4")]}, "pools", "say themselves"),
        ({**FOLLOWING, "target": {"name": "Web"}}, "target.name", "no name"),
        ({**FOLLOWING, "kind": "placeholder", "replicas": 1}, "target", "follow no workload"),
        ({**PLACEHOLDER, "buffer_version": "v1beta1"}, "buffer_version", "no CapacityBuffer"),
        ({**ASKED, "priority": -10}, "priority", "has no pods"),
        ({**ASKED, "registry": "mirror.example.com"}, "registry", "has no pods"),
        ({**PLACEHOLDER, "priority": -11}, "priority", "at least -10"),
        ({**PLACEHOLDER, "priority": 0}, "priority", "at most -1"),
        ({**ASKED, "pod": {**POD, "cpu": "much"}}, "pod.cpu", "such as 500m"),
        ({**ASKED, "pod": {**POD, "gpus": 4}}, "pools[0]", "has 2"),
        ({**ASKED, "replicas": 9}, "replicas", "at most 8"),
        ({**ASKED, "pools": [gpu_pool("l4", labels={"a": "b"}), gpu_pool("a100")]}, "pools", "no label in common"),
        ({**ASKED, "namespace": ""}, "namespace", "required"),
    ],
)
def test_it_says_what_to_write_instead(asked: dict[str, Any], path: str, words: str) -> None:
    said = reasons(WarmHeadroomSpec, asked)
    assert list(said) == [path]
    assert words in said[path]
