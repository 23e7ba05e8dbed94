"""The parts of what may be asked of `MetricsStack`; see its inputs for what each field means."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from penstock.observability.args import MetricKind, MetricOf
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

_NAME = re.compile(r"[a-z]([a-z0-9_]*[a-z0-9])?")
# https://prometheus.io/docs/concepts/data_model/ (2026-11-21)
_SERIES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_COUNTERS = ("_total", "_count", "_sum", "_bucket")


class CustomMetricSpec(Spec):
    name: str = Field(description="its name in custom.metrics.k8s.io")
    series: str = Field(description="the series of Prometheus")
    kind: MetricKind = Field(description="queue, gauge, latency or rate")
    of: MetricOf = MetricOf.POD
    window_seconds: WholeNumber = Field(default=60, ge=30, le=3600)
    labels: dict[str, str] = {}

    @rule
    def names_are_ones(self) -> Iterator[Problem]:
        if not _NAME.fullmatch(self.name):
            yield Problem("name", f"Write lower-case letters, digits and '_', such as jobs_waiting; not '{self.name}'.")
        if not _SERIES.fullmatch(self.series):
            yield Problem(
                "series",
                f"'{self.series}' is no name of a series. Write the name alone, such as jobs_total, and what selects "
                "among its samples in labels.",
            )
        for key in self.labels:
            if not _LABEL.fullmatch(key):
                yield Problem(f"labels.{key}", f"'{key}' is no name of a label in Prometheus.")

    @rule
    def rates_are_of_counters(self) -> Iterator[Problem]:
        counts = self.series.endswith(_COUNTERS)
        if self.kind is MetricKind.RATE and not counts:
            yield Problem(
                "kind",
                f"'{self.series}' is no counter: the names of those end in _total. Write queue, gauge or latency.",
            )
        if self.kind is not MetricKind.RATE and counts:
            yield Problem("kind", f"'{self.series}' is a counter, which only ever rises. Write rate.")


class PrometheusSpec(Spec):
    scrape_seconds: WholeNumber = Field(default=15, ge=5, le=30)
    retention_days: WholeNumber = Field(default=7, ge=1, le=365)
    storage_gib: WholeNumber = Field(default=50, ge=1)
    storage_class: str | None = None
    memory_mib: WholeNumber = Field(default=2048, ge=512)
    replicas: WholeNumber = Field(default=1, ge=1, le=2)
