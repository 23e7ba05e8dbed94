"""What differs between two sets of inputs, path by path, and whether that replaces the resource."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.cloud import paths
from sandbox.cloud.paths import Path
from sandbox.cloud.values import UNKNOWN, Asset, Properties

Kind = Literal["add", "delete", "update"]
_MISSING = object()


@dataclass(frozen=True)
class Change:
    """One difference; `replaces` tells that it cannot be made in place."""

    path: Path
    kind: Kind
    replaces: bool


@dataclass(frozen=True)
class DiffRules:
    """How two values are compared.

    `replace_on`: paths whose change replaces. `computed`: inputs that may be left out later without a change.
    `sets`: lists without order. `loose`: `"3"` equals `3`, an empty list or map equals none, as for Terraform's
    providers. `ignore`: paths that the program wants ignored. `live`: what the cloud has; writing down what it chose
    itself is no change.
    """

    replace_on: Sequence[Path] = ()
    computed: Sequence[Path] = ()
    sets: Sequence[Path] = ()
    loose: bool = False
    ignore: Sequence[Path] = ()
    live: Mapping[str, Any] = field(default_factory=dict)


def changes(old: Properties, new: Properties, rules: DiffRules) -> list[Change]:
    """Every change from the old inputs to the new ones; an unknown new value counts as a change."""
    return list(_compare(old, new, (), rules))


def _compare(old: Any, new: Any, at: Path, rules: DiffRules) -> Iterator[Change]:
    if any(paths.covers(ignored, at) for ignored in rules.ignore):
        return
    if _absent(old, rules) and _absent(new, rules):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            if not name.startswith("__"):
                yield from _compare(old.get(name, _MISSING), new.get(name, _MISSING), (*at, name), rules)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(old, new, at, rules)
    elif _absent(new, rules):
        if not any(paths.covers(pattern, at) for pattern in rules.computed):
            yield _change(at, "delete", old, rules)
    elif _absent(old, rules):
        if not _equal(paths.first(rules.live, at), new, rules):
            yield _change(at, "add", new, rules)
    elif new is UNKNOWN or not _equal(old, new, rules):
        yield _change(at, "update", new, rules)


def _compare_lists(old: list[Any], new: list[Any], at: Path, rules: DiffRules) -> Iterator[Change]:
    if any(pattern == paths.generalise(at) for pattern in rules.sets):
        old, new = sorted(old, key=_sort_key), sorted(new, key=_sort_key)
    for index in range(max(len(old), len(new))):
        before = old[index] if index < len(old) else _MISSING
        after = new[index] if index < len(new) else _MISSING
        yield from _compare(before, after, (*at, index), rules)


def _change(at: Path, kind: Kind, value: Any, rules: DiffRules) -> Change:
    return Change(at, kind, any(_forces(pattern, at, value) for pattern in rules.replace_on))


def _forces(pattern: Path, at: Path, value: Any) -> bool:
    """Whether a change at the path is one of the pattern's, be it inside a block that comes, goes or is unknown."""
    if paths.covers(pattern, at):
        return True
    inside = paths.touches(pattern, at) and len(pattern) > len(at)
    return inside and (value is UNKNOWN or any(True for _ in paths.find(value, pattern[len(at) :])))


def _absent(value: Any, rules: DiffRules) -> bool:
    return value is _MISSING or value is None or (rules.loose and value in ([], {}))


def _equal(old: Any, new: Any, rules: DiffRules) -> bool:
    if old == new and isinstance(old, bool) == isinstance(new, bool):
        return True
    scalars = all(isinstance(value, bool | int | float | str) for value in (old, new))
    return rules.loose and scalars and _text(old) == _text(new)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sort_key(value: Any) -> str:
    return "~" if value is UNKNOWN else json.dumps(value, sort_keys=True, default=_asset_text)


def _asset_text(value: Any) -> Any:
    return value.fields if isinstance(value, Asset) else "~"
