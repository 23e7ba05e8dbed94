"""What may be said of how a pool is used."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from penstock.problems import Problem
from penstock.spec import Spec, rule


class PoolCostSpec(Spec):
    """How a pool is used; see `PoolCost` for what each field means."""

    tenant: str | None = Field(default=None, min_length=1, max_length=63)
    schedule: list[str] = Field(default=[], max_length=100)
    otherwise: float | None = Field(default=None, ge=0, le=1e6, allow_inf_nan=False)
    profile: list[float] = []
    fallback: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    redo: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    spot_price: float | None = Field(default=None, gt=0, le=10_000, allow_inf_nan=False)
    fallback_for: str | None = Field(default=None, min_length=1)

    @rule
    def windows(self) -> Iterator[Problem]:
        from penstock_cost.usage.schedule import problems

        for index, reason in problems(self.schedule):
            yield Problem(f"schedule[{index}]", reason)

    @rule
    def profile_of_a_day_or_a_week(self) -> Iterator[Problem]:
        if self.profile and len(self.profile) not in (24, 168):
            yield Problem("profile", f"Write 24 numbers (a day) or 168 (a week), not {len(self.profile)}.")
        for index, nodes in enumerate(self.profile):
            if not 0 <= nodes <= 1e6:
                yield Problem(f"profile[{index}]", f"Write a number of nodes from 0 on, not {nodes:g}.")

    @rule
    def schedule_or_profile(self) -> Iterator[Problem]:
        if self.schedule and self.profile:
            yield Problem("profile", "A schedule is given too. Write one of the two.")
        if self.otherwise is not None and not self.schedule:
            yield Problem("otherwise", "There is no schedule. Write one, or drop this.")
