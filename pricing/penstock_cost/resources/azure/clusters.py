"""AKS clusters and their pools."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.catalogue import family, machine
from penstock_cost.model import UnknownMachineType
from penstock_cost.money import HOURS_PER_MONTH, UnknownPrice
from penstock_cost.resources.context import Context
from penstock_cost.resources.disks import disk
from penstock_cost.resources.found import Disk, Pool
from penstock_cost.resources.labels import labels_of, taint_of_text
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of

CLUSTER = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"
GROUP = "azure-native:compute:CapacityReservationGroup"
_TIERS = {"Free": "aks_free", "Standard": "aks_standard", "Premium": "aks_premium", "Paid": "aks_standard"}
# https://learn.microsoft.com/azure/aks/concepts-storage#default-os-disk-sizing: vCPU below, GiB
_DEFAULT_DISKS = ((8, 128), (16, 256), (64, 512), (float("inf"), 1024))


@prices(CLUSTER)
def cluster(resource: Resource, context: Context) -> Iterator[Found]:
    """The fee of the tier, and the pools that stand in the cluster itself."""
    values = of(resource)
    tier = values.child("sku").text("tier", "Free")
    if tier not in _TIERS:
        raise Unpriced(f"sku.tier is '{tier}'. Write Free, Standard or Premium.", "sku.tier")
    yield context.hourly(resource, _TIERS[tier], f"AKS control plane, {tier}", "control_plane")
    if values.child("nodeProvisioningProfile").text("mode", "Manual") == "Auto":
        yield context.hole(
            resource,
            "Node auto-provisioning starts machines by itself, and nothing bounds how many. Set the mode to Manual, or "
            "allow the type.",
            "nodeProvisioningProfile.mode",
        )
    # After a refresh the cluster shows the pools that are resources of their own, too.
    own = {
        pool.properties.get("agentPoolName")
        for pool in context.stack.by_type.get(POOL, ())
        if resource.urn in pool.made_from("resourceName")
    }
    for profile in values.children("agentPoolProfiles"):
        name = str(profile.data.get("name") or "pool")
        if name not in own:
            called = f"{resource.name}-{name}"
            pool = _pool(resource, profile, resource, context, called, "agentPoolProfiles")
            yield from context.or_hole(pool, resource, called)


@prices(POOL)
def agent_pool(resource: Resource, context: Context) -> Iterator[Found]:
    """A pool of its own."""
    clusters = context.stack.joined(resource, "resourceName", CLUSTER)
    yield from _pool(
        resource, of(resource), clusters[0] if clusters else None, context, "", "capacityReservationGroupID"
    )


def _pool(
    resource: Resource, values: Values, cluster: Resource | None, context: Context, name: str, joins: str
) -> Iterator[Found]:
    machine = values.text("vmSize")
    if values.flag("enableAutoScaling"):
        least, most = values.whole("minCount"), values.whole("maxCount")
        desired = None if values.unknown("count") else values.whole("count", None)
    else:
        least = most = values.whole("count", 1)
        desired = None
    spot = values.text("scaleSetPriority", "Regular") == "Spot"
    region = context.region(resource)
    disks: list[Disk] = []
    notes: list[str] = []
    try:
        disks += _disks(context, region, machine, values, notes)
    except Unpriced as problem:
        yield context.hole(resource, problem.reason, problem.path, pool=name or resource.name)
    except UnknownPrice as problem:
        yield context.hole(resource, str(problem), values.at("osDiskSizeGB"), pool=name or resource.name)
    if not values.unknown("enableNodePublicIP") and values.flag("enableNodePublicIP"):
        rate = context.rate("azure", region, "external_ipv4")
        disks.append(Disk("public IPv4 address", rate.usd * HOURS_PER_MONTH, (rate,)))
    named = values.data.get("capacityReservationGroupID")
    yield Pool(
        resource=resource,
        cloud="azure",
        region=region,
        machines=(machine,),
        minimum=least,
        maximum=most,
        desired=desired,
        name=name,
        fixed=not values.flag("enableAutoScaling"),
        purchase="spot" if spot else "on_demand",
        disks=tuple(disks),
        labels={
            "agentpool": str(values.data.get("agentPoolName") or values.data.get("name") or resource.name),
            "kubernetes.azure.com/mode": str(values.data.get("mode") or "user").lower(),
            **({"kubernetes.azure.com/scalesetpriority": "spot"} if spot else {}),
            **labels_of(values, "nodeLabels"),
        },
        taints=tuple(taint_of_text(text) for text in values.texts("nodeTaints")),
        cluster=cluster.urn if cluster else "",
        holds=frozenset(
            [
                *(one.urn for one in context.stack.joined(resource, joins, GROUP)),
                *([named] if isinstance(named, str) else []),
            ]
        ),
        notes=tuple(notes),
    )


def _disks(context: Context, region: str, machine_name: str, values: Values, notes: list[str]) -> Iterator[Disk]:
    kind = values.text("osDiskType", "")
    if kind == "Ephemeral":
        return
    if not kind:
        notes.append("Its osDiskType is not stated; a managed disk is on the bill, and an ephemeral one would be free.")
    gib = values.number("osDiskSizeGB", 0) or _default_gib(machine_name, values)
    yield disk(context, "azure", region, _storage(machine_name), gib, path=values.at("osDiskSizeGB"))


def _default_gib(machine_name: str, values: Values) -> float:
    try:
        vcpu = machine("azure", machine_name).vcpu
    except UnknownMachineType:
        raise Unpriced(
            f"Its default size depends on {machine_name}, which is not known here. Write osDiskSizeGB.",
            values.at("osDiskSizeGB"),
        ) from None
    return next(gib for below, gib in _DEFAULT_DISKS if vcpu < below)


def _storage(machine_name: str) -> str:
    """Premium SSD where the machine takes it."""
    try:
        premium = family("azure", machine_name).premium_storage
    except UnknownMachineType:
        premium = None
    return "StandardSSD_LRS" if premium is False else "Premium_LRS"
