"""Amounts of CPU and memory as Kubernetes writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from penstock.problems import Problem

_SUFFIXES = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
}
_FORM = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")


def amount(text: str) -> Decimal | None:
    """How much it is, in cores or bytes; None where it is no amount."""
    found = _FORM.fullmatch(text)
    return Decimal(found[1]) * _SUFFIXES[found[2] or ""] if found else None


def amount_problems(path: str, text: str | None, example: str) -> Iterator[Problem]:
    """What is wrong with an amount, if one is given."""
    if text is not None and not amount(text):
        yield Problem(path, f"'{text}' is no amount above 0. Write one such as {example}.")


def order_problems(path: str, least: str | None, most: str | None) -> Iterator[Problem]:
    """A least amount above the most; `path` is that of the most."""
    low, high = amount(least or ""), amount(most or "")
    if low and high and low > high:
        yield Problem(path, f"Write at least {least}, the least of it; not {most}.")
