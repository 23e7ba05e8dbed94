"""Kubernetes' quantities as numbers: `500m` is 0.5, `2Gi` is 2147483648."""

from __future__ import annotations

import re

_UNITS = {
    **{"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0},
    **{unit: 1000.0**power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTPE", start=1)},
}


def quantity(text: str | int | float) -> float:
    """The number. Raises ValueError where it is none."""
    found = re.fullmatch(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)", str(text).strip())
    if not found or found[2] not in _UNITS:
        raise ValueError(f"'{text}' is no quantity. Write a number with a unit such as m, Mi or Gi.")
    return float(found[1]) * _UNITS[found[2]]
