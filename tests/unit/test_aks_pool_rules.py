"""Impossible AKS node pools are refused at once, with the path and the reason; possible ones are not."""

from typing import Any

import pytest

from penstock.nodes.aks.spec import AksPoolSpec
from penstock.nodes.spec import ACKNOWLEDGEMENT
from tests.support.refused import reasons

PLAIN: dict[str, Any] = {
    "machine_types": ["Standard_D8s_v5"],
    "purchase": "on_demand",
    "min_nodes": 0,
    "max_nodes": 3,
}
ZONE = {"zones": ["1"]}
RESERVED = {"purchase": "reserved", "min_nodes": 2, "max_nodes": 2}
A100 = {"machine_types": ["Standard_NC24ads_A100_v4"]}
GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/capacityReservationGroups/held"


def problems(**changes: Any) -> dict[str, str]:
    return reasons(AksPoolSpec, {**PLAIN, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"purchase": "spot", "min_nodes": 3, "max_nodes": 1000},
        {"zones": [1, 2.0, "3"]},
        {"zones": [0]},
        {**RESERVED, "commitment": {"term": "3y", "payment": "all_upfront"}},
        A100,
        {"machine_types": ["Standard_NC96ads_A100_v4"], "purchase": "spot"},
        {**A100, "accelerator": {"driver": "disabled", "partition": "3g.40gb"}},
        {"machine_types": ["Standard_NV36ads_A10_v5"], "image": "ubuntu"},
        {"capacity_reservation": {"create": True}, "zones": ["1", "2"]},
        {"capacity_reservation": {"name": GROUP}},
        {**A100, "capacity_reservation": {"create": True, "count": 1}, **ZONE},
        {"compact": True, **ZONE},
        {"machine_types": ["Standard_F16s_v2"], "disk": {"type": "local", "size_gib": 128}},
        {"machine_types": ["Standard_D4ps_v5"]},
        {"machine_types": ["Standard_ND96isr_MI300X_v5"], "accelerator": {"driver": "disabled"}},
        {"machine_types": ["Standard_X9_v9"], "shape": {"vcpu": 8, "memory_gib": 32}},
        {"surge": {"max_surge": 3}},
        {"auto_repair": True},
        {"taints": [{"key": "dedicated"}], "labels": {"example.com/team": "search"}},
    ],
)  # fmt: skip
def test_a_possible_pool_is_accepted(changes: dict[str, Any]) -> None:
    assert problems(**changes) == {}


@pytest.mark.parametrize(
    ("path", "words", "changes"),
    [
        ("machine_types", "one machine type", {"machine_types": ["Standard_D8s_v5", "Standard_D8as_v5"]}),
        ("machine_types[0]", "Standard_D8s_v5", {"machine_types": ["Standard_D8_v5s"]}),
        ("machine_types[0]", "no driver for the MI300X", {"machine_types": ["Standard_ND96isr_MI300X_v5"]}),
        ("machine_types[0]", "does not sell", {"machine_types": ["Standard_NV12s_v3"]}),
        ("unequal_shapes", "one machine type", {"unequal_shapes": True}),
        ("max_nodes", "at most 1000", {"max_nodes": 1001}),
        ("purchase", "sold by AWS", {"purchase": "capacity_block"}),
        ("purchase", "Google Cloud's", {"purchase": "flex", "max_run_hours": 3}),
        ("zones[0]", "Write 1, 2 or 3", {"zones": ["eastus-1"]}),
        ("zones", "has no zones", {"zones": ["0", "1"]}),
        ("accelerator.driver", "the one driver", {**A100, "accelerator": {"driver": "latest"}}),
        ("accelerator.partition", "1g.10gb, 2g.20gb", {**A100, "accelerator": {"partition": "1g.5gb"}}),
        ("accelerator.partition", "cannot be partitioned", {"machine_types": ["Standard_NC4as_T4_v3"], "accelerator": {"partition": "1g.5gb"}}),
        ("accelerator.sharing", "device plugin", {**A100, "accelerator": {"sharing": {"strategy": "mps", "max_clients": 2}}}),
        ("accelerator.type", "has no GPU", {"accelerator": {"type": "T4"}}),
        ("disk.type", "boot from SSD", {"disk": {"type": "standard"}}),
        ("disk.type", "not known to have a disk", {"disk": {"type": "local"}}),
        ("disk.type", "too small to boot", {"machine_types": ["Standard_F2s_v2"], "disk": {"type": "local"}}),
        ("disk.size_gib", "has 64 GiB", {"machine_types": ["Standard_F8s_v2"], "disk": {"type": "local", "size_gib": 100}}),
        ("disk.size_gib", "30 to 2048", {"disk": {"size_gib": 20}}),
        ("disk.size_gib", "30 to 2048", {"disk": {"size_gib": 4096}}),
        ("surge", "one of the two", {"surge": {"max_surge": 1, "max_unavailable": 1}}),
        ("surge", "no upgrade settings", {"purchase": "spot", "surge": {"max_surge": 1}}),
        ("auto_repair", "always repairs", {"auto_repair": False}),
        ("image", "Google's", {"image": "cos"}),
        ("image", "AWS's", {"image": "al2023"}),
        ("image", "AWS's", {"image": "bottlerocket"}),
        ("image", "no driver", {"machine_types": ["Standard_NV36ads_A10_v5"], "image": "azure_linux"}),
        ("zones", "the one", {"compact": True}),
        ("compact", "no machines from a reservation", {"compact": True, **ZONE, "capacity_reservation": {"create": True}}),
        ("efa", "AWS's", {"efa": True}),
        ("nodes", "itself", {"nodes": ["a"]}),
        ("capacity_reservation", "Spot machines cannot", {"purchase": "spot", **ZONE, "capacity_reservation": {"create": True}}),
        ("capacity_reservation", "NDisr_H100_v5", {"machine_types": ["Standard_ND96isr_H100_v5"], **ZONE, "capacity_reservation": {"create": True}}),
        ("capacity_reservation", "NCads_H100_v5", {"machine_types": ["Standard_NC40ads_H100_v5"], "capacity_reservation": {"name": GROUP}}),
        ("zones", "the zones of the pool", {"capacity_reservation": {"create": True}}),
        ("capacity_reservation.count", "at least 2", {"zones": ["1", "2"], "capacity_reservation": {"create": True, "count": 1}}),
        ("capacity_reservation.count", "paid for nothing", {**ZONE, "capacity_reservation": {"create": True, "count": 4}}),
        ("capacity_reservation.name", "the id of", {"capacity_reservation": {"name": "held"}}),
        ("capacity_reservation.placement_group", "AWS's", {"capacity_reservation": {"name": GROUP, "placement_group": "p"}}),
        ("commitment.payment", "no_upfront or all_upfront", {**RESERVED, "commitment": {"term": "1y", "payment": "partial_upfront"}}),
        ("commitment.purchase", "portal", {**RESERVED, "commitment": {"term": "1y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}}}),
        ("max_run_hours", "Google Cloud", {"max_run_hours": 3}),
        ("labels.kubernetes.azure.com/mode", "the cloud", {"labels": {"kubernetes.azure.com/mode": "user"}}),
        ("labels.kubernetes.io/x", "the cloud", {"labels": {"kubernetes.io/x": "user"}}),
        ("taints[0].key", "set by the pool", {"taints": [{"key": "kubernetes.azure.com/scalesetpriority", "value": "spot"}]}),
        ("mode", "system_pool", {"mode": "System"}),
        ("spot_max_price", "on-demand price", {"spot_max_price": 0.1}),
        ("eviction_policy", "quota", {"eviction_policy": "Deallocate"}),
    ],
)  # fmt: skip
def test_an_impossible_pool_is_refused_with_path_and_reason(path: str, words: str, changes: dict[str, Any]) -> None:
    found = problems(**changes)
    assert path in found, found
    assert words in found[path]
