"""Laws of the plan of an EKS node pool: images, templates, capacity, the autoscaler's tags and priorities."""

import base64
import email
import json
import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.names import name_problems
from penstock.nodes.eks import launch_template as template
from penstock.nodes.eks import tables
from penstock.nodes.eks.capacity import allocatable_cpu_millicores, allocatable_disk_gib, allocatable_memory_mib
from penstock.nodes.eks.node import MOST_TAGS, template_tags
from penstock.nodes.eks.plan import group_pattern, node_group_args, pool_ref, size_is_the_autoscalers, subnets
from penstock.nodes.eks.spec import EksPoolSpec
from penstock.problems import InvalidSpec
from penstock.spec import check
from penstock_cost import MachineType, machine, machines, shaped

ZONE = {"zones": ["us-east-1a"]}
CR = "cr-0123456789abcdef0"
NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template/"


def spec(**args: Any) -> EksPoolSpec:
    plain = {"machine_types": ["m7i.2xlarge"], "purchase": "on_demand", "min_nodes": 0, "max_nodes": 3}
    return check(EksPoolSpec, {**plain, **args})


@pytest.mark.parametrize(
    ("ami", "args"),
    [
        ("AL2023_x86_64_STANDARD", {}),
        ("AL2023_ARM_64_STANDARD", {"machine_types": ["m7g.2xlarge"]}),
        ("AL2023_x86_64_NVIDIA", {"machine_types": ["p3.2xlarge"]}),
        ("AL2023_x86_64_NVIDIA", {"machine_types": ["p3.8xlarge"]}),
        ("AL2023_x86_64_NVIDIA", {"machine_types": ["p6-b200.48xlarge"]}),
        ("AL2023_x86_64_STANDARD", {"machine_types": ["g5.xlarge"], "accelerator": {"driver": "disabled"}}),
        ("BOTTLEROCKET_x86_64", {"image": "bottlerocket"}),
        ("BOTTLEROCKET_ARM_64", {"image": "bottlerocket", "machine_types": ["m7g.2xlarge"]}),
        ("BOTTLEROCKET_x86_64_NVIDIA", {"image": "bottlerocket", "machine_types": ["g6.xlarge"]}),
        ("AL2023_ARM_64_NVIDIA", {"machine_types": ["g5g.xlarge"]}),
        ("AL2023_x86_64_NEURON", {"machine_types": ["trn1.2xlarge"]}),
    ],
)
def test_the_image_has_the_driver_of_the_machine(ami: str, args: dict[str, Any]) -> None:
    assert node_group_args("web", spec(**args))["ami_type"] == ami


@pytest.mark.parametrize("known", machines("aws"), ids=lambda known: known.name)
def test_every_machine_of_the_catalogue_has_an_image_with_its_driver_where_eks_makes_one(known: MachineType) -> None:
    resource = known.accelerator.resource if known.accelerator else ""
    # EKS has no driver for these: the pool has to say that another brings it.
    if resource in ("amd.com/gpu", "habana.ai/gaudi"):
        with pytest.raises(InvalidSpec, match="makes no al2023 image"):
            spec(machine_types=[known.name])
        return
    ami = spec(machine_types=[known.name]).ami_type
    assert ami
    assert ("NVIDIA" in ami) == (resource == "nvidia.com/gpu")
    assert ("NEURON" in ami) == (resource == "aws.amazon.com/neuron")


@pytest.mark.parametrize("known", machines("aws"), ids=lambda known: known.name)
def test_a_node_is_never_promised_more_than_it_has(known: MachineType) -> None:
    """Against the kubelet's own reckoning, for a kernel that sees 95 % of the machine's memory."""
    kept = 255 + 11 * tables.pods(known.name, known.vcpu) + 100
    assert allocatable_memory_mib(known) <= max(0, known.memory_gib * 1024 * 0.95 - kept)
    assert 0 <= allocatable_cpu_millicores(known) < known.vcpu * 1000


@pytest.mark.parametrize(("vcpu", "millicores"), [(1, 940), (2, 1930), (4, 3920), (8, 7910), (96, 95690)])
def test_cpu_is_what_the_kubelet_leaves(vcpu: int, millicores: int) -> None:
    assert allocatable_cpu_millicores(shaped("aws", "x", vcpu, 64)) == millicores


def test_memory_is_less_where_more_pods_may_run() -> None:
    assert allocatable_memory_mib(machine("aws", "p3.2xlarge")) == 57779 - 255 - 11 * 110 - 100
    assert allocatable_memory_mib(machine("aws", "c5.24xlarge")) == 181862 - 255 - 11 * 737 - 100


@given(st.sampled_from([m.name for m in machines("aws")]))
def test_a_machine_that_nobody_knows_is_not_taken_for_more_than_a_known_one_like_it(name: str) -> None:
    known = machine("aws", name)
    unknown = shaped("aws", "new.large", known.vcpu, known.memory_gib, known.architecture)
    assert allocatable_memory_mib(unknown) <= allocatable_memory_mib(known)


@given(st.integers(20, 16384))
def test_a_disk_is_never_promised_more_than_the_kubelet_gives(size: int) -> None:
    assert 0 < allocatable_disk_gib(size) <= size * 0.9 - 1


def test_of_unequal_machines_a_node_counts_for_the_smallest() -> None:
    both = pool_ref("web", spec(machine_types=["c5.2xlarge", "c5.xlarge"], unequal_shapes=True))["capacity"]
    assert both == pool_ref("web", spec(machine_types=["c5.xlarge"]))["capacity"]
    gpus = pool_ref("web", spec(machine_types=["p3.8xlarge", "p3.2xlarge"], unequal_shapes=True))["capacity"]
    assert gpus["accelerators"] == 1


def test_gpus_are_what_the_machine_has() -> None:
    one = pool_ref("web", spec(machine_types=["p3.2xlarge"]))
    four = pool_ref("web", spec(machine_types=["p3.8xlarge"]))
    assert (one["capacity"]["accelerators"], four["capacity"]["accelerators"]) == (1, 4)
    assert four["capacity"]["accelerator_resource"] == "nvidia.com/gpu"
    assert four["labels"]["k8s.amazonaws.com/accelerator"] == "v100"
    assert [(t["key"], t["effect"].value) for t in four["taints"]] == [("nvidia.com/gpu", "NoSchedule")]


def test_aws_own_accelerators_have_their_own_resource_and_taint() -> None:
    ref = pool_ref("web", spec(machine_types=["inf2.xlarge"]))
    assert ref["capacity"]["accelerator_resource"] == "aws.amazon.com/neuron"
    assert [taint["key"] for taint in ref["taints"]] == ["aws.amazon.com/neuron"]
    # The autoscaler would wait for NVIDIA GPUs on a node with this label.
    assert "k8s.amazonaws.com/accelerator" not in ref["labels"]


def test_a_taint_is_spelt_for_eks_on_the_group_and_for_kubernetes_in_the_tag() -> None:
    tainted = spec(taints=[{"key": "dedicated", "value": "database", "effect": "NoExecute"}, {"key": "bare"}])
    assert node_group_args("web", tainted)["taints"] == [
        {"key": "dedicated", "value": "database", "effect": "NO_EXECUTE"},
        {"key": "bare", "value": "", "effect": "NO_SCHEDULE"},
    ]
    tags = template_tags("web", tainted)
    assert tags[f"{NODE_TEMPLATE}taint/dedicated"] == "database:NoExecute"
    assert tags[f"{NODE_TEMPLATE}taint/bare"] == ":NoSchedule"


def test_the_tags_tell_the_autoscaler_what_a_node_will_be() -> None:
    tags = template_tags("web", spec(machine_types=["p5.48xlarge"], efa=True, **ZONE, labels={"tier": "llm"}))
    assert {key.removeprefix(NODE_TEMPLATE): value for key, value in tags.items()} == {
        "label/tier": "llm",
        "label/penstock/pool": "web",
        "label/penstock/purchase": "on_demand",
        "label/k8s.amazonaws.com/accelerator": "h100",
        "label/eks.amazonaws.com/capacityType": "ON_DEMAND",
        "taint/nvidia.com/gpu": "present:NoSchedule",
        "resources/cpu": "191450m",
        "resources/memory": f"{int(2048 * 1024 * 0.925) - 255 - 11 * 250 - 100}Mi",
        "resources/ephemeral-storage": "175Gi",
        "resources/nvidia.com/gpu": "8",
        "resources/vpc.amazonaws.com/efa": "32",
    }


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,20}", fullmatch=True), st.just("x"), max_size=30),
    st.sets(st.from_regex(r"[a-z]{1,20}", fullmatch=True), max_size=8),
)
def test_tags_fit_what_aws_takes(labels: dict[str, str], taints: set[str]) -> None:
    tags = template_tags("web", spec(labels=labels, taints=[{"key": key} for key in taints]))
    assert len(tags) <= MOST_TAGS
    assert all(len(key) <= 128 and len(value) <= 256 for key, value in tags.items())


def test_the_longest_keys_still_fit_a_tag() -> None:
    longest = f"{'d' * 30}.{'e' * 20}/{'n' * 11}"
    assert len(longest) == 63
    assert all(len(key) <= 128 for key in template_tags("web", spec(labels={longest: "x"}, taints=[{"key": longest}])))


def test_reserved_and_spot_machines_are_told_by_eks_own_label() -> None:
    for purchase, more, told in (
        ("spot", {}, "SPOT"),
        ("reserved", {"min_nodes": 3, "commitment": {"term": "1y"}}, "ON_DEMAND"),
        (
            "capacity_block",
            {"machine_types": ["p5.48xlarge"], **ZONE, "capacity_reservation": {"name": CR}},
            "CAPACITY_BLOCK",
        ),
    ):
        pool = spec(purchase=purchase, **more)
        assert node_group_args("web", pool)["capacity_type"] == told
        assert template_tags("web", pool)[f"{NODE_TEMPLATE}label/eks.amazonaws.com/capacityType"] == told


def test_a_pool_starts_at_its_minimum_and_only_a_fixed_size_is_kept() -> None:
    assert node_group_args("web", spec(min_nodes=2, max_nodes=9))["scaling_config"] == {
        "min_size": 2,
        "desired_size": 2,
        "max_size": 9,
    }
    assert size_is_the_autoscalers(spec(min_nodes=2, max_nodes=9))
    assert not size_is_the_autoscalers(spec(min_nodes=3, max_nodes=3))
    block = {"machine_types": ["p5.48xlarge"], **ZONE, "capacity_reservation": {"name": CR}}
    assert size_is_the_autoscalers(spec(purchase="capacity_block", min_nodes=3, **block))


@pytest.mark.parametrize(
    ("strategy", "nodes", "args"),
    [
        ("DEFAULT", 1, {}),
        ("MINIMAL", 1, {"machine_types": ["g5.xlarge"]}),
        ("MINIMAL", 1, {"purchase": "reserved", "min_nodes": 3, "commitment": {"term": "1y"}}),
        ("MINIMAL", 1, {"capacity_reservation": {"create": True}, **ZONE}),
        ("DEFAULT", 4, {"surge": {"max_surge": 4}}),
        ("MINIMAL", 2, {"surge": {"max_unavailable": 2}}),
        ("DEFAULT", 2, {"machine_types": ["g5.xlarge"], "surge": {"max_surge": 2}}),
    ],
)
def test_an_upgrade_adds_nodes_first_unless_there_may_be_none_to_add(
    strategy: str, nodes: int, args: dict[str, Any]
) -> None:
    update = node_group_args("web", spec(**args))["update_config"]
    assert update == {"update_strategy": strategy, "max_unavailable": nodes}


def test_broken_nodes_are_replaced_unless_told_otherwise() -> None:
    assert node_group_args("web", spec())["node_repair_config"] == {"enabled": True}
    assert node_group_args("web", spec(auto_repair=False))["node_repair_config"] == {"enabled": False}


@pytest.mark.parametrize(
    ("disks", "args"),
    [
        ([("/dev/xvda", 100)], {}),
        ([("/dev/xvda", 200)], {"machine_types": ["g5.xlarge"]}),
        ([("/dev/xvda", 50)], {"disk": {"size_gib": 50}}),
        ([("/dev/xvda", None), ("/dev/xvdb", 100)], {"image": "bottlerocket"}),
    ],
)
def test_the_disk_that_pods_fill_is_the_sized_one_and_every_disk_is_encrypted(
    disks: list[tuple[str, int | None]], args: dict[str, Any]
) -> None:
    made = template.launch_template_args(spec(**args))["block_device_mappings"]
    assert [(disk["device_name"], disk["ebs"].get("volume_size")) for disk in made] == disks
    assert all(disk["ebs"]["volume_type"] == "gp3" and disk["ebs"]["encrypted"] == "true" for disk in made)


@given(st.integers(20, 16384))
def test_a_fast_disk_is_within_the_limits_of_gp3(size: int) -> None:
    pool = spec(disk={"type": "performance", "size_gib": size})
    ebs = template.launch_template_args(pool)["block_device_mappings"][0]["ebs"]
    assert 3000 <= ebs["iops"] <= min(16000, 500 * size)
    assert 125 <= ebs["throughput"] <= min(1000, ebs["iops"] / 4)
    plain = template.launch_template_args(spec())["block_device_mappings"][0]["ebs"]
    assert not {"iops", "throughput"} & plain.keys()


@pytest.mark.parametrize("image", ["al2023", "bottlerocket"])
def test_a_pool_on_local_disks_tells_its_nodes_to_use_them_and_the_autoscaler_their_size(image: str) -> None:
    pool = spec(machine_types=["g5.2xlarge", "g5.4xlarge"], unequal_shapes=True, image=image, disk={"type": "local"})
    made = template.launch_template_args(pool)
    told = base64.b64decode(made["user_data"]).decode()
    if image == "bottlerocket":
        (commands,) = tomllib.loads(told)["settings"]["bootstrap-commands"].values()
        assert commands["commands"][0] == ["apiclient", "ephemeral-storage", "init"]
        assert "/var/lib/kubelet" in commands["commands"][1]
        assert (commands["mode"], commands["essential"]) == ("always", True)
    else:
        (part,) = email.message_from_string(told).get_payload()  # type: ignore[misc,union-attr]
        assert part.get_content_type() == "application/node.eks.aws"  # type: ignore[union-attr]
        config = json.loads(part.get_payload())  # type: ignore[union-attr,arg-type]
        assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
        assert config["spec"] == {"instance": {"localStorage": {"strategy": "RAID0"}}}
    assert made["block_device_mappings"][-1]["ebs"]["volume_size"] == 50
    smallest = 419  # GiB, of the g5.2xlarge
    tag = template_tags("web", pool)[f"{NODE_TEMPLATE}resources/ephemeral-storage"]
    assert smallest * 0.8 < int(tag.removesuffix("Gi")) < smallest * 0.9
    assert "user_data" not in template.launch_template_args(spec())


def test_pods_cannot_reach_the_nodes_credentials() -> None:
    assert template.launch_template_args(spec())["metadata_options"] == {
        "http_endpoint": "enabled",
        "http_tokens": "required",
        "http_put_response_hop_limit": 1,
    }


def test_a_capacity_block_names_its_machine_in_the_template_and_nothing_else_does() -> None:
    block = spec(purchase="capacity_block", machine_types=["p5.48xlarge"], **ZONE, capacity_reservation={"name": CR})
    made = template.launch_template_args(block)
    assert made["instance_market_options"] == {"market_type": "capacity-block"}
    assert made["instance_type"] == "p5.48xlarge"
    assert "instance_types" not in node_group_args("web", block)
    for other in (spec(), spec(purchase="spot"), spec(capacity_reservation={"name": CR}, **ZONE)):
        assert not {"instance_market_options", "instance_type"} & template.launch_template_args(other).keys()
        assert node_group_args("web", other)["instance_types"] == ["m7i.2xlarge"]


def test_a_reservation_is_named_by_id_or_by_the_arn_of_its_group() -> None:
    assert template.takes_reservation(CR) == {"capacity_reservation_target": {"capacity_reservation_id": CR}}
    group = "arn:aws:resource-groups:us-east-1:123456789012:group/held"
    assert template.takes_reservation(group) == {
        "capacity_reservation_target": {"capacity_reservation_resource_group_arn": group}
    }
    assert template.takes_no_reservation(spec()) == {"capacity_reservation_preference": "none"}
    assert template.takes_no_reservation(spec(purchase="spot")) is None


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("g5.48xlarge", [(0, 0, "efa")]),
        ("p4d.24xlarge", [(0, 0, "efa"), *((card, 1, "efa-only") for card in (1, 2, 3))]),
        ("p5.48xlarge", [(0, 0, "efa"), *((card, 1, "efa-only") for card in range(1, 32))]),
        ("p5en.48xlarge", [(0, 0, "efa"), *((card, 1, "efa-only") for card in range(1, 16))]),
        ("p6-b200.48xlarge", [(0, 0, "efa"), *((card, 1, "efa-only") for card in range(1, 8))]),
        ("p6-b300.48xlarge", [(0, 0, "interface"), *((card, 1, "efa-only") for card in range(1, 17))]),
    ],
)
def test_a_machine_gets_all_its_adapters(name: str, layout: list[tuple[int, int, str]]) -> None:
    made = template.network_interfaces(name)
    assert [(i["network_card_index"], i["device_index"], i["interface_type"]) for i in made] == layout
    adapters = tables.adapters(name)
    assert adapters
    assert sum(kind.startswith("efa") for _, _, kind in layout) == adapters.interfaces


def test_no_two_interfaces_share_a_place() -> None:
    for known in machines("aws"):
        if tables.adapters(known.name):
            made = template.network_interfaces(known.name)
            assert len({(i["network_card_index"], i["device_index"]) for i in made}) == len(made)


names = st.from_regex(r"[a-z]([-a-z0-9]{0,30}[a-z0-9])?", fullmatch=True)
uuids = st.uuids().map(str)
uniques = st.from_regex(r"[0-9]{18}[0-9a-f]{8}", fullmatch=True)


@given(names, names, uniques, uuids)
def test_a_pattern_matches_the_groups_of_its_pool_and_of_no_other(a: str, b: str, unique: str, uuid: str) -> None:
    assert not list(name_problems(a))
    assert re.search(group_pattern(a), f"eks-{a}-{unique}-{uuid}")
    if a != b:
        assert not re.search(group_pattern(a), f"eks-{b}-{unique}-{uuid}")


@given(names, uniques, uniques, uuids, uuids)
def test_no_name_can_be_made_to_look_like_another_pools_group(a: str, u: str, v: str, x: str, y: str) -> None:
    for other in (f"{a}-{u}", f"{a}-spot", f"{a}-{u}-{x}"[:32], f"eks-{a}"[:32]):
        if other != a:
            assert not re.search(group_pattern(a), f"eks-{other}-{v}-{y}")


def test_the_longest_name_leaves_room_for_what_the_provider_adds() -> None:
    prefix = node_group_args("a" * 32, spec())["node_group_name_prefix"]
    assert len(prefix) <= 37  # the provider adds 26 characters, and EKS takes 63


def test_a_spot_pool_gives_pods_less_than_the_two_minutes_that_the_machine_has() -> None:
    assert 60 <= pool_ref("web", spec(purchase="spot"))["termination_notice_seconds"] < 120
    assert "termination_notice_seconds" not in pool_ref("web", spec())


def test_a_reserved_pool_tells_its_commitment() -> None:
    ref = pool_ref("web", spec(purchase="reserved", min_nodes=3, commitment={"term": "3y", "payment": "all_upfront"}))
    assert (ref["commitment_term"], ref["commitment_payment"]) == ("3y", "all_upfront")


def test_a_pool_lies_in_the_subnets_of_its_zones() -> None:
    by_zone = {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b"}
    assert subnets(["us-east-1b"], by_zone) == ["subnet-b"]
    with pytest.raises(ValueError, match=r"no subnet in us-east-1c\. It has them in: us-east-1a, us-east-1b"):
        subnets(["us-east-1a", "us-east-1c"], by_zone)
    with pytest.raises(ValueError, match="in: none"):
        subnets(["us-east-1a"], None)
