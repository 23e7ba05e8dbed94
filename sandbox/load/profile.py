"""How many requests come when: a curve of requests per second, and the whole numbers of requests drawn from it."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

Point = tuple[float, float]
_CHUNK = 30.0
"""The largest mean that is drawn at once: beyond some hundreds exp(-mean) is no number any more."""
_MANY = 1000.0
"""From this mean on a Poisson number is drawn as a normal one; their difference is then far below one percent."""


class Plateau(NamedTuple):
    """A time in which the load does not change: from and to in seconds, at so many requests per second."""

    begin: float
    end: float
    rps: float


@dataclass(frozen=True)
class Profile:
    """Requests per second over seconds, piecewise linear; before its first point and after its last it stays level.

    Two points at one time are a jump, which has happened at that time.
    """

    points: tuple[Point, ...]

    @property
    def end(self) -> float:
        """The time of the last point, in seconds."""
        return self.points[-1][0]

    @property
    def peak(self) -> float:
        """The most requests per second."""
        return max(rps for _, rps in self.points)

    def rps(self, at: float) -> float:
        """Requests per second at a time."""
        after = bisect_right(self.points, at, key=lambda point: point[0])
        if after == 0 or after == len(self.points):
            return self.points[0 if after == 0 else -1][1]
        (t0, r0), (t1, r1) = self.points[after - 1 : after + 1]
        return r0 + (r1 - r0) * (at - t0) / (t1 - t0)

    def requests(self, begin: float, end: float) -> float:
        """How many requests come between two times on average: the area under the curve, exactly."""
        inner = sorted({begin, end, *(time for time, _ in self.points if begin < time < end)})
        # Within a stretch the curve is straight, so that its middle tells the area, and jumps at its ends do not count.
        return sum((t1 - t0) * self.rps((t0 + t1) / 2) for t0, t1 in pairwise(inner))

    def plateaus(self, seconds: float = 10.0) -> Iterator[Plateau]:
        """The stretches between two points in which the load stays level for at least so many seconds."""
        for (t0, r0), (t1, r1) in pairwise(self.points):
            if r0 == r1 and t1 - t0 >= seconds:
                yield Plateau(t0, t1, r0)


def spike(peak: float = 1000, rise: float = 30, until: float = 180, gone: float = 300) -> Profile:
    """From nothing to `peak` in `rise` seconds, held `until`, and gone by `gone`."""
    return Profile(((0, 0), (rise, peak), (until, peak), (gone, 0)))


def oscillation(low: float = 10, high: float = 1000, every: float = 30, times: int = 5) -> Profile:
    """Jumps between `low` and `high` every so many seconds, begins and ends low, and is high so many `times`."""
    levels = [(low, high)[turn % 2] for turn in range(2 * times + 1)]
    return Profile(tuple((turn * every + edge * every, rps) for turn, rps in enumerate(levels) for edge in (0, 1)))


def constant(rps: float = 100, seconds: float = 300) -> Profile:
    """The same all the time."""
    return Profile(((0, rps), (seconds, rps)))


NAMED: Mapping[str, Callable[..., Profile]] = {"spike": spike, "oscillation": oscillation, "constant": constant}
"""Profiles that a scenario may name; their parameters are those of the functions."""


class Arrivals:
    """Whole numbers of requests from a profile: Poisson, which the seed decides, or evenly spaced without one."""

    def __init__(self, profile: Profile, seed: int | str | None = 1) -> None:
        self._profile = profile
        self._random = None if seed is None else random.Random(seed)
        self._owed = 0.0

    def between(self, begin: float, end: float) -> int:
        """How many come between two times. To be asked once for each stretch, in their order."""
        mean = self._profile.requests(begin, end)
        if self._random is not None:
            return poisson(mean, self._random)
        self._owed += mean
        # What is a millionth short of a whole request is one: the curve is summed up in floating point.
        come = math.floor(self._owed + 1e-6)
        self._owed -= come
        return come


def poisson(mean: float, source: random.Random) -> int:
    """A random whole number of this mean, as of independent events."""
    if mean > _MANY:
        return max(0, round(source.gauss(mean, math.sqrt(mean))))
    found = 0
    while mean > 0:
        # The sum of Poisson numbers is one of the sum of their means.
        part = min(mean, _CHUNK)
        mean -= part
        limit, product = math.exp(-part), source.random()
        while product > limit:
            found += 1
            product *= source.random()
    return found
