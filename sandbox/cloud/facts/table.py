"""Reads the tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from sandbox.cloud import tables
from sandbox.cloud.facts.model import Facts

_TABLE = TypeAdapter(dict[str, Facts])


@cache
def load(package: str, folder: Path = Path(__file__).parent) -> dict[str, Facts]:
    """The rows of a package by resource token, none when the package has no table.

    Raises `pydantic.ValidationError`, which names token and key, for a row that is not of the format.
    """
    file = folder / f"{package}.yaml"
    if not file.exists():
        return {}
    return _TABLE.validate_python(tables.read(file) or {})
