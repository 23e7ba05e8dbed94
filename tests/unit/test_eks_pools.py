"""What the components register for an EKS node pool, in a preview and in a deployment."""

import base64
import re
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

import penstock
from tests.support.eks_program import POOLS, RESERVATION, ZONES, deploy
from tests.support.mocked import Registered, of_type

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TAG = "aws:autoscaling/tag:Tag"
RESERVED = "aws:ec2/capacityReservation:CapacityReservation"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
PLAIN: dict[str, Any] = {"cloud": "aws", "machine_types": ["m7i.2xlarge"], "min_nodes": 0, "max_nodes": 4}
ZONE = {"zones": ["us-east-1a"]}
P4D = {"machine_types": ["p4d.24xlarge"], **ZONE}
BLOCK = {
    "machine_types": ["p5.48xlarge"],
    "purchase": "capacity_block",
    "capacity_reservation": {"name": RESERVATION},
    **ZONE,
}


def both(component: Any, as_output: bool = False, **args: Any) -> list[Registered]:
    """Makes the pool `web` in a preview and in a deployment; what is registered has to be the same."""

    def make(cluster: Any) -> None:
        component("web", {**PLAIN, "cluster": pulumi.Output.from_input(cluster) if as_output else cluster, **args})

    previewed, deployed = deploy(make, preview=True), deploy(make)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def group(component: Any, **args: Any) -> dict[str, Any]:
    return of_type(both(component, **args), GROUP)["web"]


def template(component: Any, **args: Any) -> dict[str, Any]:
    return of_type(both(component, **args), TEMPLATE)["web-template"]


def test_a_pool_is_one_node_group_over_all_zones_with_its_own_template() -> None:
    registered = both(penstock.OnDemandNodePool, min_nodes=2, max_nodes=9)
    made = of_type(registered, GROUP)["web"]
    assert made["clusterName"] == "llm"
    assert made["region"] == "us-east-1"
    assert made["version"] == "1.34"
    assert made["amiType"] == "AL2023_x86_64_STANDARD"
    assert made["capacityType"] == "ON_DEMAND"
    assert made["instanceTypes"] == ["m7i.2xlarge"]
    assert len(made["subnetIds"]) == len(ZONES)
    assert made["scalingConfig"] == {"minSize": 2, "desiredSize": 2, "maxSize": 9}
    assert re.fullmatch(r"arn:aws:iam::\d{12}:role/nodes-.*", made["nodeRoleArn"])
    assert re.fullmatch(r"lt-[0-9a-f]{17}", made["launchTemplate"]["id"])
    assert made["launchTemplate"]["version"] == "1"  # a number, not $Latest
    assert made["nodeGroupNamePrefix"] == "web-"
    assert not {"nodeGroupName", "diskSize", "remoteAccess"} & made.keys()


def test_the_template_is_hardened_and_tells_the_bill_whose_machines_these_are() -> None:
    made = template(penstock.OnDemandNodePool)
    assert made["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    tags = {"team": "llm", "penstock-pool": "web"}
    assert made["tags"] == tags
    assert made["tagSpecifications"] == [
        {"resourceType": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")
    ]
    (disk,) = made["blockDeviceMappings"]
    assert disk == {
        "deviceName": "/dev/xvda",
        "ebs": {"volumeSize": 100, "volumeType": "gp3", "encrypted": "true", "deleteOnTermination": "true"},
    }
    # EKS adds these itself, or takes them from the group, and refuses them here.
    assert (
        not {"instanceType", "instanceMarketOptions", "iamInstanceProfile", "imageId", "networkInterfaces"}
        & made.keys()
    )


def test_only_nodes_on_local_disks_are_told_anything_before_eks_does() -> None:
    assert "userData" not in template(penstock.OnDemandNodePool)
    local = template(penstock.GpuNodePool, machine_types=["g6.12xlarge"], purchase="spot", disk={"type": "local"})
    assert b"RAID0" in base64.b64decode(local["userData"])


def test_a_pool_with_all_three_effects_of_taints_spells_each_for_eks_and_for_kubernetes() -> None:
    effects = {"one": "NoSchedule", "two": "PreferNoSchedule", "three": "NoExecute"}
    taints = [{"key": key, "value": "x", "effect": effect} for key, effect in effects.items()]
    registered = both(penstock.OnDemandNodePool, taints=taints)
    made = of_type(registered, GROUP)["web"]["taints"]
    assert [taint["effect"] for taint in made] == ["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"]
    tags = of_type(registered, TAG)
    assert {key: tags[f"web-taint/{key}"]["tag"]["value"] for key in effects} == {
        key: f"x:{effect}" for key, effect in effects.items()
    }
    assert not any(tag["tag"]["propagateAtLaunch"] for tag in tags.values())


def test_a_pool_names_its_zones() -> None:
    assert len(group(penstock.OnDemandNodePool, zones=["us-east-1b"])["subnetIds"]) == 1


def test_a_zone_without_a_subnet_is_told() -> None:
    with pytest.raises(Exception, match="no subnet in us-east-1f"):
        both(penstock.OnDemandNodePool, zones=["us-east-1f"])


def test_a_zone_that_the_cluster_is_about_to_get_leaves_pools_in_other_zones_alone() -> None:
    def make(cluster: Any) -> None:
        unborn = pulumi.Output(set(), pulumi.Output.from_input(None).future(), _never())
        subnets = {**cluster["subnets"], "us-east-1d": unborn}
        for name, zones in {"stays": ["us-east-1b"], "grows": None}.items():
            args = {**PLAIN, "cluster": {**cluster, "zones": [*ZONES, "us-east-1d"], "subnets": subnets}}
            penstock.OnDemandNodePool(name, {**args, "zones": zones} if zones else args)

    made = of_type(deploy(make, preview=True), GROUP)
    assert made["stays"]["subnetIds"] == ["nodes-us-east-1b-id"]
    assert len(made["grows"].get("subnetIds", [])) != len(ZONES)


async def _never() -> bool:
    """Whether something is known that does not exist yet."""
    return False


def test_a_pool_takes_its_cluster_as_an_output() -> None:
    made = of_type(both(penstock.OnDemandNodePool, as_output=True), GROUP)["web"]
    assert made["clusterName"] == "llm"
    assert len(made["subnetIds"]) == len(ZONES)


def test_the_kinds_buy_their_machines_in_their_way() -> None:
    spot = group(penstock.SpotNodePool, machine_types=["m7i.2xlarge", "m6i.2xlarge"])
    assert (spot["capacityType"], spot["instanceTypes"]) == ("SPOT", ["m7i.2xlarge", "m6i.2xlarge"])
    reserved = group(penstock.ReservedNodePool, min_nodes=4, commitment={"term": "1y"})
    assert reserved["capacityType"] == "ON_DEMAND"
    assert reserved["scalingConfig"] == {"minSize": 4, "desiredSize": 4, "maxSize": 4}
    gpu = group(penstock.GpuNodePool, machine_types=["p3.8xlarge"], purchase="spot")
    assert (gpu["capacityType"], gpu["amiType"]) == ("SPOT", "AL2023_x86_64_NVIDIA")


def test_spot_is_bought_by_the_group_and_never_by_the_template() -> None:
    registered = both(penstock.SpotNodePool, machine_types=["m7i.2xlarge", "m6i.2xlarge"])
    made = of_type(registered, TEMPLATE)["web-template"]
    assert not {"instanceMarketOptions", "instanceType", "capacityReservationSpecification"} & made.keys()
    assert of_type(registered, GROUP)["web"]["instanceTypes"] == ["m7i.2xlarge", "m6i.2xlarge"]


def test_declaring_a_commitment_buys_nothing() -> None:
    registered = both(penstock.ReservedNodePool, min_nodes=4, commitment={"term": "3y", "payment": "all_upfront"})
    assert not [r for r in registered if re.match("aws:.*(saving|reserv)", r.type, re.IGNORECASE)]


def test_no_pool_eats_an_open_reservation_by_accident() -> None:
    none = {"capacityReservationPreference": "none"}
    assert template(penstock.OnDemandNodePool)["capacityReservationSpecification"] == none
    reserved = template(penstock.ReservedNodePool, min_nodes=4, commitment={"term": "1y"})
    assert reserved["capacityReservationSpecification"] == none
    assert "capacityReservationSpecification" not in template(penstock.SpotNodePool)  # it cannot


def test_a_created_reservation_is_targeted_and_holds_what_the_pool_uses() -> None:
    registered = both(penstock.OnDemandNodePool, **ZONE, capacity_reservation={"create": True, "count": 2})
    held = of_type(registered, RESERVED)["web-reservation"]
    assert held == {
        "availabilityZone": "us-east-1a",
        "endDateType": "unlimited",
        "instanceCount": 2,
        "instanceMatchCriteria": "targeted",
        "instancePlatform": "Linux/UNIX",
        "instanceType": "m7i.2xlarge",
        "region": "us-east-1",
        "tags": {"team": "llm", "penstock-pool": "web"},
    }
    made = of_type(registered, TEMPLATE)["web-template"]
    target = made["capacityReservationSpecification"]["capacityReservationTarget"]
    assert re.fullmatch(r"cr-[0-9a-f]{17}", target["capacityReservationId"])
    assert "capacityReservationPreference" not in made["capacityReservationSpecification"]
    assert "instanceMarketOptions" not in made  # it is no Capacity Block
    assert of_type(registered, GROUP)["web"]["capacityType"] == "ON_DEMAND"


def test_a_created_reservation_holds_the_whole_pool_unless_told_otherwise() -> None:
    registered = both(penstock.OnDemandNodePool, **ZONE, capacity_reservation={"create": True})
    assert of_type(registered, RESERVED)["web-reservation"]["instanceCount"] == PLAIN["max_nodes"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (RESERVATION, "capacityReservationId"),
        ("arn:aws:resource-groups:us-east-1:123456789012:group/held", "capacityReservationResourceGroupArn"),
    ],
)
@pytest.mark.parametrize("as_output", [False, True])
def test_an_adopted_reservation_is_targeted_by_id_or_by_its_group(name: str, kind: str, as_output: bool) -> None:
    given = pulumi.Output.from_input(name) if as_output else name
    registered = both(penstock.OnDemandNodePool, **ZONE, capacity_reservation={"name": given})
    assert not of_type(registered, RESERVED)
    made = of_type(registered, TEMPLATE)["web-template"]
    assert made["capacityReservationSpecification"] == {"capacityReservationTarget": {kind: name}}


def test_a_capacity_block_needs_four_things_together() -> None:
    registered = both(penstock.GpuNodePool, **BLOCK)
    made, nodes = of_type(registered, TEMPLATE)["web-template"], of_type(registered, GROUP)["web"]
    assert nodes["capacityType"] == "CAPACITY_BLOCK"
    assert made["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert made["capacityReservationSpecification"] == {
        "capacityReservationTarget": {"capacityReservationId": RESERVATION}
    }
    assert made["instanceType"] == "p5.48xlarge"
    assert "instanceTypes" not in nodes
    assert len(nodes["subnetIds"]) == 1
    assert not of_type(registered, PLACEMENT)


def test_a_compact_pool_has_a_placement_group_in_which_its_reservation_is_made() -> None:
    registered = both(penstock.OnDemandNodePool, **ZONE, compact=True, capacity_reservation={"create": True})
    assert of_type(registered, PLACEMENT)["web-placement"]["strategy"] == "cluster"
    placed = of_type(registered, TEMPLATE)["web-template"]["placement"]
    assert re.fullmatch(r"web-placement-[0-9a-f]{7}", placed["groupName"])
    arn = of_type(registered, RESERVED)["web-reservation"]["placementGroupArn"]
    assert arn.endswith(f":placement-group/{placed['groupName']}")


def test_an_adopted_reservation_is_used_from_within_its_placement_group() -> None:
    def make(cluster: Any) -> None:
        theirs = aws.ec2.PlacementGroup("theirs", name="theirs", strategy="cluster")
        held = {"name": RESERVATION, "placement_group": theirs.name}
        penstock.OnDemandNodePool(
            "web", {**PLAIN, **ZONE, "cluster": cluster, "compact": True, "capacity_reservation": held}
        )

    registered = deploy(make)
    assert list(of_type(registered, PLACEMENT)) == ["theirs"]
    assert of_type(registered, TEMPLATE)["web-template"]["placement"] == {"groupName": "theirs"}


def test_adapters_and_placement_are_switched_separately() -> None:
    efa = both(penstock.GpuNodePool, **P4D, efa=True)
    assert not of_type(efa, PLACEMENT)
    assert "placement" not in of_type(efa, TEMPLATE)["web-template"]
    compact = both(penstock.GpuNodePool, **P4D, compact=True)
    assert "networkInterfaces" not in of_type(compact, TEMPLATE)["web-template"]
    assert of_type(compact, PLACEMENT)


def test_adapters_let_nodes_reach_one_another_by_the_clusters_security_group() -> None:
    interfaces = template(penstock.GpuNodePool, **P4D, efa=True)["networkInterfaces"]
    assert [(i["networkCardIndex"], i["deviceIndex"], i["interfaceType"]) for i in interfaces] == [
        (0, 0, "efa"),
        (1, 1, "efa-only"),
        (2, 1, "efa-only"),
        (3, 1, "efa-only"),
    ]
    assert {i["deleteOnTermination"] for i in interfaces} == {"true"}
    groups = {group for i in interfaces for group in i["securityGroups"]}
    assert len(groups) == 1
    assert re.fullmatch(r"sg-[0-9a-f]{17}", groups.pop())
    assert not any("subnetId" in i for i in interfaces)


def test_a_gpu_pool_declares_its_taint_and_its_label() -> None:
    made = group(penstock.GpuNodePool, machine_types=["p3.2xlarge"])
    assert made["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert made["labels"]["k8s.amazonaws.com/accelerator"] == "v100"


def test_the_group_is_tagged_for_what_its_nodes_will_be() -> None:
    registered = both(penstock.GpuNodePool, machine_types=["p3.2xlarge"], taints=[{"key": "dedicated", "value": "x"}])
    tags = of_type(registered, TAG)
    assert set(tags) == {
        "web-label/penstock/pool",
        "web-label/penstock/purchase",
        "web-label/k8s.amazonaws.com/accelerator",
        "web-label/eks.amazonaws.com/capacityType",
        "web-taint/dedicated",
        "web-taint/nvidia.com/gpu",
        "web-resources/cpu",
        "web-resources/memory",
        "web-resources/ephemeral-storage",
        "web-resources/nvidia.com/gpu",
    }
    assert tags["web-taint/nvidia.com/gpu"]["tag"] == {
        "key": "k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu",
        "value": "present:NoSchedule",
        "propagateAtLaunch": False,
    }
    assert len({tag["autoscalingGroupName"] for tag in tags.values()}) == 1
    assert {tag["region"] for tag in tags.values()} == {"us-east-1"}


def test_the_pattern_of_a_pool_matches_the_group_that_its_tags_are_on_and_no_other() -> None:
    refs: dict[str, penstock.PoolRef] = {}

    def make(cluster: Any) -> None:
        for name in ("web", "web-spot", "web-spot-2"):
            refs[name] = penstock.OnDemandNodePool(name, {**PLAIN, "cluster": cluster}).ref

    made = {
        re.sub(r"-label/.*", "", name): tag["autoscalingGroupName"]
        for name, tag in of_type(deploy(make), TAG).items()
        if name.endswith("-label/penstock/pool")
    }
    for name, ref in refs.items():
        assert [pool for pool, group in made.items() if re.search(ref["group_pattern"], group)] == [name]


def test_only_a_size_that_moves_by_itself_is_ignored_and_a_replacement_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ignored: dict[str, list[str]] = {}
    first = aws.eks.NodeGroup.__init__

    def watched(self: Any, name: str, *args: Any, opts: pulumi.ResourceOptions, **kwargs: Any) -> None:
        ignored[name] = list(opts.ignore_changes or [])
        assert opts.delete_before_replace is False  # a replacement is there before the old pool goes
        first(self, name, *args, opts=opts, **kwargs)

    monkeypatch.setattr(aws.eks.NodeGroup, "__init__", watched)

    def make(cluster: Any) -> None:
        penstock.OnDemandNodePool("scaling", {**PLAIN, "cluster": cluster})
        penstock.OnDemandNodePool("fixed", {**PLAIN, "cluster": cluster, "min_nodes": 4})
        penstock.GpuNodePool("block", {**PLAIN, **BLOCK, "cluster": cluster, "min_nodes": 4})

    deploy(make)
    assert ignored == {"scaling": ["scalingConfig.desiredSize"], "fixed": [], "block": ["scalingConfig.desiredSize"]}


def test_what_can_be_known_of_a_pool_is_known_in_a_preview() -> None:
    def make(cluster: Any) -> None:
        penstock.SpotNodePool("web", {**PLAIN, "cluster": cluster})

    registered = deploy(make, preview=True)
    made = of_type(registered, GROUP)["web"]
    assert made["scalingConfig"]["maxSize"] == 4
    assert made["clusterName"] == "llm"
    assert of_type(registered, TAG)["web-label/penstock/pool"]["tag"]["value"] == "web"


@pytest.mark.parametrize("name", POOLS)
def test_every_kind_of_pool_passes_the_providers_checks_in_preview_and_deployment(name: str) -> None:
    def make(cluster: Any) -> None:
        penstock.nodes.pools.node_pool(name, {"cluster": cluster, "cloud": "aws", **POOLS[name]})

    for preview in (True, False):
        assert list(of_type(deploy(make, preview=preview), GROUP)) == [name]


def test_a_mix_makes_pools_that_serve_the_same_workloads() -> None:
    mixes: list[penstock.PurchaseMix] = []
    args: dict[str, Any] = {
        "cloud": "aws",
        "machine_types": ["m7i.2xlarge", "m6i.2xlarge"],
        "nodes": 10,
        "shares": {"on_demand": 20, "spot": 60, "reserved": 20},
        "commitment": {"term": "1y"},
        "labels": {"workload-type": "web"},
    }
    registered = deploy(lambda cluster: mixes.append(penstock.PurchaseMix("web", {**args, "cluster": cluster})))
    sizes = {name: made["scalingConfig"]["maxSize"] for name, made in of_type(registered, GROUP).items()}
    assert sizes == {"web-reserved": 2, "web-on-demand": 2, "web-spot": 6}
    assert penstock.scheduling(*mixes[0].pools)["node_selector"] == {"workload-type": "web"}
