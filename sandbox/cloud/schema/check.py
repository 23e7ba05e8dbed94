"""Is a value what its shape says? Every violation is found, each with its path and what to write instead."""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sandbox.cloud.paths import Path
from sandbox.cloud.schema.shapes import File, ListOf, MapOf, Object, OneOf, Scalar, Shape
from sandbox.cloud.values import UNKNOWN, Asset


class Failure(NamedTuple):
    """One violation: where, and a sentence that says what to write instead."""

    path: Path
    reason: str


class Coercion(enum.Enum):
    """How a provider takes a scalar of another type.

    `BRIDGED` providers (aws, gcp, random) are built on Terraform's, whose bridge converts between text and numbers
    or booleans. `STRICT` ones (azure-native, kubernetes) hand the value to an API that refuses it.
    """

    BRIDGED = enum.auto()
    STRICT = enum.auto()


_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_NUMERIC = {"integer": re.compile(r"[+-]?\d+"), "number": re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")}


def check(value: Any, shape: Shape, coercion: Coercion, at: Path = ()) -> Iterator[Failure]:
    """Every way in which the value misses its shape. What is unknown or null is no violation."""
    if value is UNKNOWN or value is None:
        return
    match shape:
        case Scalar():
            yield from _scalar(value, shape, coercion, at)
        case ListOf():
            if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from check(item, shape.item, coercion, (*at, index))
            else:
                yield Failure(at, f"A list is wanted here, not {describe(value)}.")
        case MapOf():
            if isinstance(value, dict):
                for key, item in value.items():
                    yield from check(item, shape.item, coercion, (*at, key))
            else:
                yield Failure(at, f"A map is wanted here, not {describe(value)}.")
        case Object():
            yield from _object(value, shape, coercion, at)
        case OneOf():
            yield from _one_of(value, shape, coercion, at)
        case File() if not isinstance(value, Asset):
            yield Failure(at, f"An asset or archive is wanted here, not {describe(value)}.")


def describe(value: Any) -> str:
    """A value in words, short enough for a message."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the text "{value if len(value) <= 40 else value[:37] + "…"}"'
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "an asset or archive"


def suggest(name: str, valid: list[str]) -> str:
    """“; did you mean …?” with the nearest valid names, or all of them when few, or nothing."""
    by_folded = {_fold(candidate): candidate for candidate in valid}
    near = difflib.get_close_matches(_fold(name), by_folded, n=3, cutoff=0.6)
    if near:
        return "; did you mean " + " or ".join(f'"{by_folded[match]}"' for match in near) + "?"
    return ""


def _fold(name: str) -> str:
    return name.replace("_", "").lower()


def _object(value: Any, shape: Object, coercion: Coercion, at: Path) -> Iterator[Failure]:
    if not isinstance(value, dict):
        yield Failure(at, f"An object ({shape.name}) is wanted here, not {describe(value)}.")
        return
    for name in sorted(shape.required):
        if value.get(name) is None:
            yield Failure((*at, name), f'{shape.name} needs the property "{name}"; it is missing.')
    for name, item in value.items():
        if name in shape.properties:
            yield from check(item, shape.properties[name], coercion, (*at, name))
        elif not name.startswith("__"):
            hint = suggest(name, sorted(shape.properties)) or "."
            yield Failure((*at, name), f'{shape.name} has no property "{name}"{hint}')


def _one_of(value: Any, shape: OneOf, coercion: Coercion, at: Path) -> Iterator[Failure]:
    """The shape that misses least speaks, so that a typo inside a variant is reported as that typo."""
    attempts = [list(check(value, option, coercion, at)) for option in shape.options]
    best = min(attempts, key=lambda failures: (any(failure.path == at for failure in failures), len(failures)))
    yield from best


def _scalar(value: Any, shape: Scalar, coercion: Coercion, at: Path) -> Iterator[Failure]:
    if not _fits(value, shape.kind, coercion):
        yield Failure(at, f"{_WORDS[shape.kind].capitalize()} is wanted here, not {describe(value)}.")
    elif shape.allowed and value not in shape.allowed:
        allowed = ", ".join(f'"{choice}"' for choice in shape.allowed)
        yield Failure(at, f"{describe(value).capitalize()} is not among the values allowed here: {allowed}.")


def _fits(value: Any, kind: str, coercion: Coercion) -> bool:
    bridged = coercion is Coercion.BRIDGED
    match value:
        case bool():
            return kind == "boolean" or (bridged and kind == "string")
        case int():
            return kind in ("integer", "number") or (bridged and kind == "string")
        case float():
            return kind == "number" or (bridged and kind == "string")
        case str() if kind == "string":
            return True
        case str() if bridged and kind == "boolean":
            return value in ("true", "false")
        case str() if bridged:
            return _NUMERIC[kind].fullmatch(value) is not None
        case _:
            return False
