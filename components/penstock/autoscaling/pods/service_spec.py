"""What may be asked of `ServiceAutoscaler`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from penstock.autoscaling.pods import preflight
from penstock.autoscaling.pods.behavior import BehaviorSpec
from penstock.autoscaling.pods.event_args import Trigger
from penstock.autoscaling.pods.quantities import amount, amount_problems
from penstock.autoscaling.pods.service_args import ReplicaScaler, ServiceTable
from penstock.autoscaling.pods.tables import Row, Signal, rows
from penstock.autoscaling.pods.target import TargetSpec
from penstock.autoscaling.pods.trigger_spec import PROMETHEUS
from penstock.autoscaling.pods.vertical_args import VerticalMode
from penstock.autoscaling.pods.vertical_spec import ContainerSpec, VerticalSpec
from penstock.autoscaling.pods.windows import traffic_windows
from penstock.problems import InvalidSpec, Problem
from penstock.spec import Spec, WholeNumber, check, rule

RESOURCES = {Signal.CPU_PERCENT: "cpu", Signal.MEMORY_PERCENT: "memory"}


class ServiceTargetSpec(TargetSpec):
    """A target whose names stand in queries."""

    name: str = Field(description="the name of the workload")
    namespace: str = Field(description="the namespace of the workload")


class TrafficSpec(Spec):
    """See `Traffic` for what each field means. What they may be, `traffic_windows` says."""

    timezone: str = Field(description="the IANA name of the time zone, for example America/Los_Angeles")
    profile: list[float] = Field(description="the requests a second of each hour of a day or a week")
    replica_rate: float = Field(description="the requests a second that one replica serves")
    lead_minutes: WholeNumber = 10
    headroom_percent: float = 0
    round_to: WholeNumber = 1

    def windows(self, least: int, most: int) -> list[Trigger]:
        """The cron triggers of it. Raises InvalidSpec."""
        return traffic_windows(
            self.profile,
            self.replica_rate,
            timezone=self.timezone,
            min_replicas=least,
            max_replicas=most,
            lead_minutes=self.lead_minutes,
            headroom_percent=self.headroom_percent,
            round_to=self.round_to,
        )


class ServiceSpec(Spec):
    """See `ServiceAutoscalerArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {"behaviour": "Write behavior, as Kubernetes spells it."}

    table: ServiceTable = Field(description=", ".join(ServiceTable))
    service: str | None = None
    target: ServiceTargetSpec = Field(description="the workload, with name and namespace")
    scaler: ReplicaScaler | None = None
    min_replicas: WholeNumber | None = Field(default=None, ge=1)
    max_replicas: WholeNumber | None = Field(default=None, ge=1)
    traffic: TrafficSpec | None = None
    targets: dict[Signal, float] = {}
    behavior: BehaviorSpec | None = None
    vertical_mode: VerticalMode = VerticalMode.OFF
    containers: list[ContainerSpec] | None = Field(default=None, min_length=1)
    metric_service: str | None = Field(default=None, min_length=1)
    queries: dict[Signal, str] = {}
    cpu_request: str | None = None
    prometheus_address: str = PROMETHEUS
    rule_time_scale: float = Field(default=1, ge=0.01, le=10)
    scrape_seconds: WholeNumber = Field(default=15, ge=1, le=60)
    rule_labels: dict[str, str] = {}
    polling_seconds: WholeNumber = Field(default=30, ge=1, le=3600)

    @property
    def row(self) -> Row:
        """What the table says of the service."""
        table = rows(self.table)
        return table[self.service] if self.service else next(iter(table.values()))

    @property
    def chosen_scaler(self) -> ReplicaScaler:
        return self.scaler or (ReplicaScaler.EVENT if self.traffic else self.row.scaler)

    @property
    def least(self) -> int | None:
        return self.row.min_replicas if self.min_replicas is None else self.min_replicas

    @property
    def most(self) -> int | None:
        return self.row.max_replicas if self.max_replicas is None else self.max_replicas

    @property
    def chosen_targets(self) -> dict[Signal, float]:
        return {**self.row.targets, **self.targets}

    @property
    def windows(self) -> list[Trigger]:
        """What opens before expected load comes. Raises InvalidSpec."""
        return self.traffic.windows(self.least or 1, self.most or 1) if self.traffic else []

    @property
    def scaled_on(self) -> list[str]:
        """On which of cpu and memory replicas are scaled."""
        signals = {*self.chosen_targets, *(self.row.rules.signals if self.row.rules else [])}
        return [resource for signal, resource in RESOURCES.items() if signal in signals]

    @property
    def cpu_cores(self) -> float | None:
        return float(amount(self.cpu_request) or 0) if self.cpu_request else None

    @property
    def vertical(self) -> VerticalSpec | None:
        """How its pods are sized; None where nobody says between what. Raises InvalidSpec."""
        containers = self.containers or ([self.row.vertical] if self.row.vertical else [])
        if not containers:
            return None
        asked = {"target": self.target, "mode": self.vertical_mode, "containers": containers}
        return check(VerticalSpec, {**asked, "scaled_on": self.scaled_on})

    @rule
    def the_service_is_in_the_table(self) -> Iterator[Problem]:
        known = list(rows(self.table))
        if self.service is None and len(known) > 1:
            yield Problem("service", f"This is required. Write one of {', '.join(known)}.")
        elif self.service is not None and self.service not in known:
            yield Problem("service", f"'{self.service}' is not in {self.table.value}. Write one of {', '.join(known)}.")

    @rule
    def bounds(self) -> Iterator[Problem]:
        if not self._known:
            return
        for path, value in (("min_replicas", self.least), ("max_replicas", self.most)):
            if value is None:
                yield Problem(path, "The table states none for this service. Write it.")
        if self.least is not None and self.most is not None and self.least > self.most:
            yield Problem("max_replicas", f"Write at least {self.least}, the min_replicas.")
        if self.most is not None:
            yield from preflight.room_problems("max_replicas", self.most, self.target.gpus, self.target.pools)

    @rule
    def rules_need_keda(self) -> Iterator[Problem]:
        if self._known and self.scaler is ReplicaScaler.HORIZONTAL and (self.row.rules or self.row.band):
            yield Problem(
                "scaler",
                "A HorizontalPodAutoscaler knows targets only; this service has values that have to be passed or to "
                "hold for a while. Write event, or drop this.",
            )

    @rule
    def windows_go_with_keda_and_targets(self) -> Iterator[Problem]:
        if self.traffic is None or not self._known:
            return
        if self.scaler is ReplicaScaler.HORIZONTAL:
            yield Problem("scaler", "A HorizontalPodAutoscaler knows no time of day. Write event, or drop traffic.")
        if self.row.rules or self.row.band:
            yield Problem("traffic", "A formula scales this service, in which windows have no place. Drop this.")
        try:
            _ = self.windows
        except InvalidSpec as error:
            own = ("min_replicas", "max_replicas")
            yield from (Problem(p.path if p.path in own else f"traffic.{p.path}", p.reason) for p in error.problems)

    @rule
    def targets_are_of_the_row(self) -> Iterator[Problem]:
        for signal, value in self.targets.items():
            if value <= 0:
                yield Problem(f"targets.{signal}", f"Write a number above 0, not {value:g}.")
            if signal is Signal.FREE_VRAM_PERCENT or (self._known and self.row.rules):
                yield Problem(f"targets.{signal}", "Nothing is aimed at here: rules decide. Drop this.")
            elif self._known and self.row.band and signal not in self.row.targets:
                yield Problem(f"targets.{signal}", f"The formula of this service knows {', '.join(self.row.targets)}.")

    @rule
    def cpu_is_an_amount(self) -> Iterator[Problem]:
        yield from amount_problems("cpu_request", self.cpu_request, "500m")

    @rule
    def memory_is_left_for_a_scale_up(self) -> Iterator[Problem]:
        block = self.row.rules.block if self._known and self.row.rules else None
        if block and block.signal is Signal.FREE_VRAM_PERCENT:
            yield from preflight.memory_block_problems(
                "target.gpu_memory_utilization", block.below or 0, self.target.gpu_memory_utilization
            )

    @rule
    def pods_are_sized_by_what_they_are_not_scaled_on(self) -> Iterator[Problem]:
        if not self._known:
            return
        try:
            sized = self.vertical
        except InvalidSpec as error:
            renamed = {"mode": "vertical_mode"}
            yield from (Problem(renamed.get(p.path, p.path), p.reason) for p in error.problems)
            return
        if sized is None and self.vertical_mode is not VerticalMode.OFF:
            yield Problem("containers", "The table has no bounds for this service. Write those of its containers.")

    @property
    def _known(self) -> bool:
        known = rows(self.table)
        return self.service in known if self.service is not None else len(known) == 1
