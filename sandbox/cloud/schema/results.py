"""Answers of data sources, made from resources.

A data source of a bridged provider has every block of its resource as a list with a plural name: what the resource
calls `masterAuth` is `masterAuths` there, a list of one.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import _types

from sandbox.cloud.values import Properties

_NOTHING: dict[Any, Any] = {str: "", bool: False, int: 0, float: 0.0}


def as_result(cls: type, source: Mapping[str, Any]) -> Properties:
    """The source in the form of an SDK's result class: every property is there, the absent ones empty."""
    singular = {plural: name for name in source for plural in _plurals(name)}
    return {
        name: _convert(hint, source.get(name, source.get(singular.get(name, ""))))
        for name, hint in _types.output_type_types(cls).items()
    }


def _convert(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return value or {}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        items = [] if value is None else value if isinstance(value, list) else [value]
        return [_convert(arguments[0], item) for item in items]
    if isinstance(hint, type) and _types.is_output_type(hint):
        return as_result(hint, value or {})
    return _NOTHING.get(hint) if value is None else value


def _plurals(name: str) -> list[str]:
    return [f"{name}s", f"{name}es", f"{name[:-1]}ies"]
