"""The network of an EKS cluster: a VPC of its own, or subnets of an existing one.

In the VPC each zone has a private subnet, for nodes, pods and the control plane's network interfaces, and its own way
out: a NAT gateway in a small public subnet, so that a zone's loss is that zone's alone. An isolated VPC has no way out,
but an endpoint of every AWS service that a cluster needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from penstock.clusters.eks import plan
from penstock.clusters.eks.endpoints import interface_endpoints, service_name
from penstock.clusters.eks.spec import EksClusterSpec
from penstock.clusters.eks.subnets import ZoneSubnets, plan_subnets


@dataclass(frozen=True)
class Network:
    """Where the cluster is."""

    vpc: pulumi.Input[str]
    subnets: Mapping[str, pulumi.Input[str]]
    """Zone to id of the private subnet."""
    ready: list[pulumi.Resource]
    """What has to be there before nodes are started, and as long as there are nodes."""


def adopted_network(spec: EksClusterSpec, subnets: Mapping[str, pulumi.Input[str]], parent: pulumi.Resource) -> Network:
    """The network that these subnets belong to. Nothing of it is changed."""
    subnet = aws.ec2.get_subnet_output(
        id=next(iter(subnets.values())), region=spec.location, opts=pulumi.InvokeOutputOptions(parent=parent)
    )
    return Network(subnet.vpc_id, subnets, ready=[])


def own_network(name: str, spec: EksClusterSpec, opts: pulumi.ResourceOptions) -> Network:
    """Makes the VPC, its subnets and its way out. Child names derive from `name`."""
    vpc = aws.ec2.Vpc(
        f"{name}-network",
        region=spec.location,
        cidr_block=spec.network.node_cidr,
        enable_dns_support=True,
        enable_dns_hostnames=True,  # nodes find the control plane's private endpoint, and the others, by their names
        tags=_tags(spec, name),
        opts=opts,
    )
    # The group of everything that names none lets nothing in or out.
    aws.ec2.DefaultSecurityGroup(f"{name}-default", region=spec.location, vpc_id=vpc.id, tags=spec.labels, opts=opts)
    zones = plan_subnets(spec.network.node_cidr, spec.zones or [])
    private: dict[str, aws.ec2.Subnet] = {}
    tables: dict[str, aws.ec2.RouteTable] = {}
    ready: list[pulumi.Resource] = []
    for zone in zones:
        # The tag lets controllers put internal load balancers there.
        # https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
        private[zone.zone] = _subnet(
            f"{name}-{zone.zone}", spec, vpc, zone.zone, zone.private, "kubernetes.io/role/internal-elb", opts
        )
        tables[zone.zone] = aws.ec2.RouteTable(
            f"{name}-{zone.zone}",
            region=spec.location,
            vpc_id=vpc.id,
            tags=_tags(spec, f"{name}-{zone.zone}"),
            opts=opts,
        )
        ready.append(_associated(f"{name}-{zone.zone}", spec, private[zone.zone], tables[zone.zone], opts))
    # Images' layers and much of the data come from S3: by this endpoint without a charge.
    ready.append(
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            region=spec.location,
            vpc_id=vpc.id,
            service_name=service_name(spec.location or "", "s3"),
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables.values()],
            tags=_tags(spec, f"{name}-s3"),
            opts=opts,
        )
    )
    if spec.network.isolated:
        ready += _endpoints(name, spec, vpc, list(private.values()), opts)
    else:
        ready += _ways_out(name, spec, vpc, zones, tables, opts)
    return Network(vpc.id, {zone: subnet.id for zone, subnet in private.items()}, ready)


def _ways_out(
    name: str,
    spec: EksClusterSpec,
    vpc: aws.ec2.Vpc,
    zones: list[ZoneSubnets],
    tables: Mapping[str, aws.ec2.RouteTable],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """A NAT gateway in each zone. Returns the routes to them, and what leads on from there."""
    region = spec.location
    gateway = aws.ec2.InternetGateway(
        f"{name}-internet", region=region, vpc_id=vpc.id, tags=_tags(spec, name), opts=opts
    )
    table = aws.ec2.RouteTable(
        f"{name}-public", region=region, vpc_id=vpc.id, tags=_tags(spec, f"{name}-public"), opts=opts
    )
    everywhere = "0.0.0.0/0"
    out = aws.ec2.Route(
        f"{name}-public",
        region=region,
        route_table_id=table.id,
        destination_cidr_block=everywhere,
        gateway_id=gateway.id,
        opts=opts,
    )
    ready: list[pulumi.Resource] = [out]
    for zone in zones:
        label = f"{name}-public-{zone.zone}"
        subnet = _subnet(label, spec, vpc, zone.zone, zone.public, "kubernetes.io/role/elb", opts)
        ready.append(_associated(label, spec, subnet, table, opts))
        address = aws.ec2.Eip(
            f"{name}-nat-{zone.zone}",
            region=region,
            domain="vpc",
            tags=_tags(spec, f"{name}-nat-{zone.zone}"),
            opts=opts,
        )
        nat = aws.ec2.NatGateway(
            f"{name}-nat-{zone.zone}",
            region=region,
            subnet_id=subnet.id,
            allocation_id=address.id,
            tags=_tags(spec, f"{name}-nat-{zone.zone}"),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[gateway])),
        )
        ready.append(
            aws.ec2.Route(
                f"{name}-nat-{zone.zone}",
                region=region,
                route_table_id=tables[zone.zone].id,
                destination_cidr_block=everywhere,
                nat_gateway_id=nat.id,
                opts=opts,
            )
        )
    return ready


def _endpoints(
    name: str, spec: EksClusterSpec, vpc: aws.ec2.Vpc, subnets: list[aws.ec2.Subnet], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The services' private endpoints, in every zone, under the services' usual names."""
    group = aws.ec2.SecurityGroup(
        f"{name}-endpoints",
        region=spec.location,
        vpc_id=vpc.id,
        description=f"Endpoints of AWS services for the cluster {name}",
        ingress=plan.https_from({spec.network.node_cidr: "Nodes and pods"}),
        tags=_tags(spec, f"{name}-endpoints"),
        opts=opts,
    )
    return [
        aws.ec2.VpcEndpoint(
            f"{name}-{service.replace('.', '-')}",
            region=spec.location,
            vpc_id=vpc.id,
            service_name=service_name(spec.location or "", service),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=[subnet.id for subnet in subnets],
            security_group_ids=[group.id],
            tags=_tags(spec, f"{name}-{service}"),
            opts=opts,
        )
        for service in interface_endpoints(spec.observability)
    ]


def _subnet(
    label: str,
    spec: EksClusterSpec,
    vpc: aws.ec2.Vpc,
    zone: str,
    cidr: str,
    role: str,
    opts: pulumi.ResourceOptions,
) -> aws.ec2.Subnet:
    return aws.ec2.Subnet(
        label,
        region=spec.location,
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=cidr,
        map_public_ip_on_launch=False,
        tags={**_tags(spec, label), role: "1"},
        opts=opts,
    )


def _associated(
    label: str, spec: EksClusterSpec, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    made: pulumi.Resource = aws.ec2.RouteTableAssociation(
        label, region=spec.location, subnet_id=subnet.id, route_table_id=table.id, opts=opts
    )
    return made


def _tags(spec: EksClusterSpec, name: str) -> dict[str, str]:
    return {**spec.labels, "Name": name}
