"""The worst case of a tenant: what the bill becomes when it uses all of its quota."""

from __future__ import annotations

from typing import NamedTuple

from penstock_cost.bill import Bill, Item
from penstock_cost.jobs.tenants import CAN_BE_IDLE, Sharing, tenant_shares
from penstock_cost.money import CostError


class Noisy(NamedTuple):
    """A tenant that uses all of its quota while the others stay as they are. USD a month, of the expected cost."""

    tenant: str
    before: float
    """What the tenant costs as it is."""
    after: float
    """What it costs at its quota."""
    bill_before: float
    bill_after: float
    held: bool
    """Whether the bounds of the pools hold the bill: the others then get less of the machines than they use now."""
    note: str


def noisy(bill: Bill, sharing: Sharing, tenant: str) -> Noisy:
    """The worst case of a tenant: shared machines grow with the load, up to their ceiling; all else stays.

    Raises CostError where the tenant has no quota, or what is shared is not distributed by weight.
    """
    one = sharing.tenants.get(tenant)
    if one is None or one.quota is None:
        raise CostError(f"tenants.{tenant}.quota: It is needed for the worst case. Write the most it may use.")
    if sharing.by != "weight":
        raise CostError(f"by: A quota is a weight, and what is shared is distributed by {sharing.by}. Write weight.")
    load = sum(other.weight for other in sharing.tenants.values())
    if not load:
        raise CostError("tenants: No weight is above 0, so a quota cannot be compared with the load. Write weights.")
    growth = (load - one.weight + one.quota) / load
    held = False

    def grown(item: Item) -> Item:
        nonlocal held
        if item.tenant or item.kind not in CAN_BE_IDLE:
            return item
        wanted = item.cost.expected * growth
        # A hair above is rounding.
        held = held or wanted > item.cost.ceiling * (1 + 1e-9)
        return item._replace(cost=item.cost._replace(expected=min(wanted, item.cost.ceiling)))

    loud = bill._replace(items=tuple(map(grown, bill.items)))
    greedy = {**sharing.tenants, tenant: one.model_copy(update={"weight": one.quota})}
    at_quota = sharing.model_copy(update={"tenants": greedy})
    note = (
        f"{tenant} at its quota needs more machines than the pools may have: the others get less than they use now."
        if held
        else f"The pools grow for {tenant}; the others keep what they use."
    )
    before, after = _expected(bill, sharing, tenant), _expected(loud, at_quota, tenant)
    return Noisy(tenant, before, after, bill.cost.expected, loud.cost.expected, held, note)


def _expected(bill: Bill, sharing: Sharing, tenant: str) -> float:
    return next(row.cost.expected for row in tenant_shares(bill, sharing) if row.tenant == tenant)
