"""The inputs of `RedisCluster`, as users and other Pulumi languages see them."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import PoolRef


class RedisUse(StrEnum):
    """What a Redis cluster is for. Two uses are two clusters."""

    CACHE = "cache"
    """What is in it can be computed again: when memory is full, what was not used for longest goes."""
    QUEUE = "queue"
    """What is in it is work: nothing ever goes; when memory is full, writes are refused."""


class RedisEviction(StrEnum):
    """What goes when memory is full, in Redis' own spelling (maxmemory-policy)."""

    ALLKEYS_LRU = "allkeys-lru"
    """What was not used for longest."""
    ALLKEYS_LFU = "allkeys-lfu"
    """What is used least often."""
    VOLATILE_LRU = "volatile-lru"
    """Of what has a time to live, what was not used for longest."""
    VOLATILE_LFU = "volatile-lfu"
    """Of what has a time to live, what is used least often."""
    VOLATILE_TTL = "volatile-ttl"
    """What has the shortest time to live."""
    NOEVICTION = "noeviction"
    """Nothing: writes are refused."""


class RedisSync(StrEnum):
    """When what was written is on disk for certain (appendfsync)."""

    EVERY_SECOND = "everysec"
    """Within a second."""
    ALWAYS = "always"
    """Before the answer: slower by one write to disk each time."""


class RedisClusterArgs(TypedDict):
    """A Redis cluster: as many primaries as replicas, on machines of their own."""

    namespace: pulumi.Input[str]
    """The namespace in which it runs, which has to exist."""
    pools: list[PoolRef]
    """The pools on whose nodes it runs: the `ref` of each. Six machines are wanted; below three it is refused."""
    use: NotRequired[RedisUse]
    """What it is for. Default: `cache`."""
    replicas: NotRequired[int]
    """How many nodes it has, half of them primaries: an even number, 6 to 100, which can only grow: then slots are
    moved onto the new pairs while it serves. Default: 6."""
    maxmemory_mib: NotRequired[int]
    """The memory of each primary for data, in MiB; at most 75 % of `memory_limit`. Default: 2048."""
    eviction: NotRequired[RedisEviction]
    """What goes when that is full. Default: `allkeys-lru` of a cache, `noeviction` of a queue."""
    sync: NotRequired[RedisSync]
    """When what was written is on disk. Default: `everysec`."""
    cpu_request: NotRequired[str]
    """The CPU that each node requests. Default: `500m`."""
    cpu_limit: NotRequired[str]
    """The most CPU that each node gets. Default: `1`."""
    memory_request: NotRequired[str]
    """The memory that each node requests, at least `maxmemory_mib`. Default: `2Gi`."""
    memory_limit: NotRequired[str]
    """The most memory that each node gets. Default: `3Gi`."""
    volume_gib: NotRequired[int]
    """The size of each node's volume in GiB, at least 4 x `maxmemory_mib`. It can only grow. Default: 20."""
    storage_class: NotRequired[pulumi.Input[str]]
    """The StorageClass of the volumes. Default: the cluster's own default."""
    image: NotRequired[str]
    """The image of Redis 7.0 or later, best with a digest. Default: `docker.io/library/redis`, of a pinned version."""
    exporter: NotRequired[bool]
    """Whether each pod offers metrics to Prometheus on port 9121. Default: true."""
    exporter_image: NotRequired[str]
    """The image of that. Default: `docker.io/oliver006/redis_exporter`, of a pinned version."""
    monitoring: NotRequired[bool]
    """Whether Prometheus is told to scrape them, by a PodMonitor (monitoring.coreos.com), each 15 s. Default: as
    `exporter`."""
    tls_secret: NotRequired[pulumi.Input[str]]
    """A Secret of the namespace with `ca.crt`, `tls.crt` and `tls.key`, for example from cert-manager, whose
    certificate is one for servers and clients. Default: one is made, by an authority of its own."""
    rotation: NotRequired[int]
    """Raise it by 1 to renew the passwords of its own users; the ones before stay valid until the next time.
    Default: 1."""
    client_namespaces: NotRequired[list[str]]
    """The namespaces, besides those of tenants, whose pods may reach it. Default: `services`."""
    monitoring_namespace: NotRequired[str]
    """The namespace whose pods may reach its metrics. Default: `monitoring`."""
    priority_class: NotRequired[str]
    """The PriorityClass of its pods, which has to exist. Default: none."""
    labels: NotRequired[dict[str, str]]
    """Labels of its objects, besides its own."""
