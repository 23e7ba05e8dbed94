"""What a change of a bill is made of, and the sentences that all renderings share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from penstock_cost.money import Estimate
from penstock_cost.report.document import HoleEntry, Usd
from penstock_cost.report.view import change, one_line

CAUSES = {
    "new": "new",
    "removed": "removed",
    "priced": "had no price before",
    "unpriced": "has no price any more",
    "count": "number of machines",
    "type": "machine type",
    "region": "region",
    "purchase": "how it is bought",
    "price": "prices of the list",
    "size": "size or use",
    "other": "other settings",
}
"""Causes in the order of their telling, as a reader is told of them."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Amounts(_Part):
    """USD a month of 730 hours."""

    floor: Usd
    expected: Usd
    ceiling: Usd
    bounded_ceiling: Usd

    @property
    def estimate(self) -> Estimate:
        """The four as a bill has them."""
        return Estimate(self.floor, self.expected, self.ceiling, self.bounded_ceiling)


class Cause(_Part):
    """Why a cost is another, and how much of the difference that makes."""

    causes: tuple[str, ...]
    """Keys of `CAUSES`: several where what each makes cannot be told apart."""
    text: str
    """What was and what is: `count: 2-4 → 2-10`."""
    delta: Amounts


class Change(_Part):
    """A line of the bill that is new, gone or different. It may cost the same: a tenant or a pool that changed."""

    change: Literal["new", "removed", "changed"]
    urn: str
    name: str
    pool: str
    type: str
    kind: str
    what_before: str
    what_after: str
    before: Amounts
    after: Amounts
    delta: Amounts
    causes: tuple[Cause, ...]


class Difference(_Part):
    """What a change costs a month."""

    format: Literal["penstock-cost-diff/1"] = "penstock-cost-diff/1"
    currency: Literal["USD"] = "USD"
    hours_per_month: Literal[730] = 730
    stack: str
    before: Amounts
    after: Amounts
    delta: Amounts
    causes: tuple[Cause, ...]
    """The sums by cause."""
    changes: tuple[Change, ...]
    """The largest change of the ceiling first."""
    new_holes: tuple[HoleEntry, ...]
    """What has no price, and had one or was not there."""
    closed_holes: tuple[HoleEntry, ...]
    """What had no price, and has one or is gone."""
    lasting_holes: tuple[HoleEntry, ...]
    """What has no price before and after: what its change costs is not known."""
    prices_before: str
    """The newest price that was used."""
    prices_after: str


def difference_headline(given: Difference) -> str:
    """The change in a sentence."""
    of = f"Stack {one_line(given.stack)}: " if given.stack else ""
    floor, expected, ceiling, _ = (change(amount) for amount in given.delta.estimate)
    return f"{of}{ceiling} USD a month at the ceiling, {expected} expected, {floor} at the floor"


def prices_compared(given: Difference) -> str:
    """Whether both are of the same price list."""
    if given.prices_before == given.prices_after:
        return f"Both with list prices up to {given.prices_after}."
    return f"Before with list prices up to {given.prices_before}, after up to {given.prices_after}."


def not_compared(given: Difference) -> str:
    """What has no price on either side; empty where there is none."""
    count = sum(not hole.allowed for hole in given.lasting_holes)
    if not count:
        return ""
    have = "resource has" if count == 1 else "resources have"
    return f"{count} {have} no price before and after: what a change of them costs is not in this."
