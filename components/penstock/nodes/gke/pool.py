"""The resources of a GKE node pool: the pool, and where asked for its capacity reservation and its commitment."""

import pulumi
import pulumi_gcp as gcp

from penstock.nodes.gke import plan
from penstock.nodes.gke.spec import GkePoolSpec
from penstock.refs import ClusterRef, member


def create(name: str, spec: GkePoolSpec, cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource) -> None:
    """Makes the pool `name` in `cluster`. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    project = member(cluster, "project")
    zones = pulumi.Output.from_input(spec.zones) if spec.zones else member(cluster, "zones")
    start = zones.apply(lambda zones: plan.spread(spec.min_nodes, spec.max_nodes, zones))
    args = plan.node_pool_args(name, spec)
    reservation = _reservation(name, spec, project, opts)
    if spec.commitment and spec.commitment.purchase:
        _buy_commitment(name, spec, cluster, reservation, opts)
    args["node_config"] |= {
        "service_account": member(cluster, "node_identity"),
        "reservation_affinity": plan.reservation_affinity(reservation),
    }
    gcp.container.NodePool(
        name,
        **args,
        cluster=member(cluster, "name"),
        location=member(cluster, "location"),
        project=project,
        node_locations=start.apply(lambda start: start.zones),
        initial_node_count=start.apply(lambda start: start.nodes_per_zone),
        # The initial size matters once. A later change of it, as of min_nodes, would replace the whole pool.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["initialNodeCount"])),
    )


def _reservation(
    name: str, spec: GkePoolSpec, project: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """The name under which the pool consumes its capacity reservation, if it has one."""
    if spec.capacity_reservation is None:
        return None
    if not spec.capacity_reservation.create:
        return pulumi.Output.from_input(spec.capacity_reservation.name).apply(plan.adopted_reservation)
    made = gcp.compute.Reservation(f"{name}-reservation", project=project, **plan.reservation_args(spec), opts=opts)
    reserved: pulumi.Output[str] = made.name
    return reserved


def _buy_commitment(
    name: str,
    spec: GkePoolSpec,
    cluster: pulumi.Input[ClusterRef],
    reservation: pulumi.Output[str] | None,
    opts: pulumi.ResourceOptions,
) -> None:
    held = None
    if spec.gpus and reservation and spec.zones:
        (zone,) = spec.zones
        held = pulumi.Output.all(member(cluster, "project"), reservation).apply(
            lambda known: plan.reservation_path(known[0], zone, known[1])
        )
    # It is paid for to the end of its term. So it is never deleted, and never replaced, which would buy a second one:
    # what is decided by the pool is decided once.
    bought_once = pulumi.ResourceOptions(
        protect=True,
        retain_on_delete=True,
        ignore_changes=["resources", "plan", "type", "region", "project", "autoRenew", "existingReservations"],
    )
    gcp.compute.RegionCommitment(
        f"{name}-commitment",
        project=member(cluster, "project"),
        region=member(cluster, "location"),
        existing_reservations=held,
        **plan.commitment_args(spec),
        opts=pulumi.ResourceOptions.merge(opts, bought_once),
    )
