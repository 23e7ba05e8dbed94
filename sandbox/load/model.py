"""The load model of one service: requests come, wait in one queue, and are served by replicas that come and go.

Pure and deterministic: the same arrivals and the same replicas give the same numbers, and nothing is read or written.
Requests are kept in cohorts (all that came in one step, or that one replica took at once), never one by one, so that
1,000 requests a second cost less than a hundredth of a core. Arrivals of a step count as its beginning, so that
latencies are exact to the length of a step.

No request is lost: at any time, arrived = waiting + in service + served + failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping

from sandbox.load.latency import Exported, Latencies, Window

RATE = 10.0
"""Requests per second that a replica serves when it is full."""
SERVICE_SECONDS = 0.8
"""For how long a request occupies a place of a replica."""
TIMEOUT_SECONDS = 30.0
"""How long a request waits for a place before it fails."""
WINDOW_SECONDS = 15.0
"""Over what time percentiles and rates are told."""


class Replica:
    """A pod as the load sees it: what it holds, and until when it may finish that once it has to end."""

    __slots__ = ("deadline", "holds", "lost", "name", "served", "takes")

    def __init__(self, name: str) -> None:
        self.name = name
        self.holds = 0
        self.served = 0
        self.takes = True
        self.deadline: float | None = None
        self.lost = False


class ServiceModel:
    """The queue of a service and its replicas. Times are seconds since the model's beginning.

    `rate` times `service_seconds` is how many requests a replica holds at once, and has to be a whole number. Raises
    ValueError where it is not.
    """

    def __init__(
        self,
        rate: float = RATE,
        service_seconds: float = SERVICE_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
        window_seconds: float = WINDOW_SECONDS,
    ) -> None:
        self.concurrency = concurrency(rate, service_seconds)
        self.rate, self.service_seconds, self.timeout_seconds = rate, service_seconds, timeout_seconds
        self.window_seconds = window_seconds
        self.now = 0.0
        self.arrived = self.waiting = self.served = self.failed = 0
        self.latencies = Latencies()
        self.durations = Exported()
        self._recent = Window(window_seconds)
        self._came: deque[tuple[float, int]] = deque()
        self._area = self._told_busy = 0.0
        self._replicas: dict[str, Replica] = {}
        self._queue: deque[tuple[float, int]] = deque()
        # Every request takes equally long, so that what was begun first ends first.
        self._running: deque[tuple[float, Replica, float, int]] = deque()

    @property
    def in_service(self) -> int:
        """Requests that replicas hold."""
        return sum(replica.holds for replica in self._replicas.values())

    @property
    def serving(self) -> list[Replica]:
        """The replicas that take work."""
        return [replica for replica in self._replicas.values() if replica.takes]

    @property
    def replicas(self) -> Iterator[Replica]:
        """All replicas that have not ended, also those that take no new work."""
        return iter(self._replicas.values())

    def advance(self, seconds: float, arrivals: int) -> None:
        """Let a step of time pass, at whose beginning so many requests come."""
        end = self.now + seconds
        if arrivals:
            self.arrived += arrivals
            self.waiting += arrivals
            self._queue.append((self.now, arrivals))
            self._came.append((self.now, arrivals))
        self._hand_out(self.now)
        ending = sorted((r.deadline, r.name) for r in self._replicas.values() if r.deadline is not None)
        for deadline, name in ending:
            if deadline <= end:
                self._run(max(deadline, self.now))
                self._lose(self._replicas[name], max(deadline, self.now))
        self._run(end)
        self._give_up(end)
        self.now = end
        for name in [r.name for r in self._replicas.values() if r.deadline is not None and not r.holds]:
            del self._replicas[name]

    def set_replicas(
        self, ready: Collection[str], terminating: Mapping[str, float] | None = None, unready: Collection[str] = ()
    ) -> None:
        """Say which replicas there are now, by their names.

        A ready one takes work. An unready one takes none and keeps what it has. A terminating one takes none and fails
        what it has not finished at its deadline; it keeps that deadline when it is not named any more. One that is not
        named although nobody told it to end is lost with all that it has.
        """
        for name, deadline in (terminating or {}).items():
            if (replica := self._replicas.get(name)) and replica.deadline is None:
                replica.takes, replica.deadline = False, max(deadline, self.now)
        for replica in list(self._replicas.values()):
            if replica.deadline is None and replica.name not in ready:
                replica.takes = False
                if replica.name not in unready:
                    self._lose(replica, self.now)
        for name in sorted(ready):
            replica = self._replicas.setdefault(name, Replica(name))
            replica.takes = replica.deadline is None
        self._hand_out(self.now)

    def percentile(self, percent: float) -> float:
        """Seconds that so many percent of the requests took at most that ended in the last window; 0 without any."""
        return self._recent.percentile(percent, self.now)

    def rps(self) -> float:
        """Requests that came per second, on average over the last window."""
        while self._came and self._came[0][0] < self.now - self.window_seconds:
            self._came.popleft()
        return sum(count for _, count in self._came) / self.window_seconds

    def take_busy_seconds(self) -> float:
        """Seconds of places that were occupied since this was asked last, all replicas together."""
        # The area under the count of places taken: what ended, by when it did, less what began, by when it did.
        before, self._told_busy = self._told_busy, self._area + self.in_service * self.now
        return self._told_busy - before

    def _hand_out(self, at: float) -> None:
        """Give what waits to replicas with free places, to those first that hold least."""
        self._give_up(at)
        open_ = [replica for replica in self._replicas.values() if replica.takes and replica.holds < self.concurrency]
        while self._queue and open_:
            open_.sort(key=lambda replica: replica.holds)
            share = max(1, self.waiting // len(open_))
            for replica in open_:
                self._begin(replica, min(share, self.concurrency - replica.holds), at)
            open_ = [replica for replica in open_ if replica.holds < self.concurrency]

    def _begin(self, replica: Replica, places: int, at: float) -> None:
        """Let a replica take up to so many requests from the head of the queue."""
        while places and self._queue:
            came, count = self._queue.popleft()
            taken = min(count, places)
            if taken < count:
                self._queue.appendleft((came, count - taken))
            self._running.append((at + self.service_seconds, replica, came, taken))
            replica.holds += taken
            self._area -= taken * at
            self.waiting -= taken
            places -= taken

    def _run(self, until: float) -> None:
        """Finish what is due until then; a place that becomes free is taken at once."""
        while self._running and self._running[0][0] <= until:
            at, replica, came, count = self._running.popleft()
            if replica.lost:
                continue
            replica.holds -= count
            self._area += count * at
            replica.served += count
            self.served += count
            self.latencies.record(at - came, count)
            self.durations.record(at - came, count)
            self._recent.record(at, at - came, count)
            if replica.takes:
                self._give_up(at)
                self._begin(replica, count, at)

    def _give_up(self, at: float) -> None:
        """Fail what has waited for too long."""
        while self._queue and self._queue[0][0] + self.timeout_seconds <= at:
            _, count = self._queue.popleft()
            self.waiting -= count
            self._fail(at, self.timeout_seconds, count)

    def _lose(self, replica: Replica, at: float) -> None:
        """End a replica, and fail what it holds."""
        replica.lost = True
        del self._replicas[replica.name]
        if replica.holds:
            self._area += replica.holds * at
            self._fail(at, self.timeout_seconds, replica.holds)

    def _fail(self, at: float, seconds: float, count: int) -> None:
        self.failed += count
        self.latencies.failed += count
        self._recent.record(at, seconds, count)


def concurrency(rate: float, service_seconds: float) -> int:
    """How many requests a replica holds at once. Raises ValueError where it is not a whole number of at least 1."""
    product = rate * service_seconds
    whole = round(product)
    if whole < 1 or abs(product - whole) > 1e-6:
        raise ValueError(
            f"A replica that serves {rate:g} requests a second, each in {service_seconds:g} s, would hold {product:g} "
            f"at once. Write a rate such as {max(1, whole) / service_seconds:g} that makes it a whole number."
        )
    return whole
