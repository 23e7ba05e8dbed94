"""Maxima by pattern: the first that matches a name counts."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from pydantic import Field

from penstock_cost.crossguard.rules import Config


class Limit(Config):
    """The most that whatever matches may have."""

    pattern: str = Field(min_length=1)
    """A glob of the name in the program, of `namespace/name`, or of the URN."""
    maximum: int = Field(ge=0)


class KindLimit(Limit):
    """The same, for a kind of workload only where one is stated."""

    kind: str = ""
    """For example `Deployment` or `ScaledObject`; empty for every kind."""


def matches(pattern: str, texts: Iterable[str]) -> bool:
    """Whether a glob matches one of them."""
    return any(fnmatchcase(text, pattern) for text in texts)
