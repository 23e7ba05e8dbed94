"""The objects of a `WarmHeadroom`: pure functions from its specification.

CapacityBuffer: kubernetes-sigs/cluster-autoscaler pkg/apis/config/crd/autoscaling.x-k8s.io_capacitybuffers.yaml
@33c3f97bf2749b1385d9223f1f8856fe345011f7. Pods of a priority below -10 are expendable: kubernetes/autoscaler
cluster-autoscaler/FAQ.md, expendable-pods-priority-cutoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.autoscaling.placement import tolerations
from penstock.autoscaling.pods.headroom_spec import LabelledPool, PodShapeSpec, WarmHeadroomSpec
from penstock.autoscaling.pods.horizontal_plan import metadata

STRATEGY = "buffer.x-k8s.io/active-capacity"
REGISTRY = "registry.k8s.io"
_PAUSE = "pause:3.10.1"
_NAME_LABEL = "app.kubernetes.io/name"


def image(registry: str | None) -> str:
    """What placeholders run: nothing but waiting for their end."""
    return f"{(registry or REGISTRY).rstrip('/')}/{_PAUSE}"


def buffer(name: str, spec: WarmHeadroomSpec) -> dict[str, Any]:
    """The CapacityBuffer `name`."""
    body: dict[str, Any] = {"provisioningStrategy": STRATEGY}
    if spec.target:
        body["scalableRef"] = {"apiGroup": spec.target.api_group, "kind": spec.target.kind, "name": spec.target.name}
    else:
        body["podTemplateRef"] = {"name": name}
    if spec.replicas is not None:
        body["replicas"] = spec.replicas
    if spec.percent is not None:
        body["percentage"] = spec.percent
    return {
        "apiVersion": f"autoscaling.x-k8s.io/{spec.buffer_version.value}",
        "kind": "CapacityBuffer",
        "metadata": metadata(name, spec.namespace),
        "spec": body,
    }


def pod_template(name: str, spec: WarmHeadroomSpec) -> dict[str, Any] | None:
    """The PodTemplate `name` that gives the buffer its shape; None where a target gives it."""
    if spec.pod is None:
        return None
    pod = _pod(spec.pod, spec.pools, image(None))
    return {"metadata": metadata(name, spec.namespace), "template": {"metadata": _labelled(name), "spec": pod}}


def priority_class(name: str, spec: WarmHeadroomSpec) -> dict[str, Any]:
    """The PriorityClass of placeholders: any other pod may take their place, and they take nobody's."""
    return {
        "metadata": {"name": name, "labels": metadata(name, "")["labels"]},
        "value": spec.priority,
        "preemptionPolicy": "Never",
        "description": "Placeholders that keep nodes ready, and give way to any other pod.",
    }


def placeholders(name: str, spec: WarmHeadroomSpec, image: Any) -> dict[str, Any]:
    """The Deployment `name` of placeholders, of the PriorityClass of that name; `image` may be an output."""
    assert spec.pod is not None, "a rule of the specification sees to it"
    pod = {**_pod(spec.pod, spec.pools, image), "priorityClassName": name, "terminationGracePeriodSeconds": 0}
    pod["automountServiceAccountToken"] = False
    return {
        "metadata": metadata(name, spec.namespace),
        "spec": {
            "replicas": spec.replicas,
            "selector": {"matchLabels": {_NAME_LABEL: name}},
            # Two generations at once would ask for twice the room.
            "strategy": {"type": "Recreate"},
            "template": {"metadata": _labelled(name), "spec": pod},
        },
    }


def _labelled(name: str) -> dict[str, Any]:
    return {"labels": {_NAME_LABEL: name, **metadata(name, "")["labels"]}}


def _pod(shape: PodShapeSpec, pools: Sequence[LabelledPool], image: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"cpu": shape.cpu, "memory": shape.memory}
    limits: dict[str, Any] = {"memory": shape.memory}
    if shape.gpus:
        asked[shape.gpu_resource] = limits[shape.gpu_resource] = str(shape.gpus)
    container = {
        "name": "pause",
        "image": image,
        "resources": {"requests": asked, "limits": limits},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    pod: dict[str, Any] = {
        "containers": [container],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65535,
            "runAsGroup": 65535,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if pools:
        pod["nodeSelector"] = dict(sorted(set.intersection(*(set(pool.labels.items()) for pool in pools))))
        pod["tolerations"] = tolerations(pools)
    return pod
