"""What a pool of machines costs: the question, and the lines of the bill that answer it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from penstock_cost.bill import Item
from penstock_cost.money import HOURS_PER_MONTH, Confidence, CostError, Estimate, Rate, UnknownPrice, least
from penstock_cost.usage.hours import Usage, constant
from penstock_cost.usage.question import PoolQuestion
from penstock_cost.usage.sustained import charged_machines

if TYPE_CHECKING:
    from penstock_cost.book import MachinePrice, PriceBook

Case = Literal["floor", "expected", "ceiling"]


class MachineRates(NamedTuple):
    """What one machine costs an hour, with what is attached to it."""

    name: str
    on_demand: float
    """At the list price."""
    bought: float
    """As the pool buys it: the spot price, the committed price, or the list price."""
    sustained_use: float
    """What a whole month of use is discounted, as a fraction of the list price."""
    rates: tuple[Rate, ...]
    confidence: Confidence
    notes: tuple[str, ...]


def pool_item(question: PoolQuestion, book: PriceBook) -> Item:
    """The machines of a pool as a line of the bill. Raises CostError, or UnknownPrice where the book lacks a price."""
    machines = [machine_rates(question, name, book) for name in question.machines]
    usage = question.usage()
    # Machines that are held for the pool are paid for whether they run or not.
    held = question.reserved_capacity
    least_paid, most_paid = max(question.least, held), max(question.most, held)
    asked = most_paid if question.workload_maximum is None else max(least_paid, question.workload_maximum)
    bounded_paid = min(most_paid, asked)
    floor = min(_cost(question, one, constant(least_paid, ""), "floor") for one in machines)
    ceiling = max(_cost(question, one, constant(most_paid, ""), "ceiling") for one in machines)
    bounded = max(_cost(question, one, constant(bounded_paid, ""), "ceiling") for one in machines)
    expected = _cost(question, machines[0], usage.within(held, most_paid) if held else usage, "expected")
    cost = Estimate(floor, min(max(expected, floor), ceiling), ceiling, bounded)
    confidence = Confidence.HIGH if usage.stated else Confidence.LOW
    return Item(
        urn=question.urn,
        name=question.name,
        type=question.type,
        what=_what(question),
        kind="machines",
        cost=cost,
        confidence=least([confidence, *(one.confidence for one in machines)]),
        basis=usage.basis,
        rates=tuple(dict.fromkeys(rate for one in machines for rate in one.rates)),
        region=question.region,
        pool=question.pool or question.name,
        tenant=question.tenant,
        purchase=question.purchase,
        unit_usd_per_hour=machines[0].bought,
        counts=(least_paid, usage.mean, most_paid, bounded_paid),
        gpus=question.gpus_of(question.machines[0]),
        notes=tuple(dict.fromkeys([*usage.notes, *(note for one in machines for note in one.notes)])),
    )


def machine_rates(question: PoolQuestion, name: str, book: PriceBook) -> MachineRates:
    """What one machine of that type costs an hour in this pool. Raises CostError and UnknownPrice."""
    agreed = book.negotiated_rate(question.cloud, question.region, name, question.purchase)
    if agreed and question.purchase != "on_demand":  # of those the book's own answer is the negotiated one
        return _agreed(question, name, agreed, book)
    if question.purchase == "capacity_block":
        raise UnknownPrice(
            f"Capacity blocks of {name} have no list price. State what you pay for one as a negotiated rate: cloud "
            f"{question.cloud}, region {question.region}, machine {name}, purchase capacity_block, usd."
        )
    machine = book.machine(question.cloud, question.region, name)
    attached = _attached(question, book)
    notes: list[str] = []
    rates = [machine.hourly, *(device.hourly for _, device in attached)]
    on_demand = machine.hourly.usd + sum(count * device.hourly.usd for count, device in attached)
    sustained = machine.hourly.usd * machine.sustained_use + sum(
        count * device.hourly.usd * device.sustained_use for count, device in attached
    )
    bought, discount = on_demand, sustained / on_demand
    if question.purchase == "spot":
        bought, discount = _spot(question, machine, attached, rates, notes), 0.0
    elif question.purchase == "reserved":
        bought = _committed(question, machine, attached, book, rates)
    elif question.purchase == "flex":
        notes.append("Flex-start machines are taken at the list price here, which is an upper bound.")
        discount = 0.0
    confidence = Confidence.LOW if question.purchase == "flex" else least(rate.confidence for rate in rates)
    if misfit := question.too_large_for_its_accelerators(name):
        notes.append(misfit)
        confidence = Confidence.LOW
    return MachineRates(name, on_demand, bought, discount, tuple(rates), confidence, tuple(notes))


def _agreed(question: PoolQuestion, name: str, agreed: Rate, book: PriceBook) -> MachineRates:
    on_demand = agreed.usd
    if question.purchase in ("spot", "reserved"):
        on_demand = book.machine(question.cloud, question.region, name).hourly.usd
    return MachineRates(name, on_demand, agreed.usd, 0.0, (agreed,), agreed.confidence, ())


def _cost(question: PoolQuestion, machine: MachineRates, usage: Usage, case: Case) -> float:
    """USD a month of machines of one type."""
    if question.purchase == "reserved":
        committed = float(question.least)
        extra = charged_machines(usage, machine.sustained_use, above=committed)
        return (committed * machine.bought + extra * machine.on_demand) * HOURS_PER_MONTH
    if question.purchase == "spot":
        usd = usage.mean * machine.bought
        if case == "ceiling":
            usd = usage.mean * max(machine.on_demand, machine.bought)
        elif case == "expected":
            hourly = machine.bought * (1 - question.fallback) + machine.on_demand * question.fallback
            usd = usage.mean * hourly * (1 + question.redo)
        return usd * HOURS_PER_MONTH
    return charged_machines(usage, machine.sustained_use) * machine.on_demand * HOURS_PER_MONTH


def _attached(question: PoolQuestion, book: PriceBook) -> list[tuple[int, MachinePrice]]:
    if question.accelerator is None:
        return []
    device = book.accelerator(question.cloud, question.region, question.accelerator.type)
    return [(question.accelerator.count, device)]


def _spot(
    question: PoolQuestion,
    machine: MachinePrice,
    attached: list[tuple[int, MachinePrice]],
    rates: list[Rate],
    notes: list[str],
) -> float:
    if question.spot_price is not None:
        rates.append(Rate(question.spot_price, "hour", "stated spot price", "", Confidence.HIGH))
        return question.spot_price
    usd = 0.0
    for count, part in [(1, machine), *attached]:
        spot = part.spot_hourly
        usd += count * spot.usd
        rates.append(Rate(spot.usd, "hour", spot.source, spot.as_of, spot.confidence))
        if spot.low < spot.high:
            notes.append(f"The spot price of {part.name} was between ${spot.low:g} and ${spot.high:g} an hour.")
        if spot.interruption:
            notes.append(f"{spot.interruption} of the spot machines {part.name} are interrupted in a month.")
    return usd


def _committed(
    question: PoolQuestion,
    machine: MachinePrice,
    attached: list[tuple[int, MachinePrice]],
    book: PriceBook,
    rates: list[Rate],
) -> float:
    if attached:
        raise CostError(
            "The prices of commitments for attached accelerators are not known here. Use machines that have their own."
        )
    term = str(question.term)
    commitment = book.commitment(question.cloud, question.region, machine.name, term, question.paid)
    rates.append(commitment.rate)
    return commitment.rate.usd


def _what(question: PoolQuestion) -> str:
    """For example `m5.large or m5a.large, spot`."""
    return ", ".join(_words(question))


def _words(question: PoolQuestion) -> Iterator[str]:
    yield " or ".join(question.machines)
    if question.accelerator:
        yield f"{question.accelerator.count} {question.accelerator.type}"
    yield {"on_demand": "on demand", "capacity_block": "capacity block", "flex": "flex-start"}.get(
        question.purchase, question.purchase
    )
    if question.purchase == "reserved":
        yield f"{question.term} {question.paid.replace('_', ' ')}"
