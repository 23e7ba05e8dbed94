"""Quantities as Kubernetes writes them: `500m`, `2Gi`, `1e3`.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(m|u|n|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?")
_BINARY = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)}
_DECIMAL = {letter: f"1e{power}" for letter, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)}


def quantity(text: object) -> Decimal | None:
    """The number that a quantity means; None where it is none."""
    found = _FORM.fullmatch(str(text))
    if found is None:
        return None
    number, unit = Decimal(found[1]), found[2] or ""
    if unit in _BINARY:
        return number * _BINARY[unit]
    return number * Decimal(_DECIMAL.get(unit, f"1{unit}" if unit else "1"))
