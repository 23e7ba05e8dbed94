"""What a tenant uses, what it pays for that, and what remains of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from penstock_cost.jobs.asked import LEAST, Question, UsdPerMillion
from penstock_cost.money import Estimate

Amount = Annotated[float, Field(ge=0, le=1e17, allow_inf_nan=False)]
Used = Annotated[float, Field(ge=LEAST, le=1e17, allow_inf_nan=False)]


class Use(Question):
    """What a tenant uses in a month. What is not stated has no cost of a unit."""

    tokens: Used | None = None
    requests: Used | None = None
    gpu_hours: Used | None = None
    """In which its work keeps a GPU busy."""


class PricePlan(Question):
    """What a tenant is asked for, a month."""

    usd_per_month: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] = 0.0
    """Whatever it uses."""
    included_tokens: Amount = 0.0
    usd_per_1m_tokens: UsdPerMillion = 0.0
    """Of those that are not included."""
    included_requests: Amount = 0.0
    usd_per_1m_requests: UsdPerMillion = 0.0

    @model_validator(mode="after")
    def _fits(self) -> PricePlan:
        if not (self.usd_per_month or self.usd_per_1m_tokens or self.usd_per_1m_requests):
            raise ValueError(
                "The plan asks for nothing. Write usd_per_month, usd_per_1m_tokens or usd_per_1m_requests."
            )
        return self

    def problems(self, use: Use) -> Iterator[str]:
        """What it needs to know of the use, a sentence each."""
        if self.usd_per_1m_tokens and use.tokens is None:
            yield "use.tokens: The plan has a price of tokens. Write how many the tenant uses a month."
        if self.usd_per_1m_requests and use.requests is None:
            yield "use.requests: The plan has a price of requests. Write how many the tenant makes a month."

    def revenue(self, use: Use) -> float:
        """USD a month."""
        tokens = max((use.tokens or 0.0) - self.included_tokens, 0.0) / 1e6 * self.usd_per_1m_tokens
        requests = max((use.requests or 0.0) - self.included_requests, 0.0) / 1e6 * self.usd_per_1m_requests
        return self.usd_per_month + tokens + requests


class Margin(NamedTuple):
    """What remains of what a tenant pays. USD a month."""

    revenue: float
    expected: float
    """At the expected cost; below 0 where the tenant costs more than it pays."""
    worst: float
    """At the ceiling."""
    fraction: float | None
    """Of the revenue, at the expected cost; None where there is no revenue."""


class TenantUnits(NamedTuple):
    """What a tenant's units cost at the expected cost, USD; None where it is not stated how many it uses."""

    per_1m_tokens: float | None
    per_1m_requests: float | None
    per_gpu_hour: float | None


def margin(revenue: float, cost: Estimate) -> Margin:
    """What remains of a revenue when the tenant costs that much."""
    left = revenue - cost.expected
    return Margin(revenue, left, revenue - cost.ceiling, left / revenue if revenue else None)


def tenant_units(use: Use, cost: Estimate) -> TenantUnits:
    """What units cost a tenant of that cost. With its part of the idle in it where idle is shared."""
    usd = cost.expected
    return TenantUnits(
        usd / use.tokens * 1e6 if use.tokens else None,
        usd / use.requests * 1e6 if use.requests else None,
        usd / use.gpu_hours if use.gpu_hours else None,
    )
