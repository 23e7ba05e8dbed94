"""A run: the model of each service moves on with the clock, is told of its replicas, and what follows is made known.

The model moves in whole ticks of its own grid, however late this process is: a seed gives the same arrivals each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from sandbox.errors import SandboxError
from sandbox.load.latency import Latencies
from sandbox.load.model import ServiceModel
from sandbox.load.observed import Observation, Pods, Source
from sandbox.load.profile import Arrivals
from sandbox.load.record import Recorder, Second, ServiceSecond, Timeline
from sandbox.load.scenario import Scenario, ServiceSpec
from sandbox.load.signals import Board, signals
from sandbox.progress import say

OBSERVE_SECONDS = 0.5
"""How often pods are looked at: a terminating one of the sandbox is there for at least a second."""
USAGE_SECONDS = 5.0
"""How often the pods' CPU and memory are told."""


class Usage(NamedTuple):
    """What each of a service's pods that take work uses, per container: cores and bytes."""

    pods: tuple[str, ...]
    cpu: float
    memory: float


UsageSink = Callable[[Mapping[tuple[str, str], Usage]], None]
"""Takes the usage of each namespace and service. Raises SandboxError where it cannot be told."""


class Run:
    """A scenario played on what a source sees. `usage` is told what pods use, where somebody wants to know."""

    def __init__(
        self, scenario: Scenario, source: Source, board: Board, recorder: Recorder, usage: UsageSink | None = None
    ) -> None:
        self._scenario, self._source, self._board, self._recorder, self._usage = (
            scenario,
            source,
            board,
            recorder,
            usage,
        )
        self.models = {name: _model(service) for name, service in scenario.services.items()}
        self._arrivals = {
            name: Arrivals(service.profile, scenario.seed_of(name)) for name, service in scenario.services.items()
        }
        self._identities = {name: service.identity(name) for name, service in scenario.services.items()}
        self._seen = Observation(dict.fromkeys(scenario.services, Pods()))
        self._blind = False
        self._ticks = 0
        self._due = {"observe": 0.0, "second": 1.0, "usage": USAGE_SECONDS}

    @property
    def now(self) -> float:
        """Seconds since the beginning, as far as the model has come."""
        return self._ticks * self._scenario.tick_seconds

    def play(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> Timeline:
        """Play it to its end, or until it is interrupted, and return what was seen."""
        begun = clock()
        try:
            while self.now + self._scenario.tick_seconds <= self._scenario.duration + 1e-9:
                self.until(min(clock() - begun, self._scenario.duration))
                sleep(max(0.0, begun + self.now + self._scenario.tick_seconds - clock()))
        finally:
            timeline = self._recorder.end(self.latencies())
        return timeline

    def until(self, at: float) -> None:
        """Bring everything up to a time."""
        tick = self._scenario.tick_seconds
        if at + 1e-9 >= self._due["observe"]:
            self._due["observe"] = at + OBSERVE_SECONDS
            self._observe(at)
        while (self._ticks + 1) * tick <= at + 1e-9:
            begin, end = self._ticks * tick, (self._ticks + 1) * tick
            for name, model in self.models.items():
                model.advance(end - model.now, self._arrivals[name].between(begin, end))
            self._ticks += 1
            if end + 1e-9 >= self._due["second"]:
                self._due["second"] += 1
                self._tell(end)
        if self._usage and at + 1e-9 >= self._due["usage"]:
            self._tell_usage(self._usage, at)

    def latencies(self) -> dict[str, Latencies]:
        """Of all requests so far, by service."""
        return {name: model.latencies for name, model in self.models.items()}

    def _observe(self, at: float) -> None:
        try:
            self._seen = self._source.observe(at)
        except SandboxError as error:
            if not self._blind:
                say(f"{error} The load goes on with the pods that were seen last.")
            self._blind = True
            return
        self._blind = False
        for name, model in self.models.items():
            pods = self._seen.services[name]
            model.set_replicas(pods.ready, {**pods.ended, **pods.terminating}, pods.unready)

    def _tell(self, at: float) -> None:
        found = tuple(signals(self._identities[name], model) for name, model in self.models.items())
        self._board.post(at, found)
        services = {
            name: _second(model, self._seen.services[name], each.p95_seconds)
            for (name, model), each in zip(self.models.items(), found, strict=True)
        }
        self._recorder.add(Second(round(at, 6), services, self._seen.nodes, self._seen.nodes_asked, self._blind))

    def _tell_usage(self, sink: UsageSink, at: float) -> None:
        lasted = at - self._due["usage"] + USAGE_SECONDS
        self._due["usage"] = at + USAGE_SECONDS
        found = {}
        for name, service in self._scenario.services.items():
            model, pods = self.models[name], self._seen.services[name]
            share = model.take_busy_seconds() / (lasted * model.concurrency * max(1, len(model.serving)))
            found[service.namespace, name] = usage(service, pods, min(share, 1.0))
        try:
            sink(found)
        except SandboxError as error:
            if not self._blind:
                say(f"What pods use could not be told: {error}")


def usage(service: ServiceSpec, pods: Pods, share: float) -> Usage:
    """What each ready pod uses when such a share of its places is taken.

    CPU: the same share of what it requests. Memory: from `memory_idle` to `memory_busy` of what it requests. Containers
    of a pod use equal parts.
    """
    memory = service.memory_idle + (service.memory_busy - service.memory_idle) * share
    parts = max(1, pods.containers)
    return Usage(tuple(sorted(pods.ready)), share * pods.cpu_request / parts, memory * pods.memory_request / parts)


def _model(service: ServiceSpec) -> ServiceModel:
    return ServiceModel(service.rate, service.service_seconds, service.timeout_seconds)


def _second(model: ServiceModel, pods: Pods, p95_seconds: float) -> ServiceSecond:
    return ServiceSecond(
        arrived=model.arrived,
        served=model.served,
        failed=model.failed,
        waiting=model.waiting,
        in_service=model.in_service,
        ready=len(pods.ready),
        pods=pods.count,
        desired=pods.desired,
        recommended=pods.recommended,
        unschedulable=pods.unschedulable,
        p95_seconds=round(p95_seconds, 4),
    )
