"""The object of a `HorizontalAutoscaler`: pure functions from its specification.

kubernetes/api autoscaling/v2/types.go@v1.36.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.autoscaling.pods.horizontal_spec import HorizontalSpec, ObjectMetricSpec, PodsMetricSpec
from penstock.names import MANAGED_BY


def autoscaler(name: str, spec: HorizontalSpec) -> dict[str, Any]:
    """The HorizontalPodAutoscaler `name`."""
    body: dict[str, Any] = {
        "scaleTargetRef": spec.target.reference,
        "minReplicas": spec.min_replicas,
        "maxReplicas": spec.max_replicas,
        "metrics": list(_metrics(spec)),
    }
    if spec.behavior.manifest:
        body["behavior"] = spec.behavior.manifest
    return {"metadata": metadata(name, spec.target.namespace), "spec": body}


def metadata(name: str, namespace: Any) -> dict[str, Any]:
    """The metadata of an object that a component makes."""
    return {"name": name, "namespace": namespace, "labels": dict(MANAGED_BY)}


def quantity(value: float) -> str:
    """A number as Kubernetes writes it, to a thousandth: `10`, `500m`."""
    thousandths = round(value * 1000)
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def _metrics(spec: HorizontalSpec) -> Iterator[dict[str, Any]]:
    for resource, percent in (("cpu", spec.cpu_percent), ("memory", spec.memory_percent)):
        if percent is not None:
            yield _utilization(resource, percent, spec.container)
    for of_pods in spec.pods_metrics:
        target = {"type": "AverageValue", "averageValue": quantity(of_pods.average)}
        yield {"type": "Pods", "pods": {"metric": _identifier(of_pods), "target": target}}
    for of_object in spec.object_metrics:
        yield {"type": "Object", "object": _object(of_object)}


def _utilization(resource: str, percent: int, container: str | None) -> dict[str, Any]:
    source: dict[str, Any] = {"name": resource, "target": {"type": "Utilization", "averageUtilization": percent}}
    if container is None:
        return {"type": "Resource", "resource": source}
    return {"type": "ContainerResource", "containerResource": {**source, "container": container}}


def _object(metric: ObjectMetricSpec) -> dict[str, Any]:
    described = {"apiVersion": metric.object_api_version, "kind": metric.object_kind, "name": metric.object_name}
    if metric.average is not None:
        target = {"type": "AverageValue", "averageValue": quantity(metric.average)}
    else:
        target = {"type": "Value", "value": quantity(metric.value or 0)}
    return {"describedObject": described, "metric": _identifier(metric), "target": target}


def _identifier(metric: PodsMetricSpec | ObjectMetricSpec) -> dict[str, Any]:
    identifier: dict[str, Any] = {"name": metric.name}
    if metric.selector:
        identifier["selector"] = {"matchLabels": metric.selector}
    return identifier
