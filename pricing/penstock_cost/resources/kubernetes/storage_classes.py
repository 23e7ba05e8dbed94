"""Which disks a storage class makes: one of the program, one that the cluster's cloud brings, or the default."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock_cost import tables
from penstock_cost.resources.kubernetes.clusters import cluster_of
from penstock_cost.resources.model import Resource, Stack
from penstock_cost.resources.tokens import cloud_of, plain
from penstock_cost.resources.values import Unpriced, Values, of

_CLASS = "kubernetes:storage.k8s.io:StorageClass"
_ADDON, _EKS = "aws:eks/addon:Addon", "aws:eks/cluster:Cluster"
_AKS, _AKS_POOL = "azure-native:containerservice:ManagedCluster", "azure-native:containerservice:AgentPool"
_DRIVER, _OF_DRIVER = "aws-ebs-csi-driver", "ebs-csi-default-sc"
_LOCAL = ("kubernetes.io/no-provisioner", "rancher.io/local-path")
_TYPES = {"aws": ("type",), "gcp": ("type",), "azure": ("skuName", "skuname", "storageaccounttype")}
_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
# https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-extended.html#kubernetes-1-30 and, for Auto Mode,
# https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
_EKS_HAS_NONE = (
    "It names no storage class and none is the default, since EKS has had no default of its own from Kubernetes 1.30 "
    "on: the claim would stay Pending, and no volume be made. Write a storageClassName, make a StorageClass with the "
    f"annotation {_DEFAULT[0]}: 'true', or set defaultStorageClass.enabled in the configuration of the add-on "
    f"{_DRIVER}. A cluster that was made before 1.30 still has gp2 for a default: write that."
)


class Made(NamedTuple):
    """What disks a class makes."""

    cloud: str
    kind: str
    """The cloud's name of their type; empty for disks of the node's own, which cost nothing more."""
    iops: float = 0.0
    mib_a_second: float = 0.0


def class_of(name: str, cluster: Resource | None, stack: Stack, path: str) -> Made:
    """What a claim's class makes; no name stands for the default class. Raises Unpriced, at `path`."""
    made = _by_name(name, cluster, stack, path) if name else _default(cluster, stack, path)
    if made is None and cluster is not None:
        made = _of_cloud(name, cluster, stack)
    if made is not None and (not made.kind or (cluster is not None and made.cloud == cloud_of(cluster.type))):
        return made
    if cluster is None:
        reason = "Its cluster is not of this program, so nobody here knows whose volume it is. Allow the type."
    elif made is not None:
        reason = (
            f"Its storage class makes disks of another cloud ({made.cloud}) than its cluster's. Name another class."
        )
    elif name:
        reason = (
            f"The storage class '{name}' is not known here, so neither is its price. Make the StorageClass in the "
            "program."
        )
    else:
        reason = _EKS_HAS_NONE
    raise Unpriced(reason, path)


def _of_cloud(name: str, cluster: Resource, stack: Stack) -> Made | None:
    """What a class makes that comes with the cluster."""
    cloud = cloud_of(cluster.type)
    rows = tables.read("storage_classes")
    kind = next((row["type"] for row in rows if (row["cloud"], row["class"]) == (cloud, name)), None)
    if kind is not None and plain(cluster.type) == _AKS and _in_zones(cluster, stack):
        kind = kind.replace("_LRS", "_ZRS")
    return None if kind is None else Made(cloud, kind)


def _in_zones(cluster: Resource, stack: Stack) -> bool:
    """Whether AKS' own classes make disks that are kept in several zones: where a pool is in any, since 1.29.

    https://learn.microsoft.com/azure/aks/create-volume-azure-disk. Zones that are not known yet are some.
    """
    pools = [
        pool.properties for pool in stack.by_type.get(_AKS_POOL, ()) if cluster.urn in pool.made_from("resourceName")
    ]
    own = cluster.properties.get("agentPoolProfiles")
    pools += [pool for pool in own if isinstance(pool, Mapping)] if isinstance(own, list) else []
    return any(pool.get("availabilityZones") for pool in pools)


def _by_name(name: str, cluster: Resource | None, stack: Stack, path: str) -> Made | None:
    return next((_made(one, path) for one in _classes(cluster, stack) if _called(one) == name), None)


def _default(cluster: Resource | None, stack: Stack, path: str) -> Made | None:
    """The class that is marked as the default, in the program or by EKS' driver of disks.

    It goes before the cloud's own: Kubernetes takes the one that was made last, and that came with the cluster.
    https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass
    """
    marked = {_called(one): _made(one, path) for one in _classes(cluster, stack) if _is_default(one, path)}
    # EKS' driver is asked only where it may count: where its configuration cannot be read, the claim has no price.
    if cluster is not None and cluster.type == _EKS and _driver_has_default(cluster, stack, path):
        marked.setdefault(_OF_DRIVER, Made("aws", _type_by_default("ebs.csi.aws.com")))
    if len(set(marked.values())) > 1:
        names = ", ".join(sorted(marked))
        raise Unpriced(
            f"Several storage classes are the default ({names}). Kubernetes takes the one that was made last, which "
            "nobody knows here. Write a storageClassName, or mark one of them only.",
            path,
        )
    return next(iter(marked.values()), None)


def _classes(cluster: Resource | None, stack: Stack) -> Iterator[Resource]:
    """The classes of the program that are in this cluster, as far as that is known."""
    for one in stack.by_type.get(_CLASS, ()):
        home = cluster_of(stack, one)
        if cluster is None or home is None or home.urn == cluster.urn:
            yield one


def _made(resource: Resource, path: str) -> Made:
    values = of(resource)
    provisioner = values.text("provisioner", "")
    if provisioner in _LOCAL:
        return Made("", "")
    rows = tables.read("provisioners")
    cloud = next((row["cloud"] for row in rows if row["provisioner"] == provisioner), "")
    if not cloud:
        raise Unpriced(
            f"The storage class '{_called(resource)}' makes volumes by {provisioner or 'nobody'}, which have no price "
            "here. Allow the type, or use a class of the cloud's disks.",
            path,
        )
    parameters = values.child("parameters")
    kind = next((parameters.text(key) for key in _TYPES[cloud] if key in parameters), _type_by_default(provisioner))
    return Made(cloud, kind, parameters.number("iops", 0), parameters.number("throughput", 0))


def _type_by_default(provisioner: str) -> str:
    return next(row["type"] for row in tables.read("provisioners") if row["provisioner"] == provisioner)


def _is_default(resource: Resource, path: str) -> bool:
    try:
        annotations = of(resource).child("metadata").child("annotations")
        return any(annotations.text(key, "") == "true" for key in _DEFAULT)
    except Unpriced:
        raise Unpriced(
            f"It names no storage class, and whether '{resource.name}' is the default is not known before the "
            "deployment. Write a storageClassName, or plain annotations.",
            path,
        ) from None


def _driver_has_default(cluster: Resource, stack: Stack, path: str) -> bool:
    """Whether EKS' add-on of disks makes a class that is the default."""
    for addon in stack.by_type.get(_ADDON, ()):
        values = of(addon)
        if values.data.get("addonName") == _DRIVER and _belongs(addon, cluster, stack):
            try:
                asked: Any = json.loads(values.text("configurationValues", "{}"))
                return Values({"given": asked}).child("given").child("defaultStorageClass").flag("enabled")
            except (Unpriced, ValueError):
                raise Unpriced(
                    f"It names no storage class, and the configurationValues of '{addon.name}', which may make the "
                    "default one, cannot be read here. Write a storageClassName, or that configuration as plain JSON.",
                    path,
                ) from None
    return False


def _belongs(addon: Resource, cluster: Resource, stack: Stack) -> bool:
    joined = stack.joined(addon, "clusterName", _EKS)
    if joined:
        return joined[0].urn == cluster.urn
    named = addon.properties.get("clusterName")
    return len(stack.by_type[_EKS]) == 1 or (isinstance(named, str) and named == cluster.properties.get("name"))


def _called(resource: Resource) -> str:
    name = of(resource).child("metadata").data.get("name")
    return name if isinstance(name, str) else resource.name
