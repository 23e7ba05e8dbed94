"""Types that need no pricer: free ones, those that are paid by use, and those that have no price here."""

from __future__ import annotations

import re
from enum import Enum
from fnmatch import translate
from functools import cache, lru_cache

from penstock_cost import tables
from penstock_cost.resources.tokens import plain


class Kind(Enum):
    """What is known of a type without reading its properties."""

    FREE = "free"
    METERED = "usage_priced"
    """Paid by use: it costs what `Options.usage` says of it."""
    UNPRICED = "unpriced"
    """It costs money, or may, and has no price here."""


@lru_cache(maxsize=8192)
def kind_of(token: str) -> tuple[Kind, str]:
    """What a type is, and why: the row with the longest glob that matches decides."""
    token = plain(token)
    for glob, pattern, kind, reason in _rows():
        if glob == token or pattern.match(token):
            return kind, reason
    return (
        Kind.UNPRICED,
        f"penstock-cost does not know the type {token}. Allow it (allowed_holes) if it costs nothing that matters.",
    )


@cache
def _rows() -> list[tuple[str, re.Pattern[str], Kind, str]]:
    rows = [
        (row["type"], re.compile(translate(row["type"])), kind, row["reason"])
        for kind in Kind
        for row in tables.read(kind.value)
    ]
    return sorted(rows, key=lambda row: len(row[0].replace("*", "")), reverse=True)


@lru_cache(maxsize=1024)
def metered(token: str) -> list[tables.Row]:
    """The rows of usage_priced.csv for a type: what of its use is paid for."""
    token = plain(token)
    return [row for row in tables.read(Kind.METERED.value) if re.match(translate(row["type"]), token)]
