"""Cron expressions as KEDA takes them, and `CronScaleToZero`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.autoscaling.pods.cron_plan import scaled_object_of
from penstock.autoscaling.pods.cron_spec import CronScaleToZeroSpec
from penstock.autoscaling.pods.crontab import MINUTES_OF_DAY, MINUTES_OF_WEEK, fires, is_open, window_problems
from penstock.spec import check
from tests.support.keda_formula import evaluate
from tests.support.pod_scaling import TARGET, gpu_pool, query_trigger
from tests.support.refused import reasons

OFFICE: dict[str, Any] = {
    "target": TARGET,
    "timezone": "America/Los_Angeles",
    "start": "0 9 * * 1-5",
    "end": "0 18 * * 1-5",
    "desired_replicas": 1,
    "max_replicas": 2,
}
QUEUE = {"name": "queue", **query_trigger()}


def spec(**asked: Any) -> dict[str, Any]:
    body: dict[str, Any] = scaled_object_of("web", check(CronScaleToZeroSpec, {**OFFICE, **asked}))["spec"]
    return body


def formula(**asked: Any) -> str:
    return str(spec(hard_off=True, **asked)["advanced"]["scalingModifiers"]["formula"])


def minute(day: int, hour: int, minutes: int = 0) -> int:
    return day * MINUTES_OF_DAY + hour * 60 + minutes


def test_office_hours_in_los_angeles_are_one_window_and_none_outside() -> None:
    assert spec() == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicaCount": 0,
        "maxReplicaCount": 2,
        "pollingInterval": 30,
        "cooldownPeriod": 300,
        "triggers": [
            {
                "type": "cron",
                "name": "window",
                "metricType": "AverageValue",
                "metadata": {
                    "timezone": "America/Los_Angeles",
                    "start": "0 9 * * 1-5",
                    "end": "0 18 * * 1-5",
                    "desiredReplicas": "1",
                },
            }
        ],
    }


def test_the_window_is_open_in_office_hours_and_at_no_other_minute_of_the_week() -> None:
    opened = is_open(OFFICE["start"], OFFICE["end"])
    assert opened is not None
    for at in range(MINUTES_OF_WEEK):
        day, time = divmod(at, MINUTES_OF_DAY)
        assert opened[at] is (day < 5 and 9 * 60 <= time < 18 * 60), f"day {day}, minute {time}"


def test_other_triggers_wake_it_outside_of_the_window() -> None:
    asked = spec(triggers=[QUEUE])
    assert [trigger["type"] for trigger in asked["triggers"]] == ["cron", "prometheus"]
    assert "advanced" not in asked  # each trigger may wake it, and the largest wish counts


def test_with_hard_off_one_formula_over_named_triggers_decides() -> None:
    asked = spec(
        hard_off=True,
        max_replicas=20,
        triggers=[QUEUE, query_trigger(threshold=0.5), {"utilization": {"resource": "cpu", "percent": 70}}],
    )
    assert [trigger.get("name") for trigger in asked["triggers"]] == ["window", "queue", "trigger_1", "trigger_2"]
    assert asked["advanced"]["scalingModifiers"] == {
        "formula": "window > 0 ? max(window, (queue ?? 10) / 10, (trigger_1 ?? 0.5) / 0.5) : 0",
        "target": "1",
        "activationTarget": "0",
        "metricType": "AverageValue",
    }
    assert asked["fallback"] == {"failureThreshold": 3, "replicas": 1, "behavior": "scalingModifiers"}


@pytest.mark.parametrize(
    ("window", "queue", "replicas"),
    [
        (0, 0, 0),  # closed, idle
        (0, 500, 0),  # closed, and nothing wakes it
        (0, None, 0),  # closed, and a metric that fails keeps nothing up
        (1, 0, 1),  # open: it is woken without any load
        (1, 500, 50),  # open, and load asks for more
        (1, None, 1),  # open, and a metric that fails does not keep it down
    ],
)
def test_hard_off_is_zero_outside_and_never_zero_inside(window: float, queue: float | None, replicas: float) -> None:
    activation_target = 0
    wanted = evaluate(formula(triggers=[QUEUE]), {"window": window, "queue": queue})
    assert wanted == replicas
    assert (wanted > activation_target) is (window > 0)


def test_hard_off_has_as_many_as_asked_for_while_a_metric_fails() -> None:
    asked = spec(hard_off=True, triggers=[QUEUE], max_replicas=8, replicas_when_unknown=5)
    unknown = asked["advanced"]["scalingModifiers"]["formula"]
    assert evaluate(unknown, {"window": 1, "queue": None}) == 5
    assert asked["fallback"]["replicas"] == 5


def test_hard_off_keeps_the_number_of_pods_while_a_metric_fails_where_they_can_be_counted() -> None:
    asked = spec(hard_off=True, triggers=[QUEUE], max_replicas=8, pod_labels={"tier": "llm", "app": "web"})
    counted = asked["triggers"][-1]
    assert counted == {
        "type": "kubernetes-workload",
        "name": "pods",
        "metricType": "AverageValue",
        "metadata": {"podSelector": "app=web,tier=llm", "value": "1"},
    }
    text = asked["advanced"]["scalingModifiers"]["formula"]
    assert evaluate(text, {"window": 1, "queue": None, "pods": 6}) == 6
    assert evaluate(text, {"window": 1, "queue": None, "pods": 0}) == 1
    assert evaluate(text, {"window": 1, "queue": 20, "pods": 6}) == 2
    assert evaluate(text, {"window": 0, "queue": None, "pods": 6}) == 0


def test_hard_off_without_other_triggers_needs_no_formula() -> None:
    assert spec(hard_off=True) == spec()


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({"desired_replicas": 0}, "desired_replicas", "not when there are none"),
        ({"desired_replicas": 3}, "max_replicas", "at least 3"),
        ({"min_replicas": 0}, "min_replicas", "what this is for"),
        ({"timezone": "America/Los Angeles"}, "timezone", "such as America/Los_Angeles"),
        ({"timezone": "PST8PDT"}, "timezone", "area and city"),
        ({"timezone": "+02:00"}, "timezone", "area and city"),
        ({"timezone": "../etc/passwd"}, "timezone", "area and city"),
        ({"start": "0 9 * *"}, "start", "has 4 fields"),
        ({"start": "0 24 * * 1-5"}, "start", "is no hour"),
        ({"start": "60 9 * * 1-5"}, "start", "is no minute"),
        ({"start": "0 9 * * 1-7"}, "start", "Sunday is 0"),
        ({"start": "0 9 * * 5-1"}, "start", "is no day of the week"),
        ({"start": "0 9 */0 * *"}, "start", "is no day of the month"),
        ({"end": "0 18 * 13 *"}, "end", "is no month"),
        ({"end": "@daily"}, "end", "has 1 fields"),
        ({"end": "0 9 * * 1-5"}, "end", "no length"),
        ({"end": "0 18 * * *"}, "end", "not close on Friday at 18:00"),
        ({"cooldown_seconds": 60, "target": {**TARGET, "cold_start_seconds": 100}}, "cooldown_seconds", "more than 100"),
        ({"target": {**TARGET, "gpus": 2, "pools": [gpu_pool("l4", max_nodes=1)]}}, "max_replicas", "at most 1"),
        ({"triggers": [{**QUEUE, "name": "window"}]}, "triggers", "one of our own"),
        ({"triggers": [{**QUEUE, "name": "pods"}]}, "triggers", "one of our own"),
        ({"pod_labels": {"app": "web"}}, "pod_labels", "Without hard_off"),
        ({"hard_off": True, "triggers": [QUEUE], "replicas_when_unknown": 1, "pod_labels": {"app": "web"}},
         "replicas_when_unknown", "one of the two"),
        ({"triggers": [QUEUE, QUEUE]}, "triggers", "'queue'"),
        ({"replicas_when_unknown": 1}, "replicas_when_unknown", "Without hard_off"),
        ({"hard_off": True, "triggers": [QUEUE], "replicas_when_unknown": 3}, "replicas_when_unknown", "at most 2"),
        ({"hard_off": True, "triggers": [{**QUEUE, "metric_type": "Value"}]}, "triggers[0].metric_type", "no count"),
        ({"hard_off": True, "triggers": [{"other": {"type": "kafka", "metadata": {}}}]},
         "triggers[0].other", "no thresholds"),
    ],
)  # fmt: skip
def test_it_says_what_to_write_instead(asked: dict[str, Any], path: str, words: str) -> None:
    said = reasons(CronScaleToZeroSpec, {**OFFICE, **asked})
    assert list(said) == [path]
    assert words in said[path]


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("0 9 * * 1", [minute(0, 9)]),
        ("0 0 * * sun", [minute(6, 0)]),
        ("30 6,18 * * MON,fri", [minute(0, 6, 30), minute(0, 18, 30), minute(4, 6, 30), minute(4, 18, 30)]),
        ("0 0-23/12 * * 2", [minute(1, 0), minute(1, 12)]),
        ("15/20 5 ? * 3", [minute(2, 5, 15), minute(2, 5, 35), minute(2, 5, 55)]),
    ],
)
def test_expressions_fire_when_cron_says(expression: str, minutes: list[int]) -> None:
    assert fires(expression) == tuple(minutes)


def test_expressions_that_days_or_months_bound_are_taken_without_a_week() -> None:
    assert fires("0 9 1 * *") is None
    assert fires("0 9 * jan-mar *") is None
    assert list(window_problems("0 9 1 * *", "0 18 1 * *")) == []


def test_a_window_past_midnight_is_open_at_night() -> None:
    opened = is_open("0 22 * * *", "0 6 * * *")
    assert opened is not None
    assert [opened[minute(3, hour)] for hour in (5, 6, 21, 22, 23)] == [True, False, False, True, True]


@given(st.integers(0, 23), st.integers(0, 23), st.sets(st.integers(0, 6), min_size=1))
def test_a_window_of_the_same_days_is_open_for_its_length_on_each_of_them(start: int, end: int, days: set[int]) -> None:
    if start >= end:
        return
    on = ",".join(map(str, sorted(days)))
    opened = is_open(f"0 {start} * * {on}", f"0 {end} * * {on}")
    assert opened is not None
    assert sum(opened) == (end - start) * 60 * len(days)
    assert list(window_problems(f"0 {start} * * {on}", f"0 {end} * * {on}")) == []
