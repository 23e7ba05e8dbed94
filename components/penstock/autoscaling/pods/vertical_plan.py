"""The object of a `VerticalAutoscaler`: pure functions from its specification.

kubernetes/autoscaler vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1/types.go@vertical-pod-autoscaler-1.8.1.
"""

from __future__ import annotations

from typing import Any

from penstock.autoscaling.pods.horizontal_plan import metadata
from penstock.autoscaling.pods.vertical_args import VerticalMode
from penstock.autoscaling.pods.vertical_spec import ContainerSpec, VerticalSpec


def autoscaler(name: str, spec: VerticalSpec) -> dict[str, Any]:
    """The VerticalPodAutoscaler `name`."""
    policy: dict[str, Any] = {"updateMode": spec.mode.value}
    if spec.mode in (VerticalMode.RECREATE, VerticalMode.IN_PLACE_OR_RECREATE):
        policy["minReplicas"] = spec.min_replicas
    body: dict[str, Any] = {"targetRef": spec.target.reference, "updatePolicy": policy}
    if spec.containers:
        body["resourcePolicy"] = {"containerPolicies": [_policy(one) for one in spec.containers]}
    return {
        "apiVersion": "autoscaling.k8s.io/v1",
        "kind": "VerticalPodAutoscaler",
        "metadata": metadata(name, spec.target.namespace),
        "spec": body,
    }


def _policy(one: ContainerSpec) -> dict[str, Any]:
    if one.ignored:
        return {"containerName": one.container, "mode": "Off"}
    policy: dict[str, Any] = {
        "containerName": one.container,
        "controlledResources": [each.value for each in one.resources],
        "controlledValues": one.values.value,
    }
    for bound, cpu, memory in (
        ("minAllowed", one.min_cpu, one.min_memory),
        ("maxAllowed", one.max_cpu, one.max_memory),
    ):
        given = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value is not None}
        if given:
            policy[bound] = given
    return policy
