"""Reading properties of which a preview may not know the value yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock_cost.resources.model import UNKNOWN


class NotKnown(Exception):  # noqa: N818 (it reads as what is wrong)
    """A value that decides something, and is not known or is no such value. The text names its path."""

    def __init__(self, path: str, why: str = "is not known at preview") -> None:
        super().__init__(f"{path} {why}. Write a plain value.")
        self.path = path
        self.why = why

    def below(self, path: str) -> NotKnown:
        """The same, of what lies at this path (with its dot)."""
        return NotKnown(path + self.path, self.why)


def read(properties: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path such as `autoscaling.maxNodeCount`; None where it is missing.

    A list of one object counts as that object. Raises NotKnown where the value, or what it lies in, is not known.
    """
    value: Any = properties
    walked: list[str] = []
    for name in path.split("."):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
        walked.append(name)
        if value is UNKNOWN:
            raise NotKnown(".".join(walked))
        if value is None:
            return None
    return value


def whole(properties: Mapping[str, Any], path: str) -> int | None:
    """A whole number of 0 or more. Raises NotKnown also for anything else than one."""
    value = read(properties, path)
    if value is None:
        return None
    number = _number(value)
    if number is None:
        raise NotKnown(path, f"is {value!r}, which is no whole number")
    return number


def text(properties: Mapping[str, Any], path: str) -> str:
    """A text; empty where it is missing. Raises NotKnown."""
    value = read(properties, path)
    return "" if value is None else str(value)


def items(properties: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a list, each with its path. Raises NotKnown where the list or one of them is not known."""
    values = read(properties, path)
    if isinstance(values, Mapping):
        values = [values]
    for index, value in enumerate(values if isinstance(values, list | tuple) else ()):
        at = f"{path}[{index}]"
        if value is UNKNOWN:
            raise NotKnown(at)
        if isinstance(value, Mapping):
            yield at, value


def strings(properties: Mapping[str, Any], path: str) -> list[str] | None:
    """The texts of a list; None where it is missing. Raises NotKnown where one is not known."""
    values = read(properties, path)
    if not isinstance(values, list | tuple):
        return None
    for index, value in enumerate(values):
        if value is UNKNOWN:
            raise NotKnown(f"{path}[{index}]")
    return [str(value) for value in values]


def known_texts(properties: Mapping[str, Any], path: str) -> dict[str, str]:
    """The entries of a map whose values are known; those that are not match no selector."""
    try:
        values = read(properties, path)
    except NotKnown:
        return {}
    if not isinstance(values, Mapping):
        return {}
    return {str(key): str(value) for key, value in values.items() if value is not UNKNOWN and value is not None}


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        # Pulumi takes texts of digits for numbers too.
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None
    if isinstance(value, int | float) and 0 <= value < 1e9 and value == int(value):
        return int(value)
    return None
