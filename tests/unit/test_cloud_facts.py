"""The facts tables: every row fits the SDK, every replace rule replaces, and the format refuses what it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sandbox.cloud import paths
from sandbox.cloud.diff import DiffRules, changes
from sandbox.cloud.facts import Facts, Scope, expand, load, violations
from sandbox.cloud.facts.templates import fields
from sandbox.cloud.kubernetes.rules import _pod
from sandbox.cloud.paths import EVERY
from sandbox.cloud.schema import Sdk
from sandbox.cloud.schema.shapes import Anything, ListOf, MapOf, Object, OneOf, Shape
from sandbox.cloud.values import UNKNOWN

PACKAGES = ("gcp", "kubernetes", "random", "tls")
SDKS = {package: Sdk(package) for package in PACKAGES}
ROWS = [(package, token) for package in PACKAGES for token in load(package)]


def row(**keys: Any) -> Facts:
    return Facts.model_validate({"source": "test", **keys})


def leads_somewhere(shape: Shape, path: paths.Path) -> bool:
    """Whether a path names something in a shape."""
    if not path or isinstance(shape, Anything):
        return True
    step, rest = path[0], path[1:]
    match shape:
        case Object():
            return step in shape.properties and leads_somewhere(shape.properties[str(step)], rest)
        case ListOf():
            return step == EVERY and leads_somewhere(shape.item, rest)
        case MapOf():
            return leads_somewhere(shape.item, rest)
        case OneOf():
            return any(leads_somewhere(option, path) for option in shape.options)
        case _:
            return False


def sample(shape: Shape, path: paths.Path, leaf: Any) -> Any:
    """A value with the leaf where the path leads."""
    if not path:
        return leaf
    step, rest = path[0], path[1:]
    match shape:
        case Object():
            return {str(step): sample(shape.properties[str(step)], rest, leaf)}
        case ListOf():
            return [sample(shape.item, rest, leaf)]
        case _:
            return {"key" if step == EVERY else str(step): leaf}


def rules_of(facts: Facts) -> Iterator[paths.Path]:
    yield from facts.replace_on
    yield from facts.computed
    yield from facts.sets
    for table in (facts.enums, facts.patterns, facts.ranges, facts.parents, facts.defaults):
        yield from table
    for groups in (facts.conflicts, facts.exactly_one_of, facts.at_least_one_of, facts.required_with):
        for group in groups:
            yield from group
    if facts.name is not None:
        yield facts.name.property


@pytest.mark.parametrize(("package", "token"), [row for row in ROWS if row[0] != "gcp"])
def test_every_path_of_a_row_is_in_the_sdks_types(package: str, token: str) -> None:
    resource = SDKS[package].resource(token)
    assert resource is not None, "the SDK has no such type"
    facts = load(package)[token]
    lost = [paths.show(path) for path in rules_of(facts) if not leads_somewhere(resource.inputs, path)]
    assert lost == []
    assert facts.outputs.keys() <= resource.outputs.keys()
    known = resource.inputs.properties.keys() | resource.outputs.keys()
    assert {name for name in fields(facts.id or "") if "." not in name} <= known
    for parent in facts.parents.values():
        assert SDKS[package].resource(parent) is not None


def test_every_path_of_the_rules_for_pods_is_in_the_sdks_types() -> None:
    pod = SDKS["kubernetes"].resource("kubernetes:core/v1:Pod")
    assert pod is not None
    assert [path for path in rules_of(_pod()) if not leads_somewhere(pod.inputs.properties["spec"], path)] == []


@pytest.mark.parametrize(("package", "token"), ROWS)
def test_every_replace_rule_of_a_row_replaces_and_nothing_else_does(package: str, token: str) -> None:
    resource = SDKS[package].resource(token)
    assert resource is not None
    facts = load(package)[token]
    rules = DiffRules(replace_on=facts.replace_on)
    for path in facts.replace_on:
        old, new = sample(resource.inputs, path, "before"), sample(resource.inputs, path, "after")
        assert all(change.replaces for change in changes(old, new, rules)), paths.show(path)
        assert [change.replaces for change in changes({}, new, rules)] == [True], paths.show(path)
    free = resource.inputs.properties.keys() - {str(path[0]) for path in facts.replace_on}
    for name in free:
        assert not any(change.replaces for change in changes({name: "a"}, {name: "b"}, rules)), name


@pytest.mark.parametrize(("package", "token"), ROWS)
def test_every_enum_of_a_row_refuses_what_is_not_in_it(package: str, token: str) -> None:
    resource = SDKS[package].resource(token)
    assert resource is not None
    facts = load(package)[token]
    for path, allowed in facts.enums.items():
        only = Facts(source="test", enums={path: allowed})
        assert not list(violations(only, sample(resource.inputs, path, allowed[0])))
        assert list(violations(only, sample(resource.inputs, path, "no such value")))


def test_a_row_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gcp.yaml").write_text("gcp:a:B: {source: x, replaceOn: [a]}")
    with pytest.raises(ValidationError, match="replaceOn"):
        load("gcp", tmp_path)


def test_a_row_without_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gcp.yaml").write_text("gcp:a:B: {replace_on: [a]}")
    with pytest.raises(ValidationError, match="source"):
        load("gcp", tmp_path)


@pytest.mark.parametrize(
    ("facts", "inputs", "refused"),
    [
        (row(enums={"mode": ["A", "B"]}), {"mode": "C"}, ["mode"]),
        (row(enums={"mode": ["A", "B"]}), {"mode": UNKNOWN}, []),
        (row(patterns={"name": "^[a-z]+$"}), {"name": "A1"}, ["name"]),
        (row(ranges={"count": [1, 3]}), {"count": 0}, ["count"]),
        (row(ranges={"count": [1, 3]}), {"count": "4"}, ["count"]),
        (row(ranges={"items[*].size": [1, None]}), {"items": [{"size": 1}, {"size": 0}]}, ["items[1].size"]),
        (row(conflicts=[["a", "b"]]), {"a": 1, "b": 2}, ["a"]),
        (row(conflicts=[["a", "b"]]), {"a": 1, "b": UNKNOWN}, []),
        (row(exactly_one_of=[["a", "b"]]), {}, ["a"]),
        (row(exactly_one_of=[["a", "b"]]), {"b": UNKNOWN}, []),
        (row(exactly_one_of=[["a", "b"]]), {"a": 1, "b": 1}, ["a"]),
        (row(at_least_one_of=[["a", "b"]]), {"a": []}, ["a"]),
        (row(at_least_one_of=[["a", "b"]]), {"a": 0}, []),
        (row(required_with=[["a", "b"]]), {"a": 1}, ["b"]),
        (row(required_with=[["a", "b"]]), {}, []),
        (row(name={"property": "name", "max_length": 3}), {"name": "long"}, ["name"]),
        (row(name={"property": "name", "pattern": "^[a-z]+$"}), {"name": "1"}, ["name"]),
    ],
)
def test_value_rules(facts: Facts, inputs: dict[str, Any], refused: list[str]) -> None:
    assert [paths.show(path) for path, _ in violations(facts, inputs)] == refused


def test_templates_speak_of_properties_settings_and_digits() -> None:
    scope = Scope({"name": "a", "parent": "x/y/z", "spec": {"size": 3}}, {"project": "acme"}, seed="s", id="the-id")
    assert expand("{provider.project}/{name}/{parent|last}/{id}", scope) == "acme/a/z/the-id"
    assert expand("{spec.size}", scope) == 3
    assert expand(["{name}", {"deep": "{name}"}, 7], scope) == ["a", {"deep": "a"}, 7]
    assert expand("{missing}/x", scope) is None
    assert expand("{unknown}/x", Scope({"unknown": UNKNOWN}, {}, seed="s")) is UNKNOWN
    assert len(expand("{random:hex:8}", scope)) == 8
    assert len(expand("{number:19}", scope)) == 19
    assert expand("{random:hex:8}", scope) == expand("{random:hex:8}", scope)
    assert expand("{random:hex:8}", scope) != expand("{random:hex:8}", Scope({}, {}, seed="t"))


def test_removing_what_the_cloud_fills_and_reordering_sets_are_no_changes() -> None:
    rules = DiffRules(computed=[("zone",)], sets=[("scopes",)], loose=True, live={"location": "eu"})
    assert changes({"zone": "a", "scopes": ["x", "y"]}, {"scopes": ["y", "x"]}, rules) == []
    assert changes({"n": 3, "empty": []}, {"n": "3"}, rules) == []
    assert changes({}, {"location": "eu"}, rules) == []
    assert [change.kind for change in changes({}, {"location": "us"}, rules)] == ["add"]


def test_ignored_paths_are_no_changes() -> None:
    rules = DiffRules(ignore=[paths.read("spec.replicas"), paths.read("items[*].a")])
    old = {"spec": {"replicas": 1, "x": 1}, "items": [{"a": 1, "b": 1}]}
    new = {"spec": {"replicas": 2, "x": 2}, "items": [{"a": 2, "b": 2}]}
    assert [paths.show(change.path) for change in changes(old, new, rules)] == ["items[0].b", "spec.x"]


STEPS = st.lists(st.one_of(st.text(min_size=1), st.integers(0, 99)), min_size=1).filter(
    lambda steps: isinstance(steps[0], str)
)


@given(STEPS)
def test_a_path_survives_being_written_and_read(steps: list[str | int]) -> None:
    assert paths.read(paths.show(tuple(steps))) == tuple(steps)


@pytest.mark.parametrize("text", ["a..b", "a[", "[x]", "a[-1]", '["a'])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match="is no property path"):
        paths.read(text)


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES), st.dictionaries(st.sampled_from("abc"), VALUES))
def test_two_inputs_differ_exactly_when_they_are_unequal(old: dict[str, Any], new: dict[str, Any]) -> None:
    def typed(value: Any) -> Any:
        """Told apart by type as well: to a provider, true is not 1."""
        if isinstance(value, dict):
            return {name: typed(item) for name, item in value.items()}
        return [typed(item) for item in value] if isinstance(value, list) else (type(value), value)

    assert (changes(old, new, DiffRules()) == []) == (typed(old) == typed(new))
