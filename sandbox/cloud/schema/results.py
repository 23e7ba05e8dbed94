"""Answers of data sources, made from resources.

A data source of a bridged provider has every block of its resource as a list with a plural name: what the resource
calls `masterAuth` is `masterAuths` there, a list of one.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from pulumi import _types

from sandbox.cloud.schema.shapes import ANYTHING, SCALARS, ListOf, MapOf, Object, Scalar, Shape
from sandbox.cloud.values import Properties

_NOTHING: dict[str, Any] = {"string": "", "boolean": False, "integer": 0, "number": 0.0}


class Result(Object):
    """An object in an answer: one of the SDK's output classes."""

    @cached_property
    def properties(self) -> dict[str, Shape]:
        """Shape of every property, by wire name."""
        return {name: _shape_of(hint) for name, hint in _types.output_type_types(self._cls).items()}

    @cached_property
    def required(self) -> frozenset[str]:
        """An answer has all of its properties."""
        return frozenset(self.properties)


@cache
def result_of(cls: type) -> Result:
    """The result that one of the SDK's output classes stands for; one for each, since classes refer to each other."""
    return Result(cls)


def as_result(result: Object, source: Mapping[str, Any]) -> Properties:
    """The source in the form of an SDK's result: every property is there, the absent ones empty."""
    singular = {plural: name for name in source for plural in _plurals(name)}
    return {
        name: _convert(shape, source.get(name, source.get(singular.get(name, ""))))
        for name, shape in result.properties.items()
    }


def _convert(shape: Shape, value: Any) -> Any:
    match shape:
        case MapOf():
            return value or {}
        case ListOf():
            items = [] if value is None else value if isinstance(value, list) else [value]
            return [_convert(shape.item, item) for item in items]
        case Object():
            return as_result(shape, value or {})
        case Scalar() if value is None:
            return _NOTHING[shape.kind]
        case _:
            return value


def _shape_of(hint: Any) -> Shape:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return MapOf(ANYTHING)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return ListOf(_shape_of(arguments[0]))
    if isinstance(hint, type) and _types.is_output_type(hint):
        return result_of(hint)
    return Scalar(SCALARS[hint]) if hint in SCALARS else ANYTHING


def _plurals(name: str) -> list[str]:
    return [f"{name}s", f"{name}es", f"{name[:-1]}ies"]
