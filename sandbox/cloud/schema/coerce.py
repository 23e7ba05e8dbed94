"""Gives scalars the types that their shapes want, as Terraform's bridge does before a provider sees them."""

from __future__ import annotations

from typing import Any

from sandbox.cloud.schema.shapes import ListOf, MapOf, Object, Scalar, Shape


def coerce(value: Any, shape: Shape | None) -> Any:
    """A copy of a value that passed its check, `"3"` become `3` where a number is wanted, and so on."""
    match value, shape:
        case dict(), Object():
            return {name: coerce(item, shape.properties.get(name)) for name, item in value.items()}
        case dict(), MapOf():
            return {name: coerce(item, shape.item) for name, item in value.items()}
        case list(), ListOf():
            return [coerce(item, shape.item) for item in value]
        case dict(), _:
            return {name: coerce(item, None) for name, item in value.items()}
        case list(), _:
            return [coerce(item, None) for item in value]
        case ((str() | bool() | int() | float()), Scalar()):
            return _scalar(value, shape.kind)
        case _:
            return value


def _scalar(value: str | bool | float, kind: str) -> str | bool | float:
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if not isinstance(value, str):
        return value
    if kind == "boolean":
        return value == "true"
    number = float(value)
    return int(number) if number.is_integer() else number
