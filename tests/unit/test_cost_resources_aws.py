"""What resources of AWS cost, by hand."""

from datetime import date

import pytest

from penstock_cost.resources import UNKNOWN, UNKNOWN_TEXT, Stack, bill_of
from tests.support.cost_resources import HOUR, costs, machines_of, priced, resource

NODE_GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
GROUP, INSTANCE = "aws:autoscaling/group:Group", "aws:ec2/instance:Instance"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"


def disks(size=100, **more):
    return {
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": size, "volumeType": "gp3", **more}}]
    }


def node_group(least=1, most=4, **more):
    scaling = {"minSize": least, "maxSize": most, "desiredSize": more.pop("desired", least)}
    return {"scalingConfig": scaling, "instanceTypes": ["m5.large"], **more}


def test_a_node_group_costs_its_bounds_with_the_default_disk_of_20_gib():
    bill = priced(resource(NODE_GROUP, properties=node_group(1, 4, desired=2)))
    assert costs(bill) == (HOUR + 4, 2 * HOUR + 8, 4 * HOUR + 16, 4 * HOUR + 16)
    assert not bill.holes


def test_a_spot_group_costs_the_spot_price_at_the_floor_and_the_list_price_at_the_ceiling():
    item = machines_of(priced(resource(NODE_GROUP, properties=node_group(2, 4, capacityType="SPOT"))))
    assert (item.cost.floor, item.cost.ceiling) == (2 * 0.25 * HOUR, 4 * HOUR)


def test_instance_type_and_disks_come_from_the_joined_launch_template():
    template = resource(TEMPLATE, "template", {"instanceType": "m5.xlarge", **disks(100, iops=4000, throughput=225)})
    properties = node_group(1, 1, launchTemplate={"id": UNKNOWN, "version": UNKNOWN})
    del properties["instanceTypes"]
    bill = priced(template, resource(NODE_GROUP, properties=properties, joined={"launchTemplate": [template]}))
    assert costs(bill)[0] == 2 * HOUR + 100 * 0.1 + 1000 * 0.01 + 100 * 0.05
    assert bill.free == 1


def test_a_launch_template_outside_of_the_program_makes_its_disks_a_hole():
    bill = priced(resource(NODE_GROUP, properties=node_group(launchTemplate={"id": "lt-1", "version": "1"})))
    assert [hole.property for hole in bill.holes] == ["launchTemplate"]
    assert machines_of(bill).cost.floor == HOUR


@pytest.mark.parametrize("unknown", [UNKNOWN, UNKNOWN_TEXT])
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"capacityType": ...}, "capacityType"),
        ({"instanceTypes": ...}, "instanceTypes"),
        ({"instanceTypes": [...]}, "instanceTypes[0]"),
        ({"scalingConfig": {"minSize": 1, "maxSize": ...}}, "scalingConfig.maxSize"),
        ({"scalingConfig": ...}, "scalingConfig"),
        ({"region": ...}, "region"),
    ],
)
def test_what_decides_the_price_and_is_unknown_is_a_hole_that_names_it(unknown, change, path):
    def put(value):
        if value is ...:
            return unknown
        if isinstance(value, dict):
            return {key: put(one) for key, one in value.items()}
        return [put(one) for one in value] if isinstance(value, list) else value

    bill = priced(resource(NODE_GROUP, properties={**node_group(), **put(change)}))
    assert [hole.property for hole in bill.holes] == [path]
    assert not bill.items


def test_what_does_not_decide_may_be_unknown():
    bill = priced(resource(NODE_GROUP, properties=node_group(labels=UNKNOWN, subnetIds=UNKNOWN, nodeRoleArn=UNKNOWN)))
    assert not bill.holes


@pytest.mark.parametrize("size", [-1, 1e12, "many", True, 1.5, float("nan"), float("inf"), [], {}])
def test_absurd_sizes_are_holes(size):
    bill = priced(resource(NODE_GROUP, properties=node_group(0, size)))
    assert len(bill.holes) == 1 and not bill.items


def test_sizes_that_engines_write_as_floats_and_texts_count():
    assert machines_of(priced(resource(NODE_GROUP, properties=node_group(1.0, "4")))).counts[2] == 4


def test_a_mixed_group_is_split_into_its_on_demand_base_and_spot():
    template = resource(TEMPLATE, "template", disks())
    policy = {
        "instancesDistribution": {"onDemandBaseCapacity": 2, "onDemandPercentageAboveBaseCapacity": 50},
        "launchTemplate": {"overrides": [{"instanceType": "m5.large"}, {"instanceType": "c5.large"}]},
    }
    properties = {"minSize": 4, "maxSize": 10, "mixedInstancesPolicy": policy}
    bill = priced(template, resource(GROUP, properties=properties, joined={"mixedInstancesPolicy": [template]}))
    on_demand, spot = [item for item in bill.items if item.kind == "machines"]
    assert (on_demand.counts[0], on_demand.counts[2]) == (3, 6)  # 2 + half of 2; 2 + half of 8
    assert (spot.counts[0], spot.counts[2]) == (1, 4)
    assert spot.cost.floor == pytest.approx(1 * 0.2 * HOUR)  # the cheaper type
    assert spot.cost.ceiling == pytest.approx(4 * 1.0 * HOUR)  # the dearer one, on demand


def test_a_group_with_weights_or_attributes_is_a_hole():
    template = resource(TEMPLATE, "template", disks())
    for override in (
        {"instanceType": "m5.large", "weightedCapacity": "2"},
        {"instanceRequirements": {"vcpuCount": {}}},
    ):
        policy = {"launchTemplate": {"overrides": [override]}}
        group = resource(
            GROUP,
            properties={"minSize": 1, "maxSize": 2, "mixedInstancesPolicy": policy},
            joined={"mixedInstancesPolicy": [template]},
        )
        assert len(priced(template, group).holes) == 1


def test_an_instance_has_its_disk_and_its_address_on_its_bill():
    properties = {
        "instanceType": "m5.large",
        "rootBlockDevice": {"volumeSize": 50, "volumeType": "gp3"},
        "associatePublicIpAddress": True,
    }
    assert costs(priced(resource(INSTANCE, properties=properties))) == (HOUR + 5 + 0.01 * HOUR,) * 4


def test_an_instance_without_a_stated_disk_has_a_hole_and_no_guess():
    bill = priced(resource(INSTANCE, properties={"instanceType": "m5.large"}))
    assert [hole.property for hole in bill.holes] == ["rootBlockDevice.volumeSize"]
    assert costs(bill)[0] == HOUR


def test_a_spot_request_and_spot_options_buy_spot():
    disk = {"rootBlockDevice": {"volumeSize": 10, "volumeType": "gp3"}, "instanceType": "m5.large"}
    request = resource("aws:ec2/spotInstanceRequest:SpotInstanceRequest", properties=disk)
    options = resource(INSTANCE, properties={**disk, "instanceMarketOptions": {"marketType": "spot"}})
    assert machines_of(priced(request)).purchase == machines_of(priced(options)).purchase == "spot"


@pytest.mark.parametrize(
    ("version", "support", "floor", "ceiling"),
    [
        ("1.31", "EXTENDED", 0.6, 0.6),
        ("1.31", "STANDARD", 0.1, 0.1),
        ("1.20", None, 0.6, 0.6),  # older than the table; EXTENDED is AWS's default
        ("1.35", "EXTENDED", 0.1, 0.1),
        ("1.99", "EXTENDED", 0.1, 0.1),
        (None, None, 0.1, 0.1),
        (UNKNOWN, "EXTENDED", 0.1, 0.6),
        (UNKNOWN, "STANDARD", 0.1, 0.1),
    ],
)
def test_a_cluster_costs_more_once_the_support_of_its_version_has_ended(version, support, floor, ceiling):
    properties = {} if version is None else {"version": version}
    if support:
        properties["upgradePolicy"] = {"supportType": support}
    bill = priced(resource("aws:eks/cluster:Cluster", properties=properties), today=date(2026, 11, 21))
    assert (bill.cost.floor, bill.cost.ceiling) == pytest.approx((floor * HOUR, ceiling * HOUR))


def test_a_reservation_is_paid_once_when_a_pool_runs_in_it():
    reservation = resource(
        RESERVATION, "held", {"instanceType": "m5.large", "instanceCount": 3, "instanceMatchCriteria": "targeted"}
    )
    target = {"capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": UNKNOWN}}}
    template = resource(
        TEMPLATE, "template", {**disks(), **target}, joined={"capacityReservationSpecification": [reservation]}
    )
    pool = resource(NODE_GROUP, properties=node_group(1, 5), joined={"launchTemplate": [template]})
    bill = priced(reservation, template, pool)
    machines = [item for item in bill.items if item.kind == "machines"]
    assert sum(item.cost.floor for item in machines) == 3 * HOUR  # held, though one runs
    assert sum(item.cost.ceiling for item in machines) == 5 * HOUR
    assert sum(item.cost.expected for item in machines) == 3 * HOUR


def test_a_reservation_that_nothing_uses_is_paid_in_full():
    bill = priced(resource(RESERVATION, "held", {"instanceType": "m5.large", "instanceCount": 3}))
    assert costs(bill) == (3 * HOUR,) * 4


def test_what_a_pool_cannot_use_of_a_reservation_is_paid_beside_it():
    reservation = resource(RESERVATION, "held", {"instanceType": "m5.large", "instanceCount": 6})
    bill = priced(reservation, resource(NODE_GROUP, properties=node_group(0, 4)))
    assert bill.only(lambda line: line.kind == "machines").cost == pytest.approx((6 * HOUR,) * 4)


def test_volumes_addresses_gateways_and_load_balancers():
    assert (
        costs(priced(resource("aws:ebs/volume:Volume", properties={"type": "io2", "size": 10, "iops": 100})))[0] == 13
    )
    assert costs(priced(resource("aws:ec2/eip:Eip")))[0] == pytest.approx(0.01 * HOUR)
    gateway = resource("aws:ec2/natGateway:NatGateway")
    assert costs(priced(gateway))[0] == pytest.approx(0.05 * HOUR)
    assert "not in it" in priced(gateway).items[0].notes[0]
    assert costs(priced(gateway, usage={"*": {"gb": 1000}}))[0] == pytest.approx(0.05 * HOUR + 40)
    balancer = resource("aws:lb/loadBalancer:LoadBalancer", properties={"internal": True})
    assert costs(priced(balancer, usage={"it": {"capacity_units": 10}}))[0] == pytest.approx(0.1 * HOUR)
    public = resource(
        "aws:lb/loadBalancer:LoadBalancer", properties={"loadBalancerType": "network", "subnets": ["a", "b"]}
    )
    assert costs(priced(public))[0] == pytest.approx(0.05 * HOUR)


def test_endpoints_are_paid_in_each_zone_and_gateway_endpoints_are_free():
    subnets = [resource("aws:ec2/subnet:Subnet", name) for name in "abc"]
    endpoint = resource(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        properties={"vpcEndpointType": "Interface", "subnetIds": UNKNOWN},
        joined={"subnetIds": subnets},
    )
    assert costs(priced(*subnets, endpoint))[0] == pytest.approx(0.03 * HOUR)
    bill = priced(resource("aws:ec2/vpcEndpoint:VpcEndpoint", properties={"serviceName": "s3"}))
    assert (bill.free, bill.items, bill.holes) == (1, (), ())


def test_keys_have_a_flat_price_and_logs_cost_what_is_logged():
    assert costs(priced(resource("aws:kms/key:Key")))[0] == 1
    logs = resource("aws:cloudwatch/logGroup:LogGroup")
    assert len(priced(logs).holes) == 1
    assert priced(logs, allowed_holes=["aws:cloudwatch/*"]).holes[0].allowed
    assert costs(priced(logs, usage={"it": {"gb": 10}}))[0] == 5


def test_databases_are_holes_that_say_how_to_price_them():
    bill = priced(resource("aws:elasticache/cluster:Cluster", properties={"nodeType": "cache.r6g.large"}))
    assert "elasticache_cache.r6g.large" in bill.holes[0].reason


def test_a_region_comes_from_the_resource_its_provider_or_the_configuration():
    provider = resource("pulumi:providers:aws", "elsewhere", {"region": "eu-west-1"})
    volume = {"type": "gp3", "size": 1}
    through = resource("aws:ebs/volume:Volume", properties=volume, provider=f"{provider.urn}::id")
    assert priced(provider, through).items[0].region == "eu-west-1"
    zone = resource("aws:ebs/volume:Volume", properties={**volume, "availabilityZone": "eu-west-1b"})
    assert priced(zone).items[0].region == "eu-west-1"
    nowhere = priced(resource("aws:ebs/volume:Volume", properties=volume), config={"other": "x"})
    assert nowhere.holes[0].property == "region"


def test_with_the_bundled_prices_the_ceiling_of_ten_v100_machines_is_above_22_thousand():
    group = resource(NODE_GROUP, properties={**node_group(0, 10), "instanceTypes": ["p3.2xlarge"], "diskSize": 100})
    bill = bill_of(Stack([group], {"aws:region": "us-east-1"}))
    assert machines_of(bill).cost.ceiling == pytest.approx(10 * 3.06 * 730)
    assert not bill.holes
