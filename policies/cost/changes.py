"""Changes of pools that may bring a bill under its ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from priced import Priced, Scope

from penstock_cost.bill import Item
from penstock_cost.book import PriceBook
from penstock_cost.crossguard import NotKnown
from penstock_cost.crossguard.pools import NodePool, pools_of
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.options import Annotation, Commitment
from penstock_cost.resources.values import Unpriced

_MIXES = ("penstock:index:PurchaseMix",)


class PoolChange:
    """A pool on the bill, and what can be changed about it."""

    def __init__(self, item: Item, pool: NodePool, shares_request: bool = False) -> None:
        self.item, self.pool, self.shares_request = item, pool, shares_request
        most = pool.maximum()
        self._path, self._zones = most.path, most.zones
        self.unit = most.zones
        """Machines by which the maximum can change: one in each zone."""
        self.maximum = most.machines or 0
        least = max(int(item.counts[0]), 1)
        self.minimum = -(-least // self.unit) * self.unit
        """The least maximum that it may have."""

    @property
    def name(self) -> str:
        """Its name on the bill."""
        return self.item.pool or self.item.name

    @property
    def urn(self) -> str:
        """Its resource."""
        return self.item.urn

    @property
    def idle(self) -> bool:
        """Whether the cluster would do without it: a node pool of its own that may be empty, for which nothing asks."""
        least, expected, most, bounded = self.item.counts
        whole = self.pool.kind.name_label and not self.pool.path
        return bool(whole) and not least and not expected and bounded == most and not self.shares_request

    def machine(self) -> str:
        """Its machine type, where it has one that can be changed here; else empty."""
        try:
            machines = self.pool.machines()
        except NotKnown:
            return ""
        return machines[0] if len(machines) == 1 else ""

    def with_maximum(self, stack: Mapping[str, Resource], machines: int) -> dict[str, Resource]:
        """The resource with this maximum over all zones."""
        return self._changed(stack, self._path, machines // self._zones)

    def with_machine(self, stack: Mapping[str, Resource], name: str) -> dict[str, Resource]:
        """The resource with another machine type."""
        path = self.pool.path + self.pool.kind.machine
        value = [name] if isinstance(_get(stack[self.urn].properties, path), list) else name
        return self._changed(stack, path, value)

    def committed(self, before: Priced) -> Priced | None:
        """The bill with a commitment of a year for its minimum; None where that makes no sense."""
        if self.item.purchase != "on_demand" or self.item.counts[0] < 1:
            return None
        return before.with_annotation(
            self.urn, Annotation(purchase="reserved", commitment=Commitment(term="1y", payment="no_upfront"))
        )

    def _changed(self, stack: Mapping[str, Resource], path: str, value: Any) -> dict[str, Resource]:
        resource = stack[self.urn]
        return {self.urn: resource._replace(properties=_set(resource.properties, path.split("."), value))}


def pool_changes(priced: Priced, scope: Scope, measure: str) -> list[PoolChange]:
    """The pools of a part of the bill of which something can be changed.

    The dearest come first, and after all others those that are only a part of a request.
    """
    lines = [item for item in priced.bill.items if item.kind == "machines" and scope(item)]
    lines.sort(key=lambda item: (-getattr(item.cost, measure), item.urn))
    changes = [change for item in lines for change in _change(priced, item)]
    return sorted(changes, key=lambda change: change.shares_request)


def _change(priced: Priced, item: Item) -> Iterator[PoolChange]:
    resource = priced.stack.by_urn.get(item.urn)
    if resource is None:
        return
    try:
        pools = list(pools_of(resource))
        fits = pools if len(pools) == 1 else [pool for pool in pools if pool.data.get("name") in (item.pool, item.name)]
        if len(fits) == 1 and fits[0].maximum().machines:
            yield PoolChange(item, fits[0], _shares_request(priced, resource))
    except NotKnown:
        return


def _shares_request(priced: Priced, resource: Resource) -> bool:
    """Whether it is one of several pools that are one request: a share of a mix, or the fallback of another."""
    if any(one.type in _MIXES for one in priced.stack.ancestors(resource)):
        return True
    try:
        return Context(priced.stack, PriceBook.bundled(), priced.options).annotation(resource).fallback_for is not None
    except Unpriced:
        return True


def _get(properties: Mapping[str, Any], path: str) -> Any:
    value: Any = properties
    for name in path.split("."):
        value = value[name] if isinstance(value, Mapping) and name in value else None
    return value


def _set(properties: Any, path: list[str], value: Any) -> Any:
    """A copy of nested properties with one value changed; `profiles[1]` is a member of a list."""
    name, _, index = path[0].partition("[")
    inner = properties.get(name)
    if index:
        place = int(index.rstrip("]"))
        if isinstance(inner, Mapping):  # a list of one, written as the object
            return {**properties, name: _set(inner, path[1:], value)}
        changed = [_set(one, path[1:], value) if at == place else one for at, one in enumerate(inner)]
        return {**properties, name: changed}
    if len(path) == 1:
        return {**properties, name: value}
    if isinstance(inner, list):
        return {**properties, name: [_set(inner[0], path[1:], value)]}
    return {**properties, name: _set(inner or {}, path[1:], value)}
