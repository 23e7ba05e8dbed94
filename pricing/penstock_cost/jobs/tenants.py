"""Which part of a bill is whose: what is a tenant's own, its part of what is shared, and what is idle.

In OpenCost's terms (specification 0.1, "Shared Costs" and "Idle Costs"): what nobody's workload reserves is idle. It
is listed apart as `__idle__`, or shared like the rest; what is shared may be distributed evenly, in proportion to what
the tenants cost themselves, or by a weight. Only machines and accelerators can be idle: a control plane is overhead,
and what is billed by use is used by definition. Nothing is lost: all shares are computed as exact fractions and sum to
the bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from penstock_cost.bill import Bill, Hole, Item
from penstock_cost.jobs.asked import Question, Share
from penstock_cost.jobs.plan import Margin, PricePlan, TenantUnits, Use, margin, tenant_units
from penstock_cost.money import Estimate

IDLE = "__idle__"
"""OpenCost's name of the costs of what no workload reserves."""
UNALLOCATED = "__unallocated__"
"""OpenCost's name of the costs that belong to nobody: shared ones where there is no tenant."""
CAN_BE_IDLE = ("machines", "accelerators")
"""The kinds of items of which a part may be idle."""
_Cell = tuple[Fraction, Fraction, Fraction, Fraction]
"""Own, shared, idle, and their sum."""
_NOTHING: _Cell = (Fraction(0), Fraction(0), Fraction(0), Fraction(0))
Weight = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


class Tenant(Question):
    """A tenant of the platform."""

    weight: Weight = 1.0
    """Its part of what is shared, in proportion to the other weights: a share of the traffic, tokens a day, a quota."""
    quota: Weight | None = None
    """The most that it may use, in the unit of the weights; for the worst case."""
    use: Use = Use()
    """What it uses, for the cost of a unit and for what it pays."""
    plan: PricePlan | None = None
    """What it pays."""

    @model_validator(mode="after")
    def _fits(self) -> Tenant:
        problems = list(self.plan.problems(self.use)) if self.plan else []
        if self.quota is not None and self.quota < self.weight:
            problems.append(f"quota: {self.quota:g} is below the weight of {self.weight:g}. Write at least that.")
        if problems:
            raise ValueError("\n".join(problems))
        return self


class Sharing(Question):
    """How a bill is divided."""

    tenants: dict[str, Tenant] = {}
    """By name. Tenants that only the bill names have what is their own, and no part of what is shared by weight."""
    by: Literal["weight", "even", "own"] = "weight"
    """How what is shared is distributed: by the weights, evenly, or in proportion to what tenants cost themselves."""
    allocated: Share = 1.0
    """The part of the shared machines that workloads reserve (max(request, usage)); the rest is idle."""
    idle: Literal["shared", "apart"] = "shared"

    @model_validator(mode="after")
    def _fits(self) -> Sharing:
        if problems := list(self._problems()):
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        for name in self.tenants:
            if not name or name.startswith("__"):
                yield f"tenants.{name}: A name begins with a letter or a digit; names with __ are OpenCost's own."
        if self.tenants and self.by == "weight" and not any(tenant.weight for tenant in self.tenants.values()):
            yield "tenants: No weight is above 0, so nobody would pay for what is shared. Write one."


class TenantShare(NamedTuple):
    """A tenant's part of a bill, a month. Its `cost` is the sum of the three."""

    tenant: str
    """Or `__idle__`, or `__unallocated__`."""
    own: Estimate
    """What is for it alone."""
    shared: Estimate
    """Its part of what is shared and reserved."""
    idle: Estimate
    """Its part of what is idle; all of it in the row `__idle__`."""
    cost: Estimate
    holes: tuple[Hole, ...]
    """What is for it alone and has no price. Those of shared resources are in no row; the bill has them."""
    units: TenantUnits
    """What units cost it."""
    margin: Margin | None
    """What remains of what it pays; None where no plan is stated."""


def tenant_shares(bill: Bill, sharing: Sharing) -> tuple[TenantShare, ...]:
    """The parts of a bill: tenants in the order of `sharing`, those that only the bill names, then what is nobody's."""
    own: dict[str, list[Item]] = {name: [] for name in sharing.tenants}
    for item in bill.items:
        if item.tenant:
            own.setdefault(item.tenant, []).append(item)
    common = [item for item in bill.items if not item.tenant]
    for hole in bill.holes:
        if hole.tenant:
            own.setdefault(hole.tenant, [])
    fields = [_field(own, common, sharing, index) for index in range(len(Estimate._fields))]
    rows = list(own) + [name for name in (IDLE, UNALLOCATED) if any(name in field for field in fields)]
    return tuple(_row(name, fields, bill, sharing.tenants.get(name, Tenant())) for name in rows)


def _row(name: str, fields: Sequence[Mapping[str, _Cell]], bill: Bill, tenant: Tenant) -> TenantShare:
    own, shared, idle, cost = (
        Estimate(*(float(field.get(name, _NOTHING)[part]) for field in fields)) for part in range(len(_NOTHING))
    )
    return TenantShare(
        tenant=name,
        own=own,
        shared=shared,
        idle=idle,
        cost=cost,
        holes=tuple(hole for hole in bill.holes if hole.tenant == name),
        units=tenant_units(tenant.use, cost),
        margin=margin(tenant.plan.revenue(tenant.use), cost) if tenant.plan else None,
    )


def distribute(amount: Fraction, weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """An amount in proportion to weights, of which one at least is above 0. The parts sum to it exactly."""
    whole = sum(weights.values(), Fraction(0))
    return {name: amount * weight / whole for name, weight in weights.items()}


def _field(own: Mapping[str, list[Item]], common: Iterable[Item], sharing: Sharing, index: int) -> dict[str, _Cell]:
    """Own, shared, idle and their sum by row, of one field of the estimates."""
    mine = {name: _sum(items, index) for name, items in own.items()}
    machines = _sum((item for item in common if item.kind in CAN_BE_IDLE), index)
    rest = _sum((item for item in common if item.kind not in CAN_BE_IDLE), index)
    idle = machines * (1 - Fraction(sharing.allocated))
    reserved = machines + rest - idle
    weights = _weights(mine, sharing)
    shared = distribute(reserved, weights) if weights else {}
    idle_shared = distribute(idle, weights) if weights and sharing.idle == "shared" else {}
    cells: dict[str, _Cell] = {}
    for name, amount in mine.items():
        cells[name] = _cell(amount, shared.get(name, Fraction(0)), idle_shared.get(name, Fraction(0)))
    if idle and sharing.idle == "apart":
        cells[IDLE] = _cell(Fraction(0), Fraction(0), idle)
    if not weights and (reserved or idle):
        cells[UNALLOCATED] = _cell(Fraction(0), reserved, idle if sharing.idle == "shared" else Fraction(0))
    return cells


def _weights(mine: Mapping[str, Fraction], sharing: Sharing) -> dict[str, Fraction]:
    """By tenant; none where nobody can take a part of what is shared."""
    if sharing.by == "weight":
        weights = {name: Fraction(tenant.weight) for name, tenant in sharing.tenants.items()}
    elif sharing.by == "even":
        weights = dict.fromkeys(mine, Fraction(1))
    else:
        weights = dict(mine)
    return weights if any(weights.values()) else {}


def _sum(items: Iterable[Item], index: int) -> Fraction:
    return sum((Fraction(item.cost[index]) for item in items), Fraction(0))


def _cell(own: Fraction, shared: Fraction, idle: Fraction) -> _Cell:
    return own, shared, idle, own + shared + idle
