"""What may be asked of `RedisCluster`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pods.quantities import amount, amount_problems, order_problems
from penstock.autoscaling.pods.target import name_problems
from penstock.data import placement, texts
from penstock.data.redis.args import RedisEviction, RedisSync, RedisUse
from penstock.data.redis.images import EXPORTER, REDIS
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

_NEVER_SCALED = (
    "A Redis cluster is not scaled by an autoscaler: each node more or less moves slots with all their keys. Write "
    "replicas, an even number, and a larger one when it has to grow."
)
_MAXMEMORY_SHARE = 75
"""In percent of the limit. The rest is for what Redis does not count as data: buffers of clients and replicas, and
the pages that are copied while the file is rewritten. https://redis.io/docs/latest/operate/oss_and_stack/management/admin/"""
_VOLUME_FACTOR = 4
"""A file of all data, as much again until it is rewritten (auto-aof-rewrite-percentage 100), the new file and what is
written meanwhile: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/"""
KEEPER_CPU, KEEPER_MIB = 20, 32
EXPORTER_CPU, EXPORTER_MIB = 20, 32
"""What the containers beside Redis request, in thousandths of a core and in MiB."""
_LEAST_NODES = 6
LONGEST_NAME = 40
"""Names of its pods, Jobs and Services add to it."""


class RedisClusterSpec(Spec):
    """See `RedisClusterArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("min_replicas", "max_replicas", "autoscaling", "min_nodes", "max_nodes"), _NEVER_SCALED),
        **dict.fromkeys(("nodes", "shards", "primaries"), "Write replicas, the number of nodes, primaries included."),
        **dict.fromkeys(("maxmemory", "memory_mib"), "Write maxmemory_mib, a whole number of MiB."),
        **dict.fromkeys(("maxmemory_policy", "policy"), "Write eviction."),
        **dict.fromkeys(("password", "passwords"), "Passwords are made here. To renew them, raise rotation by 1."),
        "persistence": "What is written is always kept, in an append-only file. Write sync to say how soon.",
        "storage_gib": "Write volume_gib.",
    }

    namespace: Any = Field(description="the namespace in which it runs")
    """A text, or a Pulumi output of one; so are the storage class and the TLS Secret."""
    pools: list[dict[str, Any]] = Field(min_length=1, description="the refs of the pools on which it runs")
    use: RedisUse = RedisUse.CACHE
    replicas: WholeNumber = Field(default=_LEAST_NODES, le=100)
    maxmemory_mib: WholeNumber = Field(default=2048, ge=64)
    eviction: RedisEviction | None = None
    sync: RedisSync = RedisSync.EVERY_SECOND
    cpu_request: str = "500m"
    cpu_limit: str = "1"
    memory_request: str = "2Gi"
    memory_limit: str = "3Gi"
    volume_gib: WholeNumber = Field(default=20, ge=1)
    storage_class: Any = None
    image: str = Field(default=REDIS, min_length=1)
    exporter: bool = True
    exporter_image: str = Field(default=EXPORTER, min_length=1)
    monitoring: bool | None = None
    tls_secret: Any = None
    rotation: WholeNumber = Field(default=1, ge=1)
    client_namespaces: list[str] = ["services"]
    monitoring_namespace: str = "monitoring"
    priority_class: str | None = None
    labels: dict[str, str] = {}

    @property
    def monitored(self) -> bool:
        """Whether it has a PodMonitor."""
        return self.exporter if self.monitoring is None else self.monitoring

    @property
    def primaries(self) -> int:
        return self.replicas // 2

    @property
    def least_machines(self) -> int:
        """The fewest machines on which the loss of one leaves a majority of primaries."""
        return -(-self.primaries // max(1, (self.primaries - 1) // 2))

    @property
    def chosen_eviction(self) -> RedisEviction:
        usual = RedisEviction.ALLKEYS_LRU if self.use is RedisUse.CACHE else RedisEviction.NOEVICTION
        return self.eviction or usual

    @property
    def placement_told(self) -> str | None:
        """What has to be said of where its nodes are, where that is less than wanted."""
        told = placement.room_told(self.replicas, self.pools)
        if told and placement.per_machine(self.replicas, self.pools) > 1:
            told += (
                f" Primaries are spread, so that the loss of one machine leaves a majority of the {self.primaries}; "
                "but until it is back, a machine may have two primaries, and the loss of that one as well stops all "
                "writes."
            )
        return told

    @rule
    def nodes_come_in_pairs(self) -> Iterator[Problem]:
        if self.replicas < _LEAST_NODES:
            yield Problem(
                "replicas",
                f"Write at least {_LEAST_NODES}, not {self.replicas}: a cluster decides by the majority of its "
                "primaries, so it needs 3, and a replica of each.",
            )
        elif self.replicas % 2:
            yield Problem(
                "replicas",
                f"Write an even number, {self.replicas - 1} or {self.replicas + 1}, not {self.replicas}: each primary "
                "has one replica.",
            )

    @rule
    def amounts(self) -> Iterator[Problem]:
        for path, example in (
            ("cpu_request", "500m"),
            ("cpu_limit", "1"),
            ("memory_request", "2Gi"),
            ("memory_limit", "3Gi"),
        ):
            yield from amount_problems(path, getattr(self, path), example)
        yield from order_problems("cpu_limit", self.cpu_request, self.cpu_limit)
        yield from order_problems("memory_limit", self.memory_request, self.memory_limit)

    @rule
    def data_leave_room_for_the_rest(self) -> Iterator[Problem]:
        limit, requested = _mib(self.memory_limit), _mib(self.memory_request)
        most = limit * _MAXMEMORY_SHARE // 100
        if limit and self.maxmemory_mib > most:
            yield Problem(
                "maxmemory_mib",
                f"{self.maxmemory_mib} MiB is more than {_MAXMEMORY_SHARE} % of the memory_limit {self.memory_limit}: "
                "buffers and the pages copied while the file is rewritten need the rest, or the node is killed. Write "
                f"at most {most}, or raise memory_limit.",
            )
        elif requested and self.maxmemory_mib > requested:
            yield Problem(
                "memory_request",
                f"A pod that holds {self.maxmemory_mib} MiB of data and requests {self.memory_request} is the first to "
                f"be evicted where a machine runs short. Write at least {self.maxmemory_mib}Mi, or lower "
                "maxmemory_mib.",
            )

    @rule
    def the_volume_holds_the_file(self) -> Iterator[Problem]:
        least = -(-self.maxmemory_mib * _VOLUME_FACTOR // 1024)
        if self.volume_gib < least:
            yield Problem(
                "volume_gib",
                f"{self.volume_gib} GiB is too small: the append-only file of {self.maxmemory_mib} MiB of data takes "
                f"up to {_VOLUME_FACTOR} times as much while it is rewritten. Write at least {least}.",
            )

    @rule
    def what_goes_suits_the_use(self) -> Iterator[Problem]:
        if self.use is RedisUse.QUEUE and self.chosen_eviction is not RedisEviction.NOEVICTION:
            yield Problem(
                "eviction",
                f"With {self.chosen_eviction} a full queue would drop work that nobody has done. Write noeviction, or "
                "drop this; a cache is another RedisCluster.",
            )
        if self.use is RedisUse.CACHE and self.chosen_eviction is RedisEviction.NOEVICTION:
            yield Problem(
                "eviction",
                "A full cache would refuse every write. Write allkeys-lru, or drop this; for work write use: queue.",
            )

    @rule
    def it_has_a_home(self) -> Iterator[Problem]:
        yield from placement.pool_problems(self.pools)
        if self.replicas >= _LEAST_NODES and self.replicas % 2 == 0:
            cpu, memory = amount(self.cpu_request), amount(self.memory_request)
            if cpu and memory:
                yield from placement.room_problems(
                    "replicas",
                    self.replicas,
                    int(cpu * 1000) + KEEPER_CPU + EXPORTER_CPU * self.exporter,
                    _mib(self.memory_request) + KEEPER_MIB + EXPORTER_MIB * self.exporter,
                    self.pools,
                    least=self.least_machines,
                )

    @rule
    def metrics_have_an_exporter(self) -> Iterator[Problem]:
        if self.monitoring and not self.exporter:
            yield Problem("monitoring", "Without an exporter there is nothing to scrape. Write exporter: true.")

    @rule
    def names(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)
        yield from name_problems("monitoring_namespace", self.monitoring_namespace)
        for index, name in enumerate(self.client_namespaces):
            yield from name_problems(f"client_namespaces[{index}]", name)
        yield from texts.object_problems("storage_class", self.storage_class or None)
        yield from texts.object_problems("tls_secret", self.tls_secret)
        yield from texts.object_problems("priority_class", self.priority_class)
        yield from texts.image_problems("image", self.image)
        yield from texts.image_problems("exporter_image", self.exporter_image)
        yield from texts.label_problems("labels", self.labels)


def _mib(text: str) -> int:
    """0 where it is no amount, which another rule tells."""
    return int((amount(text) or 0) / 2**20)
