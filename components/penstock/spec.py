"""The base of every specification: what may be asked, and every problem with it at once.

A specification is a frozen pydantic model. Rules that concern several fields are methods marked with `rule`,
each a generator of `Problem`. `check` reports field errors and broken rules together: a rule that reads a field
which is itself in error is skipped, all others still speak.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from penstock.problems import InvalidSpec, Problem

_RULE = "penstock_rule"


Rule = Callable[[Any], Iterable[Problem]]
R = TypeVar("R", bound=Rule)
S = TypeVar("S", bound="Spec")


def rule(method: R) -> R:
    """Marks a method of a `Spec` as a rule over several fields."""
    setattr(method, _RULE, True)
    return method


def _whole(value: object) -> object:
    # Pulumi sends every number as a float; a flag or a text is never a number here.
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "not a number")
    return value


WholeNumber = Annotated[int, BeforeValidator(_whole)]


class Spec(BaseModel):
    """Base of all specifications: frozen, refuses what it does not know, reports every problem at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hints: ClassVar[Mapping[str, str]] = {}
    """What to write instead of a setting that people expect here and that does not exist."""

    @model_validator(mode="wrap")
    @classmethod
    def _report_everything(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            spec = handler(data)
        except ValidationError as error:
            if not isinstance(data, Mapping):
                raise
            errors = [cls._in_words(details) for details in error.errors(include_url=False)]
            bad = {str(e["loc"][0]) for e in errors if e["loc"]}
            broken = _broken_rules(cls, _valid_part(cls, data, bad), skip_unreadable=True)
            raise _validation_error(cls, [*errors, *broken]) from None
        if broken := _broken_rules(cls, spec, skip_unreadable=False):
            raise _validation_error(cls, broken)
        return spec

    @classmethod
    def _in_words(cls, details: ErrorDetails) -> InitErrorDetails:
        """Gives an error of this level its sentence, while the model it belongs to is known."""
        error = InitErrorDetails(
            type=details["type"], loc=details["loc"], input=details["input"], ctx=details.get("ctx", {})
        )
        if len(details["loc"]) == 1 and details["type"] in ("missing", "extra_forbidden"):
            name = str(details["loc"][0])
            error["type"] = _problem_type(cls._missing(name) if details["type"] == "missing" else cls._unknown(name))
        elif details["type"] == _PROBLEM:
            error["type"] = _problem_type(details["msg"])
        elif details["type"] not in _SENTENCES:
            error["type"] = _problem_type(f"{details['msg']}.")
        else:
            error["type"] = _problem_type(_sentence(details))
        error.pop("ctx", None)
        return error

    @classmethod
    def _missing(cls, name: str) -> str:
        description = cls.model_fields[name].description if name in cls.model_fields else None
        return f"This is required. Write {description}." if description else "This is required."

    @classmethod
    def _unknown(cls, name: str) -> str:
        if name in cls.hints:
            return cls.hints[name]
        near = difflib.get_close_matches(name, cls.model_fields, n=1)
        guess = f" Did you mean '{near[0]}'?" if near else ""
        return f"There is no such setting.{guess} The settings here are: {', '.join(cls.model_fields)}."


def check(model: type[S], data: Any) -> S:
    """Validates `data` against `model`. Raises InvalidSpec with every problem found."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [Problem(path_of(details["loc"]), _sentence(details)) for details in error.errors(include_url=False)]
        raise InvalidSpec(problems) from None


def path_of(location: Iterable[int | str]) -> str:
    """('pools', 'web', 'taints', 0, 'key') -> 'pools.web.taints[0].key'; '[key]' (a bad map key) is dropped."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]":
            path += f".{step}" if path else step
    return path


_PROBLEM = "penstock_problem"

_SENTENCES: dict[str, str] = {
    "int_type": "Write a whole number, not {input}.",
    "int_parsing": "Write a whole number, not {input}.",
    "int_from_float": "Write a whole number, not {input}.",
    "finite_number": "Write a finite number, not {input}.",
    "float_type": "Write a number, not {input}.",
    "float_parsing": "Write a number, not {input}.",
    "bool_type": "Write true or false, not {input}.",
    "string_type": "Write a text, not {input}.",
    "string_too_short": "Write a text of at least {min_length} characters, not {input}.",
    "string_too_long": "Write a text of at most {max_length} characters, not {input}.",
    "list_type": "Write a list, not {input}.",
    "dict_type": "Write a map of names to values, not {input}.",
    "model_type": "Write a map of settings, not {input}.",
    "model_attributes_type": "Write a map of settings, not {input}.",
    "enum": "Write one of {expected}; {input} is none of them.",
    "greater_than": "Write a number above {gt}, not {input}.",
    "greater_than_equal": "Write a number of at least {ge}, not {input}.",
    "less_than": "Write a number below {lt}, not {input}.",
    "less_than_equal": "Write a number of at most {le}, not {input}.",
    "too_short": "Write at least {min_length} of these, not {actual_length}.",
    "too_long": "Write at most {max_length} of these, not {actual_length}.",
}


def _sentence(details: ErrorDetails) -> str:
    template = _SENTENCES.get(details["type"])
    if template is None:
        return details["msg"]
    shown = repr(details["input"])
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return template.format(**{**details.get("ctx", {}), "input": shown})


def _problem_type(reason: str) -> PydanticCustomError:
    # A custom error formats its template with braces, so the sentence goes in as a value.
    return PydanticCustomError(_PROBLEM, "{reason}", {"reason": reason})


def _validation_error(model: type[Spec], errors: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data(model.__name__, errors)


def _broken_rules(model: type[Spec], spec: Spec, *, skip_unreadable: bool) -> list[InitErrorDetails]:
    """What the rules of `model` say of `spec`; `skip_unreadable` where it lacks the fields that are in error."""
    found: list[InitErrorDetails] = []
    for name in dir(model):
        method = getattr(model, name, None)
        if not getattr(method, _RULE, False):
            continue
        try:
            problems = list(method(spec))  # type: ignore[misc]
        except AttributeError:
            if not skip_unreadable:
                raise
            continue  # this rule reads a field that is in error itself
        found += [
            InitErrorDetails(type=_problem_type(problem.reason), loc=tuple(_steps(problem.path)), input=None)
            for problem in problems
        ]
    return found


def _steps(path: str) -> Iterable[int | str]:
    for part in filter(None, re.split(r"\.|(?=\[\d+\])", path)):
        yield int(part[1:-1]) if re.fullmatch(r"\[\d+\]", part) else part


def _annotation(field: FieldInfo) -> Any:
    return Annotated[field.annotation, field]


def _valid_part(model: type[Spec], data: Mapping[Any, Any], bad: set[str]) -> Spec:
    """`data` as a `model` without the fields named in `bad`: reading one of those raises AttributeError."""
    values = {
        name: TypeAdapter[Any](_annotation(field)).validate_python(data[name])
        for name, field in model.model_fields.items()
        if name in data and name not in bad
    }
    part = model.model_construct(**values)
    for name in bad:
        part.__dict__.pop(name, None)
    return part
