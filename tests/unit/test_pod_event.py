"""`EventAutoscaler`: its object, and what it refuses."""

from typing import Any

import pytest

from penstock.autoscaling.pods.event_plan import scaled_object
from penstock.autoscaling.pods.event_spec import LONGEST_NAME, EventSpec
from penstock.spec import check
from tests.support.pod_scaling import TARGET, gpu_pool, query_trigger
from tests.support.refused import reasons

QUEUE = {"name": "queue", **query_trigger()}
CPU = {"utilization": {"resource": "cpu", "percent": 70}}
CRON = {
    "timezone": "Europe/Berlin",
    "start": "0 8 * * 1-5",
    "end": "0 20 * * 1-5",
    "desired_replicas": 4,
}
ASKED: dict[str, Any] = {"target": TARGET, "min_replicas": 0, "max_replicas": 10, "triggers": [QUEUE]}
FORMULA = {"formula": "queue > 0 ? queue : 0", "target": 5}


def spec(**asked: Any) -> dict[str, Any]:
    body: dict[str, Any] = scaled_object("web", check(EventSpec, {**ASKED, **asked}))["spec"]
    return body


def trigger(**asked: Any) -> dict[str, Any]:
    (found,) = spec(min_replicas=1, triggers=[asked])["triggers"]
    return dict(found)


def test_its_object_says_exactly_what_was_asked() -> None:
    asked = {
        **ASKED,
        "triggers": [QUEUE, CPU],
        "polling_seconds": 5,
        "cooldown_seconds": 600,
        "initial_cooldown_seconds": 60,
        "fallback": {"failure_threshold": 3, "replicas": 4, "behavior": "currentReplicasIfHigher"},
        "scaling_modifiers": {**FORMULA, "activation_target": 0.5, "metric_type": "Value"},
        "behavior": {"scale_up": {"stabilization_seconds": 0}},
    }
    assert scaled_object("web-so", check(EventSpec, asked)) == {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "web-so", "namespace": "apps", "labels": {"app.kubernetes.io/managed-by": "penstock"}},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicaCount": 0,
            "maxReplicaCount": 10,
            "pollingInterval": 5,
            "cooldownPeriod": 600,
            "initialCooldownPeriod": 60,
            "fallback": {"failureThreshold": 3, "replicas": 4, "behavior": "currentReplicasIfHigher"},
            "triggers": [
                {
                    "type": "prometheus",
                    "name": "queue",
                    "metricType": "AverageValue",
                    "metadata": {
                        "serverAddress": "http://prometheus-operated.monitoring.svc:9090",
                        "query": "sum(queue)",
                        "threshold": "10",
                        "activationThreshold": "0",
                        "ignoreNullValues": "false",
                    },
                },
                {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}},
            ],
            "advanced": {
                "horizontalPodAutoscalerConfig": {
                    "behavior": {"scaleUp": {"selectPolicy": "Max", "stabilizationWindowSeconds": 0}}
                },
                "scalingModifiers": {
                    "formula": "queue > 0 ? queue : 0",
                    "target": "5",
                    "activationTarget": "0.5",
                    "metricType": "Value",
                },
            },
        },
    }


def test_a_series_that_is_missing_holds_unless_zero_is_asked_for() -> None:
    assert trigger(**query_trigger())["metadata"]["ignoreNullValues"] == "false"
    assert trigger(**query_trigger(zero_when_missing=True))["metadata"]["ignoreNullValues"] == "true"
    assert "fallback" not in spec()


@pytest.mark.parametrize(
    ("asked", "type_", "metadata"),
    [
        (
            {"utilization": {"resource": "memory", "percent": 80, "container": "server"}},
            "memory",
            {"value": "80", "containerName": "server"},
        ),
        (
            {"cron": CRON},
            "cron",
            {"timezone": "Europe/Berlin", "start": "0 8 * * 1-5", "end": "0 20 * * 1-5", "desiredReplicas": "4"},
        ),
        (
            {"metrics_api": {"url": "http://gateway/queue", "value_location": "depth", "threshold": 0.25}},
            "metrics-api",
            {
                "url": "http://gateway/queue",
                "valueLocation": "depth",
                "targetValue": "0.25",
                "activationTargetValue": "0",
            },
        ),
        (
            {"redis_list": {"address": "redis:6379", "list_name": "jobs", "threshold": 5, "database": 2}},
            "redis",
            {
                "address": "redis:6379",
                "listName": "jobs",
                "listLength": "5",
                "activationListLength": "0",
                "databaseIndex": "2",
            },
        ),
        ({"other": {"type": "kafka", "metadata": {"topic": "t"}}}, "kafka", {"topic": "t"}),
    ],
)
def test_every_kind_of_trigger_is_spelled_as_keda_does(
    asked: dict[str, Any], type_: str, metadata: dict[str, str]
) -> None:
    made = trigger(**asked)
    assert (made["type"], made["metadata"]) == (type_, metadata)


def test_a_ratio_is_compared_as_a_value_and_a_count_for_each_replica() -> None:
    assert trigger(**query_trigger())["metricType"] == "AverageValue"
    assert trigger(**query_trigger(), metric_type="Value")["metricType"] == "Value"


def test_a_trigger_names_who_it_is() -> None:
    assert trigger(**query_trigger(), authentication={"name": "prom"})["authenticationRef"] == {
        "name": "prom",
        "kind": "TriggerAuthentication",
    }
    everywhere = trigger(**query_trigger(), authentication={"name": "prom", "cluster_wide": True})
    assert everywhere["authenticationRef"]["kind"] == "ClusterTriggerAuthentication"


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({"min_replicas": 11}, "max_replicas", "at least 11"),
        ({"min_replicas": -1}, "min_replicas", "at least 0"),
        ({"max_replicas": 0}, "max_replicas", "at least 1"),
        ({"triggers": []}, "triggers", "at least 1"),
        ({"triggers": [CPU]}, "triggers", "never wake the target from 0"),
        ({"triggers": [CPU], "min_replicas": 2, "idle_replicas": 0}, "triggers", "never wake the target from 0"),
        ({"idle_replicas": 1, "min_replicas": 2}, "idle_replicas", "no other number"),
        ({"idle_replicas": 0}, "idle_replicas", "goes to 0 anyway"),
        ({"triggers": [{"name": "none"}]}, "triggers[0]", "It has none"),
        ({"triggers": [{**QUEUE, **CPU}]}, "triggers[0]", "2 at once: prometheus, utilization"),
        ({"triggers": [{**QUEUE, "name": "a-b"}]}, "triggers[0].name", "cannot stand in a formula"),
        ({"triggers": [QUEUE, QUEUE]}, "triggers", "2 triggers are called 'queue'"),
        ({"triggers": [QUEUE, {**CPU, "metric_type": "Value"}]}, "triggers[1].metric_type", "always compared in percent"),
        ({"triggers": [{"other": {"type": "prometheus", "metadata": {}}}]},
         "triggers[0].other.type", "Write prometheus"),
        ({"triggers": [{"other": {"type": "cpu", "metadata": {}}}]}, "triggers[0].other.type", "Write utilization"),
        ({"triggers": [query_trigger(threshold=0)]}, "triggers[0].prometheus.threshold", "above 0"),
        ({"triggers": [query_trigger(address="prometheus:9090")]}, "triggers[0].prometheus.address", "no address"),
        ({"triggers": [{"cron": {**CRON, "desired_replicas": 0}}]},
         "triggers[0].cron.desired_replicas", "not when there are none"),
        ({"triggers": [{"cron": {**CRON, "desired_replicas": 11}}]},
         "triggers[0].cron.desired_replicas", "never more than 10"),
        ({"triggers": [{"cron": {**CRON, "timezone": "PST"}}]}, "triggers[0].cron.timezone", "area and city"),
        ({"polling_seconds": 0}, "polling_seconds", "at least 1"),
        ({"cooldown_seconds": 86401}, "cooldown_seconds", "at most 86400"),
        ({"target": {**TARGET, "cold_start_seconds": 300}}, "cooldown_seconds", "more than 300"),
        ({"target": {**TARGET, "gpus": 1, "pools": [gpu_pool("l4", max_nodes=2)]}}, "max_replicas", "at most 4"),
        ({"fallback": {"failure_threshold": 3, "replicas": 0}}, "fallback.replicas", "takes all replicas away"),
        ({"fallback": {"failure_threshold": 0, "replicas": 1}}, "fallback.failure_threshold", "at least 1"),
        ({"fallback": {"failure_threshold": 1, "replicas": 1, "behavior": "scalingModifiers"}},
         "fallback.behavior", "no formula"),
        ({"fallback": {"failure_threshold": 1, "replicas": 1}, "triggers": [CPU], "min_replicas": 1},
         "fallback", "none for CPU and memory"),
        ({"fallback": {"failure_threshold": 1, "replicas": 1}, "scaling_modifiers": {**FORMULA, "target": 0.5}},
         "scaling_modifiers.target", "whole numbers"),
        ({"scaling_modifiers": FORMULA, "triggers": [query_trigger()]}, "triggers[0].name", "by their names"),
        ({"scaling_modifiers": FORMULA, "triggers": [QUEUE, {**QUEUE, "name": "p95"}]},
         "scaling_modifiers.formula", "'p95' does not stand in it"),
        ({"scaling_modifiers": {**FORMULA, "formula": "'queue'"}}, "scaling_modifiers.formula", "does not stand in it"),
        ({"scaling_modifiers": FORMULA, "triggers": [CPU], "min_replicas": 1}, "scaling_modifiers", "nothing else"),
        ({"scaling_modifiers": {**FORMULA, "target": 0}}, "scaling_modifiers.target", "above 0"),
        ({"cooldown_period": 5}, "cooldown_period", "Write cooldown_seconds"),
    ],
)  # fmt: skip
def test_it_says_what_to_write_instead(asked: dict[str, Any], path: str, words: str) -> None:
    said = reasons(EventSpec, {**ASKED, **asked})
    assert list(said) == [path]
    assert words in said[path]


def test_what_never_goes_to_zero_may_cool_down_as_quickly_as_it_likes() -> None:
    slow = {**ASKED, "target": {**TARGET, "cold_start_seconds": 900}, "cooldown_seconds": 0}
    assert "cooldown_seconds" in reasons(EventSpec, slow)
    assert reasons(EventSpec, {**slow, "min_replicas": 1}) == {}
    assert "cooldown_seconds" in reasons(EventSpec, {**slow, "min_replicas": 1, "idle_replicas": 0})


def test_the_longest_name_leaves_room_for_kedas_own() -> None:
    assert len("keda-hpa-" + "x" * LONGEST_NAME) == 63
