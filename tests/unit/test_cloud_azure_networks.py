"""Azure's virtual networks in the pretend cloud: ranges, subnets inside and beside their network, what is in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_cloud import SUBNET, SYSTEM, Azure, running_azure
from tests.support.cloud_client import Live, Refused


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


@pytest.fixture
def network(azure: Azure) -> Live:
    return azure.network()


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        ("10.20.0.0/24", "Subnet 'other' is not valid in virtual network 'net'"),
        ("10.0.0.0/8", "Subnet 'other' is not valid in virtual network 'net'"),
        ("10.10.1.0/24", "NetcfgSubnetRangesOverlap"),
        ("10.10.64.1/24", "InvalidCIDRNotation"),
    ],
)
def test_a_subnet_lies_in_its_network_and_beside_the_others(
    azure: Azure, network: Live, prefix: str, text: str
) -> None:
    azure.subnet()
    with pytest.raises(Refused, match=text):
        azure.subnet(prefix, "other")


def test_a_subnet_shows_up_in_its_network_but_is_not_the_programs(azure: Azure, network: Live) -> None:
    subnet = azure.subnet()
    refreshed = azure.provider.refresh(network)
    assert refreshed is not None and [inside["id"] for inside in refreshed.outputs["subnets"]] == [subnet.id]
    assert refreshed.inputs == network.inputs
    assert azure.provider.update(refreshed, {**network.inputs, "tags": {"a": "b"}}).outputs["subnets"]


def test_a_network_that_lists_its_subnets_gives_up_all_others(azure: Azure) -> None:
    listed = [{"name": "nodes", "addressPrefix": "10.10.0.0/20"}]
    made = azure.network(subnets=listed)
    extra = azure.subnet("10.10.16.0/20", "extra")
    azure.provider.update(made, {**made.inputs, "tags": {"a": "b"}})
    assert azure.provider.refresh(extra) is None
    assert [subnet.outputs["name"] for subnet in azure.cloud.resources(SUBNET)] == ["nodes"]


def test_neither_subnet_nor_network_goes_while_machines_are_in_it(azure: Azure, network: Live) -> None:
    subnet = azure.subnet()
    cluster = azure.cluster(agentPoolProfiles=[{**SYSTEM, "vnetSubnetID": subnet.id}])
    for thing in (subnet, network):
        with pytest.raises(Refused, match=r"InUseSubnetCannotBeDeleted.*Subnet nodes is in use by .*agentPools/system"):
            azure.provider.delete(thing)
    azure.provider.delete(cluster)
    azure.provider.delete(network)
    assert azure.provider.refresh(subnet) is None


def test_the_pools_of_a_cluster_lie_in_one_network(azure: Azure, network: Live) -> None:
    azure.cluster(agentPoolProfiles=[{**SYSTEM, "vnetSubnetID": azure.subnet().id}])
    with pytest.raises(Refused, match="must reside in the same virtual network"):
        azure.pool()


def test_a_clusters_own_identity_needs_a_role_on_the_subnet_first(azure: Azure, network: Live) -> None:
    subnet, identity = azure.subnet(), azure.identity()
    wanted: dict[str, Any] = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [identity.id]},
        "agentPoolProfiles": [{**SYSTEM, "vnetSubnetID": subnet.id}],
    }
    with pytest.raises(Refused, match=r"LinkedAuthorizationFailed.*subnets/join/action"):
        azure.cluster(**wanted)
    azure.grant(network.id, identity.outputs["principalId"])
    azure.cluster(**wanted)


@pytest.mark.parametrize(
    ("type_", "inputs", "where", "text"),
    [
        ("NatGateway", {"natGatewayName": "out", "sku": {"name": "Standard"}}, "natGateway", "is in use by"),
        ("NetworkSecurityGroup", {}, "networkSecurityGroup", "InUseNetworkSecurityGroupCannotBeDeleted"),
        ("RouteTable", {}, "routeTable", "InUseRouteTableCannotBeDeleted"),
    ],
)
def test_what_a_subnet_uses_stays(
    azure: Azure, network: Live, type_: str, inputs: dict[str, Any], where: str, text: str
) -> None:
    made = azure.make(f"azure-native:network:{type_}", "used", **inputs)
    used: dict[str, Any] = {where: {"id": made.id}}
    subnet = azure.subnet(**used)
    with pytest.raises(Refused, match=text):
        azure.provider.delete(made)
    azure.provider.delete(subnet)
    azure.provider.delete(made)


def test_an_address_of_a_nat_gateway_stays(azure: Azure) -> None:
    address = azure.make(
        "azure-native:network:PublicIPAddress", "out", sku={"name": "Standard"}, publicIPAllocationMethod="Static"
    )
    azure.make(
        "azure-native:network:NatGateway", "out", sku={"name": "Standard"}, publicIpAddresses=[{"id": address.id}]
    )
    with pytest.raises(Refused, match="PublicIPAddressCannotBeDeleted"):
        azure.provider.delete(address)
