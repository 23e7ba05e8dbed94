"""Which function prices which type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from penstock_cost.bill import Hole, Item
from penstock_cost.resources.found import Committed, Pool, Reservation

if TYPE_CHECKING:
    from penstock_cost.resources.context import Context
    from penstock_cost.resources.model import Resource

Found: TypeAlias = Item | Hole | Pool | Reservation | Committed
"""What a pricer finds: lines of the bill, or what goes into them once every resource has been read."""
Pricer: TypeAlias = "Callable[[Resource, Context], Iterable[Found]]"

_PRICERS: dict[str, Pricer] = {}


def prices(*tokens: str) -> Callable[[Pricer], Pricer]:
    """Registers a function for types, given by their plain tokens (see `tokens.plain`)."""

    def register(pricer: Pricer) -> Pricer:
        for token in tokens:
            assert token not in _PRICERS, token
            _PRICERS[token] = pricer
        return pricer

    return register


@cache
def pricers() -> dict[str, Pricer]:
    """Every pricer by its plain token."""
    from penstock_cost.resources import aws, azure, databases, gcp, kubernetes

    assert all((aws, azure, databases, gcp, kubernetes))  # importing them registers their pricers
    return _PRICERS
