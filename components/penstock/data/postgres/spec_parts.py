"""The parts of what may be asked of `PostgresCluster`; see its inputs for what each field means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from penstock.autoscaling.pods.crontab import MINUTES_OF_WEEK, cron_problems, fires
from penstock.autoscaling.pods.target import name_problems
from penstock.data.postgres.args import ObjectStoreKind
from penstock.data.texts import image_problems
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

PGPOOL_IMAGE = "docker.io/pgpool/pgpool:4.4.3"
KUBECTL_IMAGE = "registry.k8s.io/kubectl:v1.36.3"
_SCHEMES = {ObjectStoreKind.S3: "s3://", ObjectStoreKind.GCS: "gs://", ObjectStoreKind.AZURE: "https://"}
_LONGEST_MONTH_HOURS = 31 * 24


class PoolerSpec(Spec):
    """Its defaults are those of writers."""

    pods: WholeNumber = Field(default=2, ge=1, le=9)
    pool_size: WholeNumber = Field(default=10, ge=1, le=1000)
    overflow: WholeNumber = Field(default=20, ge=0, le=1000)
    max_connections: WholeNumber = Field(default=50, ge=1, le=1000)
    max_clients: WholeNumber = Field(default=1000, ge=1, le=20000)

    @property
    def connections(self) -> int:
        """How many connections its pods open together."""
        return self.pods * self.max_connections

    @rule
    def one_user_has_room(self) -> Iterator[Problem]:
        if self.pool_size + self.overflow > self.max_connections:
            yield Problem(
                "max_connections",
                f"One user may have {self.pool_size} + {self.overflow} connections. Write at least "
                f"{self.pool_size + self.overflow}, or a smaller pool_size or overflow.",
            )


class ReaderSpec(PoolerSpec):
    """A pooler with the defaults of readers."""

    pool_size: WholeNumber = Field(default=5, ge=1, le=1000)
    overflow: WholeNumber = Field(default=10, ge=0, le=1000)


class KeysSpec(Spec):
    secret: Any = Field(description="the name of the Secret")

    @rule
    def the_secret_has_a_name(self) -> Iterator[Problem]:
        yield from name_problems("secret", self.secret, longest=253)


class BackupsSpec(Spec):
    kind: ObjectStoreKind = Field(description="s3, gcs or azure")
    destination: Any = Field(description="where backups go, for example s3://bucket/path")
    keys: KeysSpec | None = None
    endpoint: str | None = Field(default=None, pattern="^https?://")
    schedule: str = "0 2 * * *"
    retention_days: WholeNumber = Field(default=30, ge=1, le=3650)
    alert_hours: WholeNumber | None = Field(default=None, ge=1)

    @property
    def longest_gap_hours(self) -> int:
        """The most hours between two base backups. A month where its schedule names days or months."""
        at = fires(self.schedule)
        if not at:
            return _LONGEST_MONTH_HOURS
        gaps = (later - sooner for sooner, later in zip(at, [*at[1:], at[0] + MINUTES_OF_WEEK], strict=True))
        return -(-max(gaps) // 60)

    @property
    def alert_after_hours(self) -> int:
        """After how many hours without a new one an alert is raised."""
        gap = self.longest_gap_hours
        return self.alert_hours or (26 if gap <= 24 else 2 * gap)

    @property
    def held_days(self) -> int:
        """For how many days they may hold what was erased: the oldest base backup that is kept was made before the
        first moment to which the cluster can be recovered, and goes when the next one is complete."""
        return self.retention_days + -(-2 * self.longest_gap_hours // 24)

    @rule
    def schedule_is_one(self) -> Iterator[Problem]:
        yield from cron_problems("schedule", self.schedule)

    @rule
    def destination_is_of_its_kind(self) -> Iterator[Problem]:
        scheme = _SCHEMES[self.kind]
        if isinstance(self.destination, str) and (
            not self.destination.startswith(scheme) or self.destination == scheme
        ):
            yield Problem("destination", f"Write one that begins with {scheme}, as {self.kind} wants it.")
        if self.destination is None or isinstance(self.destination, int | float | list | dict):
            yield Problem("destination", f"Write a text, not {self.destination!r}.")

    @rule
    def only_s3_has_endpoints(self) -> Iterator[Problem]:
        if self.endpoint and self.kind is ObjectStoreKind.GCS:
            yield Problem("endpoint", "Google Cloud Storage has one endpoint, which is known. Drop this.")

    @rule
    def the_endpoint_is_an_address(self) -> Iterator[Problem]:
        if self.endpoint is None:
            return
        try:
            found = urlsplit(self.endpoint)
            usable = bool(found.hostname) and found.port != 0 and not re.search(r"\s", self.endpoint)
        except ValueError:
            usable = False
        if not usable:
            yield Problem(
                "endpoint", f"'{self.endpoint}' is no address. Write one such as https://minio.example.com:9000."
            )

    @rule
    def an_alert_is_not_always_on(self) -> Iterator[Problem]:
        if any(cron_problems("schedule", self.schedule)):
            return
        gap = self.longest_gap_hours
        if self.alert_hours and self.alert_hours <= gap:
            yield Problem(
                "alert_hours",
                f"Base backups are up to {gap} hours apart, so the alert would be raised before each. Write more than "
                f"{gap}.",
            )


class DrillSpec(Spec):
    schedule: str = "0 4 * * 0"
    timeout_minutes: WholeNumber = Field(default=120, ge=10, le=1440)
    check: str | None = Field(default=None, min_length=1)
    image: Any = KUBECTL_IMAGE

    @rule
    def the_image_is_one(self) -> Iterator[Problem]:
        yield from image_problems("image", self.image)

    @rule
    def schedule_is_one(self) -> Iterator[Problem]:
        yield from cron_problems("schedule", self.schedule)


class PgpoolSpec(Spec):
    pods: WholeNumber = Field(default=2, ge=1, le=9)
    image: Any = PGPOOL_IMAGE
    clients: WholeNumber = Field(default=24, ge=1, le=1000)

    @property
    def connections(self) -> int:
        """How many connections its pods may open to one server together."""
        return self.pods * self.clients

    @rule
    def the_image_is_one(self) -> Iterator[Problem]:
        yield from image_problems("image", self.image)
