"""What a run is judged by: pure functions over its timeline. Times are seconds; infinity means that it never came.

An overload is a time in which more requests come, by the profile, than the ready replicas can serve.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from sandbox.load.latency import Latencies
from sandbox.load.profile import Profile
from sandbox.load.record import Second, Timeline

SHORT_SECONDS = 15.0
"""What is over sooner needs no reaction: clouds' pod autoscalers look every 15 s."""


def failed_share(latencies: Latencies) -> float:
    """The share of all requests that got no answer, 0 to 1."""
    return latencies.failed / latencies.count if latencies.count else 0.0


def first_scaling(timeline: Timeline, service: str) -> float | None:
    """From the beginning of the first overload until more replicas are asked for than were ready; None without one."""
    return next(_reactions(timeline, service), None)


def reaction(timeline: Timeline, service: str) -> float | None:
    """The longest such time of all overloads of the run; None where there was none."""
    return max(_reactions(timeline, service), default=None)


def _reactions(timeline: Timeline, service: str) -> Iterator[float]:
    asked = timeline.scenario.services[service]

    def overloaded(second: Second) -> bool:
        return asked.profile.rps(second.at) > asked.rate * second.services[service].ready

    for episode in episodes(timeline.seconds, overloaded):
        ready = episode.seconds[0].services[service].ready
        rises = (second.at for second in episode.seconds if second.services[service].desired > ready)
        found = next(rises, math.inf)
        if found < math.inf or episode.lasted >= SHORT_SECONDS:
            yield found - episode.begin


def node_asked(timeline: Timeline) -> float | None:
    """The longest time from an unschedulable pod until a node is asked for; None where every pod found a node."""
    found = []
    for episode in episodes(timeline.seconds, lambda second: second.unschedulable > 0):
        before = episode.before.nodes_asked if episode.before else 0
        asked = next((second.at for second in episode.seconds if second.nodes_asked > before), math.inf)
        if asked < math.inf or episode.lasted >= SHORT_SECONDS:
            found.append(asked - episode.begin)
    return max(found, default=None)


def nodes_there(timeline: Timeline) -> float | None:
    """The longest time in which pods found no node; None where every pod found one, infinity where some still wait."""
    found = episodes(timeline.seconds, lambda second: second.unschedulable > 0)
    return max((episode.lasted if episode.over else math.inf for episode in found), default=None)


def reversals(timeline: Timeline, service: str) -> int:
    """How often the count of desired replicas turned around, up or down, inside of a plateau of the load."""
    profile = timeline.scenario.services[service].profile
    turns = 0
    for plateau in profile.plateaus():
        inside = [second for second in timeline.seconds if plateau.begin < second.at <= plateau.end]
        turns += sign_changes([second.services[service].desired for second in inside])
    return turns


def sign_changes(counts: Sequence[int]) -> int:
    """How often a count turned around: rose after it had fallen, or fell after it had risen."""
    directions = [math.copysign(1, after - before) for before, after in pairwise(counts) if after != before]
    return sum(before != after for before, after in pairwise(directions))


class Episode(NamedTuple):
    """Seconds behind each other in which something was so, the one before them, and whether it ended."""

    seconds: tuple[Second, ...]
    before: Second | None
    over: bool
    end: float

    @property
    def begin(self) -> float:
        """When it was seen first."""
        return self.seconds[0].at

    @property
    def lasted(self) -> float:
        """Seconds until it was seen no more, or until the end of the run."""
        return self.end - self.begin


def episodes(seconds: Sequence[Second], holds: Callable[[Second], bool]) -> Iterator[Episode]:
    """The stretches of a run in which something holds."""
    at = 0
    for so, group in groupby(seconds, holds):
        found = tuple(group)
        following = at + len(found)
        over = following < len(seconds)
        if so:
            end = seconds[following].at if over else found[-1].at
            yield Episode(found, seconds[at - 1] if at else None, over, end)
        at = following


class Spent(NamedTuple):
    """Replicas and nodes over the time of a run, in seconds each."""

    replica_seconds: float
    node_seconds: float


def spent(timeline: Timeline) -> Spent:
    """What the run took: all pods and ready nodes that there were, whatever they did."""
    replicas = sum(each.pods * step for second, step in _steps(timeline) for each in second.services.values())
    return Spent(replicas, sum(second.nodes * step for second, step in _steps(timeline)))


def static_peak(timeline: Timeline) -> Spent:
    """What it takes to have the replicas all the time that the highest load needs, and their nodes."""
    needed = sum(math.ceil(each.profile.peak / each.rate) for each in timeline.scenario.services.values())
    lasted = sum(step for _, step in _steps(timeline))
    return Spent(needed * lasted, _nodes(timeline, needed) * lasted)


def oracle(timeline: Timeline) -> Spent:
    """What somebody would have taken who knows the load: each replica and node just early enough to be ready."""
    services = timeline.scenario.services.values()
    node_start = timeline.scenario.node_start_seconds
    replica_seconds = node_seconds = 0.0
    for second, step in _steps(timeline):
        replica_seconds += step * sum(_needed(s.profile, s.rate, second.at, s.start_seconds) for s in services)
        ahead = sum(_needed(s.profile, s.rate, second.at, s.start_seconds + node_start) for s in services)
        node_seconds += step * _nodes(timeline, ahead)
    return Spent(replica_seconds, node_seconds)


def cost(timeline: Timeline, what: Spent) -> float:
    """USD, by the scenario's prices."""
    prices = timeline.scenario.prices
    return (what.replica_seconds * prices.replica_hour + what.node_seconds * prices.node_hour) / 3600


def _needed(profile: Profile, rate: float, at: float, ahead: float) -> int:
    """Replicas for the highest load between a time and so many seconds later."""
    corners = [time for time, _ in profile.points if at < time <= at + ahead]
    # At a jump the curve tells what it jumps to; what it comes from counts where the stretch begins with it.
    return math.ceil(max(profile.rps(time) for time in (at, *corners, at + ahead)) / rate - 1e-9)


def _nodes(timeline: Timeline, replicas: int) -> int:
    per_node = timeline.scenario.replicas_per_node
    return math.ceil(replicas / per_node) if per_node else 0


def _steps(timeline: Timeline) -> Iterator[tuple[Second, float]]:
    """Each second with the time since the one before."""
    before = 0.0
    for second in timeline.seconds:
        yield second, second.at - before
        before = second.at
