"""Addresses, NAT and forwarding rules."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.money import HOURS_PER_MONTH, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.regions import region_or_default
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.traffic import gb_lines, not_stated
from penstock_cost.resources.values import Unpriced, of

_ONE_ADDRESS = "Addresses that it takes by itself are counted as one, which serves about 1,000 machines."
_RULES = "The list price falls after the first five rules of a project; this is that of the first ones."


@prices("gcp:compute/address:Address", "gcp:compute/globalAddress:GlobalAddress")
def address(resource: Resource, context: Context) -> Iterator[Found]:
    """A static external IPv4 address, at the price of one in use; internal ones and IPv6 are free."""
    values = of(resource)
    external = values.text("addressType", "EXTERNAL") == "EXTERNAL"
    if external and values.text("ipVersion", "IPV4") == "IPV4":
        yield _global_hourly(resource, context, "external_ipv4", "external IPv4 address")


@prices("gcp:compute/routerNat:RouterNat")
def nat(resource: Resource, context: Context) -> Iterator[Found]:
    """Cloud NAT, at its price for 32 machines and more, and each GB that passes it."""
    values = of(resource)
    notes = not_stated(resource, context, "pass the gateway")
    yield context.hourly(
        resource, "nat_gateway", "Cloud NAT", "network", "It costs less while fewer than 32 machines use it.", *notes
    )
    if values.text("natIpAllocateOption", "AUTO_ONLY") == "AUTO_ONLY" and values.text("type", "PUBLIC") == "PUBLIC":
        yield context.hourly(resource, "external_ipv4", "external IPv4 address of the NAT", "network", _ONE_ADDRESS)
    yield from gb_lines(resource, context, "nat_gb", "pass the gateway")


@prices(
    "gcp:compute/forwardingRule:ForwardingRule",
    "gcp:compute/globalForwardingRule:GlobalForwardingRule",
)
def forwarding_rule(resource: Resource, context: Context) -> Iterator[Found]:
    """A rule of a load balancer, and each GB that it takes in. Private Service Connect endpoints are not priced."""
    if of(resource).data.get("loadBalancingScheme") == "":
        raise Unpriced("No price of Private Service Connect endpoints is known here.", "loadBalancingScheme")
    notes = not_stated(resource, context, "pass the load balancer")
    yield _global_hourly(resource, context, "forwarding_rule", "forwarding rule", _RULES, *notes)
    yield from gb_lines(resource, context, "lb_gb", "pass the load balancer")


def _global_hourly(resource: Resource, context: Context, item: str, what: str, *notes: str) -> Found:
    if "/global" not in resource.type:
        return context.hourly(resource, item, what, "network", *notes)
    rate = context.rate("gcp", region_or_default(context.stack, resource), item)
    return context.line(resource, what, "network", always(rate.usd * HOURS_PER_MONTH), [rate], notes=notes)
