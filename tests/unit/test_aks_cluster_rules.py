"""Impossible AKS clusters are refused at once, with the path and the reason; possible ones are not."""

from typing import Any

import pytest

from penstock.clusters.aks.spec import AksClusterSpec
from tests.support.refused import reasons

PLAIN: dict[str, Any] = {"cloud": "azure", "location": "eastus", "zones": ["1", "2", "3"]}
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
KEY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/keys/k"
GROUP = "11111111-2222-3333-4444-555555555555"
WINDOW = {"start": "2026-01-03T02:00:00Z", "hours": 4, "days": ["SA"]}


def problems(**changes: Any) -> dict[str, str]:
    return reasons(AksClusterSpec, {**PLAIN, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"zones": [1, 2.0, "3"]},
        {"location": "westus", "zones": [0]},
        {"version": "1.34"},
        {"release_channel": "rapid"},
        {"release_channel": "extended", "version": "1.33"},
        {"system_pool": {"machine_type": "Standard_D8ds_v5", "min_nodes": 3, "max_nodes": 5}},
        {"network": {"node_cidr": "10.20.0.0/16", "pod_cidr": "10.64.0.0/12", "service_cidr": "10.9.0.0/24"}},
        {"network": {"adopt": {"subnetwork": SUBNET}, "pod_cidr": "10.64.0.0/12", "service_cidr": "10.9.0.0/24"}},
        {"network": {"isolated": True}},
        {"network": {"isolated": True}, "observability": "system", "private_endpoint": True},
        {"private_endpoint": True},
        {"authorized_networks": [{"cidr": "203.0.113.0/24", "name": "office"}]},
        {"admins": [GROUP]},
        {"maintenance_window": WINDOW},
        {"secrets_key": KEY},
        {"labels": {"Cost Centre": "search & rescue"}},
        {"adopt": {"name": "theirs", "resource_group": "their-group"}},
    ],
)  # fmt: skip
def test_a_possible_cluster_is_accepted(changes: dict[str, Any]) -> None:
    assert problems(**changes) == {}


@pytest.mark.parametrize(
    ("path", "words", "changes"),
    [
        ("location", "no region of Azure", {"location": "us-east-1"}),
        ("location", "no region of Azure", {"location": "East US"}),
        ("zones[1]", "Write 1, 2 or 3", {"zones": ["1", "eastus-2"]}),
        ("zones[1]", "more than once", {"zones": [1, "1"]}),
        ("zones", "has no zones", {"zones": ["0", "1"]}),
        ("version", "minor version", {"version": "1.34.2"}),
        ("version", "rapid channel", {"version": "1.34", "release_channel": "rapid"}),
        ("project", "subscription", {"project": "acme"}),
        ("system_pool.machine_type", "at least 4 vCPU", {"system_pool": {"machine_type": "Standard_D2s_v5"}}),
        ("system_pool.machine_type", "GPUs are for pools", {"system_pool": {"machine_type": "Standard_NC24ads_A100_v4"}}),
        ("system_pool.machine_type", "No machine type", {"system_pool": {"machine_type": "Standard_D4"}}),
        ("system_pool.min_nodes", "at least 2 nodes", {"system_pool": {"min_nodes": 1}}),
        ("system_pool.max_nodes", "at least 2 nodes", {"system_pool": {"max_nodes": 1}}),
        ("system_pool.max_nodes", "at least 3", {"system_pool": {"min_nodes": 3, "max_nodes": 2}}),
        ("system_pool.purchase", "cannot be spot", {"system_pool": {"purchase": "spot"}}),
        ("system_pool.spot", "cannot be spot", {"system_pool": {"spot": True}}),
        ("network.pod_cidr", "172.30.0.0/16", {"network": {"pod_cidr": "172.16.0.0/12"}}),
        ("network.service_cidr", "not /12", {"network": {"service_cidr": "10.16.0.0/12"}}),
        ("network.pod_cidr", "not /25", {"network": {"pod_cidr": "10.4.0.0/25"}}),
        ("network.service_cidr", "overlaps", {"network": {"pod_cidr": "10.8.0.0/14"}}),
        ("network.node_cidr", "IPv4", {"network": {"node_cidr": "fd00::/20"}}),
        ("network.node_cidr", "its own ranges", {"network": {"adopt": {"subnetwork": SUBNET}, "node_cidr": "10.0.0.0/20"}}),
        ("network.adopt.subnetwork", "required", {"network": {"adopt": {}}}),
        ("network.adopt.subnetwork", "id of a subnet", {"network": {"adopt": {"subnetwork": "nodes"}}}),
        ("network.adopt.network", "not for an AKS cluster", {"network": {"adopt": {"subnetwork": SUBNET, "network": "v"}}}),
        ("authorized_networks", "no public address", {"private_endpoint": True, "authorized_networks": [{"cidr": "203.0.113.0/24"}]}),
        ("authorized_networks", "no public address", {"network": {"isolated": True}, "authorized_networks": [{"cidr": "203.0.113.0/24"}]}),
        ("observability", "without a way out", {"network": {"isolated": True}, "observability": "full"}),
        ("maintenance_window.days", "one day of the week", {"maintenance_window": {**WINDOW, "days": ["SA", "SU"]}}),
        ("maintenance_window.hours", "at least 4", {"maintenance_window": {**WINDOW, "hours": 3}}),
        ("admins[0]", "Entra ID group", {"admins": ["alice@example.com"]}),
        ("secrets_key", "resource id of a key", {"secrets_key": "https://v.vault.azure.net/keys/k/1"}),
        ("labels.azure-team", "no name of a tag", {"labels": {"azure-team": "x"}}),
        ("labels.a/b", "no name of a tag", {"labels": {"a/b": "x"}}),
        ("labels", "at most 48", {"labels": {f"k{n}": "v" for n in range(49)}}),
        ("adopt.resource_group", "required", {"adopt": {"name": "theirs"}}),
        ("adopt.subnets", "first pool", {"adopt": {"name": "t", "resource_group": "g", "subnets": {"1": SUBNET}}}),
        ("adopt.kubeconfig", "looked up", {"adopt": {"name": "t", "resource_group": "g", "kubeconfig": "x"}}),
        ("labels", "not changed", {"adopt": {"name": "t", "resource_group": "g"}, "labels": {"a": "b"}}),
        ("resource_group", "one of its own", {"resource_group": "g"}),
    ],
)  # fmt: skip
def test_an_impossible_cluster_is_refused_with_path_and_reason(path: str, words: str, changes: dict[str, Any]) -> None:
    found = problems(**changes)
    assert path in found, found
    assert words in found[path]
