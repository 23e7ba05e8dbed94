"""Managed databases. Their machines are priced where the price book, or a negotiated rate, has them."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.money import HOURS_PER_MONTH, UnknownPrice, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.tokens import cloud_of
from penstock_cost.resources.values import Unpriced, of


@prices("aws:rds/instance:Instance")
def rds_instance(resource: Resource, context: Context) -> Iterator[Found]:
    """An instance, two where it stands by in another zone."""
    values = of(resource)
    copies = 2 if values.flag("multiAz") else 1
    yield _machines(resource, context, f"rds_{values.text('instanceClass')}", copies, "instanceClass")
    yield _storage(resource, context, "allocatedStorage")


@prices("aws:rds/clusterInstance:ClusterInstance")
def rds_cluster_instance(resource: Resource, context: Context) -> Iterator[Found]:
    """An instance of a cluster; the cluster is paid for what it stores."""
    yield _machines(resource, context, f"rds_{of(resource).text('instanceClass')}", 1, "instanceClass")


@prices("aws:rds/cluster:Cluster")
def rds_cluster(resource: Resource, context: Context) -> Iterator[Found]:
    """What a cluster stores."""
    yield _storage(resource, context, "allocatedStorage")


@prices("aws:elasticache/replicationGroup:ReplicationGroup")
def replication_group(resource: Resource, context: Context) -> Iterator[Found]:
    """The nodes of all shards."""
    values = of(resource)
    nodes = values.whole("numCacheClusters", 0)
    if not nodes:
        nodes = values.whole("numNodeGroups", 1) * (1 + values.whole("replicasPerNodeGroup", 0))
    yield _machines(resource, context, f"elasticache_{values.text('nodeType')}", nodes, "nodeType")


@prices("aws:elasticache/cluster:Cluster")
def cache_cluster(resource: Resource, context: Context) -> Iterator[Found]:
    """Its nodes, unless it is a replica of a group, which has them on its bill."""
    values = of(resource)
    if "replicationGroupId" not in values:
        nodes = values.whole("numCacheNodes", 1)
        yield _machines(resource, context, f"elasticache_{values.text('nodeType')}", nodes, "nodeType")


@prices("gcp:sql/databaseInstance:DatabaseInstance")
def sql_instance(resource: Resource, context: Context) -> Iterator[Found]:
    """An instance, two where it is highly available."""
    settings = of(resource).child("settings")
    copies = 2 if settings.text("availabilityType", "ZONAL") == "REGIONAL" else 1
    yield _machines(resource, context, f"cloud_sql_{settings.text('tier')}", copies, "settings.tier")
    yield _storage(resource, context, "settings.diskSize")


@prices("gcp:redis/instance:Instance", "gcp:redis/cluster:Cluster", "gcp:memorystore/instance:Instance")
def redis_instance(resource: Resource, context: Context) -> Iterator[Found]:
    """Memory by the GiB and hour, where that has a price."""
    values = of(resource)
    if "memorySizeGb" not in values:
        raise Unpriced("No price of this kind of Redis is known here. Allow the type.")
    tier = values.text("tier", "BASIC").lower()
    yield _machines(resource, context, f"redis_{tier}_gib", values.number("memorySizeGb"), "tier")


def _machines(resource: Resource, context: Context, item: str, count: float, path: str) -> Found:
    cloud, region = cloud_of(resource.type), context.region(resource)
    try:
        rate = context.rate(cloud, region, item)
    except UnknownPrice:
        return context.hole(
            resource,
            f"No price of databases is known here. State what it costs an hour as a negotiated rate: cloud {cloud}, "
            f"region {region}, item {item}, unit hour.",
            path,
        )
    what = f"{count:g} {item.replace('_', ' ')}"
    return context.line(resource, what, "database", always(count * rate.usd * HOURS_PER_MONTH), [rate], region=region)


def _storage(resource: Resource, context: Context, path: str) -> Found:
    return context.hole(resource, "No price of what a database stores is known here. Allow the type.", path)
