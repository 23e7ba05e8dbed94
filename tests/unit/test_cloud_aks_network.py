"""The network profile of AKS clusters in the pretend cloud: plugins, addresses and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_cloud import SYSTEM, Azure, running_azure
from tests.support.cloud_client import Refused

OVERLAY = {"networkPlugin": "azure", "networkPluginMode": "overlay"}


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (
            {"networkPlugin": "azure", "networkDataplane": "cilium"},
            "requires either network plugin mode overlay or pod",
        ),
        (OVERLAY | {"networkDataplane": "cilium", "networkPolicy": "calico"}, "requires network policy cilium"),
        (OVERLAY | {"networkPolicy": "cilium"}, "requires network dataplane cilium"),
        ({"networkPlugin": "kubenet", "networkPluginMode": "overlay"}, "overlay needs networkPlugin azure"),
        (
            {"networkPlugin": "azure", "podCidr": "10.244.0.0/16"},
            "only be set with kubenet or with network plugin mode",
        ),
        (OVERLAY | {"serviceCidr": "10.1.0.0/16"}, "must be given together"),
        (
            OVERLAY | {"serviceCidr": "10.1.0.0/16", "dnsServiceIP": "10.2.0.10"},
            "within the Kubernetes service address",
        ),
        (OVERLAY | {"serviceCidr": "10.1.0.0/16", "dnsServiceIP": "10.1.0.1"}, "not its first address"),
        (OVERLAY | {"serviceCidr": "172.30.0.0/16", "dnsServiceIP": "172.30.0.10"}, "overlaps with the reserved range"),
        (OVERLAY | {"podCidr": "10.0.0.0/8"}, "overlaps with the service CIDR"),
        (OVERLAY | {"outboundType": "none"}, "With outboundType none it must be Cache"),
        (OVERLAY | {"outboundType": "userAssignedNATGateway"}, "is not associated with a NAT gateway"),
        (OVERLAY | {"outboundType": "userDefinedRouting"}, "ExistingRouteTableNotAssociatedWithSubnet"),
    ],
)
def test_what_aks_refuses_of_a_clusters_network(azure: Azure, profile: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text):
        azure.cluster(networkProfile=profile)


def test_pods_must_not_overlap_with_the_network_nor_services_with_its_subnets(azure: Azure) -> None:
    azure.network()
    own = [{**SYSTEM, "vnetSubnetID": azure.subnet().id}]
    with pytest.raises(Refused, match=r"NetworkProfile CIDR 10\.10\.0\.0/16 overlaps with reserved VNET CIDR"):
        azure.cluster(agentPoolProfiles=own, networkProfile=OVERLAY | {"podCidr": "10.10.0.0/16"})
    services = {"serviceCidr": "10.10.0.0/24", "dnsServiceIP": "10.10.0.10"}
    with pytest.raises(Refused, match=r"service CIDR 10\.10\.0\.0/24 is conflicted with an existing subnet CIDR"):
        azure.cluster(agentPoolProfiles=own, networkProfile=OVERLAY | services)


def test_a_user_assigned_nat_gateway_works_from_a_subnet_that_has_one(azure: Azure) -> None:
    azure.network()
    gateway = azure.make("azure-native:network:NatGateway", "out", natGatewayName="out", sku={"name": "Standard"})
    subnet = azure.subnet(natGateway={"id": gateway.id})
    pools = [{**SYSTEM, "vnetSubnetID": subnet.id}]
    azure.cluster(agentPoolProfiles=pools, networkProfile=OVERLAY | {"outboundType": "userAssignedNATGateway"})
