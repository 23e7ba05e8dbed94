"""Property values: between Pulumi's wire form (protobuf `Struct`) and plain Python.

Plain Python means `None`, `bool`, `int`, `float`, `str`, `list`, `dict`, plus `UNKNOWN` for what is not known
before the deployment and `Asset` for files and archives. The wire knows floats only; a whole number becomes an `int`.
Secrets are unwrapped on the way in: the engine marks again what it sent as a secret (this provider declares that it
does not accept secrets), and `encode` marks what the provider itself knows to be one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2


class _Wire:
    """Words of Pulumi's wire form. Its SDK has them too, but takes long to import for who only looks into a cloud."""

    UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
    OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
    ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
    ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"


SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_ASSETS: Final = frozenset({_Wire.ASSET, _Wire.ARCHIVE})

Properties = dict[str, Any]


class Unknown:
    """The type of `UNKNOWN`: a value that only the deployment will tell."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        """There is one unknown, so that `is` and `==` agree."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Asset:
    """A file, text or archive, kept as the wire describes it; two are equal when their contents' hashes are."""

    fields: Properties

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Asset):
            return NotImplemented
        mine, theirs = self.fields.get("hash"), other.fields.get("hash")
        return mine == theirs if mine and theirs else self.fields == other.fields

    __hash__ = None  # type: ignore[assignment]


def decode(struct: struct_pb2.Struct) -> Properties:
    """The properties in a wire `Struct`."""
    return {name: _decode(value) for name, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _Wire.UNKNOWN else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            return revive(decode(value.struct_value))
        case _:
            return None


def revive(fields: Properties) -> Any:
    """The value that a map stands for when it carries one of Pulumi's signatures; else the map itself."""
    match fields.get(SIGNATURE):
        case _Wire.SECRET:
            return fields.get("value")
        case _Wire.OUTPUT:
            return fields.get("value", UNKNOWN)
        case str(signature) if signature in _ASSETS:
            return Asset(fields)
        case _:
            return fields


def encode(properties: Mapping[str, Any], secret: Collection[str] = ()) -> struct_pb2.Struct:
    """The wire form of properties; those named in `secret` are marked so that the engine encrypts them."""
    struct = struct_pb2.Struct()
    for name, value in properties.items():
        if name in secret and value is not UNKNOWN:
            value = {SIGNATURE: _Wire.SECRET, "value": value}
        _encode(value, struct.fields[name])
    return struct


def _encode(value: Any, into: struct_pb2.Value) -> None:
    match value:
        case None:
            into.null_value = struct_pb2.NULL_VALUE
        case bool():
            into.bool_value = value
        case int() | float():
            into.number_value = value
        case str():
            into.string_value = value
        case Unknown():
            into.string_value = _Wire.UNKNOWN
        case Asset():
            _encode(value.fields, into)
        case Mapping():
            into.struct_value.SetInParent()
            for name, item in value.items():
                _encode(item, into.struct_value.fields[name])
        case list() | tuple():
            into.list_value.SetInParent()
            for item in value:
                _encode(item, into.list_value.values.add())
        case _:
            raise TypeError(f"A {type(value).__name__} cannot be a property value.")


def has_unknown(value: Any) -> bool:
    """Whether anything in the value is unknown."""
    match value:
        case Unknown():
            return True
        case dict():
            return any(has_unknown(item) for item in value.values())
        case list():
            return any(has_unknown(item) for item in value)
        case _:
            return False
