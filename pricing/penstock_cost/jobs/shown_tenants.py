"""How the shares of tenants are printed."""

from __future__ import annotations

from collections.abc import Sequence

from penstock_cost.bill import Bill
from penstock_cost.jobs.noisy import Noisy
from penstock_cost.jobs.printed import columns, notes, put, put_json, usd
from penstock_cost.jobs.tenants import TenantShare


def tenants(bill: Bill, shares: Sequence[TenantShare], worst: Sequence[Noisy], form: str) -> int:
    """Prints them; 0."""
    if form == "json":
        return put_json({"tenants": shares, "cost": bill.cost, "worst_cases": worst})
    rows = [
        (one.tenant, *(usd(part.expected) for part in (one.own, one.shared, one.idle, one.cost)), usd(one.cost.ceiling))
        for one in shares
    ]
    rows.append(("all", "", "", "", usd(bill.cost.expected), usd(bill.cost.ceiling)))
    lines = columns(("USD a month", "own", "shared", "idle", "expected", "ceiling"), rows)
    units = [
        (one.tenant, *("" if price is None else f"{price:,.6g}" for price in one.units))
        for one in shares
        if any(price is not None for price in one.units)
    ]
    if units:
        lines += ["", *columns(("USD per", "1M tokens", "1M requests", "GPU-hour"), units)]
    margins = [
        (
            one.tenant,
            usd(one.margin.revenue),
            f"{one.margin.expected:+,.2f}",
            f"{one.margin.worst:+,.2f}",
            "" if one.margin.fraction is None else f"{one.margin.fraction:.1%}",
        )
        for one in shares
        if one.margin
    ]
    if margins:
        lines += ["", *columns(("USD a month", "pays", "margin", "at the ceiling", "of revenue"), margins)]
    for one in worst:
        lines += ["", f"{one.tenant} at its quota: {usd(one.after)} in place of {usd(one.before)} USD a month."]
        lines.append(f"  The bill: {usd(one.bill_after)} in place of {usd(one.bill_before)}. {one.note}")
    holes = [hole for hole in bill.holes if not hole.allowed]
    if holes:
        lines += ["", "Not in it, because it has no price here:"]
        lines += notes(f"{hole.name} ({hole.tenant or 'shared'}): {hole.reason}" for hole in holes)
    return put(lines)
