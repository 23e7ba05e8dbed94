"""From what pricers found of pools to lines of the bill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock_cost.bill import PER_MACHINE, Hole, Item
from penstock_cost.money import Confidence, CostError, Estimate, Rate, least
from penstock_cost.resources.commitments import Cover
from penstock_cost.resources.found import Committed, Disk, Pool, Reservation
from penstock_cost.resources.options import Annotation
from penstock_cost.resources.reservations import share
from penstock_cost.resources.values import Unpriced
from penstock_cost.usage.pool import pool_item
from penstock_cost.usage.question import PoolQuestion, ask

if TYPE_CHECKING:
    from penstock_cost.resources.context import Context
    from penstock_cost.resources.demand import Asked, Demand


class _Lines(NamedTuple):
    """A pool's lines, machines first."""

    name: str
    """The pool's name on the bill."""
    fallback_for: str
    items: list[Item]


def lines_of(
    pools: Sequence[Pool],
    reservations: Sequence[Reservation],
    committed: Sequence[Committed],
    demand: Demand,
    context: Context,
) -> Iterator[Item | Hole]:
    """The lines of all pools and of what is reserved for none of them."""
    shares = share(pools, reservations)
    annotated = [_said(pool, context) for pool in pools]
    plain = [Annotation() if isinstance(said, Unpriced) else said for said in annotated]
    asked = demand.of(pools, plain)
    cover = Cover(committed)
    covers = cover.all(pools, plain)
    priced: list[_Lines] = []
    for pool, said, held, wanted, covered in zip(pools, annotated, shares.held, asked, covers, strict=True):
        if isinstance(said, Unpriced):
            yield context.hole(pool.resource, said.reason, said.path, pool=pool.called)
            continue
        if covered and said.purchase != "reserved":
            said = said.model_copy(update={"purchase": "reserved", "commitment": covered})
        name = said.pool or pool.called
        try:
            items = list(_items(pool, said, held, wanted, context))
        except Unpriced as problem:
            yield context.hole(pool.resource, problem.reason, problem.path, pool=name)
        except CostError as problem:
            yield context.hole(pool.resource, str(problem), pool=name)
        else:
            priced.append(_Lines(name, said.fallback_for or "", items))
    for lines in _stood_in(priced):
        yield from lines.items
    yield from cover.lines(context)
    for reservation, unused in zip(reservations, shares.unused, strict=True):
        yield from _unused(reservation, unused, context)


def _said(pool: Pool, context: Context) -> Annotation | Unpriced:
    try:
        return context.annotation(pool.resource)
    except Unpriced as problem:
        return problem


def _items(pool: Pool, said: Annotation, held: int, asked: Asked, context: Context) -> Iterator[Item]:
    question = _question(pool, said, held, asked)
    bounded = question.most if asked.most is None or pool.fixed else min(max(question.least, asked.most), question.most)
    item = pool_item(question, context.book)
    notes = item.notes + pool.notes
    if not (said.schedule or said.profile) and asked.basis and not pool.fixed:
        item = item._replace(
            basis=asked.basis, confidence=least([Confidence.MEDIUM, *(rate.confidence for rate in item.rates)])
        )
    tenant = said.tenant or context.tenant(pool.resource)
    if question.workload_maximum is not None and bounded < question.most:
        notes += (
            f"This program's own workloads ask for at most {bounded} machines of it; other pods are not in that.",
        )
    if pool.part:
        notes += (f"These are its {pool.part} machines.",)
    yield item._replace(notes=notes, tenant=tenant)
    mean = min(max(question.usage().mean, question.least), question.most)
    for disk in pool.disks:
        cost, rates = _disk_cost(disk, question, mean, bounded)
        yield context.line(
            pool.resource,
            disk.what,
            "disks",
            cost,
            rates,
            basis=PER_MACHINE,
            confidence=item.confidence,
            region=pool.region,
            pool=item.pool,
            tenant=tenant,
        )


def _disk_cost(disk: Disk, question: PoolQuestion, mean: float, bounded: float) -> tuple[Estimate, tuple[Rate, ...]]:
    """Of one for each machine, with its prices. Where machines on demand stand in for spot, so do their disks."""
    one = disk.with_spot
    if one is None or question.purchase != "spot":
        return Estimate(question.least, mean, question.most, bounded).times(disk.usd), disk.rates
    expected = mean * (one.usd * (1 - question.fallback) + disk.usd * question.fallback)
    cost = Estimate(question.least * one.usd, expected, question.most * disk.usd, bounded * disk.usd)
    return cost, one.rates + disk.rates


def _question(pool: Pool, said: Annotation, held: int, asked: Asked) -> PoolQuestion:
    purchase = _purchase(pool, said)
    stated = bool(said.schedule or said.profile)
    # A schedule of a pool whose counts are those of one zone is of one zone too.
    factor = 1 if stated else pool.factor
    minimum, maximum = pool.minimum * factor, pool.maximum * factor
    desired = said.desired if said.desired is not None else pool.desired
    if desired is not None:
        desired = min(max(desired * factor, minimum), maximum)
    given: dict[str, Any] = {
        "cloud": pool.cloud,
        "region": pool.region,
        "machines": pool.machines,
        "purchase": purchase,
        "minimum": minimum,
        "maximum": maximum,
        "desired": desired,
        "zones": pool.zones if stated else 1,
        "per_zone": stated and pool.per_zone and pool.zones > 1,
        "reserved_capacity": held,
        "workload_maximum": None if pool.fixed else asked.most,
        "name": pool.resource.name,
        "pool": said.pool or pool.called,
        "tenant": said.tenant,
        "urn": pool.resource.urn,
        "type": pool.resource.type,
    }
    if pool.accelerator:
        given["accelerator"] = pool.accelerator
    if stated:
        given |= {"schedule": said.schedule, "profile": said.profile, "otherwise": said.otherwise}
    elif not pool.fixed and asked.hours:
        given["profile"] = [min(max(hour, minimum), maximum) for hour in asked.hours]
    elif not pool.fixed and asked.least is not None:
        given["desired"] = min(max(asked.least, minimum), maximum)
    if purchase == "spot":
        given |= {
            "fallback": said.fallback or 0.0,
            "redo": said.redo or 0.0,
            "spot_price": said.spot_price if said.spot_price is not None else pool.spot_price,
        }
    elif purchase == "reserved" and said.commitment:
        given |= {"term": said.commitment.term, "payment": said.commitment.payment}
    return ask(**given)


def _purchase(pool: Pool, said: Annotation) -> str:
    """How its machines are bought: what the cloud is told, and where that is on demand what else is known of it."""
    if pool.purchase == "on_demand" and said.purchase in ("reserved", "flex", "capacity_block"):
        return said.purchase
    return pool.purchase


def _stood_in(priced: list[_Lines]) -> Iterator[_Lines]:
    """Takes from the ceiling of a fallback pool what its spot pool's ceiling holds already.

    A spot pool's ceiling is the price of its fallback: while the fallback runs, the spot machines do not. Several
    fallbacks of one spot pool share that.
    """
    spare: dict[str, list[float]] = {}
    for lines in priced:
        if not lines.fallback_for:
            left = spare.setdefault(lines.name, [0.0, 0.0])
            left[0] += sum(item.cost.ceiling for item in lines.items)
            left[1] += sum(item.cost.bounded for item in lines.items)
    for lines in sorted(priced, key=lambda one: (one.fallback_for, one.name)):
        left = spare.get(lines.fallback_for, []) if lines.fallback_for else []
        if not left:
            yield lines
            continue
        items = []
        for item in lines.items:
            most, bounded = item.cost.ceiling - item.cost.expected, item.cost.bounded - item.cost.expected
            taken, taken_bounded = min(left[0], most), min(left[1], max(bounded, 0.0))
            left[0] -= taken
            left[1] -= taken_bounded
            cost = item.cost._replace(
                ceiling=item.cost.ceiling - taken,
                bounded=min(item.cost.bounded - taken_bounded, item.cost.ceiling - taken),
            )
            note = f"It stands in for '{lines.fallback_for}', whose ceiling holds ${taken:,.2f} of its own."
            items.append(item._replace(cost=cost, notes=(*item.notes, note) if taken else item.notes))
        yield lines._replace(items=items)


def _unused(reservation: Reservation, unused: int, context: Context) -> Iterator[Item | Hole]:
    resource = reservation.resource
    given: dict[str, Any] = {
        "cloud": reservation.cloud,
        "region": reservation.region,
        "machines": [reservation.machine],
        "minimum": unused,
        "maximum": unused,
        "name": resource.name,
        "urn": resource.urn,
        "type": resource.type,
    }
    if reservation.accelerator:
        given["accelerator"] = reservation.accelerator
    try:
        item = pool_item(ask(**given), context.book)
    except CostError as problem:
        yield context.hole(resource, str(problem))
        return
    used = reservation.machines - unused
    notes = (
        (f"{used} of its {reservation.machines} machines are on the bill of the pools that run in it.",) if used else ()
    )
    yield item._replace(
        what=f"{item.what}, held and used by no pool here",
        basis="reserved, paid for all month",
        notes=item.notes + notes,
        pool="",
        tenant=context.tenant(resource),
    )
