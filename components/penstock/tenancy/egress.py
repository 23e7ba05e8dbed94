"""Which addresses outside of the cluster may be reached, and which never.

A NetworkPolicy's ipBlock has a network and exceptions within it (kubernetes/api networking/v1/types.go@v1.36.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from penstock.problems import Problem

Network = IPv4Network | IPv6Network

METADATA = (
    "169.254.0.0/16",  # link-local: GCP, AWS and Azure at 169.254.169.254, EKS Pod Identity at 169.254.170.23
    "168.63.129.16/32",  # Azure's host: learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    "fe80::/10",
    "fd00:ec2::/32",  # AWS: metadata at fd00:ec2::254, EKS Pod Identity at fd00:ec2::23
    "fd20:ce::/32",  # GCP's metadata server: fd20:ce::254
)
"""Addresses at which a cloud gives a machine its identity, closed whatever is said."""
PRIVATE = (
    "10.0.0.0/8",  # RFC 1918
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",  # RFC 6598, which clouds give to pods
    "127.0.0.0/8",
    "0.0.0.0/8",
    "fc00::/7",  # RFC 4193
    "::1/128",
)
"""Ranges that nobody outside has."""
_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses written as IPv6 (RFC 4291): what reads one with Go's net.ParseCIDR has the IPv4 network."""


def network(text: str) -> Network | None:
    """The network that is meant; None where it is none, or one that means nothing beyond a machine (a zone), or an IPv4
    network in an IPv6 one, which some would take for the former."""
    try:
        found = ip_network(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Network) and ("%" in text or found.subnet_of(_MAPPED)):
        return None
    return found


def blocks(cidrs: Iterable[str], internal: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The ipBlock of each network, without what is internal or a metadata address."""
    closed = [found for text in (*METADATA, *internal) if (found := network(text))]
    for text in cidrs:
        whole = ip_network(text)
        inside = [each for each in closed if each.version == whole.version and each.subnet_of(whole)]  # type: ignore[arg-type]
        holes = [str(each) for each in collapse_addresses(inside)]  # type: ignore[type-var]
        yield {"cidr": str(whole), **({"except": holes} if holes else {})}


def network_problems(path: str, cidrs: Sequence[str]) -> Iterator[Problem]:
    """Texts that are no networks."""
    for index, text in enumerate(cidrs):
        if network(text) is None:
            yield Problem(
                f"{path}[{index}]",
                f"'{text}' is no network. Write its first address and the length of what they share: 203.0.113.0/24.",
            )


def closed_problems(path: str, cidrs: Sequence[str], internal: Sequence[str]) -> Iterator[Problem]:
    """Networks of which nothing would be left."""
    for index, text in enumerate(cidrs):
        if (found := network(text)) is None:
            continue
        for closed, why in (
            *((each, "where clouds give machines their identity") for each in METADATA),
            *((each, "internal: internal_cidrs says so") for each in internal),
        ):
            whole = network(closed)
            if whole and whole.version == found.version and found.subnet_of(whole):  # type: ignore[arg-type]
                yield Problem(
                    f"{path}[{index}]",
                    f"{text} lies in {closed}, which is {why}. Pods of tenants stay out of it. Drop it.",
                )
                break
