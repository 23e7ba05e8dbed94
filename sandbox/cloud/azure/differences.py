"""What the provider calls a difference, and when one replaces.

Source: pulumi/pulumi-azure-native provider/pkg/provider/diff.go (the version with `mapProperties`): a property
replaces when it is marked itself, or when its value differs inside an object that is marked; a member that comes or
goes does not. The case of ids and of resource groups, and the case and spaces of places, mean nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sandbox.cloud import paths
from sandbox.cloud.diff import Change, DiffRules, changes
from sandbox.cloud.facts import Facts
from sandbox.cloud.values import Properties


def differences(
    facts: Facts, old: Properties, live: Properties, new: Properties, ignore: Sequence[paths.Path]
) -> list[Change]:
    """Every difference between old and new inputs."""
    rules = DiffRules(computed=facts.computed, sets=facts.sets, ignore=ignore, live=live)
    found = (change for change in changes(old, new, rules) if not _alike(change, old, new))
    return [dataclasses.replace(change, replaces=_replaces(facts, change)) for change in found]


def _replaces(facts: Facts, change: Change) -> bool:
    at = paths.generalise(change.path)
    return any(_marks(pattern, at, change.kind) for pattern in facts.replace_on)


def _marks(pattern: paths.Path, at: paths.Path, kind: str) -> bool:
    if pattern == at:
        return True
    beneath = len(at) > len(pattern) and paths.covers(pattern, at)
    return beneath and kind == "update" and at[len(pattern)] != paths.EVERY


def _alike(change: Change, old: Properties, new: Properties) -> bool:
    before, after = paths.first(old, change.path), paths.first(new, change.path)
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    return _normal(change.path, before) == _normal(change.path, after)


def _normal(path: paths.Path, value: str) -> str:
    if path == ("location",):
        return value.replace(" ", "").lower()
    if path == ("resourceGroupName",) or value.lower().startswith("/subscriptions/"):
        return value.lower()
    return value
