"""What may be asked of `QdrantCluster`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pods.quantities import amount, amount_problems, order_problems
from penstock.autoscaling.pods.target import name_problems
from penstock.data import texts
from penstock.data.placement import pool_problems, room_problems
from penstock.data.qdrant.args import QdrantDistance
from penstock.data.qdrant.tokens import OWN_PREFIX
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

IMAGE = "docker.io/qdrant/qdrant:v1.19.0-unprivileged"
CLIENT_IMAGE = "docker.io/library/python:3.14.3-alpine3.23"
VECTOR_SIZE = 384
TENANT_FIELD = "tenant_id"
"""The field of a point's payload that tells whose it is."""
LONGEST_NAME = 40
"""Names of Jobs and their pods add to it."""
_COLLECTION = re.compile(r"[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
_MIB = 1024 * 1024


def _collection_problems(name: str) -> Iterator[Problem]:
    if name.startswith(OWN_PREFIX):
        yield Problem("name", f"Names that begin with '{OWN_PREFIX}' are those of tenants' own collections.")
    elif not (_COLLECTION.fullmatch(name) and len(name) <= 63):
        yield Problem(
            "name",
            f"'{name}' is no name for a collection. Write up to 63 lower-case letters, digits, '-' or '_', beginning "
            "and ending with a letter or digit.",
        )


class CollectionSpec(Spec):
    """See `QdrantCollection`."""

    name: str = "tenants"
    vector_size: WholeNumber = Field(default=VECTOR_SIZE, ge=1, le=65535)
    distance: QdrantDistance = QdrantDistance.COSINE
    shards: WholeNumber = Field(default=6, ge=1, le=100)
    replicas: WholeNumber = Field(default=2, ge=2)
    write_consistency: WholeNumber = Field(default=1, ge=1)

    @rule
    def the_name_is_one(self) -> Iterator[Problem]:
        yield from _collection_problems(self.name)

    @rule
    def writes_go_on_without_a_node(self) -> Iterator[Problem]:
        if self.write_consistency >= self.replicas:
            yield Problem(
                "write_consistency",
                f"With {self.write_consistency} of {self.replicas} replicas that must take a write, the loss of one "
                f"node stops writes. Write at most {self.replicas - 1}, or more replicas.",
            )


class CacheSpec(Spec):
    """See `QdrantCache`."""

    name: str = "llm_cache"
    threshold: float = Field(default=0.95, gt=0, le=1)
    vector_size: WholeNumber = Field(default=VECTOR_SIZE, ge=1, le=65535)

    @rule
    def the_name_is_one(self) -> Iterator[Problem]:
        yield from _collection_problems(self.name)


class QdrantSpec(Spec):
    """See `QdrantClusterArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "replicas": "Write nodes for the number of nodes, or collection.replicas for how many have each shard.",
        "api_key": "Keys are made here, and the output ref has them. Write rotation to make new ones.",
    }

    namespace: Any = Field(description="the namespace")
    """A text, or a Pulumi output of one; so are the images and the Secret."""
    pools: list[dict[str, Any]] = Field(min_length=1, description="the refs of the pools on which it runs")
    nodes: WholeNumber = Field(default=3, ge=3, le=9)
    image: Any = IMAGE
    client_image: Any = CLIENT_IMAGE
    cpu_request: str = "500m"
    cpu_limit: str = "2"
    memory_request: str = "2Gi"
    memory_limit: str = "8Gi"
    volume_gib: WholeNumber = Field(default=100, ge=1)
    snapshot_volume_gib: WholeNumber | None = Field(default=None, ge=1)
    storage_class: str | None = None
    collection: CollectionSpec = CollectionSpec()
    cache: CacheSpec = CacheSpec()
    tls: bool = True
    tls_secret: Any = None
    rotation: WholeNumber = Field(default=1, ge=1)
    client_namespaces: list[str] = ["services"]
    startup_seconds: WholeNumber = Field(default=600, ge=60, le=7200)
    monitoring: bool = True

    @property
    def snapshots_gib(self) -> int:
        """The size of each node's volume of snapshots."""
        return self.snapshot_volume_gib or self.volume_gib

    @rule
    def names(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)
        for index, namespace in enumerate(self.client_namespaces):
            yield from name_problems(f"client_namespaces[{index}]", namespace)
        yield from texts.image_problems("image", self.image)
        yield from texts.image_problems("client_image", self.client_image)
        yield from texts.object_problems("storage_class", self.storage_class or None)

    @rule
    def a_majority_decides(self) -> Iterator[Problem]:
        if self.nodes % 2 == 0:
            yield Problem(
                "nodes",
                f"{self.nodes} nodes survive the loss of no more of them than {self.nodes - 1} do, for a majority has "
                f"to be left. Write {self.nodes - 1} or {self.nodes + 1}.",
            )

    @rule
    def replicas_have_nodes(self) -> Iterator[Problem]:
        if self.collection.replicas > self.nodes:
            yield Problem(
                "collection.replicas",
                f"Each replica of a shard needs a node of its own, and there are {self.nodes}. Write at most that.",
            )

    @rule
    def collections_are_told_apart(self) -> Iterator[Problem]:
        if self.collection.name == self.cache.name:
            yield Problem("cache.name", f"'{self.cache.name}' is the collection of tenants. Write another name.")

    @rule
    def amounts(self) -> Iterator[Problem]:
        yield from amount_problems("cpu_request", self.cpu_request, "500m or 1")
        yield from amount_problems("cpu_limit", self.cpu_limit, "2")
        yield from order_problems("cpu_limit", self.cpu_request, self.cpu_limit)
        yield from amount_problems("memory_request", self.memory_request, "2Gi")
        yield from amount_problems("memory_limit", self.memory_limit, "8Gi")
        yield from order_problems("memory_limit", self.memory_request, self.memory_limit)

    @rule
    def a_snapshot_fits(self) -> Iterator[Problem]:
        if self.snapshots_gib < self.volume_gib:
            yield Problem(
                "snapshot_volume_gib",
                f"A snapshot is a copy of the data, for which {self.volume_gib} GiB are kept. Write at least that.",
            )

    @rule
    def certificates_are_for_tls(self) -> Iterator[Problem]:
        if self.tls_secret is not None and not self.tls:
            yield Problem("tls_secret", "Without TLS no certificate is needed. Drop it, or drop tls: false.")
        if self.tls_secret is not None:
            yield from name_problems("tls_secret", self.tls_secret, re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"), 253)

    @rule
    def it_fits_its_pools(self) -> Iterator[Problem]:
        yield from pool_problems(self.pools)
        cpu, memory = amount(self.cpu_request), amount(self.memory_request)
        if cpu and memory:
            yield from room_problems("nodes", self.nodes, int(cpu * 1000), int(memory / _MIB), self.pools)
