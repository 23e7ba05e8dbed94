"""Rules that have to hold for some time: what is recorded, and which way the formula goes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.autoscaling.pods import band, service_plan, sustained
from penstock.autoscaling.pods.service_args import ServiceTable
from penstock.autoscaling.pods.service_spec import ServiceSpec
from penstock.autoscaling.pods.tables import Band, Signal, rows
from penstock.spec import check
from tests.support.keda_formula import evaluate
from tests.support.pod_scaling import TARGET

# Within this distance of 1 a HorizontalPodAutoscaler changes nothing.
TOLERANCE = 0.1
APP = '{namespace="apps",service="web"}'
READY = {"min_replicas": 1, "max_replicas": 8}
LLM = rows(ServiceTable.LLM_SERVING)["llm-serving"]


def asked(table: str, **more: Any) -> ServiceSpec:
    return check(ServiceSpec, {"table": table, "target": TARGET, **READY, **more})


def group(table: str, **more: Any) -> dict[str, Any]:
    made = service_plan.prometheus_rule("web", asked(table, **more))
    assert made is not None
    (found,) = made["spec"]["groups"]
    return dict(found)


def expressions(table: str, **more: Any) -> dict[str, str]:
    return {each["record"].split(":")[-1]: each["expr"] for each in group(table, **more)["rules"] if "record" in each}


def formula(table: str) -> str:
    modifiers = service_plan.event_spec(asked(table)).scaling_modifiers
    assert modifiers is not None
    return modifiers.formula


def test_a_rule_holds_when_it_was_true_all_the_time_and_there_were_samples_and_the_signal_is_there_now() -> None:
    queue = f"penstock:service:queue{APP}"
    assert expressions("worker-rl") == {
        "queue": f"sum(avg_over_time(queue_depth{APP}[60s]))",
        "scale_up": f"((min_over_time({queue}[600s]) > bool 20) * (count_over_time({queue}[600s]) >= bool 39) and {queue})",
        "scale_down": f"((max_over_time({queue}[1800s]) < bool 5) * (count_over_time({queue}[1800s]) >= bool 119) and {queue})",
    }  # fmt: skip


def test_any_of_several_rules_is_enough_and_none_may_be_missing() -> None:
    up = expressions("app", cpu_request="500m")["scale_up"]
    # A sum has no sample where one of its parts has none.
    assert up.startswith("clamp_max((") and up.endswith(", 1)")
    assert f"min_over_time(penstock:service:cpu_percent{APP}[180s]) > bool 70" in up
    assert f" + ((min_over_time(penstock:service:p95_seconds{APP}[300s]) > bool 2)" in up


def test_a_block_is_recorded_as_it_is_now() -> None:
    assert expressions("worker-llm")["scale_block"] == f"penstock:service:free_vram_percent{APP} < bool 20"
    assert "scale_block" not in expressions("app")


def test_everything_that_is_recorded_is_of_one_namespace_and_service() -> None:
    for each in group("worker-llm")["rules"]:
        assert each["labels"].items() >= {"namespace": "apps", "service": "web"}.items()


def test_it_is_told_when_replicas_stay_because_a_metric_is_missing() -> None:
    (alert,) = [each for each in group("worker-llm")["rules"] if "alert" in each]
    for record in ("scale_up", "scale_down", "scale_block"):
        assert f"absent(penstock:service:{record}{APP})" in alert["expr"]
    assert alert["for"] == "300s"


def test_a_rehearsal_takes_a_tenth_of_all_times() -> None:
    made, tenth = group("worker-llm"), group("worker-llm", rule_time_scale=0.1)
    assert (made["interval"], tenth["interval"]) == ("15s", "2s")
    quick = expressions("worker-llm", rule_time_scale=0.1)
    for whole in ("[120s]", "[300s]", "[900s]", "[1200s]"):
        assert whole in expressions("worker-llm")["scale_up"] + expressions("worker-llm")["scale_down"]
    for whole in ("[12s]", "[30s]", "[90s]", "[120s]"):
        assert whole in quick["scale_up"] + quick["scale_down"]
    assert "[6s]" in expressions("worker-llm", rule_time_scale=0.1, scrape_seconds=2)["queue"]
    behavior = service_plan.event_spec(asked("worker-llm", rule_time_scale=0.1)).behavior.manifest
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 30
    assert behavior["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 6}]


@pytest.mark.parametrize(("scale", "scrape", "window"), [(1, 15, 60), (1, 30, 75), (0.1, 15, 38), (0.1, 1, 6)])
def test_a_signal_is_never_taken_over_less_than_two_samples(scale: float, scrape: int, window: int) -> None:
    made = expressions("worker-llm", rule_time_scale=scale, scrape_seconds=scrape)
    assert f"[{window}s]" in made["queue"]
    assert window >= 2 * scrape


@given(st.floats(0.01, 10), st.sampled_from(["app", "worker-llm", "worker-rl"]))
def test_however_times_are_scaled_a_window_holds_more_samples_than_one_and_asks_for_no_more_than_fit(
    scale: float, table: str
) -> None:
    interval = int(group(table, rule_time_scale=scale)["interval"].removesuffix("s"))
    for text in expressions(table, rule_time_scale=scale).values():
        for part in text.split("count_over_time(")[1:]:
            seconds = int(part.split("[")[1].split("s]")[0])
            samples = int(part.split(">= bool ")[1].split(")")[0])
            assert 1 <= samples < seconds / interval <= samples + 2


def test_keda_asks_for_what_was_recorded_and_compares_a_ratio_with_one() -> None:
    made = service_plan.event_spec(asked("worker-llm"))
    assert [(t.name, t.manifest["metadata"]["query"]) for t in made.triggers] == [
        (name, f"penstock:service:{name}{APP}") for name in ("scale_up", "scale_down", "scale_block")
    ]
    assert {t.manifest["metadata"]["ignoreNullValues"] for t in made.triggers} == {"false"}
    assert made.fallback is None  # so that what is missing changes nothing
    modifiers = made.scaling_modifiers
    assert modifiers is not None
    assert (modifiers.target, modifiers.metric_type) == (1, "Value")
    assert modifiers.activation_target < 0  # it is active also while it goes down


@pytest.mark.parametrize(
    ("up", "down", "blocked", "ratio"),
    [
        (0, 0, 0, 1),  # hold
        (1, 0, 0, 2),  # up
        (0, 1, 0, 0),  # down
        (1, 1, 0, 2),  # up wins over down
        (1, 0, 1, 1),  # blocked: not above what there is
        (1, 1, 1, 1),
        (0, 1, 1, 0),  # a block leaves the way down open
        (0, 0, 1, 1),
    ],
)
def test_up_wins_over_down_and_a_block_only_stops_the_way_up(up: int, down: int, blocked: int, ratio: float) -> None:
    values = {"scale_up": float(up), "scale_down": float(down), "scale_block": float(blocked)}
    assert evaluate(formula("worker-llm"), values) == ratio
    if not blocked:
        assert evaluate(formula("app"), values) == ratio


def test_every_step_is_beyond_what_a_horizontal_autoscaler_tolerates() -> None:
    for table in ("app", "worker-llm", "worker-rl"):
        up = {"scale_up": 1.0, "scale_down": 0.0, "scale_block": 0.0}
        assert evaluate(formula(table), up) > 1 + TOLERANCE
        assert evaluate(formula(table), {**up, "scale_up": 0.0, "scale_down": 1.0}) < 1 - TOLERANCE


def ratio(waiting: float, p95: float, gpu: float) -> float:
    assert isinstance(LLM.band, Band)
    text = band.formula(LLM.band, LLM.targets)
    return evaluate(text, {"waiting_requests": waiting, "p95_seconds": p95, "gpu_percent": gpu})


@pytest.mark.parametrize(
    ("waiting", "p95", "gpu", "wanted"),
    [
        (30, 0.5, 99, 3),  # the queue: three times the ten of a pod
        (10, 1.5, 99, 1.4142857142857144),  # busy and a queue: by the GPUs' target
        (0, 4, 20, 2),  # latency alone
        (10, 2, 70, 1),  # at the targets
        (15, 2.5, 75, 1),  # beyond the targets, within the band
        (4, 0.5, 99, 1),  # GPUs hold while some wait
        (0.5, 0.5, 99, 0.25),  # nobody waits: busy GPUs keep nothing up
        (0, 0.2, 10, 0.1),
        (4, 1.5, 10, 1),  # latency is not below its band
        (3, 0.5, 99, 1),  # and busy GPUs alone ask for no more
    ],
)
def test_llm_servers_go_by_their_queue_first_and_gpus_only_guard(
    waiting: float, p95: float, gpu: float, wanted: float
) -> None:
    assert ratio(waiting, p95, gpu) == pytest.approx(wanted)


@given(st.floats(0, 1000), st.floats(0, 60), st.floats(0, 100))
def test_llm_servers_hold_or_go_clearly_one_way(waiting: float, p95: float, gpu: float) -> None:
    wanted = ratio(waiting, p95, gpu)
    assert wanted == 1 or wanted > 1 + TOLERANCE or wanted < 1 - TOLERANCE


@given(st.floats(0, 1000), st.floats(0, 60), st.floats(0, 100), st.floats(0, 100))
def test_more_that_wait_never_mean_fewer_replicas(waiting: float, p95: float, gpu: float, more: float) -> None:
    assert ratio(waiting + more, p95, gpu) >= ratio(waiting, p95, gpu)


def test_all_signals_of_the_band_stand_in_its_formula_and_have_a_target() -> None:
    assert (
        set(band.SIGNALS)
        == set(LLM.targets)
        == {
            Signal.WAITING_REQUESTS,
            Signal.P95_SECONDS,
            Signal.GPU_PERCENT,
        }
    )


def test_what_is_recorded_is_what_the_formula_asks_for() -> None:
    for table in ("app", "worker-llm", "worker-rl"):
        rules = rows(ServiceTable(table))[table].rules
        assert rules is not None
        assert set(sustained.recorded(rules)) <= set(expressions(table))
