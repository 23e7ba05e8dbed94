"""What AKS refuses of a cluster's network profile, and what it fills in.

Texts that Azure was seen to answer: Azure/AKS#3484 and Azure/AKS-Construction#535 (cilium), Microsoft Learn,
Troubleshoot Azure Kubernetes Service (overlaps). The others are the sentences of AKS's documentation,
MicrosoftDocs/azure-aks-docs @fb060abe6a8fef960d4c487b543bf7b1e97808fe (azure-cni-powered-by-cilium, azure-cni-overlay,
concepts-network-ip-address-planning), since AKS's own are not published.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.cloud.azure import arm
from sandbox.cloud.azure.arm import invalid, refusal
from sandbox.cloud.azure.subnets import NETWORK, SUBNET, Range, overlap, prefixes, ranges
from sandbox.cloud.store import Store
from sandbox.cloud.values import Properties

_RESERVED: Final = ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")


def fill(profile: Properties) -> None:
    """What a cluster gets that names none of it: overlay unless it names a plugin, addresses, a load balancer."""
    if profile.get("networkPlugin") is None:
        profile |= {"networkPlugin": "azure", "networkPluginMode": profile.get("networkPluginMode") or "overlay"}
    overlaid = profile.get("networkPluginMode") == "overlay" or profile["networkPlugin"] == "kubenet"
    defaults = {
        "networkDataplane": "azure",
        "networkPolicy": "none",
        "outboundType": "loadBalancer",
        "loadBalancerSku": "standard",
        "serviceCidr": "10.0.0.0/16",
        "ipFamilies": ["IPv4"],
        **({"podCidr": "10.244.0.0/16"} if overlaid else {}),
    }
    for name, value in defaults.items():
        if profile.get(name) is None:
            profile[name] = value
    if profile.get("dnsServiceIP") is None and profile["serviceCidr"] == defaults["serviceCidr"]:
        profile["dnsServiceIP"] = "10.0.0.10"
    for one, many in (("serviceCidr", "serviceCidrs"), ("podCidr", "podCidrs")):
        if profile.get(one) and not profile.get(many):
            profile[many] = [profile[one]]
    if profile["outboundType"] == "loadBalancer" and profile.get("loadBalancerProfile") is None:
        profile["loadBalancerProfile"] = {"backendPoolType": "nodeIPConfiguration", "managedOutboundIPs": {"count": 1}}


def check(cluster: Mapping[str, Any], store: Store) -> None:
    """Raises `CloudError` for the first rule that the network profile breaks."""
    profile, pools = cluster["networkProfile"], cluster.get("agentPoolProfiles") or []
    for error in (*_plugins(profile, pools), *_addresses(profile, pools, store)):
        raise error


def _plugins(profile: Mapping[str, Any], pools: list[Properties]) -> Iterator[Exception]:
    plugin, mode, policy = (profile.get(name) for name in ("networkPlugin", "networkPluginMode", "networkPolicy"))
    if mode == "overlay" and plugin != "azure":
        yield invalid("networkProfile.networkPluginMode", f"overlay needs networkPlugin azure, not {plugin}.")
    if profile.get("networkDataplane") == "cilium":
        if plugin != "azure" or (mode != "overlay" and not all(pool.get("podSubnetID") for pool in pools)):
            yield refusal(
                400, "BadRequest", "Cilium dataplane requires either network plugin mode overlay or pod subnet"
            )
        if policy not in ("cilium", "none"):
            yield refusal(400, "BadRequest", "Cilium dataplane requires network policy cilium.")
    elif policy == "cilium":
        yield refusal(400, "BadRequest", "Network policy cilium requires network dataplane cilium.")
    if policy == "azure" and plugin != "azure":
        yield invalid("networkProfile.networkPolicy", f"azure needs networkPlugin azure, not {plugin}.")
    if profile.get("loadBalancerSku") == "basic":
        yield invalid("networkProfile.loadBalancerSku", "The Basic Load Balancer was retired on 30 September 2025.")
    if plugin == "azure" and mode != "overlay" and profile.get("podCidr"):
        yield invalid("networkProfile.podCidr", "It can only be set with kubenet or with network plugin mode overlay.")
    if (profile.get("serviceCidr") is None) != (profile.get("dnsServiceIP") is None):
        yield invalid("networkProfile.dnsServiceIP", "serviceCidr and dnsServiceIP must be given together.")


def _addresses(profile: Mapping[str, Any], pools: list[Properties], store: Store) -> Iterator[Exception]:
    given = {name: profile[name] for name in ("serviceCidr", "podCidr") if profile.get(name)}
    (service, *pods) = (ranges([text], "networkProfile")[0] for text in given.values())
    server = profile.get("dnsServiceIP")
    if server and (ipaddress.ip_address(server) not in service or ipaddress.ip_address(server) == service[1]):
        yield invalid(
            "networkProfile.dnsServiceIP",
            f"{server} must be within the Kubernetes service address range {service}, and not its first address.",
        )
    for name, text in given.items():
        for reserved in ranges(_RESERVED, "Azure"):
            if overlap(ranges([text], name)[0], reserved):
                yield invalid(f"networkProfile.{name}", f"{text} overlaps with the reserved range {reserved}.")
    if any(overlap(service, pod) for pod in pods):
        yield invalid("networkProfile.podCidr", f"{pods[0]} overlaps with the service CIDR {service}.")
    for pool in pools:
        if pool.get("vnetSubnetID"):
            yield from _overlaps(service, pods, pool["vnetSubnetID"], store)


def _overlaps(service: Range, pods: list[Range], subnet: str, store: Store) -> Iterator[Exception]:
    network = arm.find(store, NETWORK, arm.parent_of(subnet))
    space = network.outputs["addressSpace"]["addressPrefixes"] if network else []
    for text in space:
        if any(overlap(pod, theirs) for pod in pods for theirs in ranges([text], subnet)):
            reason = f"NetworkProfile CIDR {pods[0]} overlaps with reserved VNET CIDR {text}"
            yield refusal(400, "NetworkProfileCIDROverlapVNET", reason)
    inside = arm.within(store, network.id, SUBNET) if network else iter(())
    for other in inside:
        for text in prefixes(other.outputs):
            if any(overlap(service, theirs) for theirs in ranges([text], other.id)):
                reason = f"The specified service CIDR {service} is conflicted with an existing subnet CIDR {text}"
                yield refusal(400, "ServiceCidrOverlapExistingSubnetsCidr", reason)
