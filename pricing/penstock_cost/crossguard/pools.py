"""Node pools of any program: how many machines they may have, which ones, and with which labels."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from penstock_cost.catalogue import machine
from penstock_cost.crossguard.values import NotKnown, items, known_texts, read, strings, text, whole
from penstock_cost.model import UnknownMachineType
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import cloud_of, plain

_GCP_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")


class PoolType(NamedTuple):
    """Where the properties of a type of pool stand; a row of `data/pool_types.csv`."""

    type: str
    list: str
    """The list of pools that lie in the resource; empty where the resource is one."""
    autoscaled: str
    """The flag by which the maximum counts; empty where it always does."""
    maximum: str
    maximum_in_zone: str
    fixed: str
    """The count of a pool that is not autoscaled."""
    fixed_in_zone: str
    zones: str
    place: str
    """The region or zone it lies in: in a single zone, counts of a zone are totals."""
    machine: str
    labels: str
    name_label: str
    """The label by which the cloud tells the pool's name."""
    accelerators: str
    source: str
    as_of: str


class Maximum(NamedTuple):
    """The most machines that a pool may have, over all zones."""

    machines: int | None
    """None: it has no maximum, or none that counts all its zones."""
    path: str
    """The property that says it, or should."""
    zones: int = 1
    """By how many zones that property is multiplied."""


class NodePool(NamedTuple):
    """A pool that a resource makes, or one of several in it."""

    resource: Resource
    kind: PoolType
    data: Mapping[str, Any]
    path: str
    """Where it stands in the resource, with a dot behind it; empty where it is the resource."""

    @property
    def name(self) -> str:
        """The name in messages."""
        own = self.data.get("name")
        return f"{self.resource.name}/{own}" if self.path and isinstance(own, str) else self.resource.name

    @property
    def texts(self) -> tuple[str, ...]:
        """What a pattern may match."""
        own = self.data.get("name")
        return (self.name, self.resource.name, self.resource.urn, *([own] if isinstance(own, str) else []))

    def maximum(self) -> Maximum:
        """The most machines. Raises NotKnown."""
        kind = self.kind
        try:
            autoscaled = not kind.autoscaled or read(self.data, kind.autoscaled) is True
            for names, in_zone, counts in (
                (kind.maximum, False, autoscaled),
                (kind.maximum_in_zone, True, autoscaled),
                (kind.fixed, False, not autoscaled or not kind.maximum),
                (kind.fixed_in_zone, True, True),
            ):
                for name in names.split("|") if names and counts else ():
                    if (found := whole(self.data, name)) is None:
                        continue
                    zones = self._zones() if in_zone else 1
                    if zones is None:
                        return Maximum(None, self.path + kind.maximum)
                    return Maximum(found * zones, self.path + name, zones)
        except NotKnown as unknown:
            raise unknown.below(self.path) from None
        return Maximum(None, self.path + kind.maximum)

    def machines(self) -> list[str]:
        """Its machine types; none where they are stated elsewhere, as in a launch template. Raises NotKnown."""
        if not self.kind.machine:
            return []
        value = read(self.data, self.kind.machine)
        if isinstance(value, list):
            return strings(self.data, self.kind.machine) or []
        return [str(value)] if value else []

    def gpus(self) -> int | None:
        """GPUs of a machine, attached ones too; None where that is not known."""
        try:
            attached = [
                whole(one, "count") or 0
                for _, one in (items(self.data, self.kind.accelerators) if self.kind.accelerators else ())
            ]
            if attached:
                return sum(attached)
            built_in = [machine(_cloud(self.resource), name).accelerator for name in self.machines()]
        except (NotKnown, UnknownMachineType):
            return None
        return max((one.count if one else 0 for one in built_in), default=None)

    def labels(self) -> dict[str, str]:
        """The labels of its nodes, as far as they are known."""
        labels = known_texts(self.data, self.kind.labels) if self.kind.labels else {}
        for name in ("name", "nodeGroupName", "agentPoolName"):
            if self.kind.name_label and isinstance(own := self.data.get(name), str):
                labels[self.kind.name_label] = own
        return labels

    def _zones(self) -> int | None:
        if self.kind.zones and (zones := strings(self.data, self.kind.zones)) is not None:
            return len(zones)
        where = {**self.resource.properties, **self.data}
        if self.kind.zones and (zones := strings(where, self.kind.zones)) is not None:
            # The other zones of a cluster: its own place is one more if it is a zone.
            return len(zones) + bool(_GCP_ZONE.fullmatch(text(where, self.kind.place)))
        return 1 if self.kind.place and _GCP_ZONE.fullmatch(text(where, self.kind.place)) else None


def pools_of(resource: Resource) -> Iterator[NodePool]:
    """The pools that a resource is or holds. Raises NotKnown where the list of them is not known."""
    kind = pool_types().get(plain(resource.type))
    if kind is None:
        return
    if not kind.list:
        yield NodePool(resource, kind, resource.properties, "")
        return
    for path, data in items(resource.properties, kind.list):
        yield NodePool(resource, kind, data, f"{path}.")


@cache
def pool_types() -> dict[str, PoolType]:
    """Every type that is a pool or holds some, by its token without an API version."""
    with (Path(__file__).parent / "data" / "pool_types.csv").open(encoding="utf-8", newline="") as table:
        return {row["type"]: PoolType(**row) for row in csv.DictReader(table)}


def _cloud(resource: Resource) -> str:
    return cloud_of(resource.type) or ("azure" if resource.type.startswith("azure:") else "")
