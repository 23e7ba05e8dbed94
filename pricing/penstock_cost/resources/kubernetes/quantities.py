"""Quantities as Kubernetes writes them: `500m`, `2Gi`, `1e3`."""

from __future__ import annotations

import re
from typing import Any

from penstock_cost.resources.model import UNKNOWN, UNKNOWN_TEXT
from penstock_cost.resources.values import Unpriced, not_known

_FORM = re.compile(r"(?P<number>\d+(\.\d*)?|\.\d+)(?P<unit>m|u|n|[kMGTPE]|[KMGTPE]i|[eE]\d{1,2})?")
_UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", start=1)}
GIB = 1024.0**3
MIB = 1024.0**2


def quantity(value: Any, path: str) -> float:
    """The number. Raises Unpriced, naming the path."""
    if value is UNKNOWN or value == UNKNOWN_TEXT:
        raise not_known(path)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e18:
        return float(value)
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise Unpriced(f"{path} is {value!r}. Write a quantity, such as 500m or 2Gi.", path)
    number, unit = float(match["number"]), match["unit"] or ""
    if unit[:1] in ("e", "E") and len(unit) > 1 and unit[1:].isdigit():
        return number * 10.0 ** int(unit[1:])
    return number * (_BINARY.get(unit) or _UNITS.get(unit) or 1.0)
