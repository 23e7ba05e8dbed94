"""Inputs worked out from what the cloud answers, as the provider does it at a refresh and at an import.

Sources: pulumi/pulumi-azure-native provider/pkg/provider/provider.go@006a62afe453b416e5d5c98d2d91c4c7281f52f9 (Read),
provider/pkg/provider/diff.go@03707ff7fc10b70f7dd23ec847a3ce1e9264c124 (applyDiff) and
provider/pkg/convert/responseToSdkInputs.go@604cfd525f965477da629fdb2474063bdce7d798.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.cloud.schema.shapes import ListOf, MapOf, Object, OneOf, Shape
from sandbox.cloud.values import Properties


def project(value: Any, shape: Shape | None) -> Any:
    """What of an output could be an input: read-only properties are left out."""
    match value, shape:
        case dict(), Object():
            known = {name: item for name, item in value.items() if name in shape.properties and item is not None}
            return {name: project(item, shape.properties[name]) for name, item in known.items()}
        case dict(), MapOf():
            return {name: project(item, shape.item) for name, item in value.items()}
        case dict(), ListOf():
            # What the API has as a map of empty objects, such as identities, the SDK takes as a list of the keys.
            return sorted(value)
        case list(), ListOf():
            return [project(item, shape.item) for item in value]
        case _, OneOf():
            fitting = (option for option in shape.options if isinstance(value, dict) == isinstance(option, Object))
            return project(value, next(fitting, None))
        case _:
            return copy.deepcopy(value)


def refreshed(inputs: Properties, before: Properties, now: Properties, shape: Object) -> Properties:
    """The inputs with every change between the outputs that Pulumi remembers and those of now.

    What the cloud added by itself when it answered the first time is in both, and so never becomes an input.
    """
    return _apply(inputs, project(before, shape), project(now, shape))


def _apply(base: Properties, before: Mapping[str, Any], now: Mapping[str, Any]) -> Properties:
    result = {name: value for name, value in base.items() if name in now or name not in before}
    for name, value in now.items():
        if name not in before or (before[name] != value and name not in base):
            result[name] = value
        elif before[name] != value:
            result[name] = _apply_value(base[name], before[name], value)
    return result


def _apply_value(base: Any, before: Any, now: Any) -> Any:
    if isinstance(base, dict) and isinstance(before, dict) and isinstance(now, dict):
        return _apply(base, before, now)
    if isinstance(base, list) and isinstance(before, list) and isinstance(now, list):
        common = min(len(base), len(before))
        kept = [_apply_value(base[at], before[at], item) for at, item in enumerate(now[:common])]
        return [*kept, *now[common:]]
    return now


def imported(path: Properties, outputs: Properties, shape: Object) -> Properties:
    """The inputs that would lead to these outputs: the parts of the id, and all that can be set and is not empty."""
    body = {name: value for name, value in project(outputs, shape).items() if name not in path and name != "id"}
    kept = {name: _without_empty(value) for name, value in body.items()}
    return {**{name: value for name, value in kept.items() if value is not None}, **path}


def _without_empty(value: Any) -> Any:
    match value:
        case dict():
            kept = {name: _without_empty(item) for name, item in value.items()}
            return {name: item for name, item in kept.items() if item is not None} or None
        case list():
            return [item for item in map(_without_empty, value) if item is not None] or None
        case _:
            return value
