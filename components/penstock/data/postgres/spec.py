"""What may be asked of `PostgresCluster`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pods.quantities import amount, amount_problems, order_problems
from penstock.autoscaling.pods.target import name_problems
from penstock.data import texts
from penstock.data.placement import pool_problems, room_problems
from penstock.data.postgres.args import Durability, PoolMode
from penstock.data.postgres.spec_parts import BackupsSpec, DrillSpec, PgpoolSpec, PoolerSpec, ReaderSpec
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

IMAGE = "ghcr.io/cloudnative-pg/postgresql:18-standard-trixie"
MIB = 1024 * 1024
SIDECAR_CPU, SIDECAR_MEMORY_MIB = 100, 256
"""What the plugin's container beside each server requests, in thousandths of a core and MiB."""
SPARE_CONNECTIONS = 16
"""Connections that nobody pools: the operator's, the exporter's, those of migrations and Jobs."""
_DATABASE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PARAMETER = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", re.IGNORECASE)
_LEAST_MIB = 128
"""Of memory. A quarter caches pages, and PostgreSQL does not start without some."""
_RESERVED = {"postgres", "template0", "template1", "pgbouncer"}
_ELSEWHERE = {
    "max_connections": "Write max_connections beside parameters, where it is checked.",
    "max_wal_senders": "Write max_wal_senders beside parameters.",
    "wal_keep_size": "Write wal_keep_mib beside parameters.",
    "shared_buffers": "It follows from memory_request. Write that.",
    "archive_timeout": "It decides how much a disaster may lose, which is held below five minutes. Drop this.",
    "synchronous_commit": "A commit is on two disks before it is acknowledged. Write durability for less.",
    "synchronous_standby_names": "The operator keeps it. Write durability.",
}


class PostgresSpec(Spec):
    """A cluster; see `PostgresClusterArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "replicas": "Write instances: the primary and its replicas together.",
        "storage_gib": "Write volume_gib.",
        "autoscaler": "A database is not scaled horizontally: replicas share no writes. Write larger requests.",
        "poolers": "Write writers and readers.",
        "backup": "Write backups.",
    }

    namespace: Any = Field(description="the namespace")
    """A text, or a Pulumi output of one; so is the image."""
    pools: list[dict[str, Any]] = Field(min_length=1, description="the refs of the pools on which it runs")
    instances: WholeNumber = Field(default=3, ge=1, le=9)
    image: Any = IMAGE
    database: str = "app"
    cpu_request: str = "1"
    cpu_limit: str = "2"
    memory_request: str = "2Gi"
    memory_limit: str = "4Gi"
    volume_gib: WholeNumber = Field(default=50, ge=1)
    wal_volume_gib: WholeNumber = Field(default=10, ge=5)
    storage_class: str | None = Field(default=None, min_length=1)
    max_connections: WholeNumber = Field(default=200, ge=20, le=5000)
    max_wal_senders: WholeNumber = Field(default=10, ge=3, le=100)
    wal_keep_mib: WholeNumber = Field(default=1024, ge=0)
    parameters: dict[str, str] = {}
    durability: Durability = Durability.REQUIRED
    max_lag_mib: WholeNumber = Field(default=64, ge=16)
    lag_alert_seconds: WholeNumber = Field(default=30, ge=1)
    pool_mode: PoolMode = PoolMode.TRANSACTION
    writers: PoolerSpec = PoolerSpec()
    readers: ReaderSpec = ReaderSpec()
    backups: BackupsSpec | None = None
    recovery_drill: DrillSpec | None = None
    pgpool: PgpoolSpec | None = None
    service_account_annotations: dict[str, Any] = {}
    client_namespaces: list[str] = ["services"]
    direct_namespaces: list[str] = ["services"]
    operator_namespace: str = "cnpg-system"
    monitoring: bool = True
    rule_labels: dict[str, str] = {}
    rotation: WholeNumber = Field(default=1, ge=1)

    @property
    def has_replicas(self) -> bool:
        return self.instances > 1

    @property
    def cpu_millicores(self) -> int:
        """What a server's pod requests, all its containers together."""
        return int((amount(self.cpu_request) or 0) * 1000) + (SIDECAR_CPU if self.backups else 0)

    @property
    def memory_mib(self) -> int:
        """What a server's pod requests, all its containers together."""
        return int((amount(self.memory_request) or 0) / MIB) + (SIDECAR_MEMORY_MIB if self.backups else 0)

    @rule
    def names(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)
        for field in ("client_namespaces", "direct_namespaces"):
            for index, name in enumerate(getattr(self, field)):
                yield from name_problems(f"{field}[{index}]", name)
        yield from name_problems("operator_namespace", self.operator_namespace)
        if not _DATABASE.fullmatch(self.database) or self.database in _RESERVED or self.database.startswith("t_"):
            yield Problem(
                "database",
                f"'{self.database}' is no name for it. Write lower-case letters, digits and '_', and none of "
                f"{', '.join(sorted(_RESERVED))}; names that begin with t_ are tenants'.",
            )
        yield from texts.image_problems("image", self.image)
        yield from texts.object_problems("storage_class", self.storage_class)
        yield from texts.label_problems("rule_labels", self.rule_labels)

    @rule
    def annotations_are_ones(self) -> Iterator[Problem]:
        yield from texts.key_problems("service_account_annotations", self.service_account_annotations)
        for key, value in self.service_account_annotations.items():
            if value is None or isinstance(value, int | float | list | dict):
                yield Problem(f"service_account_annotations.{key}", f"Write a text, not {value!r}.")

    @rule
    def a_majority_survives(self) -> Iterator[Problem]:
        if self.instances == 2:
            yield Problem(
                "instances",
                "Of two, the loss of either stops every write, since a commit waits for a replica. Write 3, or 1 where "
                "data may be lost.",
            )

    @rule
    def amounts(self) -> Iterator[Problem]:
        for field, example in (("cpu_request", "1"), ("cpu_limit", "2")):
            yield from amount_problems(field, getattr(self, field), example)
        for field, example in (("memory_request", "2Gi"), ("memory_limit", "4Gi")):
            yield from amount_problems(field, getattr(self, field), example)
        yield from order_problems("cpu_limit", self.cpu_request, self.cpu_limit)
        yield from order_problems("memory_limit", self.memory_request, self.memory_limit)
        memory = amount(self.memory_request)
        if memory and memory < _LEAST_MIB * MIB:
            yield Problem(
                "memory_request", f"{self.memory_request} is too little for a server. Write at least {_LEAST_MIB}Mi."
            )

    @rule
    def pools_are_homes(self) -> Iterator[Problem]:
        yield from pool_problems(self.pools)

    @rule
    def each_has_a_machine(self) -> Iterator[Problem]:
        yield from room_problems("instances", self.instances, self.cpu_millicores, self.memory_mib, self.pools)
        poolers: list[tuple[str, PoolerSpec | PgpoolSpec]] = [("writers.pods", self.writers)]
        poolers += [("readers.pods", self.readers)] if self.has_replicas else []
        poolers += [("pgpool.pods", self.pgpool)] if self.pgpool else []
        for path, pooler in poolers:
            yield from room_problems(path, pooler.pods, 0, 0, self.pools)

    @rule
    def connections_suffice(self) -> Iterator[Problem]:
        past = self.pgpool.connections if self.pgpool else 0
        for field, pooler in (("writers", self.writers), ("readers", self.readers)):
            asked = pooler.connections + past + SPARE_CONNECTIONS
            if asked > self.max_connections:
                yield Problem(
                    "max_connections",
                    f"The pods of {field} may open {pooler.pods} x {pooler.max_connections} connections to one server"
                    + (f", those of pgpool {past}" if past else "")
                    + f", and {SPARE_CONNECTIONS} are kept for others. Write at least {asked}, or a smaller "
                    f"{field}.max_connections.",
                )

    @rule
    def the_log_has_room(self) -> Iterator[Problem]:
        most = self.wal_volume_gib * 1024 // 4
        if self.wal_keep_mib > most:
            yield Problem(
                "wal_keep_mib",
                f"A quarter of the volume of logs may be kept for replicas, which is {most} MiB of "
                f"{self.wal_volume_gib} GiB. Write that at most, or a larger wal_volume_gib.",
            )

    @rule
    def parameters_are_not_ours(self) -> Iterator[Problem]:
        for key, value in self.parameters.items():
            if key in _ELSEWHERE:
                yield Problem(f"parameters.{key}", _ELSEWHERE[key])
            elif not _PARAMETER.fullmatch(key):
                yield Problem(
                    f"parameters.{key}", f"'{key}' is no setting of PostgreSQL's. Write its name, for example work_mem."
                )
            if value == "":
                yield Problem(f"parameters.{key}", "Write a value.")

    @rule
    def what_replicas_do_needs_some(self) -> Iterator[Problem]:
        if self.pgpool and not self.has_replicas:
            yield Problem("pgpool", "With one instance there is no replica to read from. Drop this, or write more.")

    @rule
    def drills_need_backups(self) -> Iterator[Problem]:
        if self.recovery_drill and not self.backups:
            yield Problem("recovery_drill", "There is nothing to recover from. Write backups, or drop this.")
