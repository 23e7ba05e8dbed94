"""The inputs of `CacheTiers`, as users and other Pulumi languages see them."""

from typing import NotRequired, TypedDict

import pulumi

from penstock.data.refs import PostgresRef, RedisRef


class LocalTier(TypedDict):
    """L1: in the memory of each process that serves."""

    ttl_seconds: NotRequired[int]
    """How long an entry is good, 1 to 3600. Default: 60."""
    size_mb: NotRequired[int]
    """How much of its memory a process gives to it, in MB of a million bytes, 1 to 16384. Default: 128."""


class ExpectedEntries(TypedDict):
    """What comes into the shared tier, for its size to be checked."""

    per_second: float
    """How many new entries a second, above 0: requests that no tier could answer."""
    kib: float
    """The size of one, in KiB, above 0."""


class SharedTier(TypedDict):
    """L2: in Redis, shared by all processes."""

    ttl_seconds: NotRequired[int]
    """How long an entry is good that says no mode, 1 to 86400. Default: 300."""
    size_mib: NotRequired[int]
    """How much of Redis it may fill, in MiB. Default: half of it."""
    expected: NotRequired[ExpectedEntries]
    """What comes in. Default: not known, and not checked."""


class CachedView(TypedDict):
    """A materialised view: the answer of a query, kept until it is refreshed."""

    name: str
    """Its name, in the schema of the tier: lower-case letters, digits and `_`."""
    query: str
    """The query whose answer it keeps: one SELECT, which the administrator of the tenants may run."""
    key: list[str]
    """The columns by which no two rows are the same. Without them readers would have to wait for each refresh."""


class ViewsTier(TypedDict):
    """L3: materialised views in PostgreSQL."""

    views: list[CachedView]
    """The views."""
    schedule: NotRequired[str]
    """When they are refreshed, in UTC: minute, hour, day of the month, month, day of the week. Default: `0 * * * *`,
    every hour."""
    db_schema: NotRequired[str]
    """The schema in which they are. Default: `cache`."""
    readers: NotRequired[list[str]]
    """The roles that may read them. Default: none but the administrator of the tenants."""


class ModeTtls(TypedDict):
    """How long an answer of a model is good, by the mode in which it was asked for, in seconds."""

    fast: NotRequired[int]
    """Default: 300."""
    balanced: NotRequired[int]
    """Default: 600."""
    creative: NotRequired[int]
    """Default: 1800."""


class HitRate(TypedDict):
    """What the share of requests that a tier answers decides."""

    percent: NotRequired[int]
    """The share that is aimed at, in percent, 1 to 99. Where it holds, entries are good for longer; below it an alert
    is raised. Default: 60."""
    after_requests: NotRequired[int]
    """From how many requests on it counts, at least 1. Default: 100."""
    window_seconds: NotRequired[int]
    """Over what time it has to hold, 60 to 86400. Default: 3600."""
    extension: NotRequired[float]
    """How many times as long an entry is then good, 1 to 10. Default: 2."""


class CacheTiersArgs(TypedDict):
    """The tiers in which answers are kept."""

    namespace: pulumi.Input[str]
    """The namespace of the services, which read the settings there."""
    redis: RedisRef
    """The Redis of the shared tier: the `ref` of a `RedisCluster` whose use is `cache`."""
    postgres: NotRequired[PostgresRef]
    """The cluster of the views: the `ref` of a `PostgresCluster`. Needed with `views`."""
    local: NotRequired[LocalTier]
    """L1."""
    shared: NotRequired[SharedTier]
    """L2."""
    views: NotRequired[ViewsTier]
    """L3. Default: none."""
    modes: NotRequired[ModeTtls]
    """How long an answer is good, by its mode."""
    hit_rate: NotRequired[HitRate]
    """What the share of hits decides."""
    metric: NotRequired[str]
    """The counter that services have of requests to the cache, with the labels `tier` (l1, l2, l3), `result` (hit,
    miss) and `mode`. Default: `cache_requests_total`."""
    monitoring: NotRequired[bool]
    """Whether there are an alert and a dashboard. Default: true."""
    dashboard_namespace: NotRequired[str]
    """The namespace in which Grafana looks for dashboards. Default: `monitoring`."""
    rule_labels: NotRequired[dict[str, str]]
    """Labels by which Prometheus takes the alerts. Default: none."""
