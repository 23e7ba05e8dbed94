"""How many machines the workloads of a stack ask its pools for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from penstock_cost.money import HOURS_PER_WEEK
from penstock_cost.resources.capacity import capacity_of
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Pool
from penstock_cost.resources.kubernetes.clusters import cluster_of
from penstock_cost.resources.kubernetes.placement import Nodes, constraints, lands, own_label, preference, selects
from penstock_cost.resources.kubernetes.scaling import Replicas
from penstock_cost.resources.kubernetes.workloads import Workload, workloads
from penstock_cost.resources.options import Annotation
from penstock_cost.resources.packing import Amounts, machines_for


class Asked(NamedTuple):
    """What the workloads that select a pool ask for."""

    most: int | None = None
    """The most machines, over all zones; None: not known."""
    least: int | None = None
    """The machines for the fewest replicas; None: not known."""
    hours: tuple[float, ...] = ()
    """The machines in each hour of a week, where schedules tell how many replicas there are."""
    basis: str = ""
    """How the expected cost follows from it, as a phrase; empty where it does not."""


class _Side(NamedTuple):
    """A pool, as workloads see it."""

    pool: Pool
    said: Annotation
    nodes: Nodes


class _Group:
    """Workloads whose pods are equal in every way that counts here, taken as one."""

    def __init__(self, first: Workload, cluster: str) -> None:
        self.spec, self.pod, self.daemon, self.cluster = first.spec, first.pod, first.daemon, cluster
        self.least = 0
        self.most: int | None = 0
        self._hours: list[tuple[float, ...]] = []
        self._steady = 0

    def add(self, replicas: Replicas) -> None:
        """One more workload."""
        self.least += replicas.least
        self.most = None if self.most is None or replicas.most is None else self.most + replicas.most
        if replicas.hours:
            self._hours.append(replicas.hours)
        else:
            self._steady += replicas.least

    @property
    def scheduled(self) -> bool:
        """Whether a schedule tells of some of them how many run when."""
        return bool(self._hours)

    def at(self, hour: int) -> int:
        """How many run in an hour of the week; in one that a schedule cuts, its average rounded up."""
        return self._steady + sum(math.ceil(hours[hour] - 1e-9) for hours in self._hours)


class Demand:
    """The workloads of a stack.

    A pool that no workload selects by a label keeps its maximum: what else runs there is not known. Where one does,
    everything that may land there counts, and all of it, though it may land elsewhere too; so it is an upper bound of
    what the program's own workloads ask for. What others deploy into the cluster is not in it.
    """

    def __init__(self, context: Context) -> None:
        self._stack = context.stack

    def of(self, pools: Sequence[Pool], annotated: Sequence[Annotation]) -> list[Asked]:
        """What each pool is asked for."""
        groups = self._groups() if pools else []
        if not groups:
            return [Asked()] * len(pools)
        sides = [_side(pool, said) for pool, said in zip(pools, annotated, strict=True)]
        landing: list[list[_Group]] = [[] for _ in pools]
        home: list[list[_Group]] = [[] for _ in pools]
        selected = [False] * len(pools)
        finder = _Finder(sides)
        for group in groups:
            places, wanted = finder.places(group)
            for index in places:
                landing[index].append(group)
            if group.daemon:
                continue
            for index in wanted:
                selected[index] = True
            if choice := wanted or (places if len(places) == 1 else []):
                home[min((_rank(group, sides[index]), index) for index in choice)[1]].append(group)
        return [
            _asked(side, landing[index], home[index]) if selected[index] else Asked()
            for index, side in enumerate(sides)
        ]

    def _groups(self) -> list[_Group]:
        groups: dict[object, _Group] = {}
        clusters: dict[str, str] = {}
        for one in workloads(self._stack):
            provider = one.resource.provider
            if provider not in clusters:
                found = cluster_of(self._stack, one.resource)
                clusters[provider] = found.urn if found else ""
            pod = None if one.pod is None else frozenset(one.pod.items())
            key = (clusters[provider], constraints(one.spec), pod, one.daemon)
            if key not in groups:
                groups[key] = _Group(one, clusters[provider])
            groups[key].add(one.replicas)
        return list(groups.values())


class _Finder:
    """Where groups may run, looked up once for each kind of constraint."""

    def __init__(self, sides: Sequence[_Side]) -> None:
        self._sides = sides
        self._found: dict[object, tuple[list[int], list[int]]] = {}
        self._by_label: dict[tuple[str, str], list[int]] = {}
        for index, side in enumerate(sides):
            for label in side.nodes.labels.items():
                self._by_label.setdefault(label, []).append(index)

    def places(self, group: _Group) -> tuple[list[int], list[int]]:
        """The pools where its pods may land, and of those the ones that they ask for."""
        key = (group.cluster, constraints(group.spec), frozenset(group.pod or ()))
        if key not in self._found:
            label = own_label(group.spec)
            candidates = range(len(self._sides)) if label is None else self._by_label.get(label, [])
            places = [index for index in candidates if self._lands(group, self._sides[index])]
            wanted = [index for index in places if selects(group.spec, self._sides[index].nodes)]
            self._found[key] = places, wanted
        return self._found[key]

    def _lands(self, group: _Group, side: _Side) -> bool:
        same = not side.pool.cluster or not group.cluster or side.pool.cluster == group.cluster
        return same and lands(group.spec, group.pod, side.nodes)


def _side(pool: Pool, said: Annotation) -> _Side:
    labels = {"kubernetes.io/os": "linux", **pool.labels, **said.labels}
    if len(pool.machines) == 1:
        labels["node.kubernetes.io/instance-type"] = pool.machines[0]
    return _Side(pool, said, Nodes(labels, said.taints or pool.taints))


def _rank(group: _Group, side: _Side) -> tuple[float, bool, bool, str]:
    """Where its pods go first: where they prefer to, to a pool before its fallback, to spot before on demand."""
    return (
        -preference(group.spec, side.nodes),
        side.said.fallback_for is not None,
        side.pool.purchase != "spot",
        side.pool.resource.urn,
    )


def _asked(side: _Side, landing: list[_Group], home: list[_Group]) -> Asked:
    capacity = capacity_of(side.pool, side.said)
    if capacity is None:
        return Asked()
    for one in landing:
        if one.daemon and one.pod:
            capacity = {name: max(amount - one.pod.get(name, 0.0), 0.0) for name, amount in capacity.items()}
    asking = [one for one in landing if not one.daemon]
    most = None
    if all(one.pod is not None and one.most is not None for one in asking):
        most = machines_for(capacity, [(one.pod or {}, one.most or 0) for one in asking])
    if any(one.pod is None or one.most is None for one in home):
        return Asked(most)
    least = machines_for(capacity, [(one.pod or {}, one.least) for one in home])
    if any(one.scheduled for one in home):
        return Asked(most, least, _hours(capacity, home), "schedules of its workloads")
    return Asked(most, least, (), "its workloads at their fewest replicas")


def _hours(capacity: Amounts, home: list[_Group]) -> tuple[float, ...]:
    """The machines in each hour of a week."""
    known: dict[tuple[int, ...], int] = {}
    hours = []
    for hour in range(HOURS_PER_WEEK):
        replicas = tuple(one.at(hour) for one in home)
        if replicas not in known:
            known[replicas] = machines_for(capacity, zip([one.pod or {} for one in home], replicas, strict=True))
        hours.append(known[replicas])
    return tuple(hours)
