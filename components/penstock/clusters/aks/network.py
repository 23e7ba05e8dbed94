"""The network of an AKS cluster: one subnet for its nodes, and a NAT gateway as their way out."""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure

from penstock.clusters.aks import plan
from penstock.clusters.aks.spec import AksClusterSpec
from penstock.clusters.aks.zones import ALL_ZONES, NO_ZONE


@dataclass(frozen=True)
class Network:
    """Where the nodes are."""

    network_id: pulumi.Output[str]
    subnet_id: pulumi.Output[str]
    outbound_type: pulumi.Input[str]
    egress_address: pulumi.Output[str] | None = None
    """The address as which the nodes appear outside, where it is ours."""


def network(name: str, spec: AksClusterSpec, group: pulumi.Output[str], opts: pulumi.ResourceOptions) -> Network:
    """Makes the network in the resource group, or looks the adopted one up."""
    if spec.network.adopt:
        return _adopted(spec, opts)
    own = azure.network.VirtualNetwork(
        f"{name}-network",
        resource_group_name=group,
        location=spec.location,
        address_space={"address_prefixes": [spec.network.node_cidr]},
        tags=spec.labels,
        # Azure counts a network's subnets among its properties; ours are resources of their own.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["subnets"])),
    )
    gateway, address = (None, None) if spec.network.isolated else _nat(name, spec, group, opts)
    subnet = azure.network.Subnet(
        f"{name}-nodes",
        resource_group_name=group,
        virtual_network_name=own.name,
        address_prefix=spec.network.node_cidr,
        nat_gateway={"id": gateway.id} if gateway else None,
        # Nothing leaves but by the gateway.
        default_outbound_access=False,
        opts=opts,
    )
    outbound = "none" if spec.network.isolated else "userAssignedNATGateway"
    return Network(own.id, subnet.id, outbound, address)


def _adopted(spec: AksClusterSpec, opts: pulumi.ResourceOptions) -> Network:
    assert spec.network.adopt
    subnet_id = pulumi.Output.from_input(spec.network.adopt.subnetwork)
    parts = subnet_id.apply(plan.subnet_id)
    network_id = parts.apply(lambda parts: parts.network_id)
    if spec.network.isolated:
        return Network(network_id, subnet_id, "none")
    found = azure.network.get_subnet_output(
        resource_group_name=parts.apply(lambda parts: parts.resource_group),
        virtual_network_name=parts.apply(lambda parts: parts.network),
        subnet_name=parts.apply(lambda parts: parts.subnet),
        opts=pulumi.InvokeOutputOptions(parent=opts.parent),
    )
    outbound = found.apply(lambda subnet: plan.way_out(subnet.nat_gateway, subnet.route_table))
    return Network(network_id, subnet_id, outbound)


def _nat(
    name: str, spec: AksClusterSpec, group: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> tuple[azure.network.NatGateway, pulumi.Output[str]]:
    """A gateway is in one zone or in none in particular, an address in one or in all.

    https://learn.microsoft.com/azure/nat-gateway/nat-availability-zones
    """
    zones = spec.zones or []
    address = azure.network.PublicIPAddress(
        f"{name}-egress",
        resource_group_name=group,
        location=spec.location,
        sku={"name": "Standard", "tier": "Regional"},
        public_ip_allocation_method="Static",
        public_ip_address_version="IPv4",
        zones=None if zones == [NO_ZONE] else zones if len(zones) == 1 else list(ALL_ZONES),
        tags=spec.labels,
        opts=opts,
    )
    gateway = azure.network.NatGateway(
        f"{name}-egress",
        resource_group_name=group,
        location=spec.location,
        sku={"name": "Standard"},
        public_ip_addresses=[{"id": address.id}],
        zones=zones if len(zones) == 1 and zones != [NO_ZONE] else None,
        tags=spec.labels,
        opts=opts,
    )
    return gateway, address.ip_address.apply(lambda known: f"{known}/32")
