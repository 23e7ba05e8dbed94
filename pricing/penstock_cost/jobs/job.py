"""What a job costs: the part of a machine that it takes, its hours, and the tariff for how it is run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from penstock_cost.jobs.adjust import Adjustments, Applied, applied
from penstock_cost.jobs.job_question import JobQuestion
from penstock_cost.jobs.split import Parts, split, unit_prices
from penstock_cost.model import MachineType, UnknownMachineType
from penstock_cost.money import CostError, Rate, UnknownPrice

if TYPE_CHECKING:
    from penstock_cost.book import MachinePrice, PriceBook


class Choice(NamedTuple):
    """The same job done in another way."""

    what: str
    usd: float
    saved: float
    """USD less than the job as asked; below 0 where it costs more."""


class JobCost(NamedTuple):
    """What a job costs, USD."""

    usd: float
    """The sum of its parts."""
    parts: Parts
    """Of GPUs, vCPU and memory, after adjustments."""
    list_usd: float
    """The same resources and hours at list price on demand, without adjustments."""
    book_usd: float
    """At the prices of the price book: its spot price for spot, and nothing for priority or time of day, which no
    cloud prices. With stated rates, or where the book has no spot price: as `list_usd`."""
    adjustments: tuple[Applied, ...]
    gpu_hours: float
    cpu_hours: float
    gib_hours: float
    machines: int
    """Machines that have to run for all copies at once; 0 with stated rates."""
    machines_usd: float
    """What those machines cost at list price, if nothing else runs on them; 0 with stated rates."""
    basis: str
    rates: tuple[Rate, ...]
    choices: tuple[Choice, ...]
    """The same job done otherwise, the cheapest first."""
    notes: tuple[str, ...]


class _Priced(NamedTuple):
    """What one copy of a job takes, for an hour."""

    parts: Parts
    gpus: float
    cpus: float
    gib: float
    spot: float | None
    """The book's spot price as a share of the list price."""
    machine_usd: float
    copies_per_machine: int
    basis: str
    rates: tuple[Rate, ...]
    notes: tuple[str, ...]


def job_cost(question: JobQuestion, book: PriceBook, adjustments: Adjustments | None = None) -> JobCost:
    """What a job costs, and what it would cost otherwise. Raises CostError; UnknownPrice where a price is missing."""
    tariff = adjustments or Adjustments()
    priced = _priced(question, book)
    found = _applied(question, priced, tariff)
    hours = question.hours * question.copies
    at_list = priced.parts.times(hours)
    parts = at_list.times(math.prod(one.factor for one in found))
    book_factor = priced.spot if question.spot and priced.spot is not None else 1.0
    machines = math.ceil(question.copies / priced.copies_per_machine) if priced.copies_per_machine else 0
    notes = [*priced.notes, *(one.note for one in found if one.note)]
    if question.spot and question.priority == "urgent":
        notes.append("Spot machines may be taken away at any time, which an urgent job may not bear.")
    return JobCost(
        usd=parts.total,
        parts=parts,
        list_usd=at_list.total,
        book_usd=at_list.total * book_factor,
        adjustments=found,
        gpu_hours=priced.gpus * hours,
        cpu_hours=priced.cpus * hours,
        gib_hours=priced.gib * hours,
        machines=machines,
        machines_usd=machines * priced.machine_usd * question.hours,
        basis=priced.basis,
        rates=priced.rates,
        choices=_choices(question, priced, tariff, parts.total, book),
        notes=tuple(dict.fromkeys(notes)),
    )


def _applied(question: JobQuestion, priced: _Priced, tariff: Adjustments) -> tuple[Applied, ...]:
    if question.spot and tariff.spot == "book" and priced.spot is None:
        where = f"{question.machine} in {question.region}" if question.machine else "stated rates"
        raise UnknownPrice(f"The price book has no spot price for {where}. Write a number for spot, such as -0.7.")
    return applied(question.priority, question.off_peak, question.spot, tariff, priced.spot)


def _priced(question: JobQuestion, book: PriceBook) -> _Priced:
    gpus, cpus, gib = (amount or 0.0 for amount in (question.gpus, question.cpus, question.memory_gib))
    if question.rates:
        of = question.rates
        parts = Parts(gpus * (of.gpu or 0), cpus * (of.cpu or 0), gib * (of.gib or 0))
        return _Priced(parts, gpus, cpus, gib, None, 0.0, 0, "stated rates", (), ())
    from penstock_cost.catalogue import machine

    cloud = str(question.cloud)
    price = book.machine(cloud, question.region, question.machine)
    try:
        shape = machine(cloud, question.machine)
    except UnknownMachineType as error:
        raise CostError(str(error)) from None
    on_demand = price.hourly
    whole = split(on_demand.usd, shape, unit_prices(cloud, question.region, book))
    all_gpus = float(shape.accelerator.count if shape.accelerator else 0)
    parts, machine_usd, rates, spot = whole.parts, on_demand.usd, [on_demand], price.spot.usd if price.spot else None
    if question.accelerator:
        kind, _, number = question.accelerator.partition(":")
        count, device = int(number or 1), book.accelerator(cloud, question.region, kind)
        all_gpus += count
        machine_usd += count * device.hourly.usd
        parts = parts._replace(gpu=parts.gpu + count * device.hourly.usd)
        rates.append(device.hourly)
        spot = spot + count * device.spot.usd if spot is not None and device.spot else None
    share, notes = _share(question, all_gpus, shape)
    amounts = [
        _amount(question.gpus, all_gpus, share),
        _amount(question.cpus, shape.vcpu, share),
        _amount(question.memory_gib, shape.memory_gib, share),
    ]
    return _Priced(
        parts=Parts(parts.gpu * amounts[0][1], parts.cpu * amounts[1][1], parts.memory * amounts[2][1]),
        gpus=amounts[0][0],
        cpus=amounts[1][0],
        gib=amounts[2][0],
        spot=None if spot is None else spot / machine_usd,
        machine_usd=machine_usd,
        copies_per_machine=int(min(1 / share + 1e-9, 1e6)),
        basis=f"{question.machine} in {question.region}; {whole.basis}",
        rates=tuple(rates),
        notes=tuple(notes),
    )


def _share(question: JobQuestion, gpus: float, shape: MachineType) -> tuple[float, list[str]]:
    """The part of a machine that one copy takes: the largest of GPUs, vCPU and memory. Raises CostError."""
    asked = {
        "gpus": (question.gpus, gpus, "GPUs"),
        "cpus": (question.cpus, shape.vcpu, "vCPU"),
        "memory_gib": (question.memory_gib, shape.memory_gib, "GiB"),
    }
    problems = [
        f"{field}: One {question.machine} has {has:g} {name}, not {wanted:g}. "
        + ("Choose a larger machine, or split the job into more copies." if has else "Choose a machine with GPUs.")
        for field, (wanted, has, name) in asked.items()
        if wanted is not None and wanted > has
    ]
    if problems:
        raise CostError("\n".join(problems))
    stated = {name: wanted / has for wanted, has, name in asked.values() if wanted is not None and has}
    if not stated:
        return 1.0, []
    share = max(stated.values())
    if not share:
        raise CostError("gpus: A copy takes nothing. Write gpus, cpus or memory_gib above 0.")
    left_out = [name for wanted, has, name in asked.values() if wanted is None and has]
    if not left_out or share == 1:
        return share, []
    return share, [f"No {' or '.join(left_out)} stated: {share:.4g} of the machine's, as of what it takes most of."]


def _amount(asked: float | None, of: float, share: float) -> tuple[float, float]:
    """How much a copy takes, and which part of the machine's that is."""
    if not of:
        return 0.0, 0.0
    return (of * share, share) if asked is None else (asked, asked / of)


def _choices(
    question: JobQuestion, priced: _Priced, tariff: Adjustments, usd: float, book: PriceBook
) -> tuple[Choice, ...]:
    ways: list[tuple[str, dict[str, object]]] = [
        ("normal priority", {"priority": "normal"}),
        ("urgent", {"priority": "urgent"}),
        ("background", {"priority": "background"}),
        ("all off-peak", {"off_peak": 1.0}),
        ("all in peak hours", {"off_peak": 0.0}),
        ("spot", {"spot": True}),
        ("on demand", {"spot": False}),
        ("background, off-peak, on spot", {"priority": "background", "off_peak": 1.0, "spot": True}),
    ]
    at_list = priced.parts.times(question.hours * question.copies).total
    found: dict[str, float] = {}
    seen = [question]
    for what, change in ways:
        other = question.model_copy(update=change)
        if other in seen or (other.spot and tariff.spot == "book" and priced.spot is None):
            continue
        seen.append(other)
        found[what] = at_list * math.prod(one.factor for one in _applied(other, priced, tariff))
    if question.machine and not question.accelerator:
        found.update(_other_machines(question, tariff, usd, book))
    return tuple(sorted((Choice(what, cost, usd - cost) for what, cost in found.items()), key=lambda one: one.usd))


def _other_machines(question: JobQuestion, tariff: Adjustments, usd: float, book: PriceBook) -> dict[str, float]:
    """The cheapest three that hold as much and on which the job costs less."""
    cheaper: list[MachinePrice] = book.alternatives(str(question.cloud), question.region, question.machine)
    found: dict[str, float] = {}
    for other in cheaper:
        asked = question.model_copy(update={"machine": other.name})
        try:
            priced = _priced(asked, book)
            factor = math.prod(one.factor for one in _applied(asked, priced, tariff))
        except CostError:
            continue
        cost = priced.parts.times(question.hours * question.copies).total * factor
        if cost < usd:
            found[f"on {other.name}, which holds as much but may be slower"] = cost
    return dict(sorted(found.items(), key=lambda one: one[1])[:3])
