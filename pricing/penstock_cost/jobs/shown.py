"""How jobs and units are printed: as a table of plain text, or as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from penstock_cost.bill import Item
from penstock_cost.jobs.job import JobCost
from penstock_cost.jobs.printed import columns, notes, put, put_json, sources, usd
from penstock_cost.jobs.units import Basis, UnitCosts
from penstock_cost.money import Rate


def job(cost: JobCost, form: str) -> int:
    """Prints what a job costs; 0."""
    if form == "json":
        return put_json(cost)
    rows = [
        ("GPU", f"{cost.gpu_hours:,.4g} h", usd(cost.parts.gpu)),
        ("vCPU", f"{cost.cpu_hours:,.4g} h", usd(cost.parts.cpu)),
        ("memory", f"{cost.gib_hours:,.4g} GiB-h", usd(cost.parts.memory)),
        ("job", "", usd(cost.usd)),
        ("at list price", "", usd(cost.list_usd)),
        ("at the price book's", "", usd(cost.book_usd)),
    ]
    if cost.machines:
        rows.append(("machines alone", f"{cost.machines:,} at once", usd(cost.machines_usd)))
    lines = [*columns(("", "amount", "USD"), rows), "", f"Basis: {cost.basis}."]
    lines += [f"  x {one.factor:.4g}  {one.name}" for one in cost.adjustments]
    lines += notes(cost.notes)
    other = [(one.what, usd(one.usd), f"{one.saved:+,.2f}") for one in cost.choices]
    if other:
        lines += ["", *columns(("otherwise", "USD", "saved"), other)]
    return put([*lines, *sources(cost.rates)])


def tokens(item: Item) -> int:
    """Prints what tokens cost a month, as a table; 0."""
    row = (item.what, usd(item.cost.floor), usd(item.cost.expected), usd(item.cost.ceiling), item.confidence.value)
    lines = columns(("USD a month", "floor", "expected", "ceiling", "confidence"), [row])
    return put([*lines, "", f"Basis: {item.basis}.", *notes(item.notes), *sources(item.rates)])


def units(costs: UnitCosts, rates: Sequence[Rate], form: str) -> int:
    """Prints what units cost; 0."""
    if form == "json":
        return put_json({**costs._asdict(), "rates": rates})
    named: list[tuple[str, Basis | None]] = [
        ("1M requests", costs.per_1m_requests),
        ("1M tokens", costs.per_1m_tokens),
        ("1k tokens", costs.per_1k_tokens),
        ("GPU-hour", costs.per_gpu_hour),
    ]
    rows = [(name, *(f"{usd:,.6g}" for usd in basis)) for name, basis in named if basis]
    lines = columns(("USD per", "usage", "allocation", "total"), rows)
    lines += [
        "",
        f"Nodes {costs.usd_per_hour:,.4f} USD/h = used {costs.used:,.4f} + idle {costs.idle:,.4f} "
        f"+ unallocated {costs.unallocated:,.4f}; efficiency {costs.efficiency:.1%}.",
    ]
    even = costs.break_even
    if even and even.tokens_per_day is None:
        lines.append("The API is cheaper even than full nodes.")
    elif even:
        lines.append(
            f"The nodes beat the API from a utilisation of {even.utilisation:.1%} on: "
            f"{even.tokens_per_day:,.0f} tokens a day with those that run now."
        )
        if even.always_from_tokens_per_day != even.tokens_per_day and even.always_from_tokens_per_day:
            lines.append(
                f"Just after a node is added the API may be cheaper again, up to "
                f"{even.always_from_tokens_per_day:,.0f} tokens a day."
            )
    if even:
        lines.append(
            f"The API asks {even.api_usd_per_hour:,.4f} USD/h for the same: {even.saved_per_hour:+,.4f} saved."
        )
    return put([*lines, *sources(rates)])
