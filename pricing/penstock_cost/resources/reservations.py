"""Who runs in which capacity reservation, so that no machine is paid for twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from penstock_cost.resources.found import Pool, Reservation


class Shares(NamedTuple):
    """How reservations are shared among pools."""

    held: list[int]
    """How many machines are held for each pool, in the order of the pools."""
    unused: list[int]
    """How many machines of each reservation no pool can ever use, in the order of the reservations."""


def share(pools: Sequence[Pool], reservations: Sequence[Reservation]) -> Shares:
    """Gives each reservation's machines to the pools that run in it.

    First as many as always run there, so that the floor is what is paid at the least; then up to the maximum, so that
    nothing is left as unused which a pool may use. Pools that name a reservation go before those that merely match it.
    """
    held, unused = [0] * len(pools), [0] * len(reservations)
    order = sorted(range(len(pools)), key=lambda index: (pools[index].resource.urn, pools[index].part))
    for number in sorted(range(len(reservations)), key=lambda number: reservations[number].resource.urn):
        reservation = reservations[number]
        left = reservation.machines
        named = [index for index in order if _names(pools[index], reservation)]
        matching = [index for index in order if index not in named and _matches(pools[index], reservation)]
        for users in (named, matching):
            for most in (False, True):
                for index in users:
                    bound = pools[index].most if most else pools[index].least
                    taken = min(left, max(bound - held[index], 0))
                    held[index] += taken
                    left -= taken
        unused[number] = left
    return Shares(held, unused)


def _names(pool: Pool, reservation: Reservation) -> bool:
    return pool.purchase != "spot" and not pool.holds.isdisjoint(reservation.names) and _fits(pool, reservation)


def _matches(pool: Pool, reservation: Reservation) -> bool:
    return (
        reservation.open and pool.takes_open and pool.purchase in ("on_demand", "reserved") and _fits(pool, reservation)
    )


def _fits(pool: Pool, reservation: Reservation) -> bool:
    return (
        pool.cloud == reservation.cloud
        and pool.region == reservation.region
        # A pool of several types may run others, and what is held of this one is paid for all the same.
        and pool.machines == (reservation.machine,)
        and (pool.accelerator or "") == reservation.accelerator
    )
