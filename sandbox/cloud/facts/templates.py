"""Templates such as `projects/{project}/global/networks/{name}`, filled from a resource's properties."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloud import paths
from sandbox.cloud.values import UNKNOWN, Unknown

_FIELD = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Scope:
    """What a template may speak of: the resource's properties, its id, its provider's settings.

    `seed` decides the made-up digits: the same seed, the same digits.
    """

    properties: Mapping[str, Any]
    provider: Mapping[str, Any]
    seed: str
    id: str | None = None


def expand(template: Any, scope: Scope) -> Any:
    """The template filled; `UNKNOWN` when it speaks of something unknown, `None` when of something absent.

    Lists and maps are filled item by item; what is no text is a constant. A template that is one field alone keeps
    the type of the value.
    """
    match template:
        case list() | tuple():
            return [expand(item, scope) for item in template]
        case dict():
            return {name: expand(item, scope) for name, item in template.items()}
        case str():
            return _text(template, scope)
        case _:
            return template


def fields(template: str) -> list[str]:
    """The properties that a template speaks of, in order."""
    return [name.partition("|")[0] for name in _FIELD.findall(template) if ":" not in name]


def _text(template: str, scope: Scope) -> Any:
    alone = _FIELD.fullmatch(template)
    if alone:
        return _field(alone[1], template, scope)
    values = [_field(name, f"{template}#{place}", scope) for place, name in enumerate(_FIELD.findall(template))]
    if any(isinstance(value, Unknown) for value in values):
        return UNKNOWN
    if any(value is None for value in values):
        return None
    remaining = iter(values)
    return _FIELD.sub(lambda _: str(next(remaining)), template)


def _field(name: str, place: str, scope: Scope) -> Any:
    match name.split(":"):
        case ["random", "hex", length]:
            return _digest(scope.seed, place).hex()[: int(length)]
        case ["number", length]:
            digits = int.from_bytes(_digest(scope.seed, place)) % (9 * 10 ** (int(length) - 1))
            return str(digits + 10 ** (int(length) - 1))
    if name == "now":
        return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if name == "id":
        return UNKNOWN if scope.id is None else scope.id
    path, _, last = name.partition("|")
    root: Mapping[str, Any] = scope.properties
    if path.startswith("provider."):
        root, path = scope.provider, path.removeprefix("provider.")
    value = paths.first(root, paths.read(path))
    return value.rsplit("/", 1)[-1] if last == "last" and isinstance(value, str) else value


def _digest(seed: str, place: str) -> bytes:
    return hashlib.sha256(f"{seed}#{place}".encode()).digest()
