"""Writes refreshed prices, so that a file is always whole: the old one or the new one."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

from penstock_cost.book.overlay import Price, read


def folder() -> Path:
    """Where refreshed prices go unless somebody says otherwise: in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "penstock" / "prices"


def write(out: Path, cloud: str, prices: Iterable[Price]) -> Path:
    """Puts prices of some regions of a cloud into its file, beside those of the other regions."""
    fresh = list(prices)
    regions, path = {price.region for price in fresh}, out / f"{cloud}.csv"
    kept = [price for price in read(path) if price.region not in regions] if path.exists() else []
    out.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=out, suffix=".part", delete=False, newline="", encoding="utf-8") as file:
        try:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(Price._fields)
            writer.writerows(sorted([*kept, *fresh]))
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)
    return path
