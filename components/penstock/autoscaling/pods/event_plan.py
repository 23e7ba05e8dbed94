"""The object of an `EventAutoscaler`: pure functions from its specification.

kedacore/keda apis/keda/v1alpha1/scaledobject_types.go@v2.21.0.
"""

from __future__ import annotations

from typing import Any

from penstock.autoscaling.pods.event_spec import EventSpec
from penstock.autoscaling.pods.horizontal_plan import metadata
from penstock.autoscaling.pods.trigger_spec import number


def scaled_object(name: str, spec: EventSpec) -> dict[str, Any]:
    """The ScaledObject `name`."""
    body: dict[str, Any] = {
        "scaleTargetRef": spec.target.reference,
        "minReplicaCount": spec.min_replicas,
        "maxReplicaCount": spec.max_replicas,
        "pollingInterval": spec.polling_seconds,
        "cooldownPeriod": spec.cooldown_seconds,
        "triggers": [trigger.manifest for trigger in spec.triggers],
    }
    if spec.initial_cooldown_seconds:
        body["initialCooldownPeriod"] = spec.initial_cooldown_seconds
    if spec.idle_replicas is not None:
        body["idleReplicaCount"] = spec.idle_replicas
    if spec.fallback:
        body["fallback"] = {
            "failureThreshold": spec.fallback.failure_threshold,
            "replicas": spec.fallback.replicas,
            "behavior": spec.fallback.behavior.value,
        }
    if advanced := _advanced(spec):
        body["advanced"] = advanced
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(name, spec.target.namespace),
        "spec": body,
    }


def _advanced(spec: EventSpec) -> dict[str, Any]:
    advanced: dict[str, Any] = {}
    if spec.behavior.manifest:
        advanced["horizontalPodAutoscalerConfig"] = {"behavior": spec.behavior.manifest}
    if modifiers := spec.scaling_modifiers:
        advanced["scalingModifiers"] = {
            "formula": modifiers.formula,
            "target": number(modifiers.target),
            "activationTarget": number(modifiers.activation_target),
            "metricType": modifiers.metric_type.value,
        }
    return advanced
