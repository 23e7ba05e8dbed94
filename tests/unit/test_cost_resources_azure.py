"""What resources of Azure cost, by hand."""

import pytest

from penstock_cost.money import CostError
from penstock_cost.resources import UNKNOWN
from penstock_cost.resources.disks import azure_tier
from tests.support.cost_resources import HOUR, costs, machines_of, priced, resource

CLUSTER, POOL = "azure-native:containerservice:ManagedCluster", "azure-native:containerservice:AgentPool"
FEE = 0.1 * HOUR


def cluster(token=CLUSTER, **properties):
    return resource(token, "cluster", {"sku": {"name": "Base", "tier": "Standard"}, "location": "eastus", **properties})


def pool(token=POOL, within=None, name="it", **properties):
    scaling = {"enableAutoScaling": True, "minCount": 1, "maxCount": 3, "count": 2}
    given = {"vmSize": "Standard_D2s_v5", "osDiskType": "Ephemeral", **scaling, **properties}
    return resource(token, name, given, joined={"resourceName": [within or cluster()]})


@pytest.mark.parametrize("token", [POOL, "azure-native:containerservice/v20230101:AgentPool"])
def test_a_pool_costs_its_bounds_whatever_version_its_type_has(token):
    bill = priced(pool(token), config={"azure-native:location": "eastus"})
    assert costs(bill) == (HOUR, 2 * HOUR, 3 * HOUR, 3 * HOUR)


def test_a_pool_without_autoscaling_has_its_count():
    assert machines_of(priced(pool(enableAutoScaling=False, count=5))).counts == (5, 5, 5, 5)


def test_a_pool_lies_where_its_cluster_does():
    within = cluster()
    assert machines_of(priced(within, pool(within=within), config={"x": "y"})).region == "eastus"


@pytest.mark.parametrize(
    ("disk", "usd"),
    [
        ({"osDiskType": "Ephemeral"}, 0),
        ({"osDiskType": "Managed", "osDiskSizeGB": 100}, 20),
        ({"osDiskType": "Managed", "osDiskSizeGB": 129}, 40),
        ({"osDiskType": "Managed"}, 20),  # 128 GiB below 8 vCPU
        ({"osDiskType": "Managed", "vmSize": "Standard_D8s_v5"}, 40),  # 256 GiB
    ],
)
def test_disks_are_paid_by_their_size_rounded_up(disk, usd):
    items = priced(pool(**{"minCount": 1, "maxCount": 1, **disk})).items
    assert sum(item.cost.floor for item in items if item.kind == "disks") == usd


def test_tiers_are_rounded_up_and_end():
    sizes = [(1, "P1"), (4, "P1"), (5, "P2"), (128, "P10"), (129, "P15"), (1024, "P30"), (32767, "P80")]
    assert [azure_tier("Premium_LRS", gib) for gib, _ in sizes] == [tier for _, tier in sizes]
    assert azure_tier("Standard_LRS", 1) == "S4"
    with pytest.raises(CostError, match="larger than any"):
        azure_tier("Premium_LRS", 40000)
    with pytest.raises(CostError, match="Known are"):
        azure_tier("UltraSSD_LRS", 10)


def test_pools_inside_a_cluster_count_once_also_after_a_refresh():
    inline = {"name": "system", "vmSize": "Standard_D2s_v5", "count": 1, "osDiskType": "Ephemeral"}
    within = cluster(agentPoolProfiles=[inline, {**inline, "name": "web", "count": 9}])
    bill = priced(within, pool(within=within, agentPoolName="web"))
    assert bill.cost.floor == pytest.approx(FEE + HOUR + HOUR)
    assert {item.pool for item in bill.items if item.kind == "machines"} == {"cluster-system", "it"}


def test_a_pool_inside_a_cluster_without_a_price_leaves_the_others_theirs():
    known = {"name": "b", "vmSize": "Standard_D2s_v5", "count": 1, "osDiskType": "Ephemeral"}
    bill = priced(cluster(agentPoolProfiles=[{**known, "name": "a", "count": UNKNOWN}, known]))
    assert [(hole.pool, hole.property) for hole in bill.holes] == [("cluster-a", "agentPoolProfiles[0].count")]
    assert {item.pool for item in bill.items if item.kind == "machines"} == {"cluster-b"}


@pytest.mark.parametrize(("tier", "usd"), [(None, 0), ("Free", 0), ("Standard", FEE), ("Premium", 6 * FEE)])
def test_the_fee_of_a_cluster_is_that_of_its_tier(tier, usd):
    bill = priced(cluster(sku={"tier": tier} if tier else None))
    assert costs(bill)[0] == pytest.approx(usd) and len(bill.items) == 1


def test_spot_and_what_is_unknown():
    spot = machines_of(priced(pool(scaleSetPriority="Spot")))
    assert (spot.cost.floor, spot.cost.ceiling) == (HOUR / 4, 3 * HOUR)
    for path in ("maxCount", "vmSize", "scaleSetPriority", "enableAutoScaling"):
        assert [hole.property for hole in priced(pool(**{path: UNKNOWN})).holes] == [path]


def test_a_capacity_reservation_is_paid_once_by_the_pool_that_names_its_group():
    group = resource("azure-native:compute:CapacityReservationGroup", "group")
    held = [
        resource(
            "azure-native:compute:CapacityReservation",
            f"held-{zone}",
            {"sku": {"name": "Standard_D2s_v5", "capacity": 2}, "location": "eastus", "zones": [zone]},
            joined={"capacityReservationGroupName": [group]},
        )
        for zone in "12"
    ]
    asking = resource(
        POOL,
        "it",
        dict(pool(maxCount=6).properties),
        joined={"resourceName": [cluster()], "capacityReservationGroupID": [group]},
    )
    machines = priced(group, *held, asking).only(lambda line: line.kind == "machines").cost
    assert (machines.floor, machines.ceiling) == (4 * HOUR, 6 * HOUR)
    alone = priced(group, *held).cost
    assert alone.floor == alone.ceiling == 4 * HOUR


def test_machines_scale_sets_and_disks():
    storage = {
        "osDisk": {"diskSizeGB": 128, "createOption": "FromImage", "managedDisk": {"storageAccountType": "Premium_LRS"}}
    }
    machine = {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "storageProfile": storage}
    assert costs(priced(resource("azure-native:compute:VirtualMachine", properties=machine)))[0] == HOUR + 20
    sets = resource(
        "azure-native:compute:VirtualMachineScaleSet",
        "set",
        {"sku": {"name": "Standard_D2s_v5", "capacity": 2}, "virtualMachineProfile": {"storageProfile": storage}},
    )
    assert costs(priced(sets))[0] == 2 * (HOUR + 20)
    profile = {"capacity": {"minimum": "1", "maximum": "4", "default": "2"}}
    setting = resource(
        "azure-native:monitor:AutoscaleSetting",
        "scaling",
        {"profiles": [profile]},
        joined={"targetResourceUri": [sets]},
    )
    assert costs(priced(sets, setting)) == (HOUR + 20, 2 * (HOUR + 20), 4 * (HOUR + 20), 4 * (HOUR + 20))
    disk = {"sku": {"name": "Standard_LRS"}, "diskSizeGB": 32}
    assert costs(priced(resource("azure-native:compute:Disk", properties=disk)))[0] == 1.5


def test_networks():
    assert costs(priced(resource("azure-native:network:PublicIPAddress")))[0] == pytest.approx(0.01 * HOUR)
    assert costs(priced(resource("azure-native:network:NatGateway")))[0] == pytest.approx(0.05 * HOUR)
    rules = {"sku": {"name": "Standard"}, "loadBalancingRules": [{}]}
    assert costs(priced(resource("azure-native:network:LoadBalancer", properties=rules)))[0] == pytest.approx(
        0.025 * HOUR
    )
    assert priced(resource("azure-native:network:LoadBalancer")).free == 1
    assert priced(resource("azure-native:network/v20230501:VirtualNetwork")).free == 1
