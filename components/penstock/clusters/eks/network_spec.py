"""What EKS adds to the rules of a cluster's network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import ClassVar

from penstock.clusters.eks.subnets import LARGEST, SMALLEST
from penstock.clusters.spec import NetworkSpec
from penstock.problems import Problem
from penstock.spec import rule

PRIVATE = [ipaddress.IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


def ipv4(cidr: str) -> ipaddress.IPv4Network | None:
    """`cidr` as a range of IPv4 addresses; None where it is none."""
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        return None


def range_problems(path: str, cidr: str) -> Iterator[Problem]:
    """What is wrong with `cidr` as a range of IPv4 addresses."""
    if ipv4(cidr) is None:
        yield Problem(
            path, f"'{cidr}' is no range of IPv4 addresses. Write one from its first address, for example 10.0.0.0/16."
        )


class EksNetworkSpec(NetworkSpec):
    """The network of an EKS cluster, in which pods take addresses of the nodes' subnets."""

    node_cidr: str = "10.0.0.0/16"

    ranges_beside_adopted: ClassVar[tuple[str, ...]] = ("service_cidr",)

    @rule
    def ranges_do_not_overlap(self) -> Iterator[Problem]:
        yield from range_problems("node_cidr", self.node_cidr)
        yield from range_problems("service_cidr", self.service_cidr)
        nodes, services = ipv4(self.node_cidr), ipv4(self.service_cidr)
        if nodes and services and nodes.overlaps(services) and not self.adopt:
            yield Problem("service_cidr", f"{services} overlaps node_cidr, {nodes}. Write another.")

    @rule
    def nodes_fit_into_a_vpc(self) -> Iterator[Problem]:
        nodes = ipv4(self.node_cidr)
        if nodes and not LARGEST <= nodes.prefixlen <= SMALLEST:
            yield Problem(
                "node_cidr",
                f"{nodes} is no size for the cluster's VPC, of which every zone gets its part. "
                f"Write a /{LARGEST} (the largest that AWS has) to /{SMALLEST}.",
            )

    @rule
    def services_are_private(self) -> Iterator[Problem]:
        # https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
        services = ipv4(self.service_cidr)
        if services and not (
            12 <= services.prefixlen <= 24 and any(services.subnet_of(private) for private in PRIVATE)
        ):
            yield Problem(
                "service_cidr",
                f"{services} is no range for EKS's services. Write a /12 to /24 within 10.0.0.0/8, 172.16.0.0/12 or "
                "192.168.0.0/16.",
            )
