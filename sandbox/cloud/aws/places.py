"""Regions and zones, and the account in which everything lies: the tables in `data/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from sandbox.cloud import tables

ACCOUNT: Final = "123456789012"
CALLER: Final = f"arn:aws:iam::{ACCOUNT}:user/sandbox"
_DATA = Path(__file__).parent / "data"


@cache
def read(name: str) -> Any:
    """A table of `data/`."""
    return tables.read(_DATA / f"{name}.yaml")


def regions() -> dict[str, dict[str, Any]]:
    """Every region: its description and its zones, name to id."""
    table: dict[str, dict[str, Any]] = read("regions")["regions"]
    return table


def zones(region: str) -> dict[str, str]:
    """The zones that every account has in a region: names to ids."""
    return {f"{region}{letter}": id_ for letter, id_ in regions()[region]["zones"].items()}


def local_zones(region: str) -> dict[str, str]:
    """The local zones of a region, which an account has to opt in to: names to ids."""
    return dict(regions()[region].get("local_zones") or {})


def zone_named(region: str, id_: str) -> str | None:
    """The name of a zone by its id."""
    return next((name for name, known in {**zones(region), **local_zones(region)}.items() if known == id_), None)
