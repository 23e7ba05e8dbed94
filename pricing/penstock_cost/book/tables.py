"""Reads `data/prices/`, each table once, at the first question. Rows are tuples in the order of the columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeVar

from penstock_cost.money import Confidence, Rate

R = TypeVar("R")


class MachineRow(NamedTuple):
    """A row of machines.csv."""

    cloud: str
    region: str
    name: str
    on_demand: str
    confidence: str
    source: str
    spot: str
    spot_low: str
    spot_high: str
    spot_confidence: str
    spot_source: str
    interruption: str
    interruption_max: str
    sustained_use: str
    cud_1y: str
    cud_3y: str


class AcceleratorRow(NamedTuple):
    """A row of accelerators.csv."""

    cloud: str
    region: str
    type: str
    on_demand: str
    confidence: str
    source: str
    spot: str
    spot_low: str
    spot_high: str
    spot_confidence: str
    spot_source: str
    sustained_use: str
    sustained_use_source: str


class CommitmentRow(NamedTuple):
    """A row of commitments.csv."""

    cloud: str
    family: str
    instrument: str
    term: str
    payment: str
    discount: str
    upfront: str
    confidence: str
    source: str


class CustomRow(NamedTuple):
    """A row of custom.csv."""

    cloud: str
    region: str
    series: str
    usd_per_vcpu: str
    usd_per_gib: str
    premium: str
    sustained_use: str
    source: str
    premium_source: str


Place = tuple[str, str]
"""Cloud and region."""


def read(name: str) -> list[list[str]]:
    """The rows of a table without its heading."""
    import csv  # here, because they cost more than the rest of the package
    from pathlib import Path

    path = Path(__file__).parent.parent / "data" / "prices" / f"{name}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


@cache
def machines() -> dict[Place, dict[str, MachineRow]]:
    """machines.csv by place and name."""
    return _by_place("machines", MachineRow)


@cache
def accelerators() -> dict[Place, dict[str, AcceleratorRow]]:
    """accelerators.csv by place and type."""
    return _by_place("accelerators", AcceleratorRow)


def _by_place(name: str, row: Callable[..., R]) -> dict[Place, dict[str, R]]:
    """A table by cloud, region and name, which are its first three columns."""
    table: dict[Place, dict[str, R]] = {}
    for cells in read(name):
        table.setdefault((cells[0], cells[1]), {})[cells[2]] = row(*cells)
    return table


@cache
def commitments() -> dict[tuple[str, str], list[CommitmentRow]]:
    """commitments.csv by cloud and family."""
    table: dict[tuple[str, str], list[CommitmentRow]] = {}
    for cells in read("commitments"):
        table.setdefault((cells[0], cells[1]), []).append(CommitmentRow(*cells))
    return table


@cache
def custom() -> dict[tuple[str, str], CustomRow]:
    """custom.csv by region and series."""
    return {(cells[1], cells[2]): CustomRow(*cells) for cells in read("custom")}


@cache
def sustained_use() -> dict[str, float]:
    """sustained_use.csv: the fraction off a whole month, by series of Google Cloud."""
    return {series: float(fraction) for series, fraction, _ in read("sustained_use")}


@cache
def services() -> dict[Place, dict[str, Rate]]:
    """services.csv by place and item; the region `*` is everywhere."""
    table: dict[Place, dict[str, Rate]] = {}
    for cloud, region, item, usd, unit, confidence, source in read("services"):
        table.setdefault((cloud, region), {})[item] = Rate(float(usd), unit, *sources()[source], Confidence(confidence))
    return table


@cache
def tiers() -> dict[Place, dict[str, list[tuple[float | None, Rate]]]]:
    """tiers.csv by place and item, from the first GB on; None is the end of the last."""
    table: dict[Place, dict[str, list[tuple[float | None, Rate]]]] = {}
    for cloud, region, item, up_to, usd, confidence, source in read("tiers"):
        rate = Rate(float(usd), "GB", *sources()[source], Confidence(confidence))
        ladder = table.setdefault((cloud, region), {}).setdefault(item, [])
        ladder.append((float(up_to) if up_to else None, rate))
    for items in table.values():
        for ladder in items.values():
            ladder.sort(key=lambda step: (step[0] is None, step[0]))
    return table


@cache
def sources() -> dict[str, tuple[str, str]]:
    """sources.csv by id: the text and its day."""
    return {source: (text, as_of) for source, text, as_of in read("sources")}


@cache
def days() -> tuple[str, str]:
    """The oldest and the newest day of a source of some machine's or service's price."""
    known = sorted(as_of for _, as_of in sources().values() if as_of)
    return known[0], known[-1]
