"""What a load scenario says: services, their load over time, and what their platform is measured against.

A scenario is a YAML file; those of this folder's `scenarios` go by their names. All that is wrong with one is told at
once, each problem as a sentence with its path.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import Field, field_validator

from penstock.problems import InvalidSpec, Problem
from penstock.spec import Spec, WholeNumber, check, rule
from sandbox.errors import SandboxError
from sandbox.load.model import RATE, SERVICE_SECONDS, TIMEOUT_SECONDS, concurrency
from sandbox.load.profile import Profile
from sandbox.load.profile_text import profile_of
from sandbox.load.signals import GpuMemory, Identity

FOLDER = Path(__file__).parent / "scenarios"
NODE_START_SECONDS = 60.0


class Kind(StrEnum):
    """What a service's pods run, which decides how long they take from their placing to their readiness."""

    LLM = "llm"
    """An engine that loads a model first: 100 s."""
    OTHER = "other"
    """2 s."""


START_SECONDS = {Kind.LLM: 100.0, Kind.OTHER: 2.0}


class Randomness(StrEnum):
    """How requests follow each other."""

    POISSON = "poisson"
    """At random, independently of each other; the seed decides."""
    EXACT = "exact"
    """Evenly spaced."""


class GpuSpec(Spec):
    """The GPU of each pod, for the memory that its exporter tells. In MiB."""

    total_mib: float = Field(default=24_576, gt=0)
    weights_mib: float = Field(default=9_000, ge=0)
    cache_mib: float = Field(default=9_000, ge=0)
    preallocated: bool = True
    """Whether the engine takes its whole cache at the start, as vLLM does."""
    taken_mib: Profile | None = None
    """What others take of it: points of seconds and MiB."""

    _points = field_validator("taken_mib", mode="before")(
        lambda value: profile_of(value) if value is not None else None
    )

    @rule
    def it_holds_the_model(self) -> Iterator[Problem]:
        if self.weights_mib + self.cache_mib > self.total_mib:
            yield Problem(
                "weights_mib",
                f"Weights and cache take {self.weights_mib + self.cache_mib:g} MiB of {self.total_mib:g}. Write less.",
            )

    def memory(self) -> GpuMemory:
        """The same for the model."""
        return GpuMemory(self.total_mib, self.weights_mib, self.cache_mib, self.preallocated, self.taken_mib)


class PricesSpec(Spec):
    """USD an hour of a replica, for runs on nodes that are not simulated, and of a node."""

    replica_hour: float = Field(default=0, ge=0)
    node_hour: float = Field(default=0, ge=0)


class ServiceSpec(Spec):
    """A service: which pods serve it, how fast, and its load."""

    hints: ClassVar[dict[str, str]] = {
        "rps": "Write the load as profile: points of seconds and requests per second, or a profile's name.",
        "replicas": "Replicas are those of the cluster. Drop this.",
    }

    selector: dict[str, str] = Field(min_length=1, description="the labels of its pods, as app: gateway")
    profile: Profile = Field(description="its load, as points of seconds and requests per second, or a profile's name")
    namespace: str = "default"
    target: str | None = None
    """The workload (a Deployment) that runs its pods. Default: the service's name."""
    kind: Kind = Kind.OTHER
    """Decides how long its pods take to start."""
    rate: float = Field(default=RATE, gt=0)
    """Requests per second of a replica that is full."""
    service_seconds: float = Field(default=SERVICE_SECONDS, gt=0)
    timeout_seconds: float = Field(default=TIMEOUT_SECONDS, gt=0)
    """How long a request waits before it fails."""
    pod_start_seconds: float | None = Field(default=None, ge=0)
    gpu: GpuSpec | None = None
    counters: dict[str, float] = {}
    """Counters that its pods tell beside the usual ones, such as `pii_checks_total: 1`: by how much each answered
    request lets them rise."""
    memory_idle: float = Field(default=0.5, ge=0, le=1)
    """The share of its memory request that a pod uses without work."""
    memory_busy: float = Field(default=0.8, ge=0)
    """The same when it is full."""

    _points = field_validator("profile", mode="before")(lambda value: profile_of(value))

    @property
    def start_seconds(self) -> float:
        """From placing a pod to its readiness."""
        return START_SECONDS[self.kind] if self.pod_start_seconds is None else self.pod_start_seconds

    @rule
    def replicas_hold_whole_requests(self) -> Iterator[Problem]:
        try:
            concurrency(self.rate, self.service_seconds)
        except ValueError as error:
            yield Problem("rate", str(error))

    @rule
    def counters_are_named_as_such(self) -> Iterator[Problem]:
        for name, step in self.counters.items():
            if not name.endswith("_total") or not name.replace("_", "a").isalnum():
                yield Problem(f"counters.{name}", "Write a name of letters, digits and '_' that ends in _total.")
            if step < 0:
                yield Problem(f"counters.{name}", f"A counter does not fall. Write 0 or more, not {step:g}.")

    def identity(self, name: str) -> Identity:
        """Whose signals the exporter tells."""
        gpu = self.gpu.memory() if self.gpu else None
        return Identity(self.namespace, name, self.target or name, gpu, self.counters)


class TargetsSpec(Spec):
    """What the run is measured against; a measure without target is only shown."""

    p95_seconds: float | None = Field(default=3.0, gt=0)
    failed_share: float | None = Field(default=0.01, ge=0, le=1)
    first_scaling_seconds: float | None = Field(default=60.0, gt=0)
    reaction_seconds: float | None = Field(default=100.0, gt=0)
    """Kubernetes' own end-to-end tests of its pod autoscaler allow 100 s (test/e2e/autoscaling, v1.36)."""
    node_asked_seconds: float | None = Field(default=30.0, gt=0)
    """The cluster autoscaler's FAQ: at most 30 s from an unschedulable pod to asking for a node, below 100 nodes."""
    nodes_seconds: float | None = Field(default=300.0, gt=0)
    reversals: WholeNumber | None = Field(default=0, ge=0)
    of_static_peak: float | None = Field(default=None, gt=0)
    of_oracle: float | None = Field(default=None, gt=0)


class Scenario(Spec):
    """A run of the load model."""

    services: dict[str, ServiceSpec] = Field(min_length=1, description="the services by their names")
    title: str = ""
    seed: WholeNumber = 1
    arrivals: Randomness = Randomness.POISSON
    tick_seconds: float = Field(default=0.2, ge=0.02, le=1)
    seconds: float | None = Field(default=None, gt=0)
    """How long it runs. Default: until a minute after the last point of its profiles."""
    node_start_seconds: float = Field(default=NODE_START_SECONDS, ge=0)
    replicas_per_node: WholeNumber | None = Field(default=None, ge=1)
    """How many replicas fit on a node, for what an oracle would pay for nodes. Default: nodes are not compared."""
    node_selector: dict[str, str] = {}
    """The labels of the nodes that are counted. Default: all nodes."""
    metrics_delay_seconds: float = Field(default=0, ge=0)
    """Exporters tell what was so long ago."""
    metrics_outages: list[tuple[float, float]] = []
    """Times, from and to in seconds, in which exporters do not answer."""
    prices: PricesSpec = PricesSpec()
    targets: TargetsSpec = TargetsSpec()

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.seconds or max(each.profile.end for each in self.services.values()) + 60

    def is_silent(self, at: float) -> bool:
        """Whether exporters do not answer at a time."""
        return any(begin <= at < end for begin, end in self.metrics_outages)

    def seed_of(self, service: str) -> str | None:
        """What decides a service's arrivals; None where they are evenly spaced."""
        return f"{self.seed}/{service}" if self.arrivals is Randomness.POISSON else None

    @rule
    def outages_end_after_they_begin(self) -> Iterator[Problem]:
        for index, (begin, end) in enumerate(self.metrics_outages):
            if end <= begin:
                yield Problem(f"metrics_outages[{index}]", f"It ends at {end:g} s. Write an end after {begin:g} s.")

    @rule
    def pods_serve_one_service(self) -> Iterator[Problem]:
        seen: dict[tuple[Any, ...], str] = {}
        for name, service in self.services.items():
            key = (service.namespace, *sorted(service.selector.items()))
            if (other := seen.setdefault(key, name)) != name:
                yield Problem(f"services.{name}.selector", f"Its pods are those of '{other}'. Write other labels.")


def read(name: str) -> Scenario:
    """The scenario in a file, or of that name. Raises SandboxError with all that is wrong with it."""
    file = Path(name)
    if not file.suffix:
        file = FOLDER / f"{name}.yaml"
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SandboxError(f"There is no scenario {name}. Write a file, or one of {', '.join(known())}.") from None
    except yaml.YAMLError as error:
        raise SandboxError(f"{file} is no YAML: {error}") from None
    try:
        return check(Scenario, found)
    except InvalidSpec as error:
        problems = "".join(f"\n  - {problem}" for problem in error.problems)
        raise SandboxError(f"The scenario {file} cannot run:{problems}") from None


def known() -> list[str]:
    """The names of the scenarios of this folder."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))
