"""What resources of Google Cloud cost, by hand."""

import pytest

from penstock_cost.book import NegotiatedRates, PriceBook
from penstock_cost.resources import UNKNOWN, Options, Stack, bill_of
from tests.support.cost_resources import HOUR, costs, machines_of, priced, resource

CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
RESERVATION, COMMITMENT = "gcp:compute/reservation:Reservation", "gcp:compute/regionCommitment:RegionCommitment"
N2 = {"machineType": "n2-standard-2"}
FEE = 0.1 * HOUR


def cluster(**properties):
    return resource(CLUSTER, "cluster", {"location": "us-central1", "removeDefaultNodePool": True, **properties})


def pool(config=None, within=None, name="it", **properties):
    within = within or cluster()
    return resource(POOL, name, {"nodeConfig": {**N2, **(config or {})}, **properties}, joined={"cluster": [within]})


def test_total_bounds_are_not_multiplied_and_disks_default_to_100_gb():
    scaling = {"totalMinNodeCount": 1, "totalMaxNodeCount": 4}
    bill = priced(pool(autoscaling=scaling, nodeLocations=["a", "b", "c"], initialNodeCount=1))
    assert costs(bill) == (HOUR + 10, 3 * (HOUR + 10), 4 * (HOUR + 10), 4 * (HOUR + 10))


@pytest.mark.parametrize(
    ("places", "of_cluster", "zones"),
    [
        (["us-central1-a", "us-central1-b"], {}, 2),
        (None, {"nodeLocations": ["us-central1-a", "us-central1-b"]}, 2),
        (None, {}, 3),
        (None, {"location": "us-central1-a"}, 1),
        (None, {"location": "us-central1-a", "nodeLocations": ["us-central1-b"]}, 2),
    ],
)
def test_bounds_of_a_zone_are_multiplied_by_the_zones(places, of_cluster, zones):
    within = cluster(**of_cluster)
    more = {"nodeLocations": places} if places else {}
    bill = priced(within, pool(within=within, autoscaling={"minNodeCount": 1, "maxNodeCount": 2}, **more))
    assert (machines_of(bill).counts[0], machines_of(bill).counts[2]) == (zones, 2 * zones)


def test_a_pool_without_autoscaling_has_its_count_in_each_zone():
    assert machines_of(priced(pool(nodeCount=2, nodeLocations=["a", "b", "c"]))).counts == (6, 6, 6, 6)


def test_unknown_zones_matter_only_where_bounds_are_those_of_a_zone():
    unknown = pool(autoscaling={"minNodeCount": 1, "maxNodeCount": 2}, nodeLocations=UNKNOWN)
    assert [hole.property for hole in priced(unknown).holes] == ["nodeLocations"]
    total = pool(autoscaling={"totalMaxNodeCount": 2}, nodeLocations=UNKNOWN)
    assert not priced(total).holes


def test_attached_accelerators_and_local_disks_are_paid_for_and_built_in_ones_are_not_twice():
    config = {
        "machineType": "n1-standard-4",
        "guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 2}],
        "localNvmeSsdBlockConfig": {"localSsdCount": 1},
    }
    bill = priced(pool(config, nodeCount=1, nodeLocations=["a"]))
    assert costs(bill)[0] == pytest.approx(2 * HOUR + 2 * 0.5 * HOUR + 10 + 375 * 0.08)
    l4 = {"machineType": "g2-standard-4", "guestAccelerators": [{"type": "nvidia-l4", "count": 1}]}
    rates = NegotiatedRates(rates=[{"cloud": "gcp", "machine": "g2-standard-4", "usd": 1}])
    built_in = Stack([pool(l4, nodeCount=1, nodeLocations=["a"])], {"gcp:region": "us-central1"})
    assert machines_of(bill_of(built_in, options=Options(rates=rates))).cost.floor == HOUR


@pytest.mark.parametrize(
    ("machine", "device", "count", "told"),
    [
        ("n2-standard-2", "nvidia-tesla-t4", 1, "attached to n1 machines only, not to n2-standard-2"),
        ("e2-medium", "nvidia-l4", 1, "'nvidia-l4' is not attached to machines"),
        ("n1-standard-4", "nvidia-tesla-t4", 3, "attached in counts of 1, 2, 4, not 3"),
    ],
)
def test_accelerators_on_machines_that_take_none_are_a_hole_and_not_left_out(machine, device, count, told):
    config = {"machineType": machine, "guestAccelerators": [{"type": device, "count": count}]}
    bill = priced(pool(config, nodeCount=1, nodeLocations=["a"]))
    assert not bill.items
    assert told in bill.holes[0].reason


def test_two_types_of_accelerators_and_local_disks_that_are_held_are_holes_and_not_left_out():
    both = [{"type": f"nvidia-tesla-{kind}", "count": 1} for kind in ("t4", "v100")]
    bill = priced(pool({"machineType": "n1-standard-4", "guestAccelerators": both}, nodeCount=1, nodeLocations=["a"]))
    assert [hole.property for hole in bill.holes] == ["nodeConfig.guestAccelerators"]
    wish = {"count": 2, "instanceProperties": {"machineType": "n2-standard-2", "localSsds": [{"interface": "NVME"}]}}
    held = priced(resource(RESERVATION, "held", {"zone": "us-central1-a", "specificReservation": wish}))
    assert [hole.property for hole in held.holes] == ["specificReservation.instanceProperties.localSsds"]
    assert held.cost.floor == 2 * HOUR


def test_local_disks_of_spot_machines_cost_less_until_those_are_replaced():
    config = {"machineType": "n2-standard-4", "spot": True, "ephemeralStorageLocalSsdConfig": {"localSsdCount": 2}}
    scaling = {"totalMinNodeCount": 1, "totalMaxNodeCount": 3}
    bill = bill_of(Stack([pool(config, autoscaling=scaling)], {"gcp:region": "us-central1"}))
    (local,) = [item for item in bill.items if item.what == "2 local SSD"]
    rate = PriceBook.bundled().service
    assert local.cost.floor == pytest.approx(750 * rate("gcp", "us-central1", "local_ssd_spot").usd)
    assert local.cost.ceiling == pytest.approx(3 * 750 * rate("gcp", "us-central1", "local_ssd").usd)


def test_an_inline_pool_without_a_price_leaves_the_others_theirs():
    unknown = {"name": "a", "nodeConfig": N2, "nodeCount": UNKNOWN}
    bill = priced(cluster(nodePools=[unknown, {"name": "b", "nodeConfig": N2, "nodeCount": 1}]))
    assert [(hole.pool, hole.property) for hole in bill.holes] == [("cluster-a", "nodePools[0].nodeCount")]
    assert {item.pool for item in bill.items if item.kind == "machines"} == {"cluster-b"}


@pytest.mark.parametrize("flag", ["spot", "preemptible"])
def test_spot_pools(flag):
    item = machines_of(priced(pool({flag: True}, autoscaling={"totalMinNodeCount": 1, "totalMaxNodeCount": 2})))
    assert (item.cost.floor, item.cost.ceiling) == (HOUR / 4, 2 * HOUR)


def test_a_cluster_has_its_fee_and_its_default_pool_unless_that_is_removed():
    assert costs(priced(cluster())) == pytest.approx((FEE,) * 4)
    bill = priced(cluster(removeDefaultNodePool=False, initialNodeCount=1, nodeLocations=["us-central1-a"]))
    assert costs(bill)[0] == pytest.approx(FEE + 0.5 * HOUR + 10)
    assert {item.pool for item in bill.items} == {"", "cluster-default-pool"}


def test_clusters_that_make_machines_by_themselves_are_holes():
    assert [hole.property for hole in priced(cluster(enableAutopilot=True)).holes] == ["enableAutopilot"]
    auto = cluster(clusterAutoscaling={"enabled": True})
    assert [hole.property for hole in priced(auto).holes] == ["clusterAutoscaling.enabled"]


def reservation(count=3, **properties):
    specific = {"count": count, "instanceProperties": {"machineType": "n2-standard-2"}}
    return resource(
        RESERVATION, "held", {"zone": "us-central1-a", "name": "held-1", "specificReservation": specific, **properties}
    )


@pytest.mark.parametrize("values", [["held-1"], ["projects/p/reservations/held-1"], UNKNOWN])
def test_a_pool_in_a_specific_reservation_pays_it_once(values):
    held = reservation(specificReservationRequired=True)
    affinity = {"consumeReservationType": "SPECIFIC_RESERVATION", "key": "x", "values": values}
    asking = resource(
        POOL,
        properties={"nodeConfig": {**N2, "reservationAffinity": affinity}, "autoscaling": {"totalMaxNodeCount": 5}},
        joined={"nodeConfig": [held], "cluster": [cluster()]},
    )
    bill = priced(held, asking)
    machines = bill.only(lambda line: line.kind == "machines").cost
    assert (machines.floor, machines.ceiling) == (3 * HOUR, 5 * HOUR)


def test_a_pool_that_takes_no_reservation_pays_beside_it():
    asking = pool(
        {"reservationAffinity": {"consumeReservationType": "NO_RESERVATION"}}, autoscaling={"totalMaxNodeCount": 5}
    )
    machines = priced(reservation(), asking).only(lambda line: line.kind == "machines").cost
    assert (machines.floor, machines.ceiling) == (3 * HOUR, 8 * HOUR)


def commitment(vcpu="4", mb="16384", **more):
    resources = [{"type": "VCPU", "amount": vcpu}, {"type": "MEMORY", "amount": mb}]
    plan = {"plan": "TWELVE_MONTH", "type": "GENERAL_PURPOSE_N2", "resources": resources, **more}
    return resource(COMMITMENT, "bought", plan)


def test_a_commitment_makes_the_pool_that_it_covers_cheaper_and_is_not_paid_twice():
    scaling = {"totalMinNodeCount": 2, "totalMaxNodeCount": 4}
    bill = priced(commitment(), pool(autoscaling=scaling))
    machines = bill.only(lambda line: line.kind == "machines").cost
    assert machines.floor == pytest.approx(2 * 0.5 * HOUR)  # twice 2 vCPU, 16 GiB: all of it
    assert machines.ceiling == pytest.approx(2 * 0.5 * HOUR + 2 * HOUR)
    (bought,) = [item for item in bill.items if item.type == COMMITMENT]
    assert bought.irrevocable and bought.cost.ceiling == 0


def test_a_covered_machine_is_priced_by_the_price_book_of_the_package():
    machine = {"machineType": "n2-standard-2", "zone": "us-central1-a"}
    stack = [commitment(), resource("gcp:compute/instance:Instance", "it", machine)]
    bill = bill_of(Stack(stack, {"gcp:region": "us-central1"}))
    listed = PriceBook.bundled().machine("gcp", "us-central1", "n2-standard-2").hourly.usd
    covered = machines_of(bill)
    assert covered.purchase == "reserved"
    assert covered.cost.floor == pytest.approx(0.63 * listed * HOUR, rel=1e-3)


def test_what_no_pool_uses_of_a_commitment_is_paid_for():
    # From the two shapes: 2 vCPU + 8 GiB = $1, 2 vCPU + 16 GiB = $1.40; so 4 vCPU + 16 GiB = $2, and half of that.
    assert costs(priced(commitment())) == pytest.approx((HOUR,) * 4)
    assert priced(commitment()).items[0].irrevocable


def test_a_commitment_to_gpus_or_of_an_unknown_family_is_a_hole():
    gpus = resource(
        COMMITMENT, "bought", {"plan": "TWELVE_MONTH", "resources": [{"type": "ACCELERATOR", "amount": "1"}]}
    )
    assert len(priced(gpus).holes) == 1
    assert len(priced(commitment(type="MEMORY_OPTIMIZED")).holes) == 1


def test_instances_and_instance_groups():
    alone = {"machineType": "n2-standard-2", "bootDisk": {"initializeParams": {"size": 10, "type": "pd-ssd"}}}
    address = {"networkInterfaces": [{"accessConfigs": [{}]}]}
    assert costs(priced(resource("gcp:compute/instance:Instance", properties={**alone, **address})))[
        0
    ] == pytest.approx(HOUR + 2 + 0.01 * HOUR)
    template = resource(
        "gcp:compute/instanceTemplate:InstanceTemplate",
        "template",
        {"machineType": "n2-standard-2", "disks": [{"boot": True, "diskSizeGb": 20, "diskType": "pd-balanced"}]},
    )
    group = resource(
        "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
        "group",
        {"targetSize": 2, "region": "us-central1"},
        joined={"versions": [template]},
    )
    assert costs(priced(template, group))[0] == 2 * (HOUR + 2)
    scaler = resource(
        "gcp:compute/regionAutoscaler:RegionAutoscaler",
        "scaler",
        {"autoscalingPolicy": {"minReplicas": 1, "maxReplicas": 5}},
        joined={"target": [group]},
    )
    bill = priced(template, group, scaler)
    assert (bill.cost.floor, bill.cost.ceiling) == (HOUR + 2, 5 * (HOUR + 2))


def test_disks_addresses_nat_and_rules():
    assert costs(priced(resource("gcp:compute/disk:Disk", properties={"size": 100})))[0] == 4
    regional = {"size": 100, "type": "projects/p/zones/z/diskTypes/pd-ssd"}
    assert costs(priced(resource("gcp:compute/regionDisk:RegionDisk", properties=regional)))[0] == 40
    assert costs(priced(resource("gcp:compute/address:Address")))[0] == pytest.approx(0.01 * HOUR)
    internal = resource("gcp:compute/address:Address", properties={"addressType": "INTERNAL"})
    assert priced(internal).free == 1
    assert costs(priced(resource("gcp:compute/globalAddress:GlobalAddress"), config={"x": "y"}))[0] == pytest.approx(
        0.01 * HOUR
    )
    assert costs(priced(resource("gcp:compute/routerNat:RouterNat")))[0] == pytest.approx(0.06 * HOUR)
    assert costs(priced(resource("gcp:compute/forwardingRule:ForwardingRule")))[0] == pytest.approx(0.025 * HOUR)


def test_access_control_is_free_wherever_it_stands():
    for token in ("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "gcp:storage/bucketIAMBinding:BucketIAMBinding"):
        assert priced(resource(token)).free == 1
