"""What a company adds to or takes off a job's price, and what the price book says of the same.

Priority and time of day are an internal tariff: no cloud's price list knows them, and the cloud's bill stays as it
is. Spot is a price of the cloud, so there the book's own figure may replace the default (`spot: book`).
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from penstock_cost.jobs.asked import Question

Change = Annotated[float, Field(gt=-1, le=10, allow_inf_nan=False)]
"""A change of the price as a fraction: -0.5 halves it. Above -1, since nothing is free."""
Priority = Literal["normal", "urgent", "background"]


class Adjustments(Question):
    """Changes of a job's price, each a fraction of it; they multiply."""

    urgent: Change = 0.5
    background: Change = -0.2
    off_peak: Change = -0.5
    """For the hours off peak; a job that is partly off peak gets that part of it."""
    spot: Change | Literal["book"] = -0.7
    """`book` takes the price book's spot price, and fails where it has none."""


class Applied(NamedTuple):
    """An adjustment of a job, in the order in which they are applied: priority, off-peak, spot."""

    name: str
    factor: float
    """By which the price is multiplied."""
    book_factor: float | None
    """What the price book says of the same; None where it has no such price."""
    note: str
    """How it differs from the price book, a sentence; empty where it does not."""


def applied(
    priority: Priority, off_peak: float, spot: bool, adjustments: Adjustments, book_spot: float | None
) -> tuple[Applied, ...]:
    """The adjustments of a job. `off_peak` is the share of its hours; `book_spot` the book's spot price / list price.

    `adjustments.spot` must be a number where `book_spot` is None.
    """
    found: list[Applied] = []
    if priority != "normal":
        change = adjustments.urgent if priority == "urgent" else adjustments.background
        found.append(_tariff(priority, change, change))
    if off_peak:
        name = "off-peak" if off_peak == 1 else f"off-peak, {off_peak:.4g} of the hours"
        found.append(_tariff(name, adjustments.off_peak * off_peak, adjustments.off_peak))
    if spot:
        if adjustments.spot == "book":
            assert book_spot is not None
            found.append(Applied("spot", book_spot, book_spot, ""))
        else:
            found.append(Applied("spot", 1 + adjustments.spot, book_spot, _spot_note(adjustments.spot, book_spot)))
    return tuple(found)


def percent(change: float) -> str:
    """A change as people write it: -70 %, +50 %."""
    return f"{change * 100:+.3g} %"


def _tariff(name: str, change: float, stated: float) -> Applied:
    note = ""
    if change:
        note = (
            f"{name.partition(',')[0].capitalize()} {percent(stated)} is this tariff's; the price book says +0 %: "
            "a cloud bills the same for it."
        )
    return Applied(name, 1 + change, 1.0, note)


def _spot_note(change: float, book: float | None) -> str:
    if book is None:
        return f"Spot {percent(change)} is this tariff's; the price book has no spot price here."
    if round(change * 100) == round((book - 1) * 100):
        return ""
    return f"Spot {percent(change)} is this tariff's; the price book says {percent(book - 1)} for this machine here."
