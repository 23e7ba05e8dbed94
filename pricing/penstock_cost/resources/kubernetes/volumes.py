"""Volumes that claims ask a cluster's cloud for."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost import tables
from penstock_cost.money import Confidence, Estimate, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.disks import disk
from penstock_cost.resources.found import Disk
from penstock_cost.resources.kubernetes.clusters import cluster_of
from penstock_cost.resources.kubernetes.quantities import GIB, quantity
from penstock_cost.resources.kubernetes.scaling import replicas_of
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.tokens import cloud_of
from penstock_cost.resources.values import REQUIRED, Unpriced, Values, not_known, of

_CLASS = "kubernetes:storage.k8s.io:StorageClass"
_CLOUD_OF = {"ebs.csi.aws.com": "aws", "pd.csi.storage.gke.io": "gcp", "disk.csi.azure.com": "azure"}
_LOCAL = ("kubernetes.io/no-provisioner", "rancher.io/local-path")
_TYPES = {"aws": ("type",), "gcp": ("type",), "azure": ("skuName", "skuname", "storageaccounttype")}


@prices("kubernetes:core:PersistentVolumeClaim")
def claim(resource: Resource, context: Context) -> Iterator[Found]:
    """A volume of its own; a claim of a volume that exists is free, because that volume is paid for elsewhere."""
    spec = of(resource).child("spec")
    if "volumeName" in spec or spec.data.get("storageClassName") == "":
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
        made, region = volume(resource, template.child("spec"), context)
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


@prices("kubernetes:postgresql.cnpg.io:Cluster")
def cloud_native_pg(resource: Resource, context: Context) -> Iterator[Found]:
    """A PostgreSQL cluster of CloudNativePG: the volumes of its instances."""
    spec = of(resource).child("spec")
    instances = spec.whole("instances", 1)
    for part in ("storage", "walStorage"):
        storage = spec.child(part)
        if not storage.data:
            continue
        wish = {
            "storageClassName": storage.data.get("storageClass"),
            "resources": {"requests": {"storage": storage.data.get("size")}},
        }
        made, region = volume(resource, Values(wish, storage.at("")[:-1]), context)
        if made is not None:
            what = f"{made.what} for each of {instances} instances"
            yield context.line(resource, what, "disks", always(instances * made.usd), made.rates, region=region)


def volume(resource: Resource, spec: Values, context: Context) -> tuple[Disk | None, str]:
    """The disk behind a claim, and its region; no disk where it is one of the node's own."""
    requests = spec.child("resources").child("requests")
    gib = quantity(requests.known("storage", REQUIRED), requests.at("storage")) / GIB
    name = spec.text("storageClassName", "")
    made = next((one for one in context.stack.by_type.get(_CLASS, ()) if name and _name(one) == name), None)
    cluster = cluster_of(context.stack, resource)
    if made is not None:
        cls = of(made)
        provisioner = cls.text("provisioner", "")
        if provisioner in _LOCAL:
            return None, ""
        cloud, parameters = _CLOUD_OF.get(provisioner, ""), cls.child("parameters")
        kind = next((parameters.text(key) for key in _TYPES.get(cloud, ()) if key in parameters), "")
        iops, throughput = parameters.number("iops", 0), parameters.number("throughput", 0)
    else:
        cloud = cloud_of(cluster.type) if cluster else ""
        iops = throughput = 0.0
        kind = next(
            (row["type"] for row in tables.read("storage_classes") if (row["cloud"], row["class"]) == (cloud, name)), ""
        )
    path = spec.at("storageClassName")
    if cluster is None or cloud_of(cluster.type) != cloud or not kind:
        wanted = f"The storage class '{name}'" if name else "The default storage class"
        raise Unpriced(
            f"{wanted} is not known here, so neither is its price. Make the StorageClass in the program.",
            path,
        )
    region = context.region(cluster)
    return disk(context, cloud, region, kind, gib, iops, throughput, path=path), region


def _name(resource: Resource) -> str:
    name = of(resource).child("metadata").data.get("name")
    return name if isinstance(name, str) else resource.name
