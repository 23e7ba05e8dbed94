"""How many machines run in which share of the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from penstock_cost.money import HOURS_PER_WEEK, CostError
from penstock_cost.usage.schedule import MINUTES_PER_WEEK, parse, week


class Load(NamedTuple):
    """A number of machines, and the share of the time in which that many run."""

    machines: float
    share: Fraction


class Usage(NamedTuple):
    """How many machines run when, over a month. The shares sum to 1."""

    loads: tuple[Load, ...]
    """By falling number of machines."""
    basis: str
    """From what it was told, as a phrase."""
    stated: bool
    """Whether somebody told when how many run; else it is the desired size."""
    notes: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """The average number of machines."""
        return float(sum(load.machines * load.share for load in self.loads))

    def times(self, factor: float) -> Usage:
        """The same with every number of machines multiplied."""
        return self._replace(loads=tuple(Load(load.machines * factor, load.share) for load in self.loads))

    def within(self, least: float, most: float) -> Usage:
        """The same with every number between two bounds, and a note where one was not."""
        notes = self.notes
        if any(load.machines > most for load in self.loads):
            notes += (f"Counts above the maximum of {most:g} were taken as {most:g}.",)
        if any(load.machines < least for load in self.loads):
            notes += (f"Counts below the minimum of {least:g} were taken as {least:g}.",)
        inside = ((min(max(load.machines, least), most), load.share) for load in self.loads)
        return self._replace(loads=_loads(inside), notes=notes)

    def share_above(self, level: float) -> Fraction:
        """The share of the time in which more machines than `level` run."""
        return sum((load.share for load in self.loads if load.machines > level), Fraction(0))


def constant(machines: float, basis: str, stated: bool = True) -> Usage:
    """The same number of machines all the time."""
    return Usage((Load(machines, Fraction(1)),), basis, stated)


def of_schedule(windows: Sequence[str], otherwise: float) -> Usage:
    """What a schedule tells: `otherwise` machines outside all its windows. Raises CostError with every problem."""
    minutes = week(parse(windows))
    in_windows = sum(share for machines, share in minutes.items() if machines is not None)
    loads = _loads(
        (otherwise if machines is None else machines, Fraction(share, MINUTES_PER_WEEK))
        for machines, share in minutes.items()
    )
    return Usage(loads, f"schedule, {in_windows / 60:g} of {HOURS_PER_WEEK} hours a week", True)


def of_profile(machines: Sequence[float]) -> Usage:
    """What a profile tells: the machines of each hour of a day (24 numbers) or a week (168, from Monday 00:00).

    Raises CostError.
    """
    spans = {24: "a day", HOURS_PER_WEEK: "a week"}
    if len(machines) not in spans:
        raise CostError(f"A profile has 24 numbers (a day) or 168 (a week), not {len(machines)}.")
    share = Fraction(1, len(machines))
    return Usage(_loads((one, share) for one in machines), f"profile of {spans[len(machines)]}", True)


def _loads(loads: Iterable[tuple[float, Fraction]]) -> tuple[Load, ...]:
    shares: dict[float, Fraction] = {}
    for machines, share in loads:
        shares[machines] = shares.get(machines, Fraction(0)) + share
    return tuple(Load(machines, shares[machines]) for machines in sorted(shares, reverse=True))
