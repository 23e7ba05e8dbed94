"""Node pools of GKE."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.money import UnknownPrice
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.gcp.machines import accelerator, held_by, network_disk, scratch
from penstock_cost.resources.labels import labels_of, taint
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of

CLUSTER = "gcp:container/cluster:Cluster"
# https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/NodeConfig
_DEFAULT_MACHINE, _DEFAULT_DISK, _DEFAULT_DISK_GB = "e2-medium", "pd-balanced", 100
_REGION_ZONES = 3
"""In how many zones of its region GKE puts nodes unless told."""


@prices("gcp:container/nodePool:NodePool")
def node_pool(resource: Resource, context: Context) -> Iterator[Found]:
    """A node pool of its own."""
    clusters = context.stack.joined(resource, "cluster", CLUSTER) or [
        one
        for one in context.stack.by_type.get(CLUSTER, ())
        if one.properties.get("name") == resource.properties.get("cluster")
    ]
    yield from pool_lines(resource, of(resource), clusters[0] if len(clusters) == 1 else None, context)


def pool_lines(
    resource: Resource, values: Values, cluster: Resource | None, context: Context, name: str = ""
) -> Iterator[Found]:
    """The machines of a pool, whose disks come along; `cluster` is None where it is not of this program."""
    config, region = values.child("nodeConfig"), context.region(resource)
    machine = config.text("machineType", _DEFAULT_MACHINE)
    disks: list[Disk] = []
    try:
        disks += _disks(context, region, machine, config)
    except Unpriced as problem:
        yield context.hole(resource, problem.reason, problem.path, pool=name or resource.name)
    except UnknownPrice as problem:
        yield context.hole(resource, str(problem), config.at("diskType"), pool=name or resource.name)
    if "secondaryBootDisks" in config:
        yield context.hole(
            resource, "The size of secondary boot disks is that of their images.", config.at("secondaryBootDisks")
        )
    holds, takes_open = held_by(context, resource, config.child("reservationAffinity"), "nodeConfig")
    labels = labels_of(config, "labels")
    pool = Pool(
        resource=resource,
        cloud="gcp",
        region=region,
        machines=(machine,),
        minimum=0,
        maximum=0,
        name=name,
        purchase=_purchase(config),
        accelerator=accelerator(config, machine),
        disks=tuple(disks),
        labels={"cloud.google.com/gke-nodepool": values.data.get("name") or resource.name, **_gpu(config), **labels},
        taints=tuple(taint(one) for one in config.children("taints")),
        cluster=cluster.urn if cluster else "",
        holds=holds,
        takes_open=takes_open,
    )
    yield _counted(pool, values, of(cluster) if cluster else None)


def _counted(pool: Pool, values: Values, cluster: Values | None) -> Pool:
    """With its bounds: totals over all zones, or of one zone; without autoscaling a fixed number in each zone."""
    scaling = values.child("autoscaling")
    initial = None if values.unknown("initialNodeCount") else values.whole("initialNodeCount", None)
    if "totalMaxNodeCount" in scaling:
        zones = _zones_or_none(values, cluster)
        return pool._replace(
            minimum=scaling.whole("totalMinNodeCount", 0),
            maximum=scaling.whole("totalMaxNodeCount"),
            desired=None if initial is None or zones is None else initial * zones,
        )
    zones = _zones(values, cluster)
    if scaling.data:
        least, most, desired = scaling.whole("minNodeCount", 0), scaling.whole("maxNodeCount"), initial
    else:
        if "nodeCount" not in values and "initialNodeCount" not in values:
            raise Unpriced("It has neither autoscaling nor nodeCount. Write one of them.", "nodeCount")
        least = most = values.whole("nodeCount" if "nodeCount" in values else "initialNodeCount")
        desired, pool = None, pool._replace(fixed=True)
    return pool._replace(minimum=least, maximum=most, desired=desired, zones=zones, per_zone=zones > 1)


def _zones(values: Values, cluster: Values | None) -> int:
    """In how many zones nodes are: those it names, else its cluster's; one, or three of a region, where none are."""
    if "nodeLocations" in values:
        return max(len(values.list("nodeLocations")), 1)
    if cluster is None or "nodeLocations" not in cluster:
        place = values.text("location", "") or (cluster.text("location", "") if cluster else "")
        return 1 if place.count("-") > 1 else _REGION_ZONES
    named = cluster.list("nodeLocations")
    place = cluster.text("location", "")
    # A zonal cluster's own zone is not among those that it names.
    return len(named) + (place.count("-") > 1 and place not in named)


def _zones_or_none(values: Values, cluster: Values | None) -> int | None:
    try:
        return _zones(values, cluster)
    except Unpriced:
        return None


def _purchase(config: Values) -> str:
    if config.flag("flexStart"):
        return "flex"
    return "spot" if config.flag("spot") or config.flag("preemptible") else "on_demand"


def _gpu(config: Values) -> dict[str, str]:
    given = [] if config.unknown("guestAccelerators") else list(config.children("guestAccelerators"))
    kinds = [kind for one in given if isinstance(kind := one.data.get("type"), str)]
    return {"cloud.google.com/gke-accelerator": kinds[0]} if kinds else {}


def _disks(context: Context, region: str, machine: str, config: Values) -> Iterator[Disk]:
    boot = config.child("bootDisk")
    if boot.data:
        yield network_disk(context, region, boot, "sizeGb", "diskType", _DEFAULT_DISK, _DEFAULT_DISK_GB)
    else:
        yield network_disk(context, region, config, "diskSizeGb", "diskType", _DEFAULT_DISK, _DEFAULT_DISK_GB)
    count = config.whole("localSsdCount", 0)
    for block in ("localNvmeSsdBlockConfig", "ephemeralStorageLocalSsdConfig", "ephemeralStorageConfig"):
        count += config.child(block).whole("localSsdCount", 0)
    yield from scratch(context, region, machine, count)
