"""What the cluster autoscaler is told: flags, priorities, requests, image."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from penstock.autoscaling import plan
from penstock.autoscaling.args import Expander
from penstock.autoscaling.images import cluster_autoscaler_image
from penstock.autoscaling.spec import ClusterAutoscalerSpec
from penstock.nodes.eks.plan import group_pattern
from tests.support.pool_refs import AZURE, GPU, SPOT, eks, pool, self_managed

HERE = plan.Whereabouts(cluster="llm", isolated=False)


def test_it_is_told_what_a_platform_wants_of_it() -> None:
    said = plan.flags(eks(), HERE)
    assert {
        "--cloud-provider=aws",
        "--expander=least-waste",
        "--balance-similar-node-groups=true",
        "--scale-down-utilization-threshold=0.5",
        "--scale-down-gpu-utilization-threshold=0.5",
        "--scale-down-unneeded-time=5m",
        "--scale-down-delay-after-add=5m",
        "--skip-nodes-with-local-storage=false",
        "--skip-nodes-with-system-pods=false",
        "--max-node-provision-time=5m",
        "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/llm",
    } <= set(said)
    assert not [flag for flag in said if flag.startswith(("--max-nodes-total", "--aws-use-static"))]


def test_what_is_asked_otherwise_is_told_otherwise() -> None:
    down = {"utilization_percent": 70, "unneeded_minutes": 15, "delay_after_add_minutes": 0}
    said = plan.flags(eks(scale_down=down, node_provision_minutes=8, max_nodes=40), HERE)
    assert {
        "--scale-down-utilization-threshold=0.7",
        "--scale-down-gpu-utilization-threshold=0.7",
        "--scale-down-unneeded-time=15m",
        "--scale-down-delay-after-add=0m",
        "--max-node-provision-time=8m",
        "--max-nodes-total=40",
    } <= set(said)


def test_no_flag_is_given_twice_save_those_that_add_up() -> None:
    said = [flag.partition("=")[0] for flag in plan.flags(eks(max_nodes=40), plan.Whereabouts("llm", isolated=True))]
    assert {flag for flag in said if said.count(flag) > 1} == {"--balancing-ignore-label"}


def test_an_isolated_cluster_does_not_ask_ec2_for_its_machine_types() -> None:
    static = "--aws-use-static-instance-list=true"
    isolated = plan.Whereabouts("llm", isolated=True)
    assert static in plan.flags(eks(), isolated)
    assert static not in plan.flags(self_managed("azure", [pool("web")], machines=AZURE), isolated)


def test_gpu_machines_get_longer_to_become_nodes() -> None:
    assert plan.provision_minutes(eks(pool("web"), pool("gpu", **GPU))) == 15
    assert plan.provision_minutes(eks(pool("web"))) == 5


def test_balancing_never_puts_nodes_on_demand_beside_those_on_spot() -> None:
    not_compared = [flag for flag in plan.flags(eks(), HERE) if flag.startswith("--balancing-ignore-label")]
    assert "--balancing-ignore-label=penstock/pool" in not_compared
    assert not [flag for flag in not_compared if "purchase" in flag or "capacityType" in flag]


def test_scale_sets_are_found_by_the_tags_that_azure_reads() -> None:
    spec = self_managed("azure", [pool("web")], machines=AZURE)
    assert plan.discovery(spec, "llm") == ["label:cluster-autoscaler-enabled=true,cluster-autoscaler-name=llm"]


def test_instance_groups_are_found_by_name_and_share_the_bounds_of_their_pool() -> None:
    groups = {"web": ["web-a-", "web-b-", "web-c-"]}
    spec = self_managed("gce", [pool("web", min_nodes=1, max_nodes=10)], machines={"groups": groups})
    assert plan.discovery(spec, "llm") == [
        "mig:namePrefix=web-a-,min=1,max=4",
        "mig:namePrefix=web-b-,min=0,max=3",
        "mig:namePrefix=web-c-,min=0,max=3",
    ]


@given(whole=st.integers(0, 5000), count=st.integers(1, 50))
def test_parts_add_up_and_are_as_equal_as_can_be(whole: int, count: int) -> None:
    split = plan.parts(whole, count)
    assert (sum(split), len(split)) == (whole, count)
    assert max(split) - min(split) <= 1


def test_on_demand_stands_in_for_spot() -> None:
    spec = eks(pool("web-spot", **SPOT), pool("web"), pool("base", purchase="reserved", min_nodes=10))
    assert spec.chosen_expander is Expander.PRIORITY
    assert "--expander=priority,least-waste" in plan.flags(spec, HERE)
    assert list(plan.priorities(spec).values()) == [
        [group_pattern("base")],
        [group_pattern("web-spot")],
        [group_pattern("web")],
        [".*"],
    ]
    assert list(plan.priorities(spec)) == sorted(plan.priorities(spec), reverse=True)


@pytest.mark.parametrize(
    "pools",
    [
        [pool("web")],
        [pool("web"), pool("batch")],
        [pool("base", purchase="reserved", min_nodes=10), pool("web-spot", **SPOT)],
        [pool("web", min_nodes=10), pool("web-spot", **SPOT)],  # on demand, but none can be added
    ],
)
def test_where_nothing_stands_in_for_spot_the_least_waste_decides(pools: list[dict[str, Any]]) -> None:
    assert eks(*pools).chosen_expander is Expander.LEAST_WASTE
    assert eks(*pools, expander="priority").chosen_expander is Expander.PRIORITY


def test_priorities_are_whole_numbers_with_lists_of_texts() -> None:
    spec = eks(pool("web-spot", **SPOT), pool("web"))
    read = yaml.safe_load(plan.priorities_yaml(spec))
    assert read == plan.priorities(spec)
    assert all(type(priority) is int and priority > 0 for priority in read)


NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,12}[a-z0-9])?", fullmatch=True)
HEX = st.text("0123456789abcdef", min_size=8, max_size=8)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), HEX, st.data())
def test_every_group_of_eks_has_the_priority_of_its_own_pool_and_no_other(
    names: list[str], tail: str, data: st.DataObject
) -> None:
    _each_group_belongs_to_one(
        eks(pool("x-always"), *(pool(f"{name}-x", purchase=data.draw(PURCHASES), min_nodes=0) for name in names)),
        {f"{name}-x": f"eks-{name}-x-202611211234567890{tail}-{tail}-0a1b-2c3d-4e5f-0123456789ab" for name in names},
    )


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.sampled_from(["aws", "azure", "gce"]), st.data())
def test_every_group_of_a_self_managed_cluster_has_the_priority_of_its_own_pool_and_no_other(
    names: list[str], provider: str, data: st.DataObject
) -> None:
    pools = [pool(name, purchase=data.draw(PURCHASES), min_nodes=0) for name in names]
    machines: dict[str, Any] = {"groups": {name: [f"ng_{name}_"] for name in names}}
    machines |= AZURE if provider == "azure" else {}
    address = "https://www.googleapis.com/compute/v1/projects/p/zones/z/instanceGroups/" if provider == "gce" else ""
    _each_group_belongs_to_one(
        self_managed(provider, pools, machines=machines, expander="priority"),
        {name: f"{address}ng_{name}_{data.draw(HEX)}" for name in names},
    )


PURCHASES = st.sampled_from(["on_demand", "spot", "reserved", "capacity_block"])


def _each_group_belongs_to_one(spec: ClusterAutoscalerSpec, groups: dict[str, str]) -> None:
    levels = plan.priorities(spec)
    assert levels.pop(min(levels)) == [".*"]
    own = {pool.name: pool.purchase.value for pool in spec.pools}
    for name, group in groups.items():
        # The expander searches in the name of a group, as Python's `search` does.
        matched = [(level, each) for level, patterns in levels.items() for each in patterns if re.search(each, group)]
        assert len(matched) == 1, (group, matched)
        order = {"reserved": 50, "capacity_block": 50, "spot": 40, "on_demand": 20}
        assert matched[0][0] == order[own[name]]


@pytest.mark.parametrize(("provider", "before"), [("aws", ""), ("gce", "https://host/zones/z/instanceGroups/")])
def test_a_group_whose_name_only_contains_anothers_is_told_from_it(provider: str, before: str) -> None:
    machines = {"groups": {"web": ["web-"], "old": ["old-web-"]}}
    spec = self_managed(provider, [pool("web"), pool("old", **SPOT)], machines=machines)
    old, web = (pattern for level in list(plan.priorities(spec).values())[:2] for pattern in level)
    assert re.search(old, f"{before}old-web-1a2b")
    assert not re.search(web, f"{before}old-web-1a2b")
    assert re.search(web, f"{before}web-1a2b")


def test_a_pool_whose_name_begins_anothers_is_told_from_it() -> None:
    web, spot = re.compile(group_pattern("web")), re.compile(group_pattern("web-spot"))
    end = "20261121123456789000000001-1b0f3c44-0a1b-2c3d-4e5f-0123456789ab"
    assert web.search(f"eks-web-{end}")
    assert not spot.search(f"eks-web-{end}")
    assert spot.search(f"eks-web-spot-{end}")
    assert not web.search(f"eks-web-spot-{end}")


def test_it_asks_for_more_where_there_may_be_more_nodes() -> None:
    def asked(nodes: int) -> dict[str, str]:
        return plan.requests(eks(pool("web", max_nodes=nodes)).pools)

    assert asked(10) == asked(100) == {"cpu": "100m", "memory": "300Mi"}
    assert asked(300) == {"cpu": "300m", "memory": "500Mi"}
    assert asked(2000) == {"cpu": "1000m", "memory": "2200Mi"}


@pytest.mark.parametrize(
    ("version", "tag"),
    [("1.32", "v1.32."), ("1.34", "v1.34."), ("v1.35.3", "v1.35."), ("1.99", "v1.36."), (None, "v1.36.")],
)
def test_its_minor_version_is_that_of_the_cluster(version: str | None, tag: str) -> None:
    image = cluster_autoscaler_image(version).reference()
    assert image.startswith(f"registry.k8s.io/autoscaling/cluster-autoscaler:{tag}")
    assert "@" not in image  # no digest is known


def test_a_mirror_has_the_image_under_the_same_path() -> None:
    image = cluster_autoscaler_image("1.34").reference("mirror.example.com/k8s/")
    assert re.fullmatch(r"mirror\.example\.com/k8s/autoscaling/cluster-autoscaler:v1\.34\.\d+", image)
