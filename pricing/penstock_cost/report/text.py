"""The JSON in a file, with what programs put around it."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, NoReturn

from penstock_cost.money import CostError

_LINES_TRIED = 20
"""How many lines that open an object are tried as the beginning of the document."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def load(path: str) -> str:
    """The text of a file, or of the standard input for `-`. Raises CostError."""
    if path == "-":
        return decode(sys.stdin.buffer.read(), "The standard input")
    try:
        return decode(Path(path).read_bytes(), path)
    except FileNotFoundError:
        raise CostError(f"There is no file {path}. Write the path of one, or - for the standard input.") from None
    except IsADirectoryError:
        raise CostError(f"{path} is a folder. Write the path of a file in it.") from None
    except (OSError, ValueError) as error:
        raise CostError(f"{path} cannot be read: {error}.") from None


def decode(data: bytes, name: str) -> str:
    """UTF-8, or the UTF-16 into which PowerShell redirects output. Raises CostError."""
    try:
        return data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise CostError(f"{name} is no text. Give what `pulumi preview --json --show-sames` writes.") from None


def documents(text: str) -> list[Any]:
    """The objects in a text, one after the other; lines of other programs before and after them are passed over.

    Raises CostError where there is none, or where one is cut off.
    """
    if not text.strip():
        raise CostError(
            "The file is empty. Did the command that should write it fail? `pulumi preview --json` "
            "tells what went wrong on the standard error."
        )
    decoder = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
    found: list[Any] = []
    problem = "It has no line that begins with {."
    at, tried = _opening(text, 0), 0
    while at is not None and tried < _LINES_TRIED:
        try:
            document, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            problem = f"Line {error.lineno}, column {error.colno}: {error.msg}."
            end, tried = at + 1, tried + 1
        except ValueError as error:
            raise CostError(f"The JSON has a number that is none: {error}.") from None
        else:
            found.append(document)
        at = _opening(text, end)
    if not found:
        raise CostError(
            f"This is no JSON, or it is cut off. {problem} Give the whole of what `pulumi preview --json --show-sames` "
            "or `pulumi stack export` writes."
        )
    return found


def _opening(text: str, start: int) -> int | None:
    """Where the next line that begins with { begins."""
    if start == 0 and text.lstrip().startswith("{"):
        return text.index("{")
    at = text.find("\n{", max(start - 1, 0))
    return None if at < 0 else at + 1


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
