"""What an estimate is made of. Money is USD a month of 730 hours throughout, unless a name says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

HOURS_PER_MONTH = 730
"""The month that the clouds' own calculators use: 8,760 / 12."""
HOURS_PER_WEEK = 168


class CostError(Exception):
    """Something that cannot be estimated as it was asked for; the text says what to write instead."""


class UnknownPrice(CostError, LookupError):  # noqa: N818 (it reads as what is wrong)
    """The price book has no such price; the text names what it does have."""


class Confidence(StrEnum):
    """How far a number may be believed."""

    HIGH = "high"
    """Prices of a list, and counts that are stated: fixed sizes, schedules, profiles."""
    MEDIUM = "medium"
    """A derived price, or counts from bounds of workloads."""
    LOW = "low"
    """A count that nobody stated: the desired size of an autoscaled pool, or a stand-in price."""

    @property
    def rank(self) -> int:
        """0 is the least."""
        return ("low", "medium", "high").index(self.value)


def least(confidences: Iterable[Confidence]) -> Confidence:
    """The least of them; high where there are none."""
    return min(confidences, key=lambda one: one.rank, default=Confidence.HIGH)


class Rate(NamedTuple):
    """A price of a list."""

    usd: float
    """USD for one unit."""
    unit: str
    """`hour`, `GB-month`, `IOPS-month`, `month`, `GB` …"""
    source: str
    as_of: str
    """The day of the price as YYYY-MM-DD, or the month or year where no more is known."""
    confidence: Confidence = Confidence.HIGH


class Estimate(NamedTuple):
    """What something costs a month, from the least to the most."""

    floor: float
    """With every bound at its minimum."""
    expected: float
    """With the counts that schedules, profiles or workloads tell."""
    ceiling: float
    """With every bound at its maximum, spot machines at the on-demand price of their fallback."""
    bounded: float
    """The ceiling that the autoscaled workloads can really ask for; the ceiling where nothing bounds it further."""

    def plus(self, other: Estimate) -> Estimate:
        """The sum of two."""
        return Estimate(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def times(self, factor: float) -> Estimate:
        """This many of it."""
        return Estimate(*(one * factor for one in self))


ZERO = Estimate(0.0, 0.0, 0.0, 0.0)


def always(usd: float) -> Estimate:
    """What costs the same in every case."""
    return Estimate(usd, usd, usd, usd)


def total(estimates: Iterable[Estimate]) -> Estimate:
    """The sum of any number of them."""
    floor = expected = ceiling = bounded = 0.0
    for one in estimates:
        floor += one.floor
        expected += one.expected
        ceiling += one.ceiling
        bounded += one.bounded
    return Estimate(floor, expected, ceiling, bounded)
