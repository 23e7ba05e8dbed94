"""Quantities as Kubernetes writes them: `500m`, `2Gi`, `1e3`."""

from __future__ import annotations

from typing import Any

from penstock_cost import quantities
from penstock_cost.resources.model import UNKNOWN, UNKNOWN_TEXT
from penstock_cost.resources.values import Unpriced, not_known

GIB = 1024.0**3
MIB = 1024.0**2
_MOST = 10**21


def quantity(value: Any, path: str) -> float:
    """The number. Raises Unpriced, naming the path."""
    if value is UNKNOWN or value == UNKNOWN_TEXT:
        raise not_known(path)
    number = None if isinstance(value, bool) else quantities.quantity(value)
    if number is None or not 0 <= number < _MOST:
        raise Unpriced(f"{path} is {value!r}. Write a quantity, such as 500m or 2Gi.", path)
    return float(number)
