"""The inputs of `QdrantCluster`, as users and other Pulumi languages see them."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import PoolRef


class QdrantDistance(StrEnum):
    """How near two vectors are to one another, in Qdrant's spelling."""

    COSINE = "Cosine"
    """By the angle between them."""
    DOT = "Dot"
    """By their product."""
    EUCLID = "Euclid"
    """By the straight line between them."""
    MANHATTAN = "Manhattan"
    """By the sum of the differences of their coordinates."""


class QdrantCollection(TypedDict):
    """The collection that all tenants share, each in its partition. One of a tenant's own is like it."""

    name: NotRequired[str]
    """Its name. Default: `tenants`."""
    vector_size: NotRequired[int]
    """How many numbers a vector has, 1 to 65535. It cannot be changed. Default: 384."""
    distance: NotRequired[QdrantDistance]
    """How vectors are compared. It cannot be changed. Default: `Cosine`."""
    shards: NotRequired[int]
    """Into how many shards it is split, 1 to 100. It cannot be changed. Default: 6."""
    replicas: NotRequired[int]
    """How many nodes have each shard, from 2 to all of them: at least 2, so that the loss of one loses nothing. A
    change is carried out. Default: 2."""
    write_consistency: NotRequired[int]
    """How many replicas must have taken a write before it is acknowledged. All that are alive are waited for in any
    case; with as many as there are replicas, the loss of a node would stop writes. Default: 1."""


class QdrantCache(TypedDict):
    """The collection of the semantic cache: answers to questions that were asked before in other words."""

    name: NotRequired[str]
    """Its name. Default: `llm_cache`."""
    threshold: NotRequired[float]
    """How near a question must be to one that was answered, above 0, up to 1, to be given its answer. Qdrant keeps no
    such thing: clients send it with each query, as `score_threshold`, and find it in the settings. Default: 0.95."""
    vector_size: NotRequired[int]
    """How many numbers a vector has, 1 to 65535. It cannot be changed. Default: 384."""


class QdrantClusterArgs(TypedDict):
    """A Qdrant cluster: vectors of all tenants, replicated over its nodes."""

    namespace: pulumi.Input[str]
    """Its namespace, which has to exist, for example that of a `ServiceNamespace`."""
    pools: list[PoolRef]
    """The pools on whose nodes it runs: the `ref` of each. They need a machine for each node."""
    nodes: NotRequired[int]
    """How many nodes it has, an odd number from 3 to 9: a majority of them decides. Default: 3."""
    image: NotRequired[pulumi.Input[str]]
    """Its image, of Qdrant 1.17 or later, that runs without privileges. Default:
    `docker.io/qdrant/qdrant:v1.19.0-unprivileged`."""
    client_image: NotRequired[pulumi.Input[str]]
    """An image with Python 3.11 or later, in which its Jobs run. Default:
    `docker.io/library/python:3.14.3-alpine3.23`."""
    cpu_request: NotRequired[str]
    """The CPU that each node requests. Default: `500m`."""
    cpu_limit: NotRequired[str]
    """The CPU that it may use. Default: `2`."""
    memory_request: NotRequired[str]
    """The memory that each node requests. Default: `2Gi`."""
    memory_limit: NotRequired[str]
    """The memory that it may use. Default: `8Gi`."""
    volume_gib: NotRequired[int]
    """The size of each node's volume of data. It can grow, where the storage class lets it, never shrink. Default:
    100."""
    snapshot_volume_gib: NotRequired[int]
    """The size of each node's volume of snapshots, at least that of its data, of which a snapshot is a copy. It can
    grow, never shrink. Default: that of the data."""
    storage_class: NotRequired[str]
    """The storage class of both. It cannot be changed. Default: the Kubernetes cluster's own."""
    collection: NotRequired[QdrantCollection]
    """The collection that tenants share."""
    cache: NotRequired[QdrantCache]
    """The collection of the semantic cache."""
    tls: NotRequired[bool]
    """Whether clients and nodes speak TLS; nodes then prove to one another who they are, too. Default: true."""
    tls_secret: NotRequired[pulumi.Input[str]]
    """A Secret of the namespace with `ca.crt`, `tls.crt` and `tls.key` that you keep, for example by cert-manager. Its
    certificate has to hold for the names that the documentation of the component tells. Default: a certificate of the
    component's own authority."""
    rotation: NotRequired[int]
    """A number, from 1: the next one makes new keys, and those of the one before stay valid beside them. Default: 1."""
    client_namespaces: NotRequired[list[str]]
    """The namespaces, besides those of tenants that have a collection of their own, whose pods reach it. Default:
    `services`."""
    startup_seconds: NotRequired[int]
    """How long a node may take to load what it has, 60 to 7200, before it is started anew. Default: 600."""
    monitoring: NotRequired[bool]
    """Whether it has a PodMonitor for the Prometheus operator. Default: true."""
