"""Reads the tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

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
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _TABLE.validate_python(yaml.load(file.read_text(encoding="utf-8"), Loader=loader) or {})
