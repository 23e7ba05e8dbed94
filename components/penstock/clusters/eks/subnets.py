"""How the addresses of a VPC are shared out: pure functions from its range and its zones."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

MOST_ZONES = 6
LARGEST, SMALLEST = 16, 20
"""Prefix lengths of the VPC. AWS allows none larger; in a smaller one the public subnets would be below the /27 that
a load balancer wants. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
"""


@dataclass(frozen=True)
class ZoneSubnets:
    """The ranges of a zone's two subnets."""

    zone: str
    private: str
    """For nodes and pods, and for the control plane's network interfaces."""
    public: str
    """For the NAT gateway and for load balancers that the internet reaches."""


def plan_subnets(node_cidr: str, zones: Sequence[str]) -> list[ZoneSubnets]:
    """Shares `node_cidr` (/16 to /20) out among up to six `zones`, whose order matters and whose names do not.

    The first three have a quarter each, three more a sixteenth each, and the public subnets are in the last sixteenth.
    So the three zones that most clusters have get as much as they can, and a zone that is appended moves no other.
    """
    quarters = list(ipaddress.IPv4Network(node_cidr).subnets(prefixlen_diff=2))
    sixteenths = list(quarters[3].subnets(prefixlen_diff=2))
    private = [*quarters[:3], *sixteenths[:3]]
    public = list(sixteenths[3].subnets(prefixlen_diff=3))
    return [
        ZoneSubnets(zone, str(inside), str(outside))
        for zone, inside, outside in zip(zones, private, public, strict=False)
    ]
