"""Laws that hold for every stack, and that nothing in a program makes the estimate fail."""

import math
from fnmatch import fnmatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_cost import tables
from penstock_cost.resources import UNKNOWN, UNKNOWN_TEXT, Options, Stack, bill_of
from penstock_cost.resources.kinds import Kind, kind_of
from penstock_cost.resources.registry import pricers
from penstock_cost.resources.tokens import plain
from tests.support.cost_resources import costs, priced, resource

TEMPLATE = resource("aws:ec2/launchTemplate:LaunchTemplate", "template", {"instanceType": "m5.large"})


@st.composite
def pools(draw, name="pool"):
    least = draw(st.integers(0, 20))
    most = least + draw(st.integers(0, 20))
    kind = draw(st.sampled_from(["aws", "gcp", "azure", "mixed"]))
    spot = draw(st.booleans())
    if kind == "aws":
        scaling = {"minSize": least, "maxSize": most, "desiredSize": draw(st.integers(0, 40))}
        types = draw(st.lists(st.sampled_from(["m5.large", "m5.xlarge", "c5.large"]), min_size=1, max_size=3))
        more = {"capacityType": "SPOT" if spot else "ON_DEMAND", "labels": {"pool": "a"}}
        return resource("aws:eks/nodeGroup:NodeGroup", name, {"scalingConfig": scaling, "instanceTypes": types, **more})
    if kind == "gcp":
        per_zone = draw(st.booleans())
        prefix = ("minNodeCount", "maxNodeCount") if per_zone else ("totalMinNodeCount", "totalMaxNodeCount")
        config = {"machineType": "n2-standard-2", "spot": spot}
        places = draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True))
        scaling = dict(zip(prefix, (least, most), strict=True))
        return resource(
            "gcp:container/nodePool:NodePool",
            name,
            {"nodeConfig": config, "autoscaling": scaling, "nodeLocations": places},
        )
    if kind == "azure":
        given = {"enableAutoScaling": True, "minCount": least, "maxCount": most, "vmSize": "Standard_D2s_v5"}
        return resource("azure-native:containerservice:AgentPool", name, {**given, "osDiskType": "Ephemeral"})
    share = {
        "onDemandBaseCapacity": draw(st.integers(0, 5)),
        "onDemandPercentageAboveBaseCapacity": draw(st.integers(0, 100)),
    }
    policy = {"instancesDistribution": share}
    properties = {"minSize": least, "maxSize": most, "mixedInstancesPolicy": policy}
    return resource("aws:autoscaling/group:Group", name, properties, joined={"mixedInstancesPolicy": [TEMPLATE]})


@st.composite
def stacks(draw):
    resources = [draw(pools(f"pool-{index}")) for index in range(draw(st.integers(1, 4)))]
    for index in range(draw(st.integers(0, 2))):
        held = {"instanceType": "m5.large", "instanceCount": draw(st.integers(0, 30))}
        resources.append(resource("aws:ec2/capacityReservation:CapacityReservation", f"held-{index}", held))
    for index in range(draw(st.integers(0, 3))):
        template = {"nodeSelector": {"pool": "a"}, "containers": [{"resources": {"requests": {"cpu": "1"}}}]}
        spec = {"replicas": draw(st.integers(0, 30)), "template": {"spec": template}}
        resources.append(resource("kubernetes:apps/v1:Deployment", f"app-{index}", {"spec": spec}))
    return [TEMPLATE, *resources]


@given(stacks(), st.randoms())
@settings(max_examples=150, deadline=None)
def test_floor_expected_and_ceiling_are_in_order_and_the_order_of_resources_does_not_matter(stack, random):
    bill = priced(*stack)
    for item in bill.items:
        cost = item.cost
        assert 0 <= cost.floor <= cost.expected + 1e-6 and cost.expected <= cost.ceiling + 1e-6
        assert cost.floor - 1e-6 <= cost.bounded <= cost.ceiling + 1e-6
    shuffled = list(stack)
    random.shuffle(shuffled)
    assert costs(priced(*shuffled)) == pytest.approx(costs(bill))


@given(stacks(), pools("another"))
@settings(max_examples=100, deadline=None)
def test_another_pool_never_lowers_the_floor_or_the_ceiling(stack, another):
    before, after = priced(*stack).cost, priced(*stack, another).cost
    assert after.floor >= before.floor - 1e-6
    assert after.ceiling >= before.ceiling - 1e-6


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**13), 10**13)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([UNKNOWN, UNKNOWN_TEXT, "m5.large", "gp3", 1, 3, {}, []]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted(
    """scalingConfig minSize maxSize desiredSize instanceTypes capacityType launchTemplate region type size iops sku tier
    capacity name nodeConfig autoscaling totalMaxNodeCount nodeCount machineType guestAccelerators diskSizeGb nodeLocations
    location initialNodeCount vmSize count minCount maxCount enableAutoScaling osDiskSizeGB agentPoolProfiles spec template
    containers resources requests storage replicas volumeClaimTemplates triggers metadata labels taints nodeTaints
    mixedInstancesPolicy instancesDistribution overrides rootBlockDevice volumeSize version upgradePolicy supportType
    specificReservation instanceProperties plan reservationAffinity values subnets subnetIds vpcEndpointType loadBalancerType
    storageProfile osDisk dataDisks hardwareProfile cost purchase schedule profile desired""".split()
)
PROPERTIES = st.recursive(
    JSON,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6) | st.lists(inner, max_size=2),
    max_leaves=20,
)


@given(st.sampled_from(sorted(pricers())), st.dictionaries(st.sampled_from(NAMES), PROPERTIES, max_size=8))
@settings(max_examples=150, deadline=None)
def test_nonsense_never_crashes_and_is_never_a_number_that_is_none(token, properties):
    bill = priced(TEMPLATE, resource(token, properties=properties, joined={"launchTemplate": [TEMPLATE]}))
    assert all(math.isfinite(usd) and usd >= 0 for item in bill.items for usd in item.cost)
    assert all(hole.reason.rstrip().endswith(".") for hole in bill.holes)
    assert bill.free + len(bill.items) + len(bill.holes) >= 2


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5))
@settings(max_examples=200, deadline=None)
def test_a_nonsense_annotation_never_crashes(cost):
    made = resource("penstock:index:SpotNodePool", "made", {"cost": cost}, custom=False)
    scaling = {"scalingConfig": {"minSize": 1, "maxSize": 2}, "instanceTypes": ["m5.large"]}
    bill = priced(made, resource("aws:eks/nodeGroup:NodeGroup", properties=scaling, parent=made))
    assert bill.items or bill.holes


def test_every_resource_is_free_priced_or_a_hole():
    kinds = ["aws:ec2/vpc:Vpc", "aws:kms/key:Key", "acme:magic:Thing", "aws:dynamodb/table:Table"]
    bill = priced(*[resource(kind) for kind in kinds])
    assert (bill.free, len(bill.items), len(bill.holes)) == (1, 1, 2)
    assert "does not know" in next(hole.reason for hole in bill.holes if hole.type == "acme:magic:Thing")


def test_allowed_holes_are_marked_by_globs_with_or_without_the_version():
    for glob in ("acme:*", "kubernetes:helm.sh:Release", "kubernetes:helm.sh/v3:*"):
        bill = priced(resource("acme:x:Y"), resource("kubernetes:helm.sh/v3:Release"), allowed_holes=[glob])
        assert sum(hole.allowed for hole in bill.holes) == 1


def test_the_tables_say_each_thing_once_and_where_it_was_read():
    rows = [(kind, row) for kind in Kind for row in tables.read(kind.value)]
    assert all(row["source"].startswith("https://") and row["reason"] and row["as_of"] for _, row in rows)
    free = [row["type"] for kind, row in rows if kind is Kind.FREE]
    assert len(free) == len(set(free))


def test_no_type_with_a_pricer_is_also_in_a_table_by_name():
    named = {row["type"] for kind in Kind for row in tables.read(kind.value)}
    assert not named & set(pricers())


def test_the_longest_glob_decides():
    assert kind_of("kubernetes:apps/v1:Deployment")[0] is Kind.FREE
    assert kind_of("kubernetes:karpenter.sh/v1:NodePool")[0] is Kind.UNPRICED
    assert kind_of("azure-native:network/v20230501:Subnet")[0] is Kind.FREE
    assert plain("kubernetes:core/v1:Pod") == "kubernetes:core:Pod"
    assert fnmatch("kubernetes:apps:Deployment", "kubernetes:*")


def test_tokens_of_an_api_are_lines_of_the_bill() -> None:
    # 10 million tokens a day, three quarters of them input: (7.5 x 0.50 + 2.5 x 1.50) USD a day, 730 / 24 days.
    options = Options(llm=({"model": "gpt-3.5-turbo", "tokens_per_day": 10e6, "input_share": 0.75, "tenant": "acme"},))
    (item,) = bill_of(Stack([]), options=options).items
    assert item.cost.expected == pytest.approx(7.5 * 730 / 24)
    assert (item.kind, item.tenant) == ("tokens", "acme")
