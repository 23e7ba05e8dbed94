"""The estimate of the stack in a line, and targets of what a request costs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from priced import EstimateConfig, Priced, priced, usd
from pydantic import Field

from penstock_cost.crossguard import Finding, Seen
from penstock_cost.crossguard.rules import Config
from penstock_cost.money import HOURS_PER_MONTH

REPORT = "PENSTOCK_COST_REPORT"
"""The variable that names the file for the bill, in the form of `penstock cost preview --format json`."""


class Target(Config):
    pools: str = Field(min_length=1, description="A glob of the pools that serve the requests.")
    requests_per_month: float = Field(gt=0, description="Requests that they serve in a month.")
    requests_per_machine_hour: float | None = Field(
        default=None, gt=0, description="Requests that one machine can serve in an hour, from a benchmark."
    )
    usd_per_million_requests: float = Field(default=5.0, gt=0, description="What a million requests should cost.")
    least_utilisation: float = Field(default=0.6, ge=0, le=1)
    most_utilisation: float = Field(default=0.8, gt=0, le=1)


class UnitCosts(Config):
    targets: tuple[Target, ...] = ()


def estimate(stack: Seen, config: EstimateConfig, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """What the stack costs, in a line; and as a report where the environment names a file for it."""
    if report := os.environ.get(REPORT):
        write(priced(stack, configs), Path(report))
    if not config.summary:
        return
    bill = priced(stack, configs).bill
    if not bill.items and not bill.holes:
        return
    cost, holes = bill.cost, len(bill.holes)
    without = (
        f" {holes} resource{'s have' if holes > 1 else ' has'} no price and {'are' if holes > 1 else 'is'} not in it."
    )
    yield Finding(
        f"{usd(cost.floor)} (floor), {usd(cost.expected)} (expected) to {usd(cost.ceiling)} (ceiling) a month; "
        f"confidence {bill.confidence.value}.{without if holes else ''}"
    )


def write(bill: Priced, file: Path) -> None:
    """Writes the bill's report, whole or not at all."""
    from penstock_cost.book import PriceBook
    from penstock_cost.report.document import document

    report = document(bill.bill, book=PriceBook.bundled(), stack=bill.name, generated=datetime.now(UTC))
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(json.dumps(report), encoding="utf-8")
    unfinished.replace(file)


def unit_costs(stack: Seen, config: UnitCosts, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """Requests that cost too much, and machines that are idle or too busy."""
    if config.targets:
        bill = priced(stack, configs)
        for target in config.targets:
            yield from _target(bill, target)


def _target(bill: Priced, target: Target) -> Iterator[Finding]:
    lines = [item for item in bill.bill.items if item.pool and fnmatchcase(item.pool, target.pools)]
    if not lines:
        yield Finding(f"No pool matches '{target.pools}', so what its requests cost cannot be told.")
        return
    millions = target.requests_per_month / 1e6
    cost = sum(item.cost.expected for item in lines)
    if cost / millions > target.usd_per_million_requests:
        yield Finding(
            f"A million requests on '{target.pools}' costs {usd(cost / millions)} ({usd(cost)} a month as expected), "
            f"above the target of {usd(target.usd_per_million_requests)}. It is met at "
            f"{cost / target.usd_per_million_requests:,.1f} million requests a month, or at "
            f"{usd(target.usd_per_million_requests * millions)} a month.",
            lines[0].urn,
        )
    machines = sum(item.counts[1] for item in lines if item.kind == "machines")
    if target.requests_per_machine_hour is None or not machines:
        return
    used = target.requests_per_month / (machines * target.requests_per_machine_hour * HOURS_PER_MONTH)
    if not target.least_utilisation <= used <= target.most_utilisation:
        per_machine = target.requests_per_machine_hour * HOURS_PER_MONTH
        lo = target.requests_per_month / (per_machine * target.most_utilisation)
        hi = target.requests_per_month / (per_machine * max(target.least_utilisation, 1e-9))
        yield Finding(
            f"'{target.pools}' is used to {used:.0%} with {machines:g} machines on average, outside of "
            f"{target.least_utilisation:.0%} to {target.most_utilisation:.0%}: {lo:.1f} to {hi:.1f} machines would be.",
            lines[0].urn,
        )
