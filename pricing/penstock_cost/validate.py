"""Bad input in sentences: every problem with a pydantic model at once, each with its path."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from penstock_cost.money import CostError

M = TypeVar("M", bound=BaseModel)

_SENTENCES = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such setting.",
    "int_type": "Write a whole number, not {input}.",
    "int_parsing": "Write a whole number, not {input}.",
    "int_from_float": "Write a whole number, not {input}.",
    "float_type": "Write a number, not {input}.",
    "float_parsing": "Write a number, not {input}.",
    "finite_number": "Write a finite number, not {input}.",
    "bool_type": "Write true or false, not {input}.",
    "string_type": "Write a text, not {input}.",
    "string_too_short": "Write a text of at least {min_length} characters, not {input}.",
    "string_pattern_mismatch": "Write a text of the form {pattern}, not {input}.",
    "list_type": "Write a list, not {input}.",
    "tuple_type": "Write a list, not {input}.",
    "dict_type": "Write a map of names to values, not {input}.",
    "model_type": "Write a map of settings, not {input}.",
    "enum": "Write one of {expected}; {input} is none of them.",
    "literal_error": "Write one of {expected}; {input} is none of them.",
    "greater_than": "Write a number above {gt}, not {input}.",
    "greater_than_equal": "Write a number of at least {ge}, not {input}.",
    "less_than": "Write a number below {lt}, not {input}.",
    "less_than_equal": "Write a number of at most {le}, not {input}.",
    "too_short": "Write at least {min_length} of these, not {actual_length}.",
    "too_long": "Write at most {max_length} of these, not {actual_length}.",
}


def checked(model: type[M], data: Any, path: str = "") -> M:
    """`data` as a `model`; `path` says where it stands. Raises CostError with every problem."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = (_problem(model, details, path) for details in error.errors(include_url=False))
        raise CostError("\n".join(problems)) from None


def _problem(model: type[BaseModel], details: ErrorDetails, path: str) -> str:
    where = path
    for step in details["loc"]:
        where += f"[{step}]" if isinstance(step, int) else f".{step}" if where else step
    if details["type"] == "extra_forbidden" and len(details["loc"]) == 1:
        return f"{where}: There is no such setting. The settings here are: {', '.join(model.model_fields)}."
    if details["type"] == "value_error":
        message = details["msg"].removeprefix("Value error, ")
        return f"{where}: {message}" if where else message
    shown = repr(details["input"])
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    sentence = _SENTENCES.get(details["type"], "{message}.").format(
        **{**details.get("ctx", {}), "input": shown, "message": details["msg"]}
    )
    return f"{where}: {sentence}" if where else sentence
