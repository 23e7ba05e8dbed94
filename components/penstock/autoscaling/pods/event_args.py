"""The inputs of `EventAutoscaler`."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.autoscaling.pods.args import Behavior, ControlledResource, Target


class MetricType(StrEnum):
    """How a metric is compared with its threshold."""

    AVERAGE_VALUE = "AverageValue"
    """A count, such as a queue: replicas = metric / threshold."""
    VALUE = "Value"
    """A ratio, such as a latency or a utilization: replicas = ready replicas x metric / threshold."""


class PrometheusTrigger(TypedDict):
    """A query to Prometheus that gives one number."""

    query: str
    """The query. Let it name the namespace and the service, or it sums up those of others."""
    threshold: float
    """What is aimed at, above 0: for each replica with `AverageValue`, of the whole with `Value`."""
    activation_threshold: NotRequired[float]
    """Above what the target is woken from 0. Default: 0."""
    address: NotRequired[str]
    """Where Prometheus answers. Default: `http://prometheus-operated.monitoring.svc:9090`."""
    zero_when_missing: NotRequired[bool]
    """Whether a series that is missing counts as 0, which takes replicas away when Prometheus or an exporter fails.
    Default: false, so that the replicas stay as they are."""


class UtilizationTrigger(TypedDict):
    """CPU or memory, in percent of what the pods request. It cannot wake a target from 0."""

    resource: ControlledResource
    """Which of the two."""
    percent: int
    """What is aimed at, 1 to 1000."""
    container: NotRequired[str]
    """The container that is measured. Default: all of a pod."""


class CronTrigger(TypedDict):
    """A window of time in which there is a number of replicas."""

    timezone: str
    """The IANA name of the time zone, for example `America/Los_Angeles`."""
    start: str
    """When it opens: minute, hour, day of the month, month, day of the week; for example `0 9 * * 1-5`."""
    end: str
    """When it closes, for example `0 18 * * 1-5`."""
    desired_replicas: int
    """The replicas in the window, at least 1. Outside of it the trigger asks for none."""


class MetricsApiTrigger(TypedDict):
    """A number that an HTTP service tells."""

    url: str
    """Where it answers."""
    value_location: str
    """Where in its answer the number stands, in the notation of GJSON, for example `queue.depth`."""
    threshold: float
    """What is aimed at, above 0."""
    activation_threshold: NotRequired[float]
    """Above what the target is woken from 0. Default: 0."""


class RedisListTrigger(TypedDict):
    """The length of a list in Redis or Valkey."""

    address: str
    """Where it answers, for example `redis.data.svc:6379`."""
    list_name: str
    """The name of the list."""
    threshold: int
    """The length aimed at for each replica, at least 1."""
    activation_threshold: NotRequired[int]
    """Above what length the target is woken from 0. Default: 0."""
    database: NotRequired[int]
    """The number of the database. Default: 0."""


class OtherTrigger(TypedDict):
    """Any of KEDA's other scalers."""

    type: str
    """Its type, for example `kafka`."""
    metadata: dict[str, str]
    """What it is told, every value as a text."""


class Authentication(TypedDict):
    """How a trigger proves who it is."""

    name: pulumi.Input[str]
    """The name of the TriggerAuthentication."""
    cluster_wide: NotRequired[bool]
    """Whether it is a ClusterTriggerAuthentication. Default: false."""


class Trigger(TypedDict):
    """What tells how many replicas are wanted: one of the kinds below. Of several triggers the largest wish counts."""

    name: NotRequired[str]
    """A name of letters, digits and `_`, by which a formula and the state know it. Default: none."""
    prometheus: NotRequired[PrometheusTrigger]
    """A query to Prometheus."""
    utilization: NotRequired[UtilizationTrigger]
    """CPU or memory."""
    cron: NotRequired[CronTrigger]
    """A window of time."""
    metrics_api: NotRequired[MetricsApiTrigger]
    """A number that an HTTP service tells."""
    redis_list: NotRequired[RedisListTrigger]
    """The length of a list in Redis or Valkey."""
    other: NotRequired[OtherTrigger]
    """Any of KEDA's other scalers."""
    metric_type: NotRequired[MetricType]
    """How the metric is compared with its threshold. Default: `AverageValue`."""
    authentication: NotRequired[Authentication]
    """How it proves who it is. Default: not at all."""


class FallbackBehavior(StrEnum):
    """How many replicas there are while a trigger fails."""

    STATIC = "static"
    """The stated ones."""
    CURRENT_REPLICAS = "currentReplicas"
    """As many as there are."""
    CURRENT_REPLICAS_IF_HIGHER = "currentReplicasIfHigher"
    """As many as there are, or the stated ones where those are more."""
    CURRENT_REPLICAS_IF_LOWER = "currentReplicasIfLower"
    """As many as there are, or the stated ones where those are fewer."""
    SCALING_MODIFIERS = "scalingModifiers"
    """What the formula makes of it: in it a failing trigger is nil, and `trigger ?? 5` stands in for it. KEDA 2.20 or
    later."""


class Fallback(TypedDict):
    """What happens while a trigger fails. Without it the replicas stay as they are, and the state says so."""

    failure_threshold: int
    """How many times in a row a trigger has to fail, at least 1."""
    replicas: int
    """The replicas then, at least 1."""
    behavior: NotRequired[FallbackBehavior]
    """How many replicas there are. Default: `static`."""


class ScalingModifiers(TypedDict):
    """One formula over all triggers, in place of their thresholds."""

    formula: str
    """The formula, in the language of expr-lang.org over the names of the triggers, for example
    `open > 0 ? queue : 0`. Thresholds of the triggers do not count in it."""
    target: float
    """What is aimed at of its value, above 0."""
    activation_target: NotRequired[float]
    """Above what the target is woken from 0. Default: 0."""
    metric_type: NotRequired[MetricType]
    """How its value is compared with the target. Default: `AverageValue`."""


class EventAutoscalerArgs(TypedDict):
    """A ScaledObject of KEDA."""

    target: Target
    """What it scales."""
    min_replicas: int
    """The fewest replicas; 0 lets it go away when no trigger is active."""
    max_replicas: int
    """The most replicas."""
    triggers: list[Trigger]
    """What tells how many replicas are wanted."""
    idle_replicas: NotRequired[int]
    """The replicas when no trigger is active: 0, with a min_replicas of at least 1. Default: min_replicas."""
    polling_seconds: NotRequired[int]
    """How often triggers are asked while there are no replicas, 1 to 3600. Default: 30."""
    cooldown_seconds: NotRequired[int]
    """How long after the last activity the replicas go to 0, 0 to 86400. Default: 300."""
    initial_cooldown_seconds: NotRequired[int]
    """How long after its creation they go to 0 at the earliest, 0 to 86400. Default: 0."""
    fallback: NotRequired[Fallback]
    """What happens while a trigger fails. Default: the replicas stay as they are."""
    scaling_modifiers: NotRequired[ScalingModifiers]
    """One formula over all triggers. Default: of all wishes the largest counts."""
    behavior: NotRequired[Behavior]
    """How fast the replicas may change while there are any. Default: as Kubernetes does it."""
