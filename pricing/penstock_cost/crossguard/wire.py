"""Properties as the engine sends them to policies, turned into plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock_cost.resources.model import UNKNOWN, UNKNOWN_TEXT

# How the engine writes values that it does not know yet: one mark for each kind of value.
_UNKNOWNS = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def plain(struct: Any) -> dict[str, Any]:
    """The members of a `google.protobuf.Struct`, with UNKNOWN where a value is not known and secrets laid open."""
    return {key: _value(value) for key, value in struct.fields.items()}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    return _KINDS[kind](value) if kind else None


def _text(value: Any) -> Any:
    text = value.string_value
    return UNKNOWN if text in _UNKNOWNS else text


def _object(value: Any) -> Any:
    members = plain(value.struct_value)
    match members.get(_SIGNATURE):
        case None:
            return members
        case str(mark) if mark == _SECRET:
            return members.get("value")
        case str(mark) if mark == _OUTPUT:
            return members.get("value", UNKNOWN)
        case _:
            return {key: one for key, one in members.items() if key != _SIGNATURE}


_KINDS: dict[str, Callable[[Any], Any]] = {
    "null_value": lambda _value: None,
    "number_value": lambda value: value.number_value,
    "string_value": _text,
    "bool_value": lambda value: value.bool_value,
    "struct_value": _object,
    "list_value": lambda value: [_value(one) for one in value.list_value.values],
}
