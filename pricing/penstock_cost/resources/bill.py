"""The bill of a stack from its registered resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock_cost.bill import Bill, Hole, Item
from penstock_cost.money import CostError
from penstock_cost.resources.context import Context
from penstock_cost.resources.demand import Demand
from penstock_cost.resources.egress import egress_lines
from penstock_cost.resources.flat import flat_line, flat_rows
from penstock_cost.resources.found import Committed, Pool, Reservation
from penstock_cost.resources.kinds import Kind, kind_of
from penstock_cost.resources.metered import metered_line
from penstock_cost.resources.options import Options
from penstock_cost.resources.pools import lines_of
from penstock_cost.resources.registry import Found, pricers
from penstock_cost.resources.tokens import plain
from penstock_cost.resources.values import Unpriced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock_cost.book import PriceBook
    from penstock_cost.resources.model import Resource, Stack


def bill_of(stack: Stack, book: PriceBook | None = None, options: Options | None = None) -> Bill:
    """What a stack costs a month: each of its resources is free, priced or a hole.

    `book` is the bundled price book unless another is given; negotiated rates of the options go before it.
    """
    options = options or Options()
    if book is None:
        from penstock_cost.book import PriceBook

        book = PriceBook.bundled()
    if options.rates is not None:
        book = book.with_rates(options.rates)
    context = Context(stack, book, options)
    items: list[Item] = []
    holes: list[Hole] = []
    pools: list[Pool] = []
    reservations: list[Reservation] = []
    committed: list[Committed] = []
    free = 0
    known = pricers()
    for resource in stack.resources:
        kind = Kind.FREE if not resource.custom else kind_of(resource.type)[0]
        pricer = known.get(plain(resource.type)) if resource.custom else None
        if pricer is None and kind is Kind.FREE:
            free += 1
            continue
        found: list[Found] = []
        try:
            for one in pricer(resource, context) if pricer else _without_pricer(resource, context):
                found.append(one)
        except Unpriced as problem:
            found.append(context.hole(resource, problem.reason, problem.path))
        except CostError as problem:
            found.append(context.hole(resource, str(problem)))
        free += not found
        for one in found:
            match one:
                case Item():
                    items.append(one)
                case Hole():
                    holes.append(one)
                case Pool():
                    pools.append(one)
                case Reservation():
                    reservations.append(one)
                case Committed():
                    committed.append(one)
    for line in [*lines_of(pools, reservations, committed, Demand(context), context), *egress_lines(context)]:
        if isinstance(line, Item):
            items.append(line)
        else:
            holes.append(line)
    if options.llm:
        from penstock_cost.jobs.tokens import token_lines

        spent, unpriced = token_lines(options.llm)
        items += spent
        holes += unpriced
    return Bill(tuple(items), tuple(holes), free)


def _without_pricer(resource: Resource, context: Context) -> Iterable[Item | Hole]:
    kind, reason = kind_of(resource.type)
    if plain(resource.type) in flat_rows():
        yield flat_line(resource, context)
    elif kind is Kind.METERED:
        yield metered_line(resource, context)
    else:
        yield context.hole(resource, reason)
