"""Volumes that claims ask a cluster's cloud for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock_cost.money import Confidence, Estimate, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.disks import disk
from penstock_cost.resources.found import Disk
from penstock_cost.resources.kubernetes.clusters import cluster_of
from penstock_cost.resources.kubernetes.quantities import GIB, quantity
from penstock_cost.resources.kubernetes.scaling import replicas_of
from penstock_cost.resources.kubernetes.storage_classes import class_of
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import REQUIRED, Values, not_known, of

_PATCH = "kubernetes:core:PersistentVolumeClaimPatch"


@prices("kubernetes:core:PersistentVolumeClaim")
def claim(resource: Resource, context: Context) -> Iterator[Found]:
    """A volume of its own; a claim of a volume that exists is free, because that volume is paid for elsewhere."""
    spec = of(resource).child("spec")
    if "volumeName" in spec:
        return
    made, region = volume(resource, spec, context)
    if made is not None:
        yield context.line(resource, made.what, "disks", always(made.usd), made.rates, region=region)


@prices("kubernetes:apps:StatefulSet")
def stateful_set(resource: Resource, context: Context) -> Iterator[Found]:
    """The volumes of each replica. Those of replicas that are gone stay, unless the set says otherwise."""
    templates = list(of(resource).child("spec").children("volumeClaimTemplates"))
    if not templates:
        return
    replicas = replicas_of(context.stack, resource)
    if replicas.most is None:
        raise not_known(replicas.unknown or "spec.replicas")
    for template in templates:
        made, region = volume(resource, _grown(resource, template, context), context)
        if made is not None:
            yield context.line(
                resource,
                f"{made.what} for each replica",
                "disks",
                Estimate(replicas.least, replicas.least, replicas.most, replicas.most).times(made.usd),
                made.rates,
                basis="the fewest replicas" if replicas.most > replicas.least else "fixed size",
                confidence=Confidence.MEDIUM if replicas.most > replicas.least else Confidence.HIGH,
                region=region,
            )


def _grown(resource: Resource, template: Values, context: Context) -> Values:
    """The `spec` of a claim's template, with the size that the program gives the claims that were made of it.

    A StatefulSet's templates cannot be changed, so volumes grow by patches of their claims, whose names begin with
    those of the template and of the set. The largest counts for all replicas.
    """
    spec = template.child("spec")
    begins = f"{template.child('metadata').data.get('name')}-{_name(resource)}-"
    sizes = [
        size
        for patch in context.stack.by_type.get(_PATCH, ())
        if _name(patch).removeprefix(begins).isdecimal() and _space(patch) == _space(resource)
        if (size := of(patch).child("spec").child("resources").child("requests").data.get("storage")) is not None
    ]
    largest = max(sizes, key=lambda size: quantity(size, "spec.resources.requests.storage"), default=None)
    if largest is None:
        return spec
    return Values({**spec.data, "resources": {"requests": {"storage": largest}}}, spec.at("")[:-1])


def volume(resource: Resource, spec: Values, context: Context) -> tuple[Disk | None, str]:
    """The disk behind a claim, and its region; none where it is of the node's own, or a volume that exists."""
    if spec.data.get("storageClassName") == "":
        return None, ""
    requests = spec.child("resources").child("requests")
    gib = quantity(requests.known("storage", REQUIRED), requests.at("storage")) / GIB
    cluster = cluster_of(context.stack, resource)
    path = spec.at("storageClassName")
    made = class_of(spec.text("storageClassName", ""), cluster, context.stack, path)
    if not made.kind or cluster is None:
        return None, ""
    region = context.region(cluster)
    return disk(context, made.cloud, region, made.kind, gib, made.iops, made.mib_a_second, path=path), region


def _space(resource: Resource) -> Any:
    return of(resource).child("metadata").data.get("namespace")


def _name(resource: Resource) -> str:
    name = of(resource).child("metadata").data.get("name")
    return name if isinstance(name, str) else resource.name
