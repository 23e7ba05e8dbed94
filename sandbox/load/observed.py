"""What is seen of a platform at a moment, whoever looks: a real API server, or an emulation in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Pods:
    """The pods of a service, by their names. Deadlines are seconds since the beginning of the run."""

    ready: frozenset[str] = frozenset()
    unready: frozenset[str] = frozenset()
    """Pods that run without being ready, or not yet."""
    terminating: Mapping[str, float] = field(default_factory=dict)
    pending: int = 0
    """Pods that do not run yet, those without a node included."""
    unschedulable: int = 0
    """Those of them for which the scheduler found no node."""
    desired: int = 0
    """The replicas that the workload is asked for."""
    recommended: int | None = None
    """What its HorizontalPodAutoscaler wants, where it has one."""
    cpu_request: float = 0.0
    """Cores that each pod requests."""
    memory_request: float = 0.0
    """Bytes that each pod requests."""
    containers: int = 1
    ended: Mapping[str, float] = field(default_factory=dict)
    """Pods that are gone before the deadline that they had: what they were working on ends by then."""

    @property
    def count(self) -> int:
        """All pods that there are."""
        return len(self.ready) + len(self.unready) + len(self.terminating) + self.pending


@dataclass(frozen=True)
class Observation:
    """All services, and the nodes: those that are ready, and those that were asked for."""

    services: Mapping[str, Pods]
    nodes: int = 0
    nodes_asked: int = 0


class Source(Protocol):
    """Whoever looks. Raises SandboxError where nothing can be seen."""

    def observe(self, at: float) -> Observation:
        """What there is now, so many seconds after the beginning of the run."""
