"""Scenarios: what they say by default, and everything that is wrong with one at once."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import SandboxError
from sandbox.load.profile import Profile
from sandbox.load.scenario import Scenario, known, read
from tests.support.refused import reasons

SERVICE = {"selector": {"app": "web"}, "profile": "spike"}


def refused(**said: Any) -> dict[str, str]:
    return reasons(Scenario, {"services": {"web": SERVICE}, **said})


def test_every_scenario_of_the_sandbox_can_run() -> None:
    assert {"spike", "oscillation", "llm", "gpu-memory", "metrics-outage"} <= set(known())
    for name in known():
        assert read(name).duration > 0


def test_the_defaults_are_those_of_the_platform(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        "services: {web: {selector: {app: web}, profile: spike}, llm: {selector: {a: b}, kind: llm, profile: constant}}"
    )
    scenario = read(str(file))
    web, llm = scenario.services["web"], scenario.services["llm"]
    assert (web.rate, web.service_seconds, web.timeout_seconds) == (10, 0.8, 30)
    assert (web.start_seconds, llm.start_seconds, scenario.node_start_seconds) == (2, 100, 60)
    assert scenario.seed == 1
    assert web.profile.points == ((0, 0), (30, 1000), (180, 1000), (300, 0))
    assert scenario.duration == 360
    assert (web.identity("web").namespace, web.identity("web").target) == ("default", "web")


def test_all_problems_are_told_at_once_with_their_paths(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "services:\n"
        "  web: {selector: {}, profile: spikes, rate: 3, kind: ai, rps: 4}\n"
        "  llm: {selector: {app: llm}, profile: [[30, 1], [0, 2]], gpu: {total_mib: 5}}\n"
        "arrivals: fractal\n"
        "metrics_outages: [[3, 2]]\n"
    )
    with pytest.raises(SandboxError) as told:
        read(str(file))
    said = str(told.value)
    for path in (
        "services.web.selector: ",
        "services.web.profile: 'spikes' is no profile. Write one of constant, oscillation, spike, or points.",
        "services.web.rate: A replica that serves 3 requests a second",
        "services.web.kind: ",
        "services.web.rps: Write the load as profile",
        "services.llm.profile: The times of the points",
        "services.llm.gpu.weights_mib: Weights and cache take 18000 MiB of 5.",
        "arrivals: ",
        "metrics_outages[0]: It ends at 2 s. Write an end after 3 s.",
    ):
        assert f"- {path}" in said
    assert ".." not in said.replace(str(file), "")


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ([], "Write a list of points"),
        (5, "Write a list of points"),
        ([[0, "x"]], "Write a list of points"),
        ([[0, 1, 2]], "Write a list of points"),
        ([[-1, 3]], "begin at 0 or later"),
        ([[0, -3]], "A load below 0 does not exist."),
        ({"name": "spike", "high": 3}, "spike has no high. It takes peak, rise, until, gone."),
        ({"name": "spike", "peak": "many"}, "The parameters of spike are numbers"),
        ({"name": "spike", "rise": 500}, "do not go back"),
        ({"peak": 3}, "'None' is no profile."),
    ],
)
def test_profiles_that_make_no_sense_are_refused(profile: Any, reason: str) -> None:
    found = refused(services={"web": {**SERVICE, "profile": profile}})
    assert list(found) == ["services.web.profile"]
    assert reason in found["services.web.profile"]


def test_named_profiles_take_parameters() -> None:
    said = {"services": {"web": {**SERVICE, "profile": {"name": "constant", "rps": 7, "seconds": 60}}}}
    assert Scenario.model_validate(said).services["web"].profile == Profile(((0, 7), (60, 7)))


def test_counters_that_are_none_are_refused() -> None:
    said = {"web": {**SERVICE, "counters": {"checks": 1, "a b_total": 1, "x_total": -1, "pii_checks_total": 2}}}
    found = refused(services=said)
    assert set(found) == {f"services.web.counters.{name}" for name in ("checks", "a b_total", "x_total")}


def test_two_services_with_the_same_pods_are_refused() -> None:
    assert "Its pods are those of 'a'." in refused(services={"a": SERVICE, "b": SERVICE})["services.b.selector"]
    other = {**SERVICE, "namespace": "elsewhere"}
    assert refused(services={"a": SERVICE, "b": other}) == {}


def test_an_unknown_scenario_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="There is no scenario spikes. Write a file, or one of .*spike"):
        read("spikes")
    file = tmp_path / "x.yaml"
    file.write_text("a: [")
    with pytest.raises(SandboxError, match="is no YAML"):
        read(str(file))


def test_each_service_has_arrivals_of_its_own() -> None:
    scenario = Scenario.model_validate({"services": {"web": SERVICE}})
    assert scenario.seed_of("web") != scenario.seed_of("llm")
    exact = Scenario.model_validate({"services": {"web": SERVICE}, "arrivals": "exact"})
    assert exact.seed_of("web") is None
