"""`penstock cost preview`, `state` and `diff`, as somebody types them."""

import json
from pathlib import Path
from typing import Any

import pytest

from penstock_cost.cli import main

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"


def resource(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    made = {"urn": f"urn:pulumi:dev::platform::{kind}::{name}", "type": kind, "custom": True}
    return made | {"inputs": {"region": "us-east-1", **inputs}}


def group(most: int, machine: str = "p3.2xlarge") -> dict[str, Any]:
    scaling = {"minSize": 0, "maxSize": most, "desiredSize": 0}
    return resource(GROUP, "gpu", instanceTypes=[machine], scalingConfig=scaling, capacityType="ON_DEMAND", diskSize=20)


@pytest.fixture
def preview(tmp_path: Path) -> Path:
    """A pool that grows from 2 to 4 machines."""
    old, new = group(2), group(4)
    steps = [{"op": "update", "urn": old["urn"], "oldState": old, "newState": new}]
    return written(tmp_path / "preview.json", {"config": {}, "steps": steps, "changeSummary": {"update": 1}})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The pool with 2 machines, and what has no price."""
    resources = [group(2), resource("aws:nothing/known:Known", "odd")]
    return written(tmp_path / "state.json", {"version": 3, "deployment": {"resources": resources}})


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_a_preview_as_json_is_a_document(preview: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["cost", "preview", str(preview), "--format", "json"]) == 0
    document = json.loads(capfdbinary.readouterr().out)
    assert document["stack"] == "dev"
    assert document["floor"] == 0
    assert document["ceiling"] == pytest.approx(sum(item["ceiling"] for item in document["items"]))
    (machines,) = (item for item in document["items"] if item["kind"] == "machines")
    assert machines["ceiling"] == pytest.approx(4 * machines["rates"][0]["usd"] * 730)
    assert document["holes"] == []


@pytest.mark.parametrize(
    ("style", "told"), [("table", "USD a month"), ("markdown", "### "), ("html", "<!doctype html>")]
)
def test_each_format_goes_to_the_output_or_to_a_file(
    state: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], style: str, told: str
) -> None:
    assert main(["cost", "state", str(state), "--format", style]) == 0
    shown = capfdbinary.readouterr().out.decode()
    assert told in shown
    assert "odd" in shown
    out = tmp_path / "report"
    assert main(["cost", "state", str(state), "--format", style, "--out", str(out)]) == 0
    assert told in out.read_text()
    assert capfdbinary.readouterr().out == b""


def test_names_with_halves_of_characters_are_written_in_every_format(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    lone = chr(0xD800)
    steps = [{"op": "create", "urn": "", "newState": resource(GROUP, f"gpu{lone}", instanceTypes=[f"m5{lone}"])}]
    path = written(tmp_path / "preview.json", {"config": {}, "steps": steps})
    for style in ("table", "json", "markdown", "html"):
        assert main(["cost", "preview", str(path), "--format", style]) == 0
        out = capfdbinary.readouterr().out
        if style == "json":
            assert json.loads(out)["holes"][0]["name"] == f"gpu{lone}"


def test_a_hole_fails_only_where_that_was_asked_and_nobody_allowed_it(state: Path, tmp_path: Path) -> None:
    allowed = written(tmp_path / "options.json", {"allowed_holes": ["aws:nothing/*"]})
    assert main(["cost", "state", str(state)]) == 0
    assert main(["cost", "state", str(state), "--fail-on-holes"]) == 3
    assert main(["cost", "state", str(state), "--fail-on-holes", "--config", str(allowed)]) == 0


def test_a_preview_is_compared_with_the_stack_as_it_stands(
    preview: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["cost", "diff", str(preview), "--format", "json"]) == 0
    found = json.loads(capfdbinary.readouterr().out)
    (cause,) = (cause for cause in found["changes"][0]["causes"])
    assert cause["causes"] == ["count"]
    assert found["after"]["ceiling"] == pytest.approx(2 * found["before"]["ceiling"])


def test_a_state_a_preview_and_a_saved_report_are_compared_with_each_other(
    preview: Path, state: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    saved = tmp_path / "saved.json"
    assert main(["cost", "state", str(state), "--format", "json", "--out", str(saved)]) == 0
    told = []
    for before in (state, saved):
        for style in ("table", "markdown"):
            assert main(["cost", "diff", str(before), str(preview), "--format", style]) == 0
            told.append(capfdbinary.readouterr().out.decode())
    assert told[:2] == told[2:]
    assert all("number of machines" in text and "0-2 → 0-4" in text for text in told)


def test_negotiated_rates_of_the_configuration_count(
    state: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    rates = {"rates": [{"cloud": "aws", "machine": "p3.2xlarge", "usd": 1}]}
    options = written(tmp_path / "options.json", {"rates": rates})
    assert main(["cost", "state", str(state), "--config", str(options), "--format", "json"]) == 0
    document = json.loads(capfdbinary.readouterr().out)
    (machines,) = (item for item in document["items"] if item["kind"] == "machines")
    assert machines["ceiling"] == pytest.approx(2 * 730)
    assert document["prices"]["negotiated"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["preview", "{state}"], "This is a state. Give what `pulumi preview"),
        (["state", "{preview}"], "This is a preview. Give what `pulumi stack export`"),
        (["preview", "nowhere.json"], "There is no file nowhere.json"),
        (["diff", "{state}"], "does not say what comes after"),
        (["diff", "-", "-"], "Only one of the two"),
        (["state", "{state}", "--config", "{preview}"], "holds no options:"),
        (["state", "{state}", "--config", "{misspelt}"], "annotations: There is no purchas to say of a pool."),
        (["state", "{state}", "--out", "/nowhere/at/all"], "cannot be written"),
        (["state", "{state}", "--prices", "/nowhere"], "/nowhere"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    preview: Path, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    misspelt = written(tmp_path / "options.json", {"annotations": {"gpu": {"purchas": "reserved", "spotPrice": 1}}})
    names = {"preview": preview, "state": state, "misspelt": misspelt}
    assert main(["cost", *(word.format(**names) for word in words)]) == 1
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_a_wrong_command_line_is_no_bad_input(preview: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cost", "diff", str(preview), "--format", "html"])
    assert ended.value.code == 2
