"""The tables of services say exactly what was written down, and `ServiceAutoscaler` makes it so."""

from typing import Any

import pytest

from penstock.autoscaling.pods import event_plan, horizontal_plan, service_plan, vertical_plan
from penstock.autoscaling.pods.event_spec import EventSpec
from penstock.autoscaling.pods.service_args import ReplicaScaler, ServiceTable
from penstock.autoscaling.pods.service_spec import ServiceSpec
from penstock.autoscaling.pods.signals import OF_OBJECT, OF_PODS, Scope, query
from penstock.autoscaling.pods.tables import Signal, rows
from penstock.spec import check
from tests.support.pod_scaling import TARGET, gpu_pool
from tests.support.refused import reasons

TABLES: dict[str, dict[str, Any]] = {
    "standard": {
        "orchestrator": (2, 10, {"cpu_percent": 70, "memory_percent": 80, "queue": 10, "p95_seconds": 0.5}),
        "reflex": (3, 20, {"cpu_percent": 60, "memory_percent": 75, "requests_per_second": 500}),
        "planner": (1, 5, {"cpu_percent": 75, "queue": 5}),
        "executor": (1, 10, {"cpu_percent": 70, "memory_percent": 80, "queue": 8}),
        "coder": (1, 8, {"cpu_percent": 75, "queue": 6}),
        "judge": (1, 5, {"cpu_percent": 70}),
        "guardian": (2, 10, {"cpu_percent": 65, "pii_checks_per_second": 100}),
        "retriever": (1, 8, {"cpu_percent": 70, "p95_seconds": 0.2}),
    },
    "enterprise": {
        "orchestrator": (3, 20, {"cpu_percent": 70, "memory_percent": 75, "queue": 10}),
        **dict.fromkeys(
            ("planner", "coder", "judge", "guardian", "retriever"),
            (2, 10, {"cpu_percent": 70, "memory_percent": 75, "queue": 10}),
        ),
        "executor": (2, 10, {"cpu_percent": 70, "memory_percent": 75, "queue": 10, "active_executions": 3}),
    },
    "llm-serving": {"llm-serving": (2, 20, {"gpu_percent": 70, "waiting_requests": 10, "p95_seconds": 2})},
    "app": {"app": (None, None, {})},
    "worker-llm": {"worker-llm": (None, None, {})},
    "worker-rl": {"worker-rl": (None, None, {})},
}

# up and down: window, the policies, and which of them decides.
STEADY = (
    (0, [("Percent", 100, 60), ("Pods", 4, 60)], "Max"),
    (300, [("Percent", 50, 60), ("Pods", 2, 60)], "Min"),
)
ENTERPRISE_UP = (30, [("Percent", 100, 30), ("Pods", 4, 30)], "Max")
SPEEDS = {
    ("standard", "orchestrator"): STEADY,
    ("standard", "reflex"): ((None, [("Percent", 150, 30)], "Max"), (180, [("Percent", 30, 60)], "Max")),
    ("enterprise", "orchestrator"): (ENTERPRISE_UP, STEADY[1]),
    ("enterprise", "executor"): (ENTERPRISE_UP, (300, [("Pods", 1, 60)], "Max")),
    ("enterprise", "coder"): (ENTERPRISE_UP, STEADY[1]),
    ("llm-serving", "llm-serving"): (
        (60, [("Percent", 100, 60), ("Pods", 4, 60)], "Max"),
        (300, [("Percent", 50, 300), ("Pods", 2, 300)], "Min"),
    ),
}

RULES = {
    "app": (
        [("cpu_percent", ">", 70, 3), ("p95_seconds", ">", 2, 5)],
        [("cpu_percent", "<", 30, 10), ("p95_seconds", "<", 0.5, 15)],
        None,
    ),
    "worker-llm": (
        [("queue", ">", 50, 2), ("gpu_percent", ">", 85, 5)],
        [("queue", "<", 10, 15), ("gpu_percent", "<", 40, 20)],
        ("free_vram_percent", "<", 20, 0),
    ),
    "worker-rl": ([("queue", ">", 20, 10)], [("queue", "<", 5, 30)], None),
}

ORCHESTRATOR = ("200m", "512Mi", "4", "8Gi")
ARM = ("100m", "256Mi", "2", "4Gi")
SIZES: dict[str, dict[str, Any]] = {
    "standard": {"orchestrator": ORCHESTRATOR, "reflex": None},
    "enterprise": {"orchestrator": ("500m", "1Gi", "8", "16Gi")},
}

SPIKE_READY = {"min_replicas": 1, "max_replicas": 8}


def spec(table: str, service: str | None = None, **asked: Any) -> ServiceSpec:
    named = {"service": service} if service else {}
    return check(ServiceSpec, {"table": table, "target": TARGET, **named, **asked})


def speed(rules: dict[str, Any]) -> Any:
    policies = [(p["type"], p["value"], p["periodSeconds"]) for p in rules["policies"]]
    return rules.get("stabilizationWindowSeconds"), policies, rules["selectPolicy"]


@pytest.mark.parametrize("table", TABLES)
def test_bounds_and_targets_are_those_that_were_written(table: str) -> None:
    found = {
        name: (row.min_replicas, row.max_replicas, {signal.value: value for signal, value in row.targets.items()})
        for name, row in rows(ServiceTable(table)).items()
    }
    assert found == TABLES[table]


@pytest.mark.parametrize(("table", "service"), SPEEDS)
def test_speeds_are_those_that_were_written(table: str, service: str) -> None:
    behavior = rows(ServiceTable(table))[service].behavior.manifest
    assert (speed(behavior["scaleUp"]), speed(behavior["scaleDown"])) == SPEEDS[table, service]


def test_what_states_no_speed_has_that_of_the_orchestrator() -> None:
    standard = rows(ServiceTable.STANDARD)
    assert {n for n, row in standard.items() if row.behavior != standard["orchestrator"].behavior} == {"reflex"}


@pytest.mark.parametrize("table", RULES)
def test_rules_that_have_to_hold_are_those_that_were_written(table: str) -> None:
    rules = rows(ServiceTable(table))[table].rules
    assert rules is not None

    def written(one: Any) -> Any:
        sign, value = (">", one.above) if one.above is not None else ("<", one.below)
        return (one.signal.value, sign, value, one.minutes)

    up, down = [written(each) for each in rules.up], [written(each) for each in rules.down]
    assert (up, down, written(rules.block) if rules.block else None) == RULES[table]


def test_the_band_of_llm_serving_is_that_which_was_written() -> None:
    band = rows(ServiceTable.LLM_SERVING)["llm-serving"].band
    assert band is not None
    assert {s.value: v for s, v in band.up.items()} == {"gpu_percent": 80, "waiting_requests": 20, "p95_seconds": 3}
    assert {s.value: v for s, v in band.down.items()} == {"gpu_percent": 50, "waiting_requests": 5, "p95_seconds": 1}


@pytest.mark.parametrize(("table", "service"), [(t, s) for t in ("standard", "enterprise") for s in TABLES[t]])
def test_pods_are_sized_between_the_written_bounds_and_only_in_words_where_replicas_go_by_cpu(
    table: str, service: str
) -> None:
    asked = spec(table, service)
    sizes = SIZES[table].get(service, ARM)
    vertical = asked.vertical
    if sizes is None:
        assert vertical is None
        return
    assert vertical is not None
    assert "cpu" in asked.scaled_on
    body = vertical_plan.autoscaler("web", vertical)["spec"]
    assert body["updatePolicy"] == {"updateMode": "Off"}
    (policy,) = body["resourcePolicy"]["containerPolicies"]
    assert (*policy["minAllowed"].values(), *policy["maxAllowed"].values()) == sizes


def test_a_service_of_targets_is_a_horizontal_autoscaler_with_the_metrics_of_its_row() -> None:
    made = horizontal_plan.autoscaler("web", service_plan.horizontal_spec(spec("standard", "orchestrator")))["spec"]
    assert (made["minReplicas"], made["maxReplicas"]) == (2, 10)
    found = {}
    for metric in made["metrics"]:
        source = metric[metric["type"].lower()]
        name = source.get("name") or source["metric"]["name"]
        found[name] = {k: v for k, v in source["target"].items() if k != "type"}
    assert found == {
        "cpu": {"averageUtilization": 70},
        "memory": {"averageUtilization": 80},
        "queue_depth": {"averageValue": "10"},
        "p95_latency_seconds": {"value": "500m"},
    }


@pytest.mark.parametrize(("table", "service"), [(t, s) for t in ("standard", "enterprise") for s in TABLES[t]])
def test_every_target_of_a_row_is_a_metric_of_either_scaler(table: str, service: str) -> None:
    targets = TABLES[table][service][2]
    horizontal = horizontal_plan.autoscaler("web", service_plan.horizontal_spec(spec(table, service)))
    assert len(horizontal["spec"]["metrics"]) == len(targets)
    event = event_plan.scaled_object("web", service_plan.event_spec(spec(table, service, scaler="event")))
    assert [trigger["name"] for trigger in event["spec"]["triggers"]] == list(targets)


def test_latency_is_a_ratio_and_a_queue_a_count() -> None:
    made = service_plan.event_spec(spec("standard", "orchestrator", scaler="event"))
    types = {trigger.name: trigger.manifest["metricType"] for trigger in made.triggers}
    assert types == {
        "cpu_percent": "Utilization",
        "memory_percent": "Utilization",
        "queue": "AverageValue",
        "p95_seconds": "Value",
    }


def test_what_is_overridden_replaces_what_the_row_says_and_nothing_else() -> None:
    behavior = {"scale_down": {"stabilization_seconds": 60}}
    asked = spec("standard", "planner", max_replicas=120, targets={"queue": 2}, behavior=behavior)
    made = horizontal_plan.autoscaler("web", service_plan.horizontal_spec(asked))["spec"]
    assert (made["minReplicas"], made["maxReplicas"]) == (1, 120)
    assert asked.chosen_targets == {Signal.CPU_PERCENT: 75, Signal.QUEUE: 2}
    assert made["behavior"] == {"scaleDown": {"selectPolicy": "Max", "stabilizationWindowSeconds": 60}}


PLANNER = {"table": "standard", "service": "planner"}
TRAFFIC = {"timezone": "Europe/Berlin", "profile": [5.0] * 8 + [60.0] * 10 + [5.0] * 6, "replica_rate": 10}


def test_expected_traffic_opens_windows_beside_the_targets_and_makes_keda_the_scaler() -> None:
    asked = spec("standard", "planner", max_replicas=9, traffic=TRAFFIC)
    assert asked.chosen_scaler is ReplicaScaler.EVENT
    made = event_plan.scaled_object("web", service_plan.event_spec(asked))["spec"]
    windows = [trigger["metadata"] for trigger in made["triggers"] if trigger["type"] == "cron"]
    assert windows == [
        {"timezone": "Europe/Berlin", "start": "50 7 * * *", "end": "0 18 * * *", "desiredReplicas": "6"}
    ]
    assert len(made["triggers"]) == 3, "its CPU and its queue count as before"


def test_windows_are_never_for_more_than_the_most() -> None:
    made = service_plan.event_spec(spec("standard", "planner", max_replicas=4, traffic=TRAFFIC))
    assert [trigger.cron.desired_replicas for trigger in made.triggers if trigger.cron] == [4]


SCOPE = Scope("apps", "web", "web")


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("cores", [None, 0.5])
def test_every_query_is_of_one_namespace_and_of_one_service_or_its_pods(signal: Signal, cores: float | None) -> None:
    text = query(signal, SCOPE._replace(cpu_cores=cores))
    selectors = [part.split("}")[0] for part in text.split("{")[1:]]
    assert selectors
    for selector in selectors:
        assert 'namespace="apps"' in selector
        assert 'service="web"' in selector or 'pod=~"web-[a-z0-9]+-[a-z0-9]+"' in selector


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (Signal.QUEUE, "avg_over_time(queue_depth{"),
        (Signal.WAITING_REQUESTS, "avg_over_time(vllm:num_requests_waiting{"),
        (Signal.P95_SECONDS, "max_over_time(p95_latency_seconds{"),
        (Signal.REQUESTS_PER_SECOND, "rate(http_requests_total{"),
        (Signal.PII_CHECKS_PER_SECOND, "rate(pii_checks_total{"),
        (Signal.GPU_PERCENT, "avg_over_time(DCGM_FI_DEV_GPU_UTIL{"),
    ],
)
def test_a_signal_is_that_of_a_minute(signal: Signal, words: str) -> None:
    text = query(signal, SCOPE)
    assert words in text
    assert "[60s]" in text


def test_pods_are_told_by_the_names_that_their_owner_gives() -> None:
    assert 'pod=~"web-[0-9]+"' in query(Signal.GPU_PERCENT, SCOPE._replace(kind="StatefulSet"))
    assert 'pod=~"web-.+"' in query(Signal.GPU_PERCENT, SCOPE._replace(kind="Rollout"))


def test_another_query_or_another_service_label_is_taken_where_one_is_given() -> None:
    asked = spec("standard", "planner", scaler="event", metric_service="shop", queries={"queue": "sum(mine)"})
    assert service_plan.event_spec(asked).triggers[1].manifest["metadata"]["query"] == "sum(mine)"
    assert service_plan.scope_of(asked).service == "shop"


def test_every_signal_that_a_horizontal_autoscaler_may_aim_at_has_a_name_there() -> None:
    named = {*OF_OBJECT, *OF_PODS, Signal.CPU_PERCENT, Signal.MEMORY_PERCENT}
    assert set(Signal) - named == {Signal.FREE_VRAM_PERCENT}


@pytest.mark.parametrize(("table", "service"), [(t, s) for t, table in TABLES.items() for s in table])
def test_every_service_of_every_table_can_be_deployed_and_what_is_made_of_it_is_valid_itself(
    table: str, service: str
) -> None:
    asked = spec(table, service, **(SPIKE_READY if TABLES[table][service][0] is None else {}))
    if asked.chosen_scaler is ReplicaScaler.EVENT:
        assert isinstance(service_plan.event_spec(asked), EventSpec)
    assert (asked.chosen_scaler is ReplicaScaler.EVENT) is (table not in ("standard", "enterprise"))


@pytest.mark.parametrize(
    ("asked", "path", "words"),
    [
        ({"table": "standard"}, "service", "orchestrator, reflex"),
        ({**PLANNER, "scaler": "horizontal", "traffic": TRAFFIC}, "scaler", "knows no time of day"),
        ({"table": "llm-serving", "traffic": TRAFFIC}, "traffic", "A formula scales this service"),
        ({**PLANNER, "traffic": {**TRAFFIC, "profile": [1.0] * 23}}, "traffic.profile", "Write 24 numbers"),
        ({**PLANNER, "traffic": {**TRAFFIC, "timezone": "Berlin"}}, "traffic.timezone", "Berlin"),
        ({**PLANNER, "traffic": {**TRAFFIC, "lead_minutes": 60}}, "traffic.lead_minutes", "0 to 59"),
        ({**PLANNER, "traffic": {**TRAFFIC, "profile": [50.0] * 24}}, "min_replicas", "never asks for fewer than 5"),
        ({"table": "enterprise", "service": "reflex"}, "service", "'reflex' is not in enterprise"),
        ({"table": "gold"}, "table", "none of them"),
        ({"table": "app", "max_replicas": 5}, "min_replicas", "states none"),
        ({"table": "app", "min_replicas": 1}, "max_replicas", "states none"),
        ({"table": "app", "min_replicas": 0, "max_replicas": 5}, "min_replicas", "at least 1"),
        ({"table": "app", "min_replicas": 6, "max_replicas": 5}, "max_replicas", "at least 6"),
        ({"table": "app", **SPIKE_READY, "scaler": "horizontal"}, "scaler", "Write event"),
        ({"table": "llm-serving", "scaler": "horizontal"}, "scaler", "Write event"),
        ({"table": "app", **SPIKE_READY, "targets": {"queue": 5}}, "targets.queue", "rules decide"),
        ({"table": "llm-serving", "targets": {"queue": 5}}, "targets.queue", "waiting_requests"),
        ({"table": "standard", "service": "judge", "targets": {"cpu_percent": 0}}, "targets.cpu_percent", "above 0"),
        ({"table": "standard", "service": "judge", "targets": {"speed": 1}}, "targets.speed", "none of them"),
        ({"table": "standard", "service": "judge", "vertical_mode": "Recreate"}, "vertical_mode", "mode Off"),
        ({"table": "llm-serving", "vertical_mode": "Initial"}, "containers", "no bounds"),
        ({"table": "standard", "service": "judge", "cpu_request": "much"}, "cpu_request", "such as 500m"),
        ({"table": "standard", "service": "judge", "rule_time_scale": 0}, "rule_time_scale", "at least 0.01"),
        ({"table": "standard", "service": "judge", "target": {"name": "web"}}, "target.namespace", "Write the namespace"),
        ({"table": "worker-llm", **SPIKE_READY, "target": {**TARGET, "gpu_memory_utilization": 0.9}},
         "target.gpu_memory_utilization", "at most 0.80"),
        ({"table": "llm-serving", "target": {**TARGET, "gpus": 1, "pools": [gpu_pool("l4")]}},
         "max_replicas", "at most 8"),
    ],
)  # fmt: skip
def test_it_says_what_to_write_instead(asked: dict[str, Any], path: str, words: str) -> None:
    said = reasons(ServiceSpec, {"target": TARGET, **asked})
    assert list(said) == [path]
    assert words in said[path]


def test_four_fifths_of_a_gpus_memory_leave_room_for_a_scale_up() -> None:
    asked = {"table": "worker-llm", **SPIKE_READY, "target": {**TARGET, "gpu_memory_utilization": 0.8}}
    assert reasons(ServiceSpec, asked) == {}


def test_pods_may_be_sized_by_memory_where_replicas_go_by_cpu_alone() -> None:
    asked = {"table": "standard", "service": "judge", "target": TARGET, "vertical_mode": "InPlaceOrRecreate"}
    memory = [{"max_memory": "4Gi", "resources": ["memory"]}]
    assert reasons(ServiceSpec, {**asked, "containers": memory}) == {}
