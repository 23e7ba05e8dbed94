"""What may be asked of a trigger of KEDA, and how KEDA spells it.

kedacore/keda pkg/scalers/{prometheus_scaler,cron_scaler,metrics_api_scaler,redis_scaler,cpu_memory_scaler}.go@v2.21.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field, StrictBool

from penstock.autoscaling.pods.args import ControlledResource
from penstock.autoscaling.pods.crontab import opening_problems, zone_problems
from penstock.autoscaling.pods.event_args import MetricType
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KINDS = ("prometheus", "utilization", "cron", "metrics_api", "redis_list", "other")


def number(value: float) -> str:
    """A number as KEDA's metadata has it: `5`, `0.5`."""
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


class PrometheusSpec(Spec):
    query: str = Field(min_length=1, description="the query")
    threshold: float = Field(gt=0, description="what is aimed at")
    activation_threshold: float = 0
    address: str = PROMETHEUS
    zero_when_missing: StrictBool = False

    @property
    def metadata(self) -> dict[str, str]:
        return {
            "serverAddress": self.address,
            "query": self.query,
            "threshold": number(self.threshold),
            "activationThreshold": number(self.activation_threshold),
            "ignoreNullValues": str(self.zero_when_missing).lower(),
        }

    @rule
    def the_address_is_one(self) -> Iterator[Problem]:
        if not re.match(r"https?://[^/\s]", self.address):
            yield Problem("address", f"'{self.address}' is no address. Write one such as {PROMETHEUS}.")


class UtilizationSpec(Spec):
    resource: ControlledResource = Field(description="cpu or memory")
    percent: WholeNumber = Field(ge=1, le=1000, description="the percentage of what pods request")
    container: str | None = None

    @property
    def metadata(self) -> dict[str, str]:
        container = {"containerName": self.container} if self.container else {}
        return {"value": number(self.percent), **container}


class CronSpec(Spec):
    timezone: str = Field(description="the IANA name of the time zone")
    start: str = Field(description="when it opens, as a cron expression")
    end: str = Field(description="when it closes, as a cron expression")
    desired_replicas: WholeNumber = Field(ge=0, description="the replicas in the window")

    @property
    def metadata(self) -> dict[str, str]:
        return {
            "timezone": self.timezone,
            "start": self.start,
            "end": self.end,
            "desiredReplicas": number(self.desired_replicas),
        }

    @rule
    def the_zone_is_known(self) -> Iterator[Problem]:
        yield from zone_problems("timezone", self.timezone)

    @rule
    def the_window_opens_and_closes(self) -> Iterator[Problem]:
        yield from opening_problems(self.start, self.end)

    @rule
    def there_are_replicas_in_it(self) -> Iterator[Problem]:
        if self.desired_replicas == 0:
            yield Problem(
                "desired_replicas",
                "A window tells when there are replicas, not when there are none, and KEDA refuses one of 0. Write the "
                "hours in which some are wanted, with at least 1, and a min_replicas of 0 for all others.",
            )


class MetricsApiSpec(Spec):
    url: str = Field(min_length=1, description="where it answers")
    value_location: str = Field(min_length=1, description="where in the answer the number stands")
    threshold: float = Field(gt=0, description="what is aimed at")
    activation_threshold: float = 0

    @property
    def metadata(self) -> dict[str, str]:
        return {
            "url": self.url,
            "valueLocation": self.value_location,
            "targetValue": number(self.threshold),
            "activationTargetValue": number(self.activation_threshold),
        }


class RedisListSpec(Spec):
    address: str = Field(min_length=1, description="where it answers")
    list_name: str = Field(min_length=1, description="the name of the list")
    threshold: WholeNumber = Field(ge=1, description="the length aimed at for each replica")
    activation_threshold: WholeNumber = Field(default=0, ge=0)
    database: WholeNumber = Field(default=0, ge=0)

    @property
    def metadata(self) -> dict[str, str]:
        return {
            "address": self.address,
            "listName": self.list_name,
            "listLength": number(self.threshold),
            "activationListLength": number(self.activation_threshold),
            "databaseIndex": number(self.database),
        }


class OtherSpec(Spec):
    type: str = Field(min_length=1, description="its type, as KEDA calls it")
    metadata: dict[str, str] = Field(description="what it is told")


class AuthenticationSpec(Spec):
    name: Any = Field(description="the name of the TriggerAuthentication")
    cluster_wide: StrictBool = False


class TriggerSpec(Spec):
    """See `Trigger` for what each field means."""

    name: str | None = None
    prometheus: PrometheusSpec | None = None
    utilization: UtilizationSpec | None = None
    cron: CronSpec | None = None
    metrics_api: MetricsApiSpec | None = None
    redis_list: RedisListSpec | None = None
    other: OtherSpec | None = None
    metric_type: MetricType = MetricType.AVERAGE_VALUE
    authentication: AuthenticationSpec | None = None

    @property
    def type(self) -> str:
        """KEDA's name of its kind."""
        if self.utilization:
            return self.utilization.resource.value
        if self.other:
            return self.other.type
        kind = next(kind for kind in _KINDS if getattr(self, kind))
        return {"metrics_api": "metrics-api", "redis_list": "redis"}.get(kind, kind)

    @property
    def measures_pods(self) -> bool:
        """Whether it measures pods' CPU or memory: no formula has it, and without pods it tells nothing."""
        return self.type in ("cpu", "memory")

    @property
    def manifest(self) -> dict[str, Any]:
        source = next(getattr(self, kind) for kind in _KINDS if getattr(self, kind))
        made: dict[str, Any] = {"type": self.type, "metadata": dict(source.metadata)}
        made["metricType"] = "Utilization" if self.measures_pods else self.metric_type.value
        if self.name:
            made["name"] = self.name
        if self.authentication:
            kind = "ClusterTriggerAuthentication" if self.authentication.cluster_wide else "TriggerAuthentication"
            made["authenticationRef"] = {"name": self.authentication.name, "kind": kind}
        return made

    @rule
    def it_is_of_one_kind(self) -> Iterator[Problem]:
        given = [kind for kind in _KINDS if getattr(self, kind)]
        if len(given) != 1:
            said = f"It is {len(given)} at once: {', '.join(given)}." if given else "It has none."
            yield Problem("", f"A trigger is of one kind. {said} Write one of {', '.join(_KINDS)}.")

    @rule
    def the_name_can_stand_in_a_formula(self) -> Iterator[Problem]:
        if self.name is not None and not _IDENTIFIER.fullmatch(self.name):
            yield Problem("name", f"'{self.name}' cannot stand in a formula. Write letters, digits and '_'.")

    @rule
    def cpu_and_memory_are_utilizations(self) -> Iterator[Problem]:
        if self.utilization and "metric_type" in self.model_fields_set:
            yield Problem("metric_type", "CPU and memory are always compared in percent. Drop this.")
        if self.other and self.other.type in ("cpu", "memory", "prometheus", "cron"):
            kind = "utilization" if self.other.type in ("cpu", "memory") else self.other.type
            yield Problem("other.type", f"There is a kind for this, which is checked. Write {kind}.")
