"""What a pricer has at hand: the stack, the prices and what people said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import translate
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from penstock_cost.bill import Hole, Item
from penstock_cost.money import HOURS_PER_MONTH, Confidence, CostError, Estimate, Rate, always, least
from penstock_cost.resources import regions
from penstock_cost.resources.lookups import RememberingBook
from penstock_cost.resources.model import UNKNOWN, UNKNOWN_TEXT, Resource, Stack
from penstock_cost.resources.options import Annotation, Options, Usage
from penstock_cost.resources.tokens import cloud_of, plain
from penstock_cost.resources.values import Unpriced

if TYPE_CHECKING:
    from penstock_cost.book import PriceBook
    from penstock_cost.resources.registry import Found

FIXED = "all month"
# Members of a pool's `cost` without which its price would be a guess. The others only describe it.
_DECISIVE = (
    "purchase",
    "commitment",
    "schedule",
    "otherwise",
    "profile",
    "fallbackFor",
    "fallback",
    "redo",
    "spotPrice",
)


class Context:
    """The questions that pricers ask while they read one stack."""

    def __init__(self, stack: Stack, book: PriceBook, options: Options) -> None:
        self.stack = stack
        self.book = cast("PriceBook", RememberingBook(book))
        self.options = options
        self._cost_of: dict[str, Annotation | Unpriced | None] = {}

    def region(self, resource: Resource) -> str:
        """In which region it lies. Raises Unpriced."""
        return regions.region_of(self.stack, resource)

    def rate(self, cloud: str, region: str, item: str) -> Rate:
        """The price of an item of the book. Raises UnknownPrice."""
        return self.book.service(cloud, region, item)

    def hourly(self, resource: Resource, item: str, what: str, kind: str, *notes: str, count: float = 1) -> Item:
        """The line for what is paid by the hour, all month."""
        region = self.region(resource)
        rate = self.rate(cloud_of(resource.type), region, item)
        cost = always(count * rate.usd * HOURS_PER_MONTH)
        return self.line(resource, what, kind, cost, [rate], region=region, notes=notes)

    def line(
        self,
        resource: Resource,
        what: str,
        kind: str,
        cost: Estimate,
        rates: Iterable[Rate],
        *,
        basis: str = FIXED,
        confidence: Confidence = Confidence.HIGH,
        region: str = "",
        notes: Iterable[str] = (),
        irrevocable: bool = False,
        pool: str = "",
        tenant: str | None = None,
    ) -> Item:
        """A line of the bill; its confidence is at most that of its rates."""
        rates = tuple(dict.fromkeys(rates))
        return Item(
            urn=resource.urn,
            name=resource.name,
            type=resource.type,
            what=what,
            kind=kind,
            cost=cost,
            confidence=least([confidence, *(rate.confidence for rate in rates)]),
            basis=basis,
            rates=rates,
            region=region,
            pool=pool,
            tenant=self.tenant(resource) if tenant is None else tenant,
            notes=tuple(notes),
            irrevocable=irrevocable,
        )

    def hole(self, resource: Resource, reason: str, path: str = "", pool: str = "") -> Hole:
        """What has no price, and whether the configuration accepts that."""
        return Hole(
            urn=resource.urn,
            name=resource.name,
            type=resource.type,
            reason=reason,
            property=path,
            allowed=self._allowed(resource.type),
            pool=pool,
            tenant=self.tenant(resource),
        )

    def or_hole(self, pool: Iterable[Found], resource: Resource, called: str) -> Iterator[Found]:
        """What is found of one of several pools of a resource; where it has no price the others still do."""
        try:
            yield from pool
        except Unpriced as problem:
            yield self.hole(resource, problem.reason, problem.path, pool=called)
        except CostError as problem:
            yield self.hole(resource, str(problem), pool=called)

    def usage(self, resource: Resource) -> Usage:
        """What the resource is used for, as far as that was said."""
        for pattern, usage in self.options.usage.items():
            if _matches(pattern, resource.name, resource.urn, resource.type):
                return usage
        return Usage()

    def tenant(self, resource: Resource) -> str:
        """For whom it is: the tenant of the component in which it lies, or its label; empty where it is shared."""
        for one in (resource, *self.stack.ancestors(resource)):
            try:
                if (found := self._registered(one)) and found.tenant:
                    return found.tenant
            except Unpriced:
                return ""
        return ""

    def annotation(self, resource: Resource) -> Annotation:
        """What is said of a pool: what the nearest component above registered, then what the options say.

        Raises Unpriced.
        """
        said, names = Annotation(), [resource]
        for above in self.stack.ancestors(resource):
            names.append(above)
            if found := self._registered(above):
                said = found
                break
        if not self.options.annotations:
            return said
        texts = [text for one in names if one.type != "pulumi:pulumi:Stack" for text in (one.name, one.urn)]
        for pattern, more in self.options.annotations.items():
            if _matches(pattern, *texts, said.pool):
                said = said.model_copy(update={name: getattr(more, name) for name in more.model_fields_set})
        return said

    def _registered(self, component: Resource) -> Annotation | None:
        if component.custom or "cost" not in component.properties:
            return None
        if component.urn not in self._cost_of:
            try:
                self._cost_of[component.urn] = _annotation(component)
            except Unpriced as error:
                self._cost_of[component.urn] = error
        if isinstance(found := self._cost_of[component.urn], Unpriced):
            raise found
        return found

    def _allowed(self, token: str) -> bool:
        return any(_matches(pattern, token, plain(token)) for pattern in self.options.allowed_holes)


def _annotation(component: Resource) -> Annotation | None:
    cost = component.properties["cost"]
    if cost is None:
        return None
    if _unknown(cost):
        raise Unpriced(f"`cost` of {component.name} is not known before the deployment. Write plain values.", "cost")
    if not isinstance(cost, Mapping):
        raise Unpriced(f"`cost` of {component.name} is no object. Write one, as the pools of penstock do.", "cost")
    for name in _DECISIVE:
        if _has_unknown(cost.get(name)):
            raise Unpriced(
                f"cost.{name} of {component.name} is not known before the deployment. Write a plain value.",
                f"cost.{name}",
            )
    try:
        return Annotation.model_validate({key: value for key, value in cost.items() if not _has_unknown(value)})
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in ("cost", *first["loc"]))
        raise Unpriced(f"{path} of {component.name}: {first['msg']}.", path) from None


def _unknown(value: Any) -> bool:
    return value is UNKNOWN or (isinstance(value, str) and value == UNKNOWN_TEXT)


def _has_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_unknown(one) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_has_unknown(one) for one in value)
    return _unknown(value)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


def _matches(glob: str, *texts: str) -> bool:
    pattern = _pattern(glob)
    return any(pattern.match(text) for text in texts)
