"""The measures of a run, each against its target."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.load import measures
from sandbox.load.record import Timeline


@dataclass(frozen=True)
class Finding:
    """A measure: its value and the most that it may be, in `unit`. No value: there was nothing to measure."""

    name: str
    value: float | None
    target: float | None = None
    unit: str = "s"
    strict: bool = False
    """Whether the value has to stay below the target and not only reach it."""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if self.target is None or self.value is None:
            return None
        return self.value < self.target if self.strict else self.value <= self.target


def findings(timeline: Timeline) -> list[Finding]:
    """Everything that a run is judged by."""
    several = len(timeline.scenario.services) > 1
    found = []
    for service in timeline.scenario.services:
        of = f"{service}: " if several else ""
        found += [*_of_service(timeline, service, of)]
    return [*found, *_of_nodes(timeline), *_of_cost(timeline)]


def missed(found: list[Finding]) -> list[Finding]:
    """Those whose target is missed."""
    return [each for each in found if each.met is False]


def text(timeline: Timeline) -> str:
    """A line for each measure."""
    lines = [timeline.scenario.title] if timeline.scenario.title else []
    if blind := sum(second.blind for second in timeline.seconds):
        lines.append(f"For {blind} s the API server did not answer: pods and nodes are those seen last.")
    lines.append(f"{'measure':44} {'value':>12} {'target':>12}")
    for each in findings(timeline):
        verdict = {True: "met", False: "MISSED", None: ""}[each.met]
        limit = "" if each.target is None else f"{'<' if each.strict else '<='} {_shown(each.target, each.unit)}"
        lines.append(f"{each.name:44} {_shown(each.value, each.unit):>12} {limit:>12}  {verdict}".rstrip())
    return "\n".join(lines) + "\n"


def _of_service(timeline: Timeline, service: str, of: str) -> Iterator[Finding]:
    targets, latencies = timeline.scenario.targets, timeline.latencies.get(service)
    p95 = latencies.percentile(95) if latencies else None
    failed = measures.failed_share(latencies) if latencies else None
    yield Finding(f"{of}p95 over all requests", p95, targets.p95_seconds, strict=True)
    yield Finding(f"{of}failed requests", failed, targets.failed_share, "%", strict=True)
    first = measures.first_scaling(timeline, service)
    yield Finding(f"{of}first scaling after overload", first, targets.first_scaling_seconds)
    slowest = measures.reaction(timeline, service)
    yield Finding(f"{of}pod autoscaler's slowest reaction", slowest, targets.reaction_seconds)
    turns = measures.reversals(timeline, service)
    yield Finding(f"{of}reversals inside of plateaus", turns, targets.reversals, "")
    most = max((second.services[service].ready for second in timeline.seconds), default=None)
    yield Finding(f"{of}most ready replicas", most, unit="")


def _of_nodes(timeline: Timeline) -> Iterator[Finding]:
    targets = timeline.scenario.targets
    asked = measures.node_asked(timeline)
    yield Finding("unschedulable pod until node asked for", asked, targets.node_asked_seconds)
    there = measures.nodes_there(timeline)
    yield Finding("unschedulable pods until all have nodes", there, targets.nodes_seconds)
    yield Finding("most nodes", max((second.nodes for second in timeline.seconds), default=None), unit="")


def _of_cost(timeline: Timeline) -> Iterator[Finding]:
    run, peak, best = measures.spent(timeline), measures.static_peak(timeline), measures.oracle(timeline)
    targets = timeline.scenario.targets
    yield Finding("replica-hours", run.replica_seconds / 3600, unit="h")
    yield Finding("replica-hours / static peak", _ratio(run.replica_seconds, peak.replica_seconds), unit="")
    yield Finding("replica-hours / oracle", _ratio(run.replica_seconds, best.replica_seconds), unit="")
    paid, static, least = (measures.cost(timeline, each) for each in (run, peak, best))
    if paid and least:
        yield Finding("cost of the run", paid, unit="USD")
        yield Finding("cost / static peak", _ratio(paid, static), targets.of_static_peak, "")
        yield Finding("cost / oracle", _ratio(paid, least), targets.of_oracle, "")


def _ratio(value: float, base: float) -> float | None:
    return value / base if base else None


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if math.isinf(value):
        return "never"
    if unit == "%":
        return f"{100 * value:.2f} %"
    return f"{value:.4g} {unit}".rstrip()
