"""A platform in a few lines, for the load model's closed loop: a pod autoscaler, pods that start, nodes that start.

The autoscaler follows Kubernetes' algorithm for one metric with an average value: ceil(metric / target), a tolerance of
10 %, the highest (lowest) recommendation of its stabilisation window before it goes down (up). It reads what the
exporters tell, so that their delays and outages are its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.load.observed import Observation, Pods
from sandbox.load.signals import Board, ServiceSignals

TOLERANCE = 0.1


@dataclass
class Autoscaler:
    """Wants `metric / target` replicas, from `least` to `most`; looks every `sync` seconds."""

    target: float = 6.0
    metric: Callable[[ServiceSignals], float] = lambda service: service.queue_depth + service.in_service
    least: int = 3
    most: int = 120
    sync: float = 5.0
    down_window: float = 300.0
    up_window: float = 0.0
    _seen: list[tuple[float, int]] = field(default_factory=list)
    _due: float = 0.0

    def desired(self, at: float, now: int, told: ServiceSignals | None) -> int:
        """What it wants, when there are so many replicas now. Without a metric it holds them."""
        if at + 1e-9 < self._due or told is None:
            return now
        self._due = at + self.sync
        value = self.metric(told)
        wanted = now if now and abs(value / (now * self.target) - 1) <= TOLERANCE else math.ceil(value / self.target)
        self._seen = [(then, count) for then, count in self._seen if at - then <= 300] + [(at, wanted)]
        lowest = min(count for then, count in self._seen if at - then <= self.up_window)
        highest = max(count for then, count in self._seen if at - then <= self.down_window)
        wanted = min(max(now, lowest), highest) if wanted >= now else max(min(now, highest), wanted)
        return min(self.most, max(self.least, wanted))


@dataclass
class Platform:
    """The pods of one service: each needs its part of a node, and both take their time to start.

    `warm` nodes are there from the start; others are made for pods that find none, and stay.
    """

    service: str
    autoscaler: Autoscaler
    board: Board
    pod_start: float = 2.0
    node_start: float = 60.0
    pods_per_node: int = 8
    warm: int = 0
    grace: float = 30.0
    _pods: dict[str, float] = field(default_factory=dict)
    _ending: dict[str, float] = field(default_factory=dict)
    _nodes: list[float] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)
    _desired: int | None = None
    _made: int = 0

    def observe(self, at: float) -> Observation:
        """What there is now."""
        if self._desired is None:
            self._desired, self._nodes = self.autoscaler.least, [0.0] * self.warm
        told = next((each for each in self.board.read() or () if each.service == self.service), None)
        self._desired = self.autoscaler.desired(at, self._desired, told)
        self._resize(at)
        self._place(at)
        ready = {name for name, begun in self._pods.items() if begun + self.pod_start <= at}
        if at == 0:
            ready = set(self._pods)
            self._pods = dict.fromkeys(self._pods, -self.pod_start)
        pods = Pods(
            ready=frozenset(ready),
            unready=frozenset(self._pods.keys() - ready),
            terminating={name: deadline for name, deadline in self._ending.items() if deadline > at},
            pending=len(self._waiting),
            unschedulable=len(self._waiting),
            desired=self._desired,
        )
        there = sum(begins <= at for begins in self._nodes)
        return Observation({self.service: pods}, there, len(self._nodes))

    def _resize(self, at: float) -> None:
        """As many pods as are desired; the youngest end first."""
        assert self._desired is not None
        while len(self._pods) + len(self._waiting) < self._desired:
            self._made += 1
            self._waiting.append(f"{self.service}-{self._made:04}")
        for _ in range(len(self._pods) + len(self._waiting) - self._desired):
            if self._waiting:
                self._waiting.pop()
            else:
                name, _ = self._pods.popitem()
                self._ending[name] = at + self.grace

    def _place(self, at: float) -> None:
        """Pods begin where a node has room; for the others nodes are asked for."""
        room = sum(begins <= at for begins in self._nodes) * self.pods_per_node - len(self._pods)
        if at == 0 and room < len(self._waiting):
            missing = math.ceil((len(self._waiting) - room) / self.pods_per_node)
            self._nodes += [0.0] * missing
            room += missing * self.pods_per_node
        for name in self._waiting[: max(0, room)]:
            self._pods[name] = at
        self._waiting = self._waiting[max(0, room) :]
        coming = sum(begins > at for begins in self._nodes) * self.pods_per_node
        wanted = math.ceil(max(0, len(self._waiting) - coming) / self.pods_per_node)
        self._nodes += [at + self.node_start] * wanted


@dataclass
class Clock:
    """A clock that goes on when somebody sleeps, and not otherwise."""

    now: float = 1000.0
    late: float = 0.0
    """How much longer every sleep takes."""

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds + self.late
