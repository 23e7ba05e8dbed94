"""What a unit of work costs on machines of one's own: a million requests, a million tokens, an hour of a GPU.

The terms are OpenCost's (specification 0.1, https://opencost.io/docs/specification). Of what the nodes cost an hour

- *usage* is the part that work keeps busy: the utilisation;
- *allocation* is max(request, usage): what the pods have reserved, whether they use it or not;
- *idle* of the workload is what is allocated and not used; *unallocated* is what no pod has reserved, which OpenCost
  lists as `__idle__` of the cluster. Usage + idle + unallocated is what the nodes cost.
- *efficiency* is usage / allocation.

Compare with the price of an API on the allocation basis, as OpenCost advises for inference: what is reserved is paid
for. The total basis, which has the unallocated part in it, is what the cloud's bill says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from penstock_cost.jobs.asked import LEAST, Question, Share, UsdPerHour, UsdPerMillion

Rate = Annotated[float, Field(ge=LEAST, le=1e9, allow_inf_nan=False)]
"""A second; more than a milliard is taken for a slip."""
Busy = Annotated[float, Field(ge=LEAST, le=1, allow_inf_nan=False)]


class UnitsQuestion(Question):
    """Nodes of one kind, and the throughput of a node or a replica when it is fully used. It is never guessed."""

    usd_per_hour: UsdPerHour
    """Of one node, as it is bought."""
    gpus: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 0.0
    """Of one node."""
    nodes: Annotated[float, Field(ge=LEAST, le=1_000_000, allow_inf_nan=False)] = 1.0
    """How many run on average."""
    per: Literal["replica", "node"] = "replica"
    """What the throughput is of."""
    replicas_per_node: Annotated[int, Field(ge=1, le=10_000)] = 1
    requests_per_second: Rate | None = None
    """At full use."""
    tokens_per_second: Rate | None = None
    """At full use, input and output together."""
    utilisation: Busy
    """The part of the throughput that is used on average: 0.3 where a pool that could serve 100 tokens a second serves
    30."""
    requested: Share = 1.0
    """The part of the nodes that the pods request; 1 where the replicas fill them."""
    api_usd_per_1m_tokens: UsdPerMillion | None = None
    """What an API asks for a million tokens of the same mix, to compare with."""

    @model_validator(mode="after")
    def _fits(self) -> UnitsQuestion:
        if problems := list(self._problems()):
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if self.requests_per_second is None and self.tokens_per_second is None:
            yield "tokens_per_second: State a throughput: this, or requests_per_second. It is not guessed."
        if self.per == "node" and self.replicas_per_node > 1:
            yield "replicas_per_node: The throughput is that of a node. Drop this, or write per: replica."
        if self.api_usd_per_1m_tokens is not None and self.tokens_per_second is None:
            yield "tokens_per_second: It is needed to compare with the price of an API. Write it."
        if self.api_usd_per_1m_tokens is not None and self.api_usd_per_1m_tokens < LEAST:
            yield "api_usd_per_1m_tokens: Nothing beats what costs nothing. Write a price above 0."


class Basis(NamedTuple):
    """USD of one unit."""

    usage: float
    """Of the busy part alone: what it would cost at full use. No bill is as low."""
    allocation: float
    """Of what the pods have reserved."""
    total: float
    """Of all that the nodes cost."""


class BreakEven(NamedTuple):
    """When the nodes cost less than an API."""

    utilisation: float
    """The part of their throughput above which they do; above 1: they never do."""
    tokens_per_day: float | None
    """From which on the nodes that always run beat the API; None: they never do."""
    always_from_tokens_per_day: float | None
    """From which on they do also just after one more node was added; None: never."""
    api_usd_per_hour: float
    """What the API asks for the tokens that the nodes serve in an hour."""
    saved_per_hour: float
    """By the nodes, of all that they cost; below 0 where the API is cheaper."""


class UnitCosts(NamedTuple):
    """What units cost; None where no throughput of them is stated or there are no GPUs."""

    usd_per_hour: float
    """Of all nodes."""
    allocated: float
    """USD an hour that pods reserve: usage + idle."""
    used: float
    idle: float
    """USD an hour allocated and not used."""
    unallocated: float
    """USD an hour that no pod reserves: `__idle__` of the cluster."""
    efficiency: float
    per_1m_requests: Basis | None
    per_1k_tokens: Basis | None
    per_1m_tokens: Basis | None
    per_gpu_hour: Basis | None
    """Usage: an hour of a GPU that is there; allocation and total: an hour in which one is busy."""
    tokens_per_day: float | None
    """Served at that utilisation."""
    break_even: BreakEven | None


def unit_costs(question: UnitsQuestion) -> UnitCosts:
    """What units cost at a stated throughput and utilisation."""
    usd = question.usd_per_hour * question.nodes
    used = usd * question.utilisation
    allocated = max(usd * question.requested, used)
    replicas = question.nodes * (question.replicas_per_node if question.per == "replica" else 1)
    busy_hours = 3600 * question.utilisation * replicas

    def basis(units_per_hour: float) -> Basis:
        return Basis(used / units_per_hour, allocated / units_per_hour, usd / units_per_hour)

    tokens = question.tokens_per_second
    requests = question.requests_per_second
    busy_gpus = question.gpus * question.nodes * question.utilisation
    return UnitCosts(
        usd_per_hour=usd,
        allocated=allocated,
        used=used,
        idle=allocated - used,
        unallocated=usd - allocated,
        efficiency=used / allocated,
        per_1m_requests=basis(requests * busy_hours / 1e6) if requests else None,
        per_1k_tokens=basis(tokens * busy_hours / 1e3) if tokens else None,
        per_1m_tokens=basis(tokens * busy_hours / 1e6) if tokens else None,
        per_gpu_hour=basis(busy_gpus) if busy_gpus else None,
        tokens_per_day=tokens * busy_hours * 24 if tokens else None,
        break_even=_break_even(question, tokens * replicas / question.nodes) if tokens else None,
    )


def _break_even(question: UnitsQuestion, tokens_per_second: float) -> BreakEven | None:
    """`tokens_per_second` is that of a node.

    With u the utilisation at which a node costs what the API does, n nodes beat it from n·u nodes' worth of tokens on.
    More tokens than n nodes serve take another node: just after it the API may be cheaper again, as long as
    n < (n + 1)·u. So they beat it for good from m·u on, m being the largest number with m - 1 < m·u.
    """
    if question.api_usd_per_1m_tokens is None:
        return None
    per_hour = tokens_per_second * 3600 / 1e6 * question.api_usd_per_1m_tokens
    even = question.usd_per_hour / per_hour
    api = per_hour * question.nodes * question.utilisation
    first = always = None
    if even <= 1:
        node_day = tokens_per_second * 86_400
        first = question.nodes * even * node_day
        if even < 1:
            last = max(question.nodes, math.ceil(1 / (1 - even) - 1e-9) - 1)
            always = last * even * node_day
    return BreakEven(even, first, always, api, api - question.usd_per_hour * question.nodes)
