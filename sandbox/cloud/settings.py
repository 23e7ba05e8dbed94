"""The settings of a provider itself, which travel as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.cloud.schema.shapes import Anything, OneOf, Scalar, Shape
from sandbox.cloud.values import Properties

_ENGINES_OWN = ("version", "pluginDownloadURL")


def parse_settings(inputs: Mapping[str, Any], shapes: Mapping[str, Shape]) -> Properties:
    """The settings with JSON read where the SDK's types want no text; what is no JSON stays text."""
    return {name: _parse(value, shapes.get(name)) for name, value in inputs.items() if name not in _ENGINES_OWN}


def _parse(value: Any, shape: Shape | None) -> Any:
    if not isinstance(value, str) or shape is None or _takes_text(shape):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _takes_text(shape: Shape) -> bool:
    match shape:
        case Scalar():
            return shape.kind == "string"
        case OneOf():
            return any(_takes_text(option) for option in shape.options)
        case _:
            return isinstance(shape, Anything)
