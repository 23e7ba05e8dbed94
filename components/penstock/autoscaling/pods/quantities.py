"""Amounts of CPU and memory as Kubernetes writes them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, DecimalException

from penstock.problems import Problem
from penstock_cost.quantities import quantity

_MOST = 2**63 - 1
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""


def amount(text: str) -> Decimal | None:
    """How much it is, in cores or bytes; None where it is no amount, or more than Kubernetes can hold."""
    try:
        number = quantity(text) if text.isascii() else None
    except DecimalException:
        return None
    return number if number is not None and 0 <= number <= _MOST else None


def amount_problems(path: str, text: str | None, example: str) -> Iterator[Problem]:
    """What is wrong with an amount, if one is given."""
    if text is not None and not amount(text):
        yield Problem(path, f"'{text}' is no amount above 0. Write one such as {example}.")


def order_problems(path: str, least: str | None, most: str | None) -> Iterator[Problem]:
    """A least amount above the most; `path` is that of the most."""
    low, high = amount(least or ""), amount(most or "")
    if low and high and low > high:
        yield Problem(path, f"Write at least {least}, the least of it; not {most}.")
