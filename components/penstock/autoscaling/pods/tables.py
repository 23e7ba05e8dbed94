"""The tables of services: data, checked as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import Field

from penstock.autoscaling.pods.behavior import BehaviorSpec
from penstock.autoscaling.pods.service_args import ReplicaScaler, ServiceTable
from penstock.autoscaling.pods.vertical_spec import ContainerSpec
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, check, rule


class Signal(StrEnum):
    """What is measured of a service."""

    CPU_PERCENT = "cpu_percent"
    MEMORY_PERCENT = "memory_percent"
    QUEUE = "queue"
    WAITING_REQUESTS = "waiting_requests"
    P95_SECONDS = "p95_seconds"
    REQUESTS_PER_SECOND = "requests_per_second"
    PII_CHECKS_PER_SECOND = "pii_checks_per_second"
    ACTIVE_EXECUTIONS = "active_executions"
    GPU_PERCENT = "gpu_percent"
    FREE_VRAM_PERCENT = "free_vram_percent"


class Sustained(Spec):
    """Something that has to hold for some time; in a list any one is enough."""

    signal: Signal
    above: float | None = None
    below: float | None = None
    minutes: float = Field(default=0, ge=0)

    @rule
    def one_side(self) -> Iterator[Problem]:
        if (self.above is None) == (self.below is None):
            yield Problem("", "Write either above or below.")


class Rules(Spec):
    """Which way replicas go."""

    up: list[Sustained] = Field(min_length=1)
    down: list[Sustained] = Field(min_length=1)
    block: Sustained | None = None
    """While it holds there is no scale-up."""

    @property
    def signals(self) -> list[Signal]:
        """All signals, each once."""
        every = [*self.up, *self.down, *([self.block] if self.block else [])]
        return list(dict.fromkeys(each.signal for each in every))


class Band(Spec):
    """Between which values replicas stay as they are."""

    up: dict[Signal, float]
    down: dict[Signal, float]
    guard_waiting_requests: float


class Row(Spec):
    """How a service is scaled."""

    scaler: ReplicaScaler
    min_replicas: WholeNumber | None = None
    max_replicas: WholeNumber | None = None
    targets: dict[Signal, float] = {}
    band: Band | None = None
    rules: Rules | None = None
    up_percent: WholeNumber | None = None
    behavior: BehaviorSpec = BehaviorSpec()
    vertical: ContainerSpec | None = None


@cache
def rows(table: ServiceTable) -> Mapping[str, Row]:
    """The services of a table by their names."""
    text = (files(__package__) / "data" / "services.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)[table.value]
    common = {"scaler": found["scaler"], **found["defaults"]}
    return {name: check(Row, {**common, **stated}) for name, stated in found["services"].items()}
