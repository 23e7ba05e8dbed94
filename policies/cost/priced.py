"""The bill of the stack, made once for all rules, and again with a change to see whether it would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal
from weakref import WeakKeyDictionary

from pydantic import Field, field_validator

from penstock_cost.bill import Bill, Hole, Item
from penstock_cost.book import NegotiatedRates, PriceBook
from penstock_cost.crossguard import Seen
from penstock_cost.crossguard.pools import pool_types
from penstock_cost.crossguard.rules import Config
from penstock_cost.resources.bill import bill_of
from penstock_cost.resources.model import Resource, Stack
from penstock_cost.resources.options import Annotation, Annotations, Egress, Options, Usage
from penstock_cost.resources.tokens import plain
from penstock_cost.usage.schedule import problems

Measure = Literal["floor", "expected", "ceiling", "bounded"]
Scope = Callable[[Item | Hole], bool]


class EstimateConfig(Config):
    """How to make the bill. Every rule of the pack uses it."""

    summary: bool = Field(default=True, description="Whether to tell the stack's estimate in one line.")
    allowed_holes: tuple[str, ...] = Field(
        default=(), description="Types (globs such as aws:cloudwatch/*) that may have no price."
    )
    annotations: Annotations = Field(
        default={}, description="What the program does not say of its pools, by a glob of their name or URN."
    )
    usage: dict[str, Usage] = Field(
        default={}, description="What resources are used for, by a glob of their name, URN or type."
    )
    egress: tuple[Egress, ...] = Field(default=(), description="Traffic out of regions.")
    llm: tuple[dict[str, Any], ...] = Field(
        default=(), description="Tokens of LLM APIs: model, tokens_per_day, input_share, tenant."
    )
    rates: NegotiatedRates | None = Field(default=None, description="Negotiated rates, which go before list prices.")

    @field_validator("annotations")
    @classmethod
    def _schedules(cls, given: dict[str, Annotation]) -> dict[str, Annotation]:
        wrong = [
            f"{pattern}.schedule[{index}]: {reason}"
            for pattern, said in given.items()
            for index, reason in problems(said.schedule or ())
        ]
        if wrong:
            raise ValueError(" ".join(wrong))
        return given

    def options(self) -> Options:
        """The same in the terms of `bill_of`."""
        return Options(
            allowed_holes=self.allowed_holes,
            annotations=self.annotations,
            usage=self.usage,
            egress=self.egress,
            llm=self.llm,
            rates=self.rates,
        )


class Priced:
    """A stack and its bill."""

    def __init__(self, stack: Stack, options: Options, name: str = "") -> None:
        self.stack, self.options, self.name = stack, options, name
        self.bill: Bill = bill_of(stack, PriceBook.bundled(), options)

    def with_resources(self, changed: Mapping[str, Resource]) -> Priced:
        """The same stack with these resources instead of those that it has."""
        resources = [changed.get(one.urn, one) for one in self.stack.resources]
        return Priced(Stack(resources, self.stack.config), self.options, self.name)

    def without(self, urns: Sequence[str]) -> Priced:
        """The same stack without these resources."""
        if not urns:
            return self
        resources = [one for one in self.stack.resources if one.urn not in urns]
        return Priced(Stack(resources, self.stack.config), self.options, self.name)

    def with_annotation(self, urn: str, annotation: Annotation) -> Priced:
        """The same stack with more said of a pool."""
        pattern = urn.replace("[", "[[]")
        before = self.options.annotations.get(pattern, Annotation())
        merged = before.model_copy(update={name: getattr(annotation, name) for name in annotation.model_fields_set})
        annotations = {**self.options.annotations, pattern: merged}
        return Priced(self.stack, self.options.model_copy(update={"annotations": annotations}), self.name)

    def cost(self, scope: Scope, measure: Measure) -> float:
        """USD a month of a part of the bill."""
        return float(getattr(self.bill.only(scope).cost, measure))

    def holes(self, scope: Scope) -> list[Hole]:
        """What of that part has no price, and may not be without."""
        return [hole for hole in self.bill.holes if scope(hole) and not hole.allowed]


_PRICED: WeakKeyDictionary[Seen, Priced] = WeakKeyDictionary()


def priced(stack: Seen, configs: Mapping[str, object]) -> Priced:
    """The stack's bill under the configuration of the policy `estimate`."""
    if stack not in _PRICED:
        config = configs.get("estimate")
        options = config.options() if isinstance(config, EstimateConfig) else Options()
        _PRICED[stack] = Priced(stack, options, stack.name)
    return _PRICED[stack]


def usd(amount: float) -> str:
    """For example `$1,234.50`."""
    return f"${amount:,.2f}"


def everything(_line: Item | Hole) -> bool:
    """The scope of the whole stack."""
    return True


_MACHINES = (
    "Instance",
    "VirtualMachine",
    "InstanceGroupManager",
    "RegionInstanceGroupManager",
    "Fleet",
    "SpotFleetRequest",
)


def machine_holes(bill: Bill) -> list[Hole]:
    """What has no price, may not be without, and makes machines or may: nothing that counts them passes beside it."""
    return [
        hole for hole in bill.holes if not hole.allowed and (pool_of(hole) or hole.type.rpartition(":")[2] in _MACHINES)
    ]


def machines_of(priced: Priced) -> list[Item]:
    """The lines of machines, as far as there may be any."""
    return [item for item in priced.bill.items if item.kind == "machines" and item.counts[2]]


def pool_of(line: Item | Hole) -> str:
    """The pool of a line; that of a hole is its resource where that is a pool."""
    return line.pool or (line.name if isinstance(line, Hole) and plain(line.type) in pool_types() else "")


def holds_pools(line: Hole) -> bool:
    """Whether its resource holds pools, whose names are not told."""
    kind = pool_types().get(plain(line.type))
    return bool(kind and kind.list) and not line.pool
