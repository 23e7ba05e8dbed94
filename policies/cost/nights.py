"""GPUs that run at night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from priced import Priced, machines_of, priced
from pydantic import Field

from penstock_cost.bill import Item
from penstock_cost.book import PriceBook
from penstock_cost.crossguard import Finding, Seen
from penstock_cost.crossguard.rules import Config
from penstock_cost.resources.context import Context
from penstock_cost.resources.options import Annotation
from penstock_cost.resources.values import Unpriced
from penstock_cost.usage.schedule import MINUTES_PER_DAY, MINUTES_PER_WEEK, Window, parse

DAYS = 7


class GpusAtNight(Config):
    maximum: int = Field(default=0, ge=0, description="GPUs that may run at night.")
    hour: int = Field(default=3, ge=0, le=23, description="The hour of the night that is looked at.")


def gpus_at_night(stack: Seen, config: GpusAtNight, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """GPUs that a minimum, a schedule or a profile keeps running at night."""
    bill = priced(stack, configs)
    kept = [(item, *_at_night(bill, item, config.hour)) for item in machines_of(bill) if item.gpus]
    kept = [one for one in kept if one[1]]
    if sum(item.gpus * machines for item, machines, _ in kept) <= config.maximum:
        return
    for item, machines, why in sorted(kept, key=lambda one: -one[0].gpus * one[1]):
        yield Finding(
            f"'{item.pool}' keeps {item.gpus * machines:g} GPUs at {config.hour:02}:00 at night, because of its {why}. "
            f"Each of its machines costs ${item.unit_usd_per_hour:,.2f} an hour. Lower it to 0, and let a schedule of "
            "the day or the workloads raise it.",
            item.urn,
        )


def _at_night(bill: Priced, item: Item, hour: int) -> tuple[float, str]:
    """The most machines that run in that hour of any day, and what keeps them."""
    least, most = item.counts[0], item.counts[2]
    said = _said(bill, item)
    if said.profile:
        machines = max(said.profile[at] for at in range(hour, len(said.profile), 24))
        why = "profile"
    elif said.schedule:
        otherwise = least if said.otherwise is None else said.otherwise
        windows = parse(said.schedule)
        machines = max(_open(windows, day * MINUTES_PER_DAY + hour * 60, otherwise) for day in range(DAYS))
        why = "schedule"
    else:
        machines, why = least, f"minimum of {least:g}"
    return (min(machines, most), why) if machines > least else (least, f"minimum of {least:g}")


def _open(windows: list[Window], minute: int, otherwise: float) -> float:
    """Machines of the windows that are open in a minute of the week."""
    counts = [
        window.machines
        for window in windows
        for day in window.days
        if (minute - day * MINUTES_PER_DAY - window.start) % MINUTES_PER_WEEK < window.minutes
    ]
    return max(counts, default=otherwise)


def _said(bill: Priced, item: Item) -> Annotation:
    resource = bill.stack.by_urn.get(item.urn)
    try:
        return Context(bill.stack, PriceBook.bundled(), bill.options).annotation(resource) if resource else Annotation()
    except Unpriced:
        return Annotation()
