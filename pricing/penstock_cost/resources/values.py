"""Reading properties that may be missing, unknown or nonsense. Each refusal names the path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, overload

from penstock_cost.money import CostError
from penstock_cost.resources.model import UNKNOWN, UNKNOWN_TEXT, Resource, Unknown


class Unpriced(CostError):  # noqa: N818 (it reads as what is wrong)
    """A resource that gets no price because of one of its properties."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


_MOST: Final = 10**12
"""More than this of anything is taken for a slip; it also keeps infinities and overflows out."""


class Required:
    """Marks that there is no default."""


REQUIRED: Final = Required()


class Values:
    """Properties with the path at which they stand. Methods raise Unpriced for what they cannot read."""

    __slots__ = ("_path", "data")

    def __init__(self, data: Mapping[str, Any], path: str = "") -> None:
        self.data = data
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) is not None

    def at(self, name: str) -> str:
        """Where a property stands, for example `scalingConfig.maxSize`."""
        return f"{self._path}.{name}" if self._path else name

    def unknown(self, name: str) -> bool:
        """Whether the value is known only after the deployment."""
        value = self.data.get(name)
        return value is UNKNOWN or value == UNKNOWN_TEXT

    def known(self, name: str, default: Any = None) -> Any:
        """The value as it is."""
        value = self.data.get(name)
        if value is None:
            if default is REQUIRED:
                raise Unpriced(f"It has no {self.at(name)}, and its cost depends on that.", self.at(name))
            return default
        if value is UNKNOWN or value == UNKNOWN_TEXT:
            raise not_known(self.at(name))
        return value

    @overload
    def number(self, name: str, default: float | Required = REQUIRED) -> float: ...
    @overload
    def number(self, name: str, default: None) -> float | None: ...
    def number(self, name: str, default: float | Required | None = REQUIRED) -> float | None:
        """A number of 0 or more; texts of digits count, as Pulumi takes them too."""
        value = self.known(name, default)
        if value is None:
            return None
        number = _number(value)
        if number is None:
            shown = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:77]}..."
            raise Unpriced(f"{self.at(name)} is {shown}. Write a number from 0 to {_MOST:,}.", self.at(name))
        return number

    @overload
    def whole(self, name: str, default: int | Required = REQUIRED) -> int: ...
    @overload
    def whole(self, name: str, default: None) -> int | None: ...
    def whole(self, name: str, default: int | Required | None = REQUIRED) -> int | None:
        """A whole number of 0 or more; engines hand them over as floats."""
        number = self.number(name, default)
        if number is None:
            return None
        if number != int(number):
            raise Unpriced(f"{self.at(name)} is {number:g}. Write a whole number.", self.at(name))
        return int(number)

    @overload
    def text(self, name: str, default: str | Required = REQUIRED) -> str: ...
    @overload
    def text(self, name: str, default: None) -> str | None: ...
    def text(self, name: str, default: str | Required | None = REQUIRED) -> str | None:
        """A text that is not empty, unless that is the default."""
        value = self.known(name, default)
        if value is None or (value == "" and default is not REQUIRED):
            return default if isinstance(default, str) else None
        if not isinstance(value, str) or not value:
            raise Unpriced(f"{self.at(name)} is {value!r}. Write a text.", self.at(name))
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Whether it is set; AWS writes some as texts."""
        value = self.known(name, default)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise Unpriced(f"{self.at(name)} is {value!r}. Write true or false.", self.at(name))
        return value

    def child(self, name: str) -> Values:
        """A nested object; empty where there is none. A list of one object counts as that."""
        value = self.known(name, {})
        if isinstance(value, list) and len(value) <= 1:
            value = value[0] if value else {}
        if not isinstance(value, Mapping):
            self._refuse_member(value, name)
            raise Unpriced(f"{self.at(name)} is {value!r}. Write an object.", self.at(name))
        return Values(value, self.at(name))

    def children(self, name: str) -> Iterator[Values]:
        """The objects of a list."""
        for index, value in enumerate(self.list(name)):
            path = f"{self.at(name)}[{index}]"
            if not isinstance(value, Mapping):
                self._refuse_member(value, f"{name}[{index}]")
                raise Unpriced(f"{path} is {value!r}. Write an object.", path)
            yield Values(value, path)

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty where there is none."""
        values = self.list(name)
        for index, value in enumerate(values):
            if not isinstance(value, str) or value == UNKNOWN_TEXT:
                self._refuse_member(value, f"{name}[{index}]")
                raise Unpriced(f"{self.at(name)}[{index}] is {value!r}. Write a text.", f"{self.at(name)}[{index}]")
        return values

    def list(self, name: str) -> list[Any]:
        """A list as it is; empty where there is none."""
        value = self.known(name, [])
        if not isinstance(value, list | tuple):
            raise Unpriced(f"{self.at(name)} is {value!r}. Write a list.", self.at(name))
        return [*value]

    def _refuse_member(self, value: Any, name: str) -> None:
        if isinstance(value, Unknown) or value == UNKNOWN_TEXT:
            raise not_known(self.at(name))


def of(resource: Resource) -> Values:
    """A resource's properties."""
    return Values(resource.properties)


def not_known(path: str) -> Unpriced:
    """The refusal of a value that is known only after the deployment."""
    return Unpriced(
        f"{path} is not known before the deployment, and its cost depends on it. Write a plain value.", path
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not value.strip().replace(".", "", 1).isdecimal() or not value.isascii():
            return None
        value = float(value)
    if not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _MOST else None
