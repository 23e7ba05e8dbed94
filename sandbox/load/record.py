"""The timeline of a run: what was seen in each second, kept as a JSON object per line.

The first line is the scenario, the last holds the latencies of all requests, and each line between is a second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from penstock.problems import InvalidSpec
from penstock.spec import check
from sandbox.errors import SandboxError
from sandbox.load.latency import Latencies
from sandbox.load.scenario import Scenario


@dataclass(frozen=True)
class ServiceSecond:
    """A service at the end of a second. Arrived, served and failed are counted from the beginning."""

    arrived: int = 0
    served: int = 0
    failed: int = 0
    waiting: int = 0
    in_service: int = 0
    ready: int = 0
    """Pods that take work."""
    pods: int = 0
    """All pods that there are: those too that start, wait for a node or end."""
    desired: int = 0
    """The replicas that the workload is asked for, by whoever scales it."""
    recommended: int | None = None
    """What its HorizontalPodAutoscaler says that it wants, where it has one."""
    unschedulable: int = 0
    """Pods for which the scheduler found no node."""
    p95_seconds: float = 0.0


@dataclass(frozen=True)
class Second:
    """All that was seen at the end of a second since the beginning."""

    at: float
    services: Mapping[str, ServiceSecond]
    nodes: int = 0
    """Nodes that are ready."""
    nodes_asked: int = 0
    """Nodes that were asked for until then, gone ones included, where Karpenter makes them; else nodes."""
    blind: bool = False
    """Whether the API server did not answer, so that the pods and nodes are those seen last."""

    @property
    def unschedulable(self) -> int:
        """Pods of all services for which the scheduler found no node."""
        return sum(each.unschedulable for each in self.services.values())


@dataclass(frozen=True)
class Timeline:
    """A run. Without latencies where it was broken off."""

    scenario: Scenario
    seconds: tuple[Second, ...]
    latencies: Mapping[str, Latencies] = field(default_factory=dict)


class Recorder:
    """Keeps a timeline, and writes each line to a stream at once, if it has one."""

    def __init__(self, scenario: Scenario, stream: TextIO | None = None) -> None:
        self._scenario, self._stream = scenario, stream
        self._seconds: list[Second] = []
        self._write({"scenario": scenario.model_dump(mode="json")})

    def add(self, second: Second) -> None:
        """A second is over."""
        self._seconds.append(second)
        self._write({"second": asdict(second)})

    def end(self, latencies: Mapping[str, Latencies]) -> Timeline:
        """The run is over."""
        kept = {name: {"buckets": each.buckets, "failed": each.failed} for name, each in latencies.items()}
        self._write({"latencies": kept})
        return Timeline(self._scenario, tuple(self._seconds), dict(latencies))

    def _write(self, line: object) -> None:
        if self._stream:
            self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()


def read_timeline(file: Path) -> Timeline:
    """What a recorder has written. Raises SandboxError where that is something else."""
    try:
        return timeline(file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        raise SandboxError(
            f"There is no record {file}. `python -m sandbox.load run --record {file}` writes it."
        ) from None
    except (KeyError, TypeError, ValueError, InvalidSpec) as error:
        raise SandboxError(f"{file} is no record of a run of the load model: {error}") from None


def timeline(lines: Iterable[str]) -> Timeline:
    """The timeline in such lines. Raises KeyError, TypeError, ValueError or InvalidSpec where it is none."""
    found = [json.loads(line) for line in lines]
    scenario = check(Scenario, found[0]["scenario"]) if found else None
    if scenario is None:
        raise ValueError("it is empty.")
    seconds = [_second(line["second"]) for line in found if "second" in line]
    last = found[-1].get("latencies", {})
    latencies = {
        name: Latencies({int(key): value for key, value in each["buckets"].items()}, each["failed"])
        for name, each in last.items()
    }
    return Timeline(scenario, tuple(seconds), latencies)


def _second(given: dict[str, object]) -> Second:
    services = given.pop("services")
    assert isinstance(services, dict)
    return Second(services={name: ServiceSecond(**each) for name, each in services.items()}, **given)  # type: ignore[arg-type]
