"""How long requests took: counts in buckets, so fine that a percentile of theirs overstates by 1 % at most."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Mapping
from itertools import accumulate

FINENESS = 1.01
"""The ratio of the bounds of a bucket."""
SHORTEST = 0.001
"""Seconds. Whatever is shorter counts as this."""
EXPORTED = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0)
"""Upper bounds, in seconds, of the buckets in the histogram that Prometheus scrapes."""
_LOG = math.log(FINENESS)


class Latencies:
    """Of served requests, the times that they took in fine buckets; of failed ones, how many there are."""

    def __init__(self, buckets: Mapping[int, int] | None = None, failed: int = 0) -> None:
        self.buckets: Counter[int] = Counter(buckets or {})
        self.failed = failed

    def record(self, seconds: float, count: int) -> None:
        """So many requests took so long."""
        self.buckets[_bucket(seconds)] += count

    def add(self, other: Latencies) -> None:
        """Everything that the other has counted, too."""
        self.buckets.update(other.buckets)
        self.failed += other.failed

    @property
    def count(self) -> int:
        """Requests, failed ones included."""
        return sum(self.buckets.values()) + self.failed

    def percentile(self, percent: float) -> float:
        """So many percent of all requests took at most this many seconds, within 1 % above.

        A failed request took forever: infinity, where these are too many. 0 where there were no requests.
        """
        rank = percent / 100 * self.count
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return float(SHORTEST * FINENESS**bucket)
        return math.inf if self.failed else 0.0


class Window:
    """The latencies of the last so many seconds, to the second. What has failed took as long as it waited."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._parts: deque[tuple[int, Latencies]] = deque()

    def record(self, at: float, seconds: float, count: int) -> None:
        """So many requests that ended at a time took so long. Times do not go back."""
        if not self._parts or self._parts[-1][0] != int(at):
            self._parts.append((int(at), Latencies()))
            self._forget(at)
        self._parts[-1][1].record(seconds, count)

    def percentile(self, percent: float, at: float) -> float:
        """The percentile of those that ended within the last seconds before `at`; 0 where there were none."""
        self._forget(at)
        together = Latencies()
        for _, part in self._parts:
            together.add(part)
        return together.percentile(percent)

    def _forget(self, at: float) -> None:
        while self._parts and self._parts[0][0] + 1 <= at - self._seconds:
            self._parts.popleft()


class Exported:
    """The histogram as Prometheus wants it: counts up to each bound of `EXPORTED`, and the sum of seconds."""

    def __init__(self) -> None:
        self._counts = [0] * (len(EXPORTED) + 1)
        self.sum = 0.0

    def record(self, seconds: float, count: int) -> None:
        """So many requests took so long."""
        self._counts[bisect_left(EXPORTED, seconds)] += count
        self.sum += seconds * count

    def buckets(self) -> list[tuple[str, float]]:
        """Bounds as Prometheus writes them, each with how many took at most that long."""
        bounds = [*(str(bound) for bound in EXPORTED), "+Inf"]
        return [(bound, float(count)) for bound, count in zip(bounds, accumulate(self._counts), strict=True)]


def _bucket(seconds: float) -> int:
    """The bucket whose upper bound is the least that is not below."""
    return 0 if seconds <= SHORTEST else math.ceil(math.log(seconds / SHORTEST) / _LOG - 1e-9)
