"""Addresses, NAT gateways, load balancers and interface endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.money import HOURS_PER_MONTH, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.traffic import gb_lines, not_stated
from penstock_cost.resources.values import Unpriced, Values, of

_SUBNET = "aws:ec2/subnet:Subnet"


@prices("aws:ec2/eip:Eip")
def address(resource: Resource, context: Context) -> Iterator[Found]:
    """A public IPv4 address, which costs the same in use and idle."""
    if "customerOwnedIpv4Pool" not in of(resource) and "publicIpv4Pool" not in of(resource):
        yield context.hourly(resource, "external_ipv4", "public IPv4 address", "network")


@prices("aws:ec2/natGateway:NatGateway")
def nat_gateway(resource: Resource, context: Context) -> Iterator[Found]:
    """A NAT gateway: its hours, and each GB that passes it."""
    notes = not_stated(resource, context, "pass the gateway")
    yield context.hourly(resource, "nat_gateway", "NAT gateway", "network", *notes)
    yield from gb_lines(resource, context, "nat_gb", "pass the gateway")


@prices(
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:alb/loadBalancer:LoadBalancer",
    "aws:applicationloadbalancing/loadBalancer:LoadBalancer",
)
def load_balancer(resource: Resource, context: Context) -> Iterator[Found]:
    """An Application or Network Load Balancer: hours, capacity units and public addresses."""
    values, region = of(resource), context.region(resource)
    kind = values.text("loadBalancerType", "application")
    item = {"application": "alb", "network": "nlb"}.get(kind)
    if item is None:
        raise Unpriced(f"No price of load balancers of type '{kind}' is known here.", "loadBalancerType")
    units = context.usage(resource).capacity_units
    notes = () if units is not None else ("Its capacity units are not in it: state capacity_units as its usage.",)
    yield context.hourly(resource, item, f"{kind} load balancer", "network", *notes)
    if units is not None:
        rate = context.rate("aws", region, f"{item}_lcu")
        cost = always(units * rate.usd * HOURS_PER_MONTH)
        yield context.line(
            resource, f"{units:g} capacity units", "network", cost, [rate], basis="stated usage", region=region
        )
    if not values.unknown("internal") and values.flag("internal"):
        return
    # Addresses that are given to it (allocationId) are resources of their own, and paid for there.
    if not any("allocationId" in mapping for mapping in _mappings(values)):
        zones = _zones(resource, values, context, "subnets")
        yield context.hourly(resource, "external_ipv4", f"{zones} public IPv4 addresses", "network", count=zones)


@prices("aws:ec2/vpcEndpoint:VpcEndpoint")
def endpoint(resource: Resource, context: Context) -> Iterator[Found]:
    """An interface endpoint, by the hour in each zone; gateway endpoints are free."""
    values = of(resource)
    if values.text("vpcEndpointType", "Gateway") == "Gateway":
        return
    zones = _zones(resource, values, context, "subnetIds")
    notes = not_stated(resource, context, "pass the endpoint")
    yield context.hourly(
        resource, "vpc_endpoint", f"interface endpoint in {zones} zones", "network", *notes, count=zones
    )
    yield from gb_lines(resource, context, "vpc_endpoint_gb", "pass the endpoint")


def _mappings(values: Values) -> list[Values]:
    return [] if values.unknown("subnetMappings") else list(values.children("subnetMappings"))


def _zones(resource: Resource, values: Values, context: Context, name: str) -> int:
    """In how many subnets it is. Where the list is unknown, as many as it is made from."""
    if values.unknown(name) or not values.list(name):
        made_from = {one.urn for one in context.stack.joined(resource, name, _SUBNET)}
        made_from |= {one.urn for one in context.stack.joined(resource, "subnetMappings", _SUBNET)}
        if not made_from:
            raise Unpriced(f"{name} are not known, and it is paid for in each of them. Write plain ids.", name)
        return len(made_from)
    return len(values.list(name))
