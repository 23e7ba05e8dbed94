"""Reading what Pulumi writes: previews, states, and everything that people give by mistake."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost.money import CostError
from penstock_cost.report.engine import OUTPUT_VALUE, SECRET, SIGNATURE, UNKNOWNS, known
from penstock_cost.report.read import Snapshot, parse, read, read_snapshot
from penstock_cost.resources import UNKNOWN, UNKNOWN_TEXT, Stack

POOL = "aws:eks/nodeGroup:NodeGroup"
PROVIDER = "urn:pulumi:dev::platform::pulumi:providers:aws::default_7_51_1"


def urn(name: str, kind: str = POOL) -> str:
    return f"urn:pulumi:dev::platform::{kind}::{name}"


def state(name: str, kind: str = POOL, **more: Any) -> dict[str, Any]:
    return {"urn": urn(name, kind), "type": kind, "custom": True, **more}


def step(op: str, name: str, *, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None) -> dict[str, Any]:
    """A step with states of that name; `old` and `new` say more about them, where the engine writes them."""
    made: dict[str, Any] = {"op": op, "urn": urn(name)}
    if old is not None:
        made["oldState"] = state(name) | old
    if new is not None:
        made["newState"] = state(name) | new
    return made


def preview(*steps: dict[str, Any], **more: Any) -> str:
    return json.dumps({"config": {"aws:region": "us-east-1"}, "steps": list(steps), **more}, indent=4)


def exported(*resources: dict[str, Any], **more: Any) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources), **more}})


def names(stack: Stack | None) -> list[str]:
    assert stack is not None
    return [resource.name for resource in stack.resources]


@pytest.mark.parametrize(
    "op", ["same", "update", "replace", "create-replacement", "import", "refresh", "an-op-to-come"]
)
def test_what_stays_exists_before_and_after(op: str) -> None:
    found = parse(preview(step(op, "web", old={}, new={})))
    assert (names(found.before), names(found.after)) == (["web"], ["web"])


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        (step("create", "web", new={}), [], ["web"]),
        (step("delete", "web", old={}), ["web"], []),
        (step("delete", "web", old={"delete": True}), [], []),
        (step("read", "web", new={"external": True}), [], []),
        (step("same", "web", old={"external": True}, new={"external": True}), [], []),
        (step("refresh", "web", old={}), ["web"], []),
        (step("discard", "web", old={"external": True}), [], []),
        (step("replace", "web", old={"pendingReplacement": True}, new={}), ["web"], ["web"]),
    ],
)
def test_what_comes_and_goes(given: dict[str, Any], before: list[str], after: list[str]) -> None:
    found = parse(preview(step("same", "root", old={}, new={}), given))
    assert (names(found.before)[1:], names(found.after)[1:]) == (before, after)


def test_a_replacement_counts_once_whatever_steps_show_it() -> None:
    old, new = {"inputs": {"size": 1}, "delete": True}, {"inputs": {"size": 2}}
    steps = [
        step("create-replacement", "web", old=old, new=new),
        step("replace", "web", old=old, new=new),
        step("delete-replaced", "web", old=old),
    ]
    found = parse(preview(*steps))
    assert found.before
    assert [resource.properties for resource in found.before.resources] == [{"size": 1}]
    assert [resource.properties for resource in found.after.resources] == [{"size": 2}]


def test_the_old_one_of_a_former_replacement_goes_without_the_new_one() -> None:
    steps = [step("same", "web", old={}, new={}), step("delete", "web", old={"delete": True})]
    assert names(parse(preview(*steps)).after) == ["web"]


def test_a_preview_that_hides_what_does_not_change_is_refused() -> None:
    with pytest.raises(CostError, match=r"leaves out 140 resources.*--show-sames"):
        parse(preview(step("same", "root", old={}, new={}), changeSummary={"same": 141}))
    parse(preview(step("same", "root", old={}, new={}), changeSummary={"same": 1}))


def test_a_failed_preview_is_refused_with_what_went_wrong() -> None:
    errors = [
        {"severity": "warning", "message": "hm"},
        {"severity": "error", "message": "error: Pool 'web' cannot be\n deployed"},
    ]
    with pytest.raises(CostError, match="The preview failed.*Pool 'web' cannot be deployed") as refused:
        parse(preview(step("create", "web", new={}), diagnostics=errors))
    assert "hm" not in str(refused.value)
    parse(preview(step("create", "web", new={}), diagnostics=errors[:1]))


def test_a_resource_carries_what_pricers_need() -> None:
    given = {
        "inputs": {"scalingConfig": {"maxSize": 3}},
        "outputs": {"arn": "arn:aws:…"},
        "parent": urn("gpu", "penstock:index:GpuNodePool"),
        "provider": f"{PROVIDER}::{UNKNOWN_TEXT}",
        "propertyDependencies": {"launchTemplate": [urn("t")], "region": []},
        "dependencies": [urn("t")],
    }
    found = parse(preview(step("create", "a::b", new=given)))
    (resource,) = found.after.resources
    assert resource.name == "a::b"
    assert resource.properties == {"scalingConfig": {"maxSize": 3}}
    assert resource.parent == given["parent"]
    assert resource.provider == PROVIDER
    assert list(resource.made_from("launchTemplate")) == [urn("t")]
    assert resource.dependencies == (urn("t"),)
    assert found.after.config == {"aws:region": "us-east-1"}
    assert (found.kind, found.name) == ("preview", "dev")


def test_unknown_and_secret_values_are_unknown_however_deep() -> None:
    for unknown in UNKNOWNS:
        assert known({"a": [{"b": unknown}, 1]}) == {"a": [{"b": UNKNOWN}, 1]}
    hidden = [
        {SIGNATURE: SECRET, "ciphertext": "AAA"},
        {SIGNATURE: SECRET, "plaintext": '"x"'},
        {SIGNATURE: OUTPUT_VALUE, "value": "x", "secret": True},
        {SIGNATURE: OUTPUT_VALUE, "dependencies": []},
    ]
    assert known(hidden) == [UNKNOWN] * 4
    assert known({SIGNATURE: OUTPUT_VALUE, "value": {"max": 3}}) == {"max": 3}
    assert known({SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "1"})["hash"] == "1"
    assert parse(preview(step("create", "a", new={}), config={"k": "[secret]"})).after.config == {"k": UNKNOWN}


def test_a_state_holds_what_exists() -> None:
    content = exported(
        state("web", inputs={"a": 1}, outputs={"a": 2, "b": 3}),
        state("old", delete=True),
        state("going", pendingReplacement=True),
        state("shared", external=True),
        pending_operations=[
            {"type": "creating", "resource": state("maybe")},
            {"type": "updating", "resource": state("web", inputs={"a": 9})},
        ],
    )
    found = parse(content)
    assert (found.kind, found.name, found.before) == ("state", "dev", None)
    assert names(found.after) == ["web", "maybe"]
    assert found.after.resources[0].properties == {"a": 1}


def test_an_empty_state_and_one_of_a_file_backend_are_read() -> None:
    assert names(read('{"version": 3, "deployment": {"manifest": {}}}')) == []
    backend = {"version": 3, "checkpoint": {"stack": "organization/p/dev", "latest": {"resources": [state("web")]}}}
    assert names(read(json.dumps(backend))) == ["web"]
    assert names(read(json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": None}}))) == []


def test_lines_of_other_programs_around_the_json_are_passed_over() -> None:
    content = f"The engine is kept in /somewhere.\n{{not json\n{preview(step('create', 'web', new={}))}\nDone.\n"
    assert names(read(content)) == ["web"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_come_from_any_shell(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "preview.json"
    file.write_bytes(preview(step("create", "web-ü", new={})).encode(encoding))
    assert names(read(str(file))) == ["web-ü"]


def test_a_dash_reads_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    data = preview(step("create", "web", new={})).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert names(read("-")) == ["web"]
    with pytest.raises(CostError, match="the standard input: The file is empty"):
        read("-")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("hello", "no JSON, or it is cut off"),
        ("[]", "no JSON"),
        (preview(step("create", "web", new={}))[:-40], "cut off.*Line"),
        ("{}", r"neither a preview nor a state of Pulumi \(its keys: none\)"),
        ('{"name": "x", "dependencies": {}, "scripts": {}}', "package.json"),
        ('{"terraform_version": "1.9", "planned_values": {}}', "Terraform"),
        ('{"manifest": {}, "resourcePlans": {}}', "save-plan.*--show-sames"),
        ('{"sequence": 0, "timestamp": 1, "preludeEvent": {}}\n{"sequence": 1, "timestamp": 1}', "STREAMING_JSON"),
        ('{"config": {}, "changeSummary": {}}', "holds no step"),
        ('{"steps": {}, "config": {}}', "holds no step"),
        ('{"steps": {"a": 1}}', "steps: This is no list"),
        ('{"steps": [1]}', r"steps\[0\]: This is no object"),
        ('{"steps": [{"op": 3}]}', r"steps\[0\]\.op: There is no text"),
        ('{"steps": [{"op": "create", "urn": "u"}]}', r"steps\[0\]: It is to create u, and has no newState"),
        ('{"steps": [{"op": "create", "newState": {"urn": "x", "type": "t"}}]}', "no URN of Pulumi"),
        ('{"deployment": []}', None),
        ('{"deployment": [1]}', "deployment: This is no object"),
        ('{"deployment": {"resources": [{"urn": 1}]}}', r"deployment\.resources\[0\]\.urn"),
        ('{"steps": [NaN]}', "a number that is none: NaN"),
        ('{"steps": [1e999]}', "a number that is none: 1e999"),
        ('{"a":' * 100_000, "nested too deeply|cut off"),
        ('{"format": "penstock-cost/1"}', "a report already"),
        ('{"deployment": {}}\n{"deployment": {}}', "2 documents"),
    ],
)
def test_what_is_neither_a_preview_nor_a_state_is_refused_in_a_sentence(content: str, told: str | None) -> None:
    if told is None:
        assert names(read("\n" + content)) == []
        return
    with pytest.raises(CostError, match=f"(?s){told}") as refused:
        parse(content) if "format" not in content else read(content)
    assert str(refused.value).endswith(".")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(CostError, match=r"There is no file nowhere\.json"):
        read("nowhere.json")
    with pytest.raises(CostError, match="is a folder"):
        read(str(tmp_path))
    (tmp_path / "image.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(CostError, match="is no text"):
        read(str(tmp_path / "image.png"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(CostError, match=r"bad\.json: This is no JSON"):
        read(str(tmp_path / "bad.json"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(sorted(UNKNOWNS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
STATE = st.fixed_dictionaries(
    {},
    optional={
        "urn": st.just(urn("web")) | JSON,
        "type": st.just(POOL) | JSON,
        **dict.fromkeys(
            ("inputs", "parent", "provider", "propertyDependencies", "dependencies", "custom", "delete"), JSON
        ),
    },
)
OPS = st.sampled_from(["create", "same", "update", "delete", "replace", "read", "refresh", "new-op"])
STEP = JSON | st.fixed_dictionaries(
    {}, optional={"op": OPS | JSON, "urn": JSON, "oldState": STATE | JSON, "newState": STATE | JSON}
)
DOCUMENT = st.dictionaries(st.text(max_size=5), JSON, max_size=2) | st.fixed_dictionaries(
    {},
    optional={
        "steps": st.lists(STEP, max_size=3) | JSON,
        "config": JSON,
        "changeSummary": JSON,
        "diagnostics": JSON,
        "deployment": st.fixed_dictionaries({}, optional={"resources": st.lists(STATE) | JSON}) | JSON,
        "checkpoint": st.fixed_dictionaries({}, optional={"latest": JSON}) | JSON,
        "format": st.just("penstock-cost/1") | JSON,
    },
)


@given(DOCUMENT)
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        found = parse(json.dumps(document))
    except CostError as refused:
        assert str(refused)
    else:
        assert isinstance(found, Snapshot)


@given(st.text())
def test_any_text_is_read_or_refused(content: str) -> None:
    with pytest.raises(CostError):
        parse(content)


def test_a_path_is_named_and_a_text_is_not() -> None:
    with pytest.raises(CostError, match="^The file is empty|^This JSON"):
        read_snapshot("{}")
