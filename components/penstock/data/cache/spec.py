"""What may be asked of `CacheTiers`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pods.crontab import cron_problems
from penstock.autoscaling.pods.target import name_problems
from penstock.data.texts import label_problems
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

CACHE_USE = "cache"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,55}")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SELECT = re.compile(r"\s*(select|with)\b", re.IGNORECASE)

_MOST = 1e9
"""More entries or KiB than anybody has; what is infinite cannot be reckoned with."""


class LocalSpec(Spec):
    ttl_seconds: WholeNumber = Field(default=60, ge=1, le=3600)
    size_mb: WholeNumber = Field(default=128, ge=1, le=16384)


class ExpectedSpec(Spec):
    per_second: float = Field(gt=0, le=_MOST, description="how many new entries a second")
    kib: float = Field(gt=0, le=_MOST, description="the size of one, in KiB")


class SharedSpec(Spec):
    ttl_seconds: WholeNumber = Field(default=300, ge=1, le=86400)
    size_mib: WholeNumber | None = Field(default=None, ge=1)
    expected: ExpectedSpec | None = None


class ViewSpec(Spec):
    name: str = Field(description="the name of the view")
    query: str = Field(min_length=1, description="the query whose answer it keeps")
    key: list[str] = Field(min_length=1, description="the columns by which no two rows are the same")

    @rule
    def names_are_ones(self) -> Iterator[Problem]:
        if not _NAME.fullmatch(self.name) or self.name == "refreshed":
            yield Problem("name", f"'{self.name}' is no name for a view. Write lower-case letters, digits and '_'.")
        for index, column in enumerate(self.key):
            if not _NAME.fullmatch(column):
                yield Problem(f"key[{index}]", f"'{column}' is no name of a column. Give it one with AS in the query.")

    @rule
    def it_is_one_query(self) -> Iterator[Problem]:
        if not _SELECT.match(self.query) or ";" in self.query.rstrip().rstrip(";"):
            yield Problem("query", "Write one SELECT, which may begin with WITH.")


class ViewsSpec(Spec):
    hints: ClassVar[dict[str, str]] = {"schema": "Write db_schema."}

    views: list[ViewSpec] = Field(min_length=1, description="the views")
    schedule: str = "0 * * * *"
    db_schema: str = "cache"
    readers: list[str] = []

    @rule
    def schedule_is_one(self) -> Iterator[Problem]:
        yield from cron_problems("schedule", self.schedule)

    @rule
    def the_schema_is_nobodys(self) -> Iterator[Problem]:
        if (
            not _NAME.fullmatch(self.db_schema)
            or self.db_schema.startswith(("t_", "pg_"))
            or self.db_schema == "public"
        ):
            yield Problem(
                "db_schema",
                f"'{self.db_schema}' is no schema of its own. Write lower-case letters, digits and '_'; names that "
                "begin with t_ are tenants'.",
            )

    @rule
    def each_view_stands_there_once(self) -> Iterator[Problem]:
        for name, times in Counter(view.name for view in self.views).items():
            if times > 1:
                yield Problem("views", f"'{name}' stands there {times} times. Write it once.")

    @rule
    def readers_are_roles(self) -> Iterator[Problem]:
        for index, role in enumerate(self.readers):
            if not _NAME.fullmatch(role):
                yield Problem(f"readers[{index}]", f"'{role}' is no name of a role.")


class ModesSpec(Spec):
    fast: WholeNumber = Field(default=300, ge=1, le=86400)
    balanced: WholeNumber = Field(default=600, ge=1, le=86400)
    creative: WholeNumber = Field(default=1800, ge=1, le=86400)

    @property
    def longest(self) -> int:
        return max(self.fast, self.balanced, self.creative)


class HitRateSpec(Spec):
    percent: WholeNumber = Field(default=60, ge=1, le=99)
    after_requests: WholeNumber = Field(default=100, ge=1)
    window_seconds: WholeNumber = Field(default=3600, ge=60, le=86400)
    extension: float = Field(default=2, ge=1, le=10)


class CacheTiersSpec(Spec):
    """The tiers; see `CacheTiersArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {"l1": "Write local.", "l2": "Write shared.", "l3": "Write views."}

    namespace: Any = Field(description="the namespace of the services")
    """A text, or a Pulumi output of one."""
    redis: dict[str, Any] = Field(description="the ref of a RedisCluster")
    postgres: dict[str, Any] | None = None
    local: LocalSpec = LocalSpec()
    shared: SharedSpec = SharedSpec()
    views: ViewsSpec | None = None
    modes: ModesSpec = ModesSpec()
    hit_rate: HitRateSpec = HitRateSpec()
    metric: str = "cache_requests_total"
    monitoring: bool = True
    dashboard_namespace: str = "monitoring"
    rule_labels: dict[str, str] = {}

    @property
    def memory_mib(self) -> int:
        """The memory for data of the Redis."""
        return int(self.redis["memory_mib"])

    @property
    def shared_mib(self) -> int:
        """How much of it the shared tier may fill."""
        return self.shared.size_mib or self.memory_mib // 2

    @property
    def longest_seconds(self) -> int:
        """For how long an entry of the shared tier may be good at most."""
        return round(max(self.modes.longest, self.shared.ttl_seconds) * self.hit_rate.extension)

    def _numbers(self) -> bool:
        """Whether what are numbers in a ref are some here."""
        return all(isinstance(self.redis.get(each), int | float) for each in ("memory_mib", "port"))

    @rule
    def names(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)
        yield from name_problems("dashboard_namespace", self.dashboard_namespace)
        if not _METRIC.fullmatch(self.metric) or not self.metric.endswith("_total"):
            yield Problem("metric", f"'{self.metric}' is no counter: the names of those end in _total.")
        yield from label_problems("rule_labels", self.rule_labels)

    @rule
    def the_redis_is_a_cache(self) -> Iterator[Problem]:
        if not {"memory_mib", "use", "host", "name", "port"} <= self.redis.keys() or not self._numbers():
            yield Problem("redis", "This is no ref of a RedisCluster. Write its ref, for example redis.ref.")
        elif self.redis["use"] != CACHE_USE:
            yield Problem(
                "redis",
                f"'{self.redis['name']}' is for the use '{self.redis['use']}': it evicts nothing, so a cache would "
                f"fill it until it refuses writes. Name one whose use is {CACHE_USE}.",
            )

    @rule
    def sizes_fit(self) -> Iterator[Problem]:
        if not self._numbers():
            return
        if self.shared_mib > self.memory_mib:
            yield Problem(
                "shared.size_mib",
                f"'{self.redis.get('name')}' has {self.memory_mib} MiB for data. Write that at most, or give it more "
                "memory.",
            )
        if expected := self.shared.expected:
            needed = -(-round(expected.per_second * self.longest_seconds * expected.kib) // 1024)
            if needed > self.shared_mib:
                yield Problem(
                    "shared.expected",
                    f"{expected.per_second:g} entries of {expected.kib:g} KiB a second, good for up to "
                    f"{self.longest_seconds} s, need {needed} MiB, and {self.shared_mib} MiB are there: entries would "
                    "be evicted before their time. Write shorter times in modes, a smaller extension, or a larger "
                    "size_mib.",
                )

    @rule
    def tiers_are_in_order(self) -> Iterator[Problem]:
        if self.local.ttl_seconds > self.shared.ttl_seconds:
            yield Problem(
                "local.ttl_seconds",
                f"Processes would answer for {self.local.ttl_seconds} s with what all of them together have dropped "
                f"after {self.shared.ttl_seconds} s. Write at most that.",
            )

    @rule
    def views_need_a_database(self) -> Iterator[Problem]:
        if self.views and not self.postgres:
            yield Problem("postgres", "The views have to be somewhere. Write the ref of a PostgresCluster.")
        if self.postgres is not None and not {"direct_host", "admin_secret", "database"} <= self.postgres.keys():
            yield Problem("postgres", "This is no ref of a PostgresCluster. Write its ref, for example postgres.ref.")
