"""Parts of what is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from penstock_cost.money import Rate


def usd(amount: float) -> str:
    """With cents, or with four places below a dollar."""
    return f"{amount:,.2f}" if abs(amount) >= 1 or not amount else f"{amount:.4f}"


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table: the first column to the left, the others to the right."""
    table = [head, *rows]
    widths = [max(len(row[index]) for row in table) for index in range(len(head))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in table
    ]


def notes(texts: Iterable[str]) -> list[str]:
    """A line each."""
    return [f"  - {text}" for text in texts]


def sources(rates: Iterable[Rate]) -> list[str]:
    """The prices with where they are from."""
    lines = [f"  {rate.usd:g} USD per {rate.unit}: {rate.source} {rate.as_of}".rstrip() for rate in rates]
    return ["", "Prices:", *lines] if lines else []


def put(lines: Iterable[str]) -> int:
    """Prints lines; 0."""
    return _print("\n".join(line.rstrip() for line in lines))


def put_json(answer: Any) -> int:
    """Prints an answer, named tuples as objects; 0."""
    return _print(json.dumps(_plain(answer), indent=2, ensure_ascii=False))


def _print(text: str) -> int:
    """Prints it, with what the terminal cannot show as escapes; 0."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))  # noqa: T201 (it is a command)
    return 0


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
