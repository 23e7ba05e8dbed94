"""Questions of this package: how they are checked, and how their faults are told."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from penstock_cost.money import CostError

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A fraction, 0 to 1."""
LEAST = 1e-6
"""Amounts by which something is divided are no smaller; less is taken for a slip."""
UsdPerHour = Annotated[float, Field(ge=LEAST, le=10_000, allow_inf_nan=False)]
"""The dearest machine of a price list costs less than a tenth of the bound."""
UsdPerMillion = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Tokens = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
"""A thousand trillion a day is more than all providers together serve."""


class Question(BaseModel):
    """What may be asked. Nothing can be changed afterwards, and no unknown field is passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Kind = TypeVar("Kind", bound=Question)


def ask(kind: type[Kind], given: Mapping[str, Any], path: str = "") -> Kind:
    """The question with these fields. Raises CostError with every problem, each with its path.

    `path` is where the fields stand in a file of settings; it goes before the paths of the problems.
    """
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        problems = [_sentence(kind, one, path) for one in error.errors()]
        raise CostError("\n".join(problems)) from None


def nearest(name: str, known: list[str]) -> str:
    """The names that are most like it, as the end of a sentence; some of them where none is like it."""
    close = get_close_matches(name, known, n=4, cutoff=0.5)
    return ", ".join(close or sorted(known)[:4])


def _sentence(kind: type[Question], error: Any, before: str) -> str:
    # Of a value that may be of several types, pydantic ends the path with the type that it tried.
    steps = [str(step) for step in error["loc"] if not str(step).startswith(("constrained-", "literal["))]
    path = ".".join(part for part in (before, *steps) if part)
    if error["type"] == "extra_forbidden":
        known = nearest(str(error["loc"][-1]), _fields(kind, error))
        return f"{path}: There is no such field. Write for example {known}."
    if error["type"] == "missing":
        return f"{path}: This is needed. Write it."
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{path}: {message}" if path else message
    return f"{path}: {message.rstrip('.')}. It is {error['input']!r}."


def _fields(kind: type[Question], error: Any) -> list[str]:
    """The fields that stand beside the unknown one."""
    for part in error["loc"][:-1]:
        field = kind.model_fields.get(str(part))
        annotation = field.annotation if field else None
        for inner in (annotation, *get_args(annotation)):
            if isinstance(inner, type) and issubclass(inner, Question):
                kind = inner
    return list(kind.model_fields)
