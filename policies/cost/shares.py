"""How machines are bought: the share of spot machines, GPUs on demand, irrevocable purchases."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal

from priced import Priced, machine_holes, machines_of, priced
from pydantic import Field

from penstock_cost.bill import Item
from penstock_cost.book import PriceBook
from penstock_cost.crossguard import Finding, Seen
from penstock_cost.crossguard.rules import Config
from penstock_cost.money import UnknownPrice
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import cloud_of, plain


class SpotShare(Config):
    minimum: float | None = Field(default=None, ge=0, le=1, description="The least share of spot machines, 0 to 1.")
    of: Literal["expected", "ceiling"] = Field(default="expected", description="Of which machine-hours.")
    pools: str = Field(default="*", min_length=1, description="A glob of the pools that count.")


class OnDemandGpus(Config):
    maximum: int | None = Field(default=None, ge=0, description="The most GPUs that may be bought on demand.")


class Purchases(Config):
    acknowledged: tuple[str, ...] = Field(
        default=(), description="Globs of the names or URNs of purchases that are meant, though they are for ever."
    )


def spot_share(stack: Seen, config: SpotShare, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """Too few spot machines."""
    if config.minimum is None:
        return
    bill, index = priced(stack, configs), 1 if config.of == "expected" else 2
    yield from _uncounted(bill, "The share of spot machines")
    lines = [item for item in machines_of(bill) if fnmatchcase(item.pool, config.pools)]
    total = sum(item.counts[index] for item in lines)
    spot = sum(item.counts[index] for item in lines if item.purchase == "spot")
    if not total or spot / total >= config.minimum - 1e-9:
        return
    missing = config.minimum * total - spot
    able = [item for item in lines if item.purchase == "on_demand" and _has_spot(item)]
    able.sort(key=lambda item: (item.counts[index] < missing, item.counts[index], item.urn))
    fits = [f"'{item.pool}' as spot" for item in able if item.counts[index] >= missing - 1e-9][:3]
    advice = f"Fits: {'; or '.join(fits)}." if fits else "Buy more pools as spot, or lower the minimum share."
    yield Finding(
        f"{spot / total:.1%} of the machine-hours ({config.of}) are spot, below the minimum of {config.minimum:.1%}: "
        f"{missing:g} of {total:g} machines more would have to be. {advice}"
    )


def on_demand_gpus(stack: Seen, config: OnDemandGpus, configs: Mapping[str, Any]) -> Iterator[Finding]:
    """Too many GPUs that may be bought on demand."""
    if config.maximum is None:
        return
    bill = priced(stack, configs)
    yield from _uncounted(bill, "The number of GPUs on demand")
    lines = [item for item in machines_of(bill) if item.purchase == "on_demand" and item.gpus]
    total = round(sum(item.gpus * item.counts[2] for item in lines))
    if total <= config.maximum:
        return
    lines.sort(key=lambda item: -item.gpus * item.counts[2])
    excess = total - config.maximum
    fits = []
    for item in lines:
        lower = int((item.gpus * item.counts[2] - excess) // item.gpus)
        if lower >= max(item.counts[0], 1):
            fits.append(f"maximum {lower} of '{item.pool}'")
    listed = ", ".join(f"'{item.pool}' {item.gpus * item.counts[2]:g}" for item in lines)
    advice = f"Fits: {'; or '.join(fits[:3])}." if fits else "Lower several of them, or buy some as spot or reserved."
    yield Finding(
        f"Up to {total} GPUs may be bought on demand ({listed}), {excess} above the maximum of {config.maximum}. "
        f"{advice}",
        lines[0].urn,
    )


def purchases(resource: Resource, config: Purchases) -> Iterator[Finding]:
    """A purchase that cannot be undone and that nobody acknowledged."""
    what = irrevocable().get(plain(resource.type))
    if what is None:
        return
    if any(fnmatchcase(text, one) for one in config.acknowledged for text in (resource.name, resource.urn)):
        return
    yield Finding(
        f"'{resource.name}' cannot be undone: {what}. If it is meant, write its name into `acknowledged` of the policy "
        "`purchases`.",
        resource.urn,
    )


@cache
def irrevocable() -> dict[str, str]:
    """What is for ever about a type, by its token without an API version."""
    with (Path(__file__).parent / "data" / "irrevocable.csv").open(encoding="utf-8", newline="") as table:
        return {row["type"]: row["what"] for row in csv.DictReader(table)}


def _uncounted(bill: Priced, what: str) -> Iterator[Finding]:
    """Pools of which the bill knows no counts: nothing that counts machines can pass beside them."""
    for hole in machine_holes(bill.bill):
        yield Finding(f"{what} cannot be told, because of '{hole.name}': {hole.reason}", hole.urn)


def _has_spot(item: Item) -> bool:
    machine = item.what.partition(",")[0].partition(" or ")[0]
    try:
        return PriceBook.bundled().machine(cloud_of(item.type), item.region, machine).spot is not None
    except UnknownPrice:
        return False
