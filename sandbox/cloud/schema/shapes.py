"""Python type hints of the SDKs' generated classes, turned into the shapes that values on the wire must have."""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pulumi
from pulumi import _types

ScalarKind = Literal["string", "integer", "number", "boolean"]
SCALARS: dict[type, ScalarKind] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_LISTS = (list, Sequence, set, frozenset)
_MAPS = (dict, Mapping)


@dataclass(frozen=True)
class Scalar:
    """A single value; `allowed` names the only values there are."""

    kind: ScalarKind
    allowed: tuple[Any, ...] = ()


@dataclass(frozen=True)
class ListOf:
    """A list of any length."""

    item: Shape


@dataclass(frozen=True)
class MapOf:
    """A map with keys of the user's choice."""

    item: Shape


@dataclass(frozen=True)
class OneOf:
    """Any one of several shapes."""

    options: tuple[Shape, ...]


@dataclass(frozen=True)
class Anything:
    """No rule at all."""


@dataclass(frozen=True)
class File:
    """An asset or archive."""


class FromClass:
    """Something read from one of the SDK's classes, piece by piece as it is looked into: every `cached_property`.

    Classes refer to each other, in Kubernetes even in circles, which is why reading waits. A pickle carries what was
    read, all of it, and not the class, so that it is loaded without the SDK.
    """

    def __init__(self, cls: type) -> None:
        self._cls = cls

    def __getstate__(self) -> dict[str, Any]:
        parts = [name for name, _ in inspect.getmembers(type(self), lambda part: isinstance(part, cached_property))]
        read = {name: getattr(self, name) for name in parts}
        return {name: value for name, value in {**vars(self), **read}.items() if name != "_cls"}


class Object(FromClass):
    """An object with named properties: one of the SDK's input classes."""

    @cached_property
    def name(self) -> str:
        """The SDK's name of the class, without its ending."""
        return self._cls.__name__.removesuffix("Args").removesuffix("Init")

    @cached_property
    def properties(self) -> dict[str, Shape]:
        """Shape of every property, by wire name."""
        return {name: shape_of(hint) for name, hint in _types.input_type_types(self._cls).items()}

    @cached_property
    def required(self) -> frozenset[str]:
        """Wire names of the properties that must be given: the constructor's parameters without default."""
        wire_names = _types.input_type_py_to_pulumi_names(self._cls)
        parameters = list(inspect.signature(self._cls.__init__).parameters.values())[1:]  # type: ignore[misc]
        return frozenset(wire_names[parameter.name] for parameter in parameters if parameter.default is parameter.empty)


Shape = Scalar | ListOf | MapOf | OneOf | Object | Anything | File
ANYTHING = Anything()
FILE = File()

_objects: dict[type, Object] = {}


def shape_of(hint: Any) -> Shape:
    """The shape behind a hint, with Pulumi's `Input`, `Output`, `Awaitable` and `Optional` wrappers removed."""
    options = tuple(_members(hint))
    if any(_types.is_input_type(option) for option in options if isinstance(option, type)):
        # `InputType[T]` spells the same object thrice: as a class, as a `TypedDict`, as a free-form map. Data sources
        # add the class of their answer.
        options = tuple(option for option in options if not _is_stand_in(option))
    shapes = tuple(dict.fromkeys(_single(option) for option in options))
    if FILE in shapes:
        return FILE
    if not shapes or ANYTHING in shapes:
        return ANYTHING
    return shapes[0] if len(shapes) == 1 else OneOf(shapes)


def is_optional(hint: Any) -> bool:
    """Whether the hint allows nothing at all."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is type(None):
        return True
    if origin is pulumi.Output or _is_union(origin):
        return any(is_optional(argument) for argument in arguments)
    return False


def _members(hint: Any) -> Iterator[Any]:
    """The types that a hint allows, unions opened, without `None` and the wrappers of values to come."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if _is_union(origin):
        plain = [argument for argument in arguments if typing.get_origin(argument) not in (Awaitable, pulumi.Output)]
        for argument in plain or arguments:
            yield from _members(argument)
    elif origin in (Awaitable, pulumi.Output):
        yield from _members(arguments[0])
    elif hint is not type(None):
        yield hint


def _single(hint: Any) -> Shape:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return Scalar(SCALARS[type(arguments[0])], arguments)
    if origin in _LISTS:
        return ListOf(shape_of(arguments[0]))
    if origin in _MAPS:
        return MapOf(shape_of(arguments[1]))
    if not isinstance(hint, type):
        return ANYTHING
    if _types.is_input_type(hint):
        return _objects.setdefault(hint, Object(hint))
    if issubclass(hint, pulumi.Asset | pulumi.Archive):
        return FILE
    if issubclass(hint, enum.Enum):
        return _enumeration(hint)
    if hint in SCALARS:
        return Scalar(SCALARS[hint])
    return MapOf(ANYTHING) if hint in _MAPS else ANYTHING


def _enumeration(cls: type[enum.Enum]) -> Shape:
    values = tuple(member.value for member in cls)
    return Scalar(SCALARS[type(values[0])], values) if values else ANYTHING


def _is_union(origin: Any) -> bool:
    return origin is typing.Union or origin is types.UnionType


def _is_stand_in(hint: Any) -> bool:
    result = isinstance(hint, type) and _types.is_output_type(hint)
    return typing.is_typeddict(hint) or hint is dict or typing.get_origin(hint) in _MAPS or result
