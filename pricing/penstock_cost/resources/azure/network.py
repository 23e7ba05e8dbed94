"""Addresses, NAT gateways and load balancers."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.traffic import gb_lines, not_stated
from penstock_cost.resources.values import Unpriced, of


@prices("azure-native:network:PublicIPAddress")
def address(resource: Resource, context: Context) -> Iterator[Found]:
    """A public IPv4 address; IPv6 ones are free."""
    values = of(resource)
    if values.text("publicIPAddressVersion", "IPv4") == "IPv4":
        yield context.hourly(resource, "external_ipv4", "public IPv4 address", "network")


@prices("azure-native:network:NatGateway")
def nat_gateway(resource: Resource, context: Context) -> Iterator[Found]:
    """A NAT gateway: its hours, and each GB that passes it."""
    notes = not_stated(resource, context, "pass the gateway")
    yield context.hourly(resource, "nat_gateway", "NAT gateway", "network", *notes)
    yield from gb_lines(resource, context, "nat_gb", "pass the gateway")


@prices("azure-native:network:LoadBalancer")
def load_balancer(resource: Resource, context: Context) -> Iterator[Found]:
    """A Standard load balancer, which is paid for once it has rules; Basic ones are free."""
    values = of(resource)
    sku = values.child("sku").text("name", "Basic")
    if sku == "Basic":
        return
    if sku != "Standard":
        raise Unpriced(f"No price of load balancers of the tier '{sku}' is known here.", "sku.name")
    rules = len(values.list("loadBalancingRules")) + len(values.list("outboundRules"))
    if not rules:
        return
    if rules > 5:
        yield context.hole(
            resource, "Each rule after the fifth costs more, and that price is not known here.", "loadBalancingRules"
        )
    notes = not_stated(resource, context, "pass the load balancer")
    yield context.hourly(resource, "lb_rules", f"load balancer with {rules} rules", "network", *notes)
    yield from gb_lines(resource, context, "lb_gb", "pass the load balancer")
