"""The resources of an EKS node pool: a managed node group with a launch template of its own, the tags by which the
autoscaler can start it from nothing, and where asked for a placement group and a capacity reservation.

One group spans all zones of the pool: AWS then finds a machine wherever there is one, which spot and GPU pools need,
and keeps the zones even by itself. (The price: the autoscaler cannot ask for a node in a certain zone. A pool whose
pods are tied to volumes in one zone names that zone; `balance-similar-node-groups` keeps several such pools even.)

The size belongs to the autoscaler. EKS takes bounds and size together, so with new bounds it is told the size that the
stack saw last: change bounds with `pulumi up --refresh`. EKS refuses a minimum above the size that a pool has now
("Minimum capacity 3 can't be greater than desired size 1"): first raise that, with `aws eks update-nodegroup-config
--cluster-name … --nodegroup-name … --scaling-config desiredSize=3`. A pool of fixed size is simply set to its new one.
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from penstock.nodes.eks import launch_template as template
from penstock.nodes.eks import plan
from penstock.nodes.eks.node import TEMPLATE, template_tags
from penstock.nodes.eks.spec import EksPoolSpec
from penstock.refs import ClusterRef, member


def create(name: str, spec: EksPoolSpec, cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource) -> None:
    """Makes the pool `name` in `cluster`. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    common: dict[str, Any] = {
        "region": member(cluster, "location"),
        "tags": member(cluster, "labels").apply(lambda labels: template.tags(name, labels)),
    }
    placement = _placement_group(name, spec, common, opts)
    launch = _launch_template(name, spec, cluster, placement, common, opts)
    ignored = ["scalingConfig.desiredSize"] if plan.size_is_the_autoscalers(spec) else []
    group = aws.eks.NodeGroup(
        name,
        **common,
        **plan.node_group_args(name, spec),
        cluster_name=member(cluster, "name"),
        version=member(cluster, "version"),
        node_role_arn=member(cluster, "node_identity"),
        subnet_ids=_subnets(spec, cluster),
        # A number: `$Latest` would differ from what EKS makes of it at every preview.
        launch_template={"id": launch.id, "version": launch.latest_version.apply(str)},
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(ignore_changes=ignored, delete_before_replace=False)
        ),
    )
    scaling_group = group.resources.apply(plan.scaling_group)
    for key, value in template_tags(name, spec).items():
        aws.autoscaling.Tag(
            f"{name}-{key.removeprefix(TEMPLATE)}",
            region=common["region"],
            autoscaling_group_name=scaling_group,
            tag={"key": key, "value": value, "propagate_at_launch": False},
            opts=opts,
        )


def _subnets(spec: EksPoolSpec, cluster: pulumi.Input[ClusterRef]) -> pulumi.Input[list[pulumi.Input[str]]]:
    """The cluster's subnets in the pool's zones.

    Each by itself where that is possible: a zone that the cluster is about to get has a subnet that is not known yet,
    and a pool in other zones must not look as if it were replaced for it.
    """
    by_zone, zones = (cluster.get(key) for key in ("subnets", "zones")) if isinstance(cluster, dict) else (None, None)
    chosen = spec.zones or zones
    if isinstance(by_zone, dict) and isinstance(chosen, list):
        return plan.subnets(chosen, by_zone)
    of_cluster = pulumi.Output.all(spec.zones or member(cluster, "zones"), member(cluster, "subnets"))
    return of_cluster.apply(lambda known: plan.subnets(*known))


def _launch_template(
    name: str,
    spec: EksPoolSpec,
    cluster: pulumi.Input[ClusterRef],
    placement: aws.ec2.PlacementGroup | None,
    common: dict[str, Any],
    opts: pulumi.ResourceOptions,
) -> aws.ec2.LaunchTemplate:
    args = template.launch_template_args(spec)
    args["tag_specifications"] = common["tags"].apply(template.tag_specifications)
    args["capacity_reservation_specification"] = _reservation(name, spec, placement, common, opts)
    held = spec.capacity_reservation
    if placement:
        args["placement"] = {"group_name": placement.name}
    elif held and held.placement_group is not None:
        args["placement"] = {"group_name": held.placement_group}
    if spec.efa:
        # Where a template lays out interfaces EKS adds no security group, so its own is named. It lets EFA through:
        # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
        nodes = member(cluster, "node_security_group")
        args["network_interfaces"] = [
            {**interface, "security_groups": [nodes]} for interface in template.network_interfaces(spec.machine.name)
        ]
    return aws.ec2.LaunchTemplate(f"{name}-template", **common, **args, opts=opts)


def _placement_group(
    name: str, spec: EksPoolSpec, common: dict[str, Any], opts: pulumi.ResourceOptions
) -> aws.ec2.PlacementGroup | None:
    held = spec.capacity_reservation
    if not spec.compact or (held and held.placement_group is not None):
        return None
    return aws.ec2.PlacementGroup(f"{name}-placement", strategy="cluster", **common, opts=opts)


def _reservation(
    name: str,
    spec: EksPoolSpec,
    placement: aws.ec2.PlacementGroup | None,
    common: dict[str, Any],
    opts: pulumi.ResourceOptions,
) -> pulumi.Input[Any]:
    """Which capacity reservation the machines consume."""
    if spec.capacity_reservation is None:
        return template.takes_no_reservation(spec)
    if not spec.capacity_reservation.create:
        return pulumi.Output.from_input(spec.capacity_reservation.name).apply(template.takes_reservation)
    made = aws.ec2.CapacityReservation(
        f"{name}-reservation",
        **common,
        **plan.reservation_args(spec),
        placement_group_arn=placement.arn if placement else None,
        opts=opts,
    )
    return {"capacity_reservation_target": {"capacity_reservation_id": made.id}}
