"""PostgreSQL clusters of CloudNativePG: the operator makes their pods and volumes, so that no engine sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock_cost.money import always
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk
from penstock_cost.resources.kubernetes.volumes import volume
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Values, of

CLUSTER, POOLER = "kubernetes:postgresql.cnpg.io:Cluster", "kubernetes:postgresql.cnpg.io:Pooler"


@prices(CLUSTER)
def cluster(resource: Resource, context: Context) -> Iterator[Found]:
    """The volumes of its instances: of data, of the log, and of each tablespace."""
    spec = of(resource).child("spec")
    instances = spec.whole("instances", 1)
    for made, region in disks_of(spec, resource, context):
        what = f"{made.what} for each of {instances} instances"
        yield context.line(resource, what, "disks", always(instances * made.usd), made.rates, region=region)


def disks_of(spec: Values, resource: Resource, context: Context) -> Iterator[tuple[Disk, str]]:
    """The disks of one instance of a Cluster with this `spec`, which `resource` makes, and their region."""
    parts = [spec.child("storage"), spec.child("walStorage")]
    parts += [space.child("storage") for space in spec.children("tablespaces")]
    for storage in parts:
        if storage.data:
            made, region = volume(resource, _claim(storage), context)
            if made is not None:
                yield made, region


def instances_of(resource: Resource) -> tuple[int, Values]:
    """How many pods a Cluster has, and their `spec`, as a pod would have it. Raises Unpriced."""
    return pods_of(of(resource).child("spec"))


def pods_of(spec: Values) -> tuple[int, Values]:
    """The same of a Cluster's `spec`."""
    affinity = spec.child("affinity")
    pod: dict[str, Any] = {
        "nodeSelector": affinity.data.get("nodeSelector"),
        "tolerations": affinity.data.get("tolerations"),
        "affinity": {"nodeAffinity": affinity.data.get("nodeAffinity")},
        "containers": [{"resources": spec.child("resources").data}],
    }
    return spec.whole("instances", 1), Values(pod, "spec")


def poolers_of(resource: Resource) -> tuple[int, Values]:
    """The same of a Pooler, which states a pod's template. Raises Unpriced."""
    spec = of(resource).child("spec")
    return spec.whole("instances", 1), spec.child("template").child("spec")


def _claim(storage: Values) -> Values:
    """What it asks for, as a claim would."""
    template = storage.child("pvcTemplate").data
    size, called = storage.data.get("size"), storage.data.get("storageClass")
    wish = dict(template)
    if size is not None:
        wish["resources"] = {"requests": {"storage": size}}
    if called is not None:
        wish["storageClassName"] = called
    return Values(wish, storage.at("")[:-1])
