"""What AKS node pools register, in a preview and in a deployment that the sandbox's provider checks."""

from typing import Any

import pulumi
import pytest

import penstock
from penstock.clusters.aks.roles import Role
from tests.support.mocked import Registered, of_type, run

POOL = "azure-native:containerservice:AgentPool"
ROLE = "azure-native:authorization:RoleAssignment"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/held"
CLUSTER: dict[str, Any] = {
    "cloud": "azure",
    "location": "eastus",
    "zones": ["1", "2", "3"],
    "labels": {"team": "search"},
    "version": "1.34",
}
PLAIN: dict[str, Any] = {"cloud": "azure", "machine_types": ["Standard_D8s_v5"], "min_nodes": 0, "max_nodes": 3}
GPU = {"machine_types": ["Standard_NC24ads_A100_v4"]}


def both(kind: Any, as_output: bool = False, **args: Any) -> list[Registered]:
    """A pool in a cluster, as a preview and as a deployment; what they register has to be the same."""

    def program() -> None:
        cluster: Any = penstock.Cluster("llm", CLUSTER).ref
        kind("web", {**PLAIN, **args, "cluster": pulumi.Output.from_input(cluster) if as_output else cluster})

    previewed, deployed = run(program, preview=True), run(program)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def pool(kind: Any = penstock.OnDemandNodePool, **args: Any) -> dict[str, Any]:
    return of_type(both(kind, **args), POOL)["web"]


def test_a_pool_joins_its_cluster() -> None:
    made = pool()
    assert made["resourceName"].startswith("llm")
    assert "/subnets/" in made["vnetSubnetID"]
    assert made["availabilityZones"] == ["1", "2", "3"]
    assert made["orchestratorVersion"] == "1.34"
    assert made["tags"] == {"team": "search", "penstock-pool": "web"}


def test_a_pool_takes_its_cluster_as_an_output_too() -> None:
    assert pool(as_output=True)["vnetSubnetID"] == pool()["vnetSubnetID"]


def test_a_pool_takes_fewer_zones_than_its_cluster() -> None:
    assert pool(zones=[2])["availabilityZones"] == ["2"]


def test_the_kinds_buy_their_machines_in_their_way() -> None:
    assert pool(penstock.OnDemandNodePool)["scaleSetPriority"] == "Regular"
    spot = pool(penstock.SpotNodePool)
    assert (spot["scaleSetPriority"], spot["scaleSetEvictionPolicy"], spot["spotMaxPrice"]) == ("Spot", "Delete", -1)
    assert "upgradeSettings" not in spot
    reserved = pool(penstock.ReservedNodePool, min_nodes=3, commitment={"term": "1y"})
    assert (reserved["scaleSetPriority"], reserved["minCount"]) == ("Regular", 3)


def test_a_gpu_pool_may_be_spot() -> None:
    made = pool(penstock.GpuNodePool, purchase="spot", **GPU)
    assert made["gpuProfile"] == {"driver": "Install"}
    assert made["nodeTaints"] == [
        "nvidia.com/gpu=present:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]


def test_a_made_reservation_is_zonal_and_usable_before_the_pool_is_made() -> None:
    registered = both(penstock.GpuNodePool, zones=["1", "2"], capacity_reservation={"create": True}, **GPU)
    held = of_type(registered, "azure-native:compute:CapacityReservation")
    assert [(made["zones"], made["sku"]) for made in held.values()] == [
        (["1"], {"name": "Standard_NC24ads_A100_v4", "capacity": 2}),
        (["2"], {"name": "Standard_NC24ads_A100_v4", "capacity": 1}),
    ]
    (group,) = of_type(registered, "azure-native:compute:CapacityReservationGroup").values()
    assert group["zones"] == ["1", "2"]
    assert "/capacityReservationGroups/" in of_type(registered, POOL)["web"]["capacityReservationGroupID"]
    names = [r.name for r in registered if r.type.startswith("azure-native:")]
    assert max(map(names.index, [*held, "web-reservation-aks"])) < names.index("web")


def test_the_cluster_contributes_to_nothing_but_the_reservation() -> None:
    registered = both(zones=["1"], capacity_reservation={"create": True}, kind=penstock.OnDemandNodePool)
    role = of_type(registered, ROLE)["web-reservation-aks"]
    assert role["roleDefinitionId"].endswith(Role.CONTRIBUTOR)
    assert role["principalType"] == "ServicePrincipal"
    (group,) = of_type(registered, "azure-native:compute:CapacityReservationGroup").values()
    assert role["scope"].endswith(f"/{group['resourceGroupName']}")
    assert group["resourceGroupName"] != of_type(registered, POOL)["web"]["resourceGroupName"]


def test_a_compact_pool_has_a_placement_group_of_its_own() -> None:
    registered = both(penstock.OnDemandNodePool, zones=["1"], compact=True)
    assert list(of_type(registered, "azure-native:compute:ProximityPlacementGroup")) == ["web-placement-1"]
    assert "/proximityPlacementGroups/" in of_type(registered, POOL)["web"]["proximityPlacementGroupID"]


def test_a_reservation_in_a_cluster_without_an_identity_of_its_own_is_refused() -> None:
    theirs = {"cloud": "azure", "name": "c", "location": "eastus", "zones": ["1"], "resource_group": "g"}
    args = {**PLAIN, "cluster": {**theirs, "subnets": {"1": "s"}}, "zones": ["1"]}
    held = {"capacity_reservation": {"name": f"{GROUP}/providers/Microsoft.Compute/capacityReservationGroups/h"}}
    with pytest.raises(Exception, match="system-assigned"):
        run(lambda: penstock.OnDemandNodePool("web", {**args, **held}))


def test_a_mix_makes_pools_that_serve_the_same_workloads() -> None:
    mixes: list[penstock.PurchaseMix] = []
    args = {
        "cloud": "azure",
        "machine_types": ["Standard_D8s_v5"],
        "nodes": 10,
        "shares": {"on_demand": 20, "spot": 60, "reserved": 20},
        "commitment": {"term": "1y"},
        "labels": {"workload-type": "web"},
    }

    def program() -> None:
        mixes.append(penstock.PurchaseMix("web", {**args, "cluster": penstock.Cluster("llm", CLUSTER).ref}))

    pools = of_type(run(program), POOL)
    bounds = {name: (made["minCount"], made["maxCount"]) for name, made in pools.items()}
    assert bounds == {"web-reserved": (2, 2), "web-on-demand": (0, 2), "web-spot": (0, 6)}
    assert len({made["agentPoolName"] for made in pools.values()}) == 3
    assert penstock.scheduling(*mixes[-1].pools)["node_selector"] == {"workload-type": "web"}
