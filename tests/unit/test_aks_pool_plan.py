"""Laws of the pure plan of an AKS node pool: its name, its inputs, its capacity, what workloads know of it."""

import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.nodes.aks.capacity import MAX_PODS, allocatable_cpu_millicores, allocatable_memory_mib
from penstock.nodes.aks.machines import images, partitions
from penstock.nodes.aks.plan import (
    agent_pool_args,
    expected_resources,
    pool_name,
    pool_ref,
    reserved_machines,
    resource_group_of,
    tags,
)
from penstock.nodes.aks.spec import AksPoolSpec
from penstock.nodes.args import NodeImage
from penstock.spec import check
from penstock_cost import machine, machines

GPU_IMAGES = {
    row.partition(",")[0] for row in (files("penstock.nodes.aks") / "data" / "gpu_images.csv").read_text().splitlines()
}
A100 = {"machine_types": ["Standard_NC24ads_A100_v4"]}


def spec(**args: Any) -> AksPoolSpec:
    plain = {"machine_types": ["Standard_D8s_v5"], "purchase": "on_demand", "min_nodes": 0, "max_nodes": 3}
    return check(AksPoolSpec, {**plain, **args})


names = st.from_regex(r"[a-z]([-a-z0-9]{0,30}[a-z0-9])?", fullmatch=True)


@given(names)
def test_a_pools_name_is_one_that_aks_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]{11}", pool_name(name, spec()))


@given(names, names)
def test_distinct_pools_have_distinct_names_in_the_cloud(one: str, other: str) -> None:
    assert (pool_name(one, spec()) == pool_name(other, spec())) == (one == other)


@pytest.mark.parametrize(
    "change",
    [
        A100,
        {"purchase": "spot"},
        {"zones": ["1"]},
        {"zones": ["1", "2"]},
        {"zones": ["1"], "compact": True},
        {"zones": ["1"], "capacity_reservation": {"create": True}},
        {"disk": {"size_gib": 128}},
        {"machine_types": ["Standard_F16s_v2"], "disk": {"type": "local"}},
        {**A100, "accelerator": {"partition": "1g.10gb"}},
        {**A100, "accelerator": {"driver": "disabled"}},
    ],
)
def test_what_azure_cannot_change_makes_another_pool(change: dict[str, Any]) -> None:
    assert pool_name("web", spec(**change)) != pool_name("web", spec())
    assert pool_name("web", spec(**change)) == pool_name("web", spec(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"min_nodes": 2, "max_nodes": 9},
        {"labels": {"team": "search"}},
        {"taints": [{"key": "dedicated"}]},
        {"surge": {"max_unavailable": 1}},
        {"image": "ubuntu"},
        {"purchase": "reserved", "min_nodes": 3, "commitment": {"term": "1y"}},
    ],
)
def test_what_azure_can_change_keeps_the_pool(change: dict[str, Any]) -> None:
    assert pool_name("web", spec(**change)) == pool_name("web", spec())


def test_a_pools_group_is_known_by_its_name_and_no_other_is() -> None:
    pattern = pool_ref("web", spec())["group_pattern"]
    own, other = pool_name("web", spec()), pool_name("web-2", spec())
    assert re.search(pattern, f"aks-{own}-12345678-vmss")
    for theirs in (f"aks-{other}-12345678-vmss", f"aks-{own}-12345678-vmss2", f"aks-{own}1-12345678-vmss"):
        assert not re.search(pattern, theirs)


def test_a_spot_pool_is_declared_as_azure_makes_it() -> None:
    args = agent_pool_args("web", spec(purchase="spot"))
    assert args["scale_set_priority"] == "Spot"
    assert args["scale_set_eviction_policy"] == "Delete"
    assert args["spot_max_price"] == -1
    assert args["node_labels"]["kubernetes.azure.com/scalesetpriority"] == "spot"
    assert args["node_taints"] == ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]
    assert "upgrade_settings" not in args  # the API takes none of a spot pool
    assert pool_ref("web", spec(purchase="spot"))["termination_notice_seconds"] == 30


def test_other_pools_have_nothing_of_spot() -> None:
    args = agent_pool_args("web", spec())
    assert args["scale_set_priority"] == "Regular"
    assert not {"scale_set_eviction_policy", "spot_max_price"} & args.keys()
    assert "termination_notice_seconds" not in pool_ref("web", spec())


def test_a_pool_starts_with_its_minimum_and_is_for_workloads() -> None:
    args = agent_pool_args("web", spec(min_nodes=2, max_nodes=9))
    assert (args["count"], args["min_count"], args["max_count"]) == (2, 2, 9)
    assert args["enable_auto_scaling"] is True
    assert (args["mode"], args["type"]) == ("User", "VirtualMachineScaleSets")
    assert args["enable_node_public_ip"] is False
    assert args["scale_down_mode"] == "Delete"


def test_a_taint_is_written_so_that_the_autoscaler_reads_it_also_without_a_value() -> None:
    taints = [{"key": "dedicated"}, {"key": "team", "value": "a", "effect": "NoExecute"}]
    assert agent_pool_args("web", spec(taints=taints))["node_taints"] == ["dedicated=:NoSchedule", "team=a:NoExecute"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, {"max_surge": "1", "max_unavailable": "0"}),
        (A100, {"max_surge": "0", "max_unavailable": "1"}),
        ({"zones": ["1"], "capacity_reservation": {"create": True}}, {"max_surge": "0", "max_unavailable": "1"}),
        (
            {"purchase": "reserved", "min_nodes": 3, "commitment": {"term": "1y"}},
            {"max_surge": "0", "max_unavailable": "1"},
        ),
        ({"surge": {"max_surge": 3}}, {"max_surge": "3", "max_unavailable": "0"}),
    ],
)
def test_upgrades_add_no_node_where_there_may_be_none_to_add(args: dict[str, Any], expected: dict[str, str]) -> None:
    assert agent_pool_args("x", spec(**args))["upgrade_settings"] == expected


@pytest.mark.parametrize(
    ("args", "disk"),
    [
        ({}, ("Managed", 100)),
        (A100, ("Managed", 200)),
        ({"disk": {"type": "performance", "size_gib": 512}}, ("Managed", 512)),
        (
            {"machine_types": ["Standard_NC48ads_A100_v4"], "disk": {"type": "local"}},
            ("Ephemeral", 128),
        ),  # all there is
        ({"machine_types": ["Standard_NC96ads_A100_v4"], "disk": {"type": "local"}}, ("Ephemeral", 200)),
    ],
)
def test_boot_disks(args: dict[str, Any], disk: tuple[str, int]) -> None:
    made = agent_pool_args("x", spec(**args))
    assert (made["os_disk_type"], made["os_disk_size_gb"]) == disk


@pytest.mark.parametrize(
    ("args", "sku"),
    [
        ({}, "AzureLinux"),
        ({"image": "ubuntu"}, "Ubuntu"),
        (A100, "AzureLinux"),
        ({"machine_types": ["Standard_NV36ads_A10_v5"]}, "Ubuntu"),  # Azure Linux has no GRID driver
        ({"machine_types": ["Standard_X9_v9"], "shape": {"vcpu": 8, "memory_gib": 32}}, "AzureLinux"),
    ],
)
def test_the_image_has_the_driver_for_the_machine(args: dict[str, Any], sku: str) -> None:
    assert agent_pool_args("x", spec(**args))["os_sku"] == sku


@pytest.mark.parametrize(
    ("size", "gpus"), [("Standard_NC24ads_A100_v4", 1), ("Standard_NC96ads_A100_v4", 4), ("Standard_NC4as_T4_v3", 1)]
)
def test_gpus_get_their_driver_and_their_taint(size: str, gpus: int) -> None:
    pool = spec(machine_types=[size])
    assert agent_pool_args("gpu", pool)["gpu_profile"] == {"driver": "Install"}
    assert agent_pool_args("gpu", pool)["node_taints"] == ["nvidia.com/gpu=present:NoSchedule"]
    assert pool_ref("gpu", pool)["capacity"]["accelerators"] == gpus
    assert pool_ref("gpu", pool)["capacity"]["accelerator_resource"] == "nvidia.com/gpu"
    off = spec(machine_types=[size], accelerator={"driver": "disabled"})
    assert agent_pool_args("gpu", off)["gpu_profile"] == {"driver": "None"}


def test_a_pool_without_gpus_says_nothing_of_them() -> None:
    assert not {"gpu_profile", "gpu_instance_profile"} & agent_pool_args("web", spec()).keys()


def test_partitions_are_counted_and_told_to_the_autoscaler() -> None:
    pool = spec(machine_types=["Standard_NC48ads_A100_v4"], accelerator={"partition": "2g.20gb"})
    assert agent_pool_args("gpu", pool)["gpu_instance_profile"] == "MIG2g"
    assert pool_ref("gpu", pool)["capacity"]["accelerators"] == 6
    assert pool_ref("gpu", pool)["capacity"]["accelerator_partition"] == "2g.20gb"
    assert "accelerator_partition" not in pool_ref("gpu", spec(**A100))["capacity"]
    assert expected_resources(pool) == {"k8s.io_cluster-autoscaler_node-template_resources_nvidia.com_gpu": "6"}
    assert expected_resources(spec(**A100)) == {}


@given(st.integers(1, 300), st.integers(1, 3), st.integers(0, 5))
def test_a_reservation_is_split_evenly_and_holds_what_an_upgrade_adds(most: int, zones: int, surge: int) -> None:
    args: dict[str, Any] = {
        "max_nodes": max(most, zones),
        "zones": ["1", "2", "3"][:zones],
        "capacity_reservation": {"create": True},
        "surge": {"max_surge": surge} if surge else {"max_unavailable": 1},
    }
    held = reserved_machines(spec(**args))
    assert list(held) == args["zones"]
    assert sum(held.values()) == args["max_nodes"] + surge
    assert max(held.values()) - min(held.values()) <= 1


def test_a_reservation_of_a_stated_size_holds_that() -> None:
    held = spec(zones=["1", "3"], capacity_reservation={"create": True, "count": 3})
    assert reserved_machines(held) == {"1": 2, "3": 1}


def test_the_resource_group_of_a_resource() -> None:
    group = "/subscriptions/s/resourceGroups/g"
    assert resource_group_of(f"{group}/providers/Microsoft.Compute/capacityReservationGroups/held") == group
    with pytest.raises(ValueError, match="no id"):
        resource_group_of("held")


def test_a_pools_tags_are_the_clusters_and_its_own() -> None:
    assert tags("web", {"team": "search"}) == {"team": "search", "penstock-pool": "web"}
    assert tags("web", None) == {"penstock-pool": "web"}


@pytest.mark.parametrize(
    ("name", "cpu", "memory_gib"),
    [
        # articles/aks/node-resource-reservations.md: CPU is exact, memory is less what the operating system keeps
        ("Standard_D4s_v5", 4000 - 140, 16 - 2.2 - 0.1),
        ("Standard_D8s_v5", 8000 - 180, 32 - 2.2 - 0.1),
        ("Standard_D64s_v5", 64000 - 740, 256 - 2.2 - 0.1),
        ("Standard_F2s_v2", 2000 - 100, 4 - 1 - 0.1),  # a quarter of its memory
    ],
)
def test_what_a_node_offers(name: str, cpu: int, memory_gib: float) -> None:
    assert allocatable_cpu_millicores(machine("azure", name)) == cpu
    assert memory_gib * 0.92 < allocatable_memory_mib(machine("azure", name)) / 1024 < memory_gib


@pytest.mark.parametrize("shape", machines("azure"), ids=lambda shape: shape.name)
def test_no_node_offers_more_than_its_machine_has(shape: Any) -> None:
    kept = min(shape.memory_gib * 1024 * 0.25, 20 * MAX_PODS + 50) + 100
    assert 0 < allocatable_memory_mib(shape) < shape.memory_gib * 1024 - kept
    assert 0 < allocatable_cpu_millicores(shape) < shape.vcpu * 1000


@pytest.mark.parametrize("gpu", sorted({m.accelerator.type for m in machines("azure") if m.accelerator} - {"m60"}))
def test_of_every_gpu_it_is_known_which_images_have_a_driver(gpu: str) -> None:
    assert gpu in GPU_IMAGES
    assert set(images(gpu)) <= {NodeImage.AZURE_LINUX, NodeImage.UBUNTU}


def test_partitions_fit_the_memory_of_their_gpu() -> None:
    for shape in machines("azure"):
        for name, partition in partitions(shape).items():
            assert shape.accelerator
            assert name.startswith(partition.profile.removeprefix("MIG"))
            gib = float(name.partition(".")[2].removesuffix("gb"))
            assert partition.per_gpu * gib <= shape.accelerator.memory_gib + 1
