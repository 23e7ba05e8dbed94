"""The resources of an AKS node pool: the pool, and where asked for its capacity reservation and its placement group."""

from typing import Any

import pulumi
import pulumi_azure_native as azure

from penstock.clusters.aks.roles import Role, grant
from penstock.clusters.aks.zones import NO_ZONE, availability_zones
from penstock.nodes.aks import plan
from penstock.nodes.aks.spec import AksPoolSpec
from penstock.refs import ClusterRef, member


def create(name: str, spec: AksPoolSpec, cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource) -> None:
    """Makes the pool `name` in `cluster`. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    zones = pulumi.Output.from_input(spec.zones) if spec.zones else member(cluster, "zones")
    tags = member(cluster, "labels").apply(lambda labels: plan.tags(name, labels))
    args = plan.agent_pool_args(name, spec)
    before: list[pulumi.Resource] = []
    if spec.capacity_reservation:
        args["capacity_reservation_group_id"], before = _reservation(name, spec, cluster, tags, opts)
    if spec.compact:
        args["proximity_placement_group_id"] = _placement_group(name, spec, cluster, tags, opts)
    azure.containerservice.AgentPool(
        name,
        **args,
        resource_group_name=member(cluster, "resource_group"),
        resource_name_=member(cluster, "name"),
        availability_zones=zones.apply(availability_zones),
        vnet_subnet_id=member(cluster, "subnets").apply(lambda subnets: next(iter(subnets.values()), None)),
        orchestrator_version=member(cluster, "version"),
        tags=tags.apply(lambda tags: {**tags, **plan.expected_resources(spec)}),
        # The size belongs to the autoscaler: AKS wants one when the pool is made, and heeds none that is sent later.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["count"], depends_on=before)),
    )


def _reservation(
    name: str,
    spec: AksPoolSpec,
    cluster: pulumi.Input[ClusterRef],
    tags: pulumi.Output[dict[str, str]],
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Output[str], list[pulumi.Resource]]:
    """The id of the group from which the pool's machines come, and what must stand before the pool.

    AKS wants its identity to contribute to the resource group of the reservation. So a reservation that is made gets
    a resource group of its own, in which there is nothing else to contribute to.
    """
    held = spec.capacity_reservation
    assert held is not None
    principal = member(cluster, "identity_principal").apply(_known_principal)
    if not held.create:
        group_id = pulumi.Output.from_input(held.name)
        scope = group_id.apply(plan.resource_group_of)
        return group_id, [
            grant(f"{name}-reservation-aks", Role.CONTRIBUTOR, scope, principal, "ServicePrincipal", opts)
        ]

    location = member(cluster, "location")
    place = azure.resources.ResourceGroup(f"{name}-reservation", location=location, tags=tags, opts=opts)
    role = grant(f"{name}-reservation-aks", Role.CONTRIBUTOR, place.id, principal, "ServicePrincipal", opts)
    counts = plan.reserved_machines(spec)
    group = azure.compute.CapacityReservationGroup(
        f"{name}-reservation",
        resource_group_name=place.name,
        location=location,
        zones=availability_zones(list(counts)),
        tags=tags,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(replace_on_changes=["zones"])),
    )
    made = [
        azure.compute.CapacityReservation(
            f"{name}-reservation-{zone}",
            # A reservation's machine type cannot change: another pool has another name, and so has its reservation.
            capacity_reservation_name=f"{plan.pool_name(name, spec)}-{zone}",
            resource_group_name=place.name,
            capacity_reservation_group_name=group.name,
            location=location,
            zones=availability_zones([zone]),
            sku={"name": spec.machine.name, "capacity": count},
            tags=tags,
            opts=opts,
        )
        for zone, count in counts.items()
    ]
    return group.id, [role, *made]


def _placement_group(
    name: str,
    spec: AksPoolSpec,
    cluster: pulumi.Input[ClusterRef],
    tags: pulumi.Output[dict[str, str]],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """It lies where the first machine comes to lie: another zone needs another group."""
    assert spec.zones is not None
    (zone,) = spec.zones
    group = azure.compute.ProximityPlacementGroup(
        f"{name}-placement" if zone == NO_ZONE else f"{name}-placement-{zone}",
        resource_group_name=member(cluster, "resource_group"),
        location=member(cluster, "location"),
        proximity_placement_group_type="Standard",
        tags=tags,
        opts=opts,
    )
    id_: pulumi.Output[str] = group.id
    return id_


def _known_principal(principal: Any) -> str:
    if not principal:
        raise ValueError(
            "A capacity reservation needs a cluster with an identity of its own that may use it, and this cluster has "
            "none: it was made with a system-assigned identity. Give it a user-assigned one, or drop "
            "capacity_reservation."
        )
    return str(principal)
