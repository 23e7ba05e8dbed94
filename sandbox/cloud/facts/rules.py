"""The value rules of a facts row, applied to a resource's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.cloud.facts.model import Facts
from sandbox.cloud.paths import Path, find, show
from sandbox.cloud.schema import Failure
from sandbox.cloud.schema.check import describe, suggest
from sandbox.cloud.values import UNKNOWN


def violations(facts: Facts, inputs: Mapping[str, Any]) -> Iterator[Failure]:
    """Every value rule that the inputs break. Unknown values break none."""
    values = dict(inputs)
    yield from _names(facts, values)
    yield from _values(facts, values)
    yield from _groups(facts, values)


def _names(facts: Facts, values: dict[str, Any]) -> Iterator[Failure]:
    if facts.name is None:
        return
    for path, name in find(values, facts.name.property):
        if not isinstance(name, str):
            continue
        longest, pattern = facts.name.max_length, facts.name.pattern
        if longest is not None and len(name) > longest:
            yield Failure(path, f'The name "{name}" has {len(name)} characters; at most {longest} are allowed.')
        if pattern is not None and not pattern.search(name):
            yield Failure(path, f'The name "{name}" does not have the form {pattern.pattern}.')


def _values(facts: Facts, values: dict[str, Any]) -> Iterator[Failure]:
    for rule, allowed in facts.enums.items():
        for path, value in find(values, rule):
            if value is not UNKNOWN and value not in allowed:
                choices = [str(choice) for choice in allowed]
                hint = suggest(str(value), choices)
                listed = ", ".join(f'"{choice}"' for choice in choices)
                yield Failure(path, f"{describe(value).capitalize()} is not one of {listed}{hint or '.'}")
    for rule, pattern in facts.patterns.items():
        for path, value in find(values, rule):
            if isinstance(value, str) and not pattern.search(value):
                yield Failure(path, f"{describe(value).capitalize()} does not have the form {pattern.pattern}.")
    for rule, (low, high) in facts.ranges.items():
        for path, value in find(values, rule):
            number = _number(value)
            if number is not None and not (low is None or number >= low):
                yield Failure(path, f"{describe(value).capitalize()} is too small; the least is {low:g}.")
            elif number is not None and not (high is None or number <= high):
                yield Failure(path, f"{describe(value).capitalize()} is too large; the most is {high:g}.")


def _groups(facts: Facts, values: dict[str, Any]) -> Iterator[Failure]:
    for group in facts.conflicts:
        given, _ = _given(group, values)
        if len(given) > 1:
            yield Failure(given[0], f"{_list(given)} exclude each other; give one of them.")
    for group in facts.exactly_one_of:
        given, undecided = _given(group, values)
        if len(given) > 1 or not (given or undecided):
            yield Failure(group[0], f"Exactly one of {_list(group)} must be given, not {len(given)}.")
    for group in facts.at_least_one_of:
        given, undecided = _given(group, values)
        if not (given or undecided):
            yield Failure(group[0], f"At least one of {_list(group)} must be given.")
    for group in facts.required_with:
        given, undecided = _given(group, values)
        missing = [path for path in group if path not in given and path not in undecided]
        if given and missing:
            yield Failure(missing[0], f"{_list(given)} needs {_list(missing)} beside it.")


def _given(group: tuple[Path, ...], values: dict[str, Any]) -> tuple[list[Path], list[Path]]:
    """The paths of a group that are given, and those of which only the deployment tells: they may turn out absent."""
    given: list[Path] = []
    undecided: list[Path] = []
    for path in group:
        found = [value for _, value in find(values, path) if value not in ([], {})]
        if UNKNOWN in found:
            undecided.append(path)
        elif found:
            given.append(path)
    return given, undecided


def _list(paths: list[Path] | tuple[Path, ...]) -> str:
    return " and ".join(f'"{show(path)}"' for path in paths)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
