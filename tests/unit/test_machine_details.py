"""Families of AWS and Azure, and what only some machine types have: values, and the laws that all of them keep."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost import (
    Accelerator,
    LocalDisk,
    MachineType,
    UnknownMachineType,
    efa,
    ephemeral_os_gib,
    family,
    local_disks,
    machine,
    machines,
    sold_as_capacity_block,
)

DATA = Path(__file__).parents[2] / "pricing" / "penstock_cost" / "data"
AWS, AZURE, GCP = machines("aws"), machines("azure"), machines("gcp")


def _rows(table: str) -> list[dict[str, str]]:
    with (DATA / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@given(st.sampled_from(AWS + AZURE))
def test_every_machine_of_aws_and_azure_has_a_family_that_agrees_with_it(listed: MachineType) -> None:
    found = family(listed.cloud, listed.name)
    assert found.name in (listed.family, listed.name)
    assert (found.cloud, found.architecture) == (listed.cloud, listed.architecture)
    assert found.sources


def test_every_described_family_has_machines() -> None:
    described = {(row["cloud"], row["name"]) for row in _rows("families")}
    assert {(listed.cloud, family(listed.cloud, listed.name).name) for listed in AWS + AZURE + GCP} == described


@given(st.sampled_from(AWS + AZURE + GCP))
def test_what_a_field_says_of_one_cloud_it_says_of_no_other(listed: MachineType) -> None:
    found = family(listed.cloud, listed.name)
    if listed.cloud != "gcp":
        assert (found.compact_max_nodes, found.disk_types, found.commitment_type, found.custom) == (
            0, frozenset(), None, None,
        )  # fmt: skip
    else:
        assert found.compact is (found.compact_max_nodes > 0)
    if listed.cloud != "azure":
        assert (found.capacity_reservation, found.premium_storage) == (None, None)
    else:
        assert found.compact is None


@pytest.mark.parametrize(
    ("name", "spot"),
    [
        ("p3.8xlarge", True),
        ("p5e.48xlarge", True),
        ("g6.xlarge", True),
        ("m7g.large", True),
        ("p5.48xlarge", True),
        ("p5.4xlarge", None),
        ("m8i.large", None),
        ("r7i.large", True),
        ("i8g.large", True),
        ("i8g.metal-48xl", None),  # the list has its siblings only
        ("r8a.large", None),
        ("trn2.48xlarge", None),
    ],
)
def test_spot_is_none_where_no_source_lists_a_machine(name: str, spot: bool | None) -> None:
    assert family("aws", name).spot is spot


@pytest.mark.parametrize(
    ("name", "on_demand"), [("p5.4xlarge", True), ("p5e.48xlarge", None), ("c5.large", True), ("hpc7a.12xlarge", None)]
)
def test_on_demand_is_none_where_no_price_is_listed(name: str, on_demand: bool | None) -> None:
    assert family("aws", name).on_demand is on_demand


@pytest.mark.parametrize(("name", "compact"), [("c5.large", True), ("p5.48xlarge", True), ("t3.large", False), ("t3a.nano", False), ("t4g.nano", False)])  # fmt: skip
def test_burstable_machines_of_aws_have_no_cluster_placement_group(name: str, compact: bool) -> None:
    assert family("aws", name).compact is compact


def test_of_the_flex_machines_the_documentation_bars_m7i_flex_only_from_cluster_placement_groups() -> None:
    assert family("aws", "m7i-flex.large").compact is False
    assert family("aws", "c7i-flex.large").compact is None


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("Standard_ND96asr_v4", False),
        ("Standard_ND96isr_H100_v5", False),
        ("Standard_NC40ads_H100_v5", False),
        ("Standard_NC80adis_H100_v5", False),
        ("Standard_NC24ads_A100_v4", True),
        ("Standard_NC4as_T4_v3", True),
        ("Standard_NV36ads_A10_v5", True),
        ("Standard_D4s_v5", True),
        ("Standard_D4pds_v6", True),
        ("Standard_L8s_v3", True),
        ("Standard_B2s_v2", True),
        ("Standard_B2s", None),  # the documentation and the list of SKUs disagree
    ],
)
def test_azure_reserves_capacity_of_the_series_that_it_documents(name: str, held: bool | None) -> None:
    assert family("azure", name).capacity_reservation is held


@pytest.mark.parametrize(
    ("name", "spot"), [("Standard_B2ms", False), ("Standard_B2s_v2", None), ("Standard_D4s_v4", True)]
)
def test_spot_is_none_where_azure_does_not_say_that_burstable_machines_are_sold_so(
    name: str, spot: bool | None
) -> None:
    assert family("azure", name).spot is spot


def test_retired_machines_are_not_sold() -> None:
    retired = family("azure", "Standard_NV12s_v3")
    assert (retired.on_demand, retired.spot, retired.capacity_reservation) == (False, False, False)


@pytest.mark.parametrize(
    ("name", "interfaces", "cards", "first"),
    [
        ("p4d.24xlarge", 4, 4, 0),
        ("p5.48xlarge", 32, 32, 0),
        ("p5.4xlarge", 1, 1, 0),
        ("p5en.48xlarge", 16, 16, 0),
        ("p6-b200.48xlarge", 8, 8, 0),
        ("p6-b300.48xlarge", 16, 17, 1),  # its first card takes none
        ("g6e.48xlarge", 4, 4, 0),
        ("g5.48xlarge", 1, 1, 0),
        ("trn1.32xlarge", 8, 8, 0),
        ("c5n.18xlarge", 1, 1, 0),
        ("c6in.32xlarge", 2, 2, 0),
        ("dl1.24xlarge", 4, 4, 0),
        ("hpc7a.96xlarge", 2, None, None),
        ("trn2.48xlarge", 16, None, None),
    ],
)
def test_fabric_adapters_are_as_many_as_documented(
    name: str, interfaces: int, cards: int | None, first: int | None
) -> None:
    found = efa(name)
    assert found is not None
    assert (found.interfaces, found.network_cards, found.first_card) == (interfaces, cards, first)


@pytest.mark.parametrize(
    "name", ["p3.2xlarge", "p3.16xlarge", "g5.xlarge", "g6.4xlarge", "m5.24xlarge", "inf2.48xlarge"]
)
def test_machines_without_a_fabric_adapter_have_none(name: str) -> None:
    assert efa(name) is None


def test_every_machine_with_an_adapter_is_in_the_catalogue_and_its_cards_suffice() -> None:
    for row in _rows("efa"):
        found = efa(row["name"])
        assert found is not None
        assert found.interfaces > 0
        assert found.sources
        if found.network_cards is not None and found.first_card is not None:
            assert found.first_card + found.interfaces <= found.network_cards, row


def test_capacity_blocks_are_sold_of_these_machines_only() -> None:
    assert {listed.name for listed in AWS if sold_as_capacity_block(listed.name)} == {
        "p4d.24xlarge", "p4de.24xlarge", "p5.4xlarge", "p5.48xlarge", "p5e.48xlarge", "p5en.48xlarge",
        "p6-b200.48xlarge", "p6-b300.48xlarge", "trn1.32xlarge", "trn2.48xlarge",
    }  # fmt: skip
    assert len(_rows("capacity_blocks")) == 10


def _shape(disks: tuple[LocalDisk, ...] | None) -> list[tuple[str, int | None, int]] | None:
    return None if disks is None else [(disk.kind, disk.count, disk.total_gib) for disk in disks]


@pytest.mark.parametrize(
    ("cloud", "name", "disks"),
    [
        ("aws", "m5.large", []),
        ("aws", "p3.2xlarge", []),
        ("aws", "p3dn.24xlarge", [("nvme", None, 1676)]),  # 1800 GB
        ("aws", "g5.xlarge", [("nvme", None, 232)]),  # 250 GB
        ("aws", "r7i.large", []),
        ("aws", "m6gd.large", [("nvme", None, 109)]),  # 118 GB
        ("aws", "i3en.24xlarge", [("nvme", None, 55879)]),  # 60,000 GB
        ("aws", "dl1.24xlarge", [("nvme", 4, 3725)]),  # 4 times 1 TB
        ("azure", "Standard_D4s_v5", []),
        ("azure", "Standard_D4ds_v5", [("temp", 1, 150)]),
        ("azure", "Standard_D16ds_v6", [("nvme", 2, 880)]),
        ("azure", "Standard_D128ds_v6", [("nvme", 4, 7040)]),
        ("azure", "Standard_D192ds_v6", None),
        ("azure", "Standard_E4s_v4", []),
        ("azure", "Standard_D2as_v4", [("temp", None, 16)]),
        ("azure", "Standard_E20ds_v6", [("nvme", 2, 1100)]),
        ("azure", "Standard_FX24mds_v2", [("nvme", 3, 1320)]),
        ("azure", "Standard_L16s_v3", [("nvme", 2, 3576), ("temp", 1, 160)]),  # 2 times 1.92 TB
        ("azure", "Standard_NC48ads_A100_v4", [("nvme", 2, 1788), ("temp", 1, 128)]),
        ("gcp", "n2-standard-8", None),
    ],
)
def test_local_disks_are_those_of_the_machine(cloud: str, name: str, disks: list[object] | None) -> None:
    assert _shape(local_disks(cloud, name)) == disks


@pytest.mark.parametrize(
    ("name", "gib"),
    [
        ("Standard_D4s_v5", 0),
        ("Standard_D4ps_v6", 0),
        ("Standard_D2ads_v5", 75),
        ("Standard_D16ds_v6", 880),  # over both of its disks
        ("Standard_D96ds_v5", 2040),  # the most that Azure allows
        ("Standard_F16s_v2", 256),  # its cache is larger than its disk
        ("Standard_NC24ads_A100_v4", 256),
        ("Standard_NC4as_T4_v3", 176),
        ("Standard_ND96isr_H100_v5", 1024),
        ("Standard_NC40ads_H100_v5", None),
        ("Standard_D192ds_v6", None),
        ("Standard_B4s_v2", 0),
        ("Standard_D4s_v3", 100),  # its cache is larger than its disk
        ("Standard_L8as_v3", 80),  # not on its NVMe disks
        ("Standard_D4plds_v6", None),
    ],
)
def test_an_ephemeral_system_disk_is_as_large_as_the_sources_vouch_for(name: str, gib: int | None) -> None:
    assert ephemeral_os_gib(name) == gib


def test_every_local_disk_is_of_a_machine_whose_family_has_some_and_holds_something() -> None:
    for row in _rows("local_disks"):
        disks = local_disks(row["cloud"], row["name"])
        assert disks, row
        assert all(disk.kind in ("nvme", "temp") and disk.total_gib > 0 and disk.count != 0 for disk in disks)
        assert all(disk.sources for disk in disks)


def test_every_machine_of_aws_whose_family_has_local_disks_is_listed_with_them() -> None:
    for listed in AWS:
        assert local_disks("aws", listed.name) is not None, listed.name


@pytest.mark.parametrize(
    ("cloud", "name", "resource", "mig"),
    [
        ("aws", "p4d.24xlarge", "nvidia.com/gpu", True),
        ("aws", "g6.xlarge", "nvidia.com/gpu", False),
        ("aws", "p6-b300.48xlarge", "nvidia.com/gpu", None),
        ("aws", "inf2.xlarge", "aws.amazon.com/neuron", False),
        ("aws", "trn1.2xlarge", "aws.amazon.com/neuron", False),
        ("aws", "inf1.xlarge", "aws.amazon.com/neuron", False),
        ("aws", "g4ad.xlarge", "amd.com/gpu", False),
        ("aws", "g7.2xlarge", "nvidia.com/gpu", None),
        ("aws", "dl1.24xlarge", "habana.ai/gaudi", False),
        ("azure", "Standard_NC24ads_A100_v4", "nvidia.com/gpu", True),
        ("azure", "Standard_NC4as_T4_v3", "nvidia.com/gpu", False),
        ("azure", "Standard_ND96isr_MI300X_v5", "amd.com/gpu", False),
        ("gcp", "a3-highgpu-8g", "nvidia.com/gpu", True),
    ],
)
def test_accelerators_count_in_their_makers_resource(cloud: str, name: str, resource: str, mig: bool | None) -> None:
    found = machine(cloud, name).accelerator
    assert found is not None
    assert (found.resource, found.mig) == (resource, mig)


def test_every_accelerator_of_the_catalogue_is_described_and_no_other() -> None:
    built_in = {listed.accelerator.type for listed in AWS + AZURE + GCP if listed.accelerator}
    attached = {row["accelerator"] for row in _rows("attachable")}
    assert built_in | attached == {row["type"] for row in _rows("accelerators")}


def test_an_accelerator_that_no_table_has_is_taken_for_one_of_nvidias() -> None:
    found = Accelerator("gb999", 8, 512)
    assert (found.resource, found.mig) == ("nvidia.com/gpu", None)


def test_an_unknown_machine_is_answered_with_a_near_one_by_every_look_up() -> None:
    for ask in (
        lambda: family("aws", "p5.48xlrage"),
        lambda: efa("p5.48xlrage"),
        lambda: sold_as_capacity_block("p5.48xlrage"),
        lambda: local_disks("aws", "p5.48xlrage"),
    ):
        with pytest.raises(UnknownMachineType, match=r"Write for example p5\.48xlarge"):
            ask()
    with pytest.raises(UnknownMachineType, match="Write for example Standard_D4ds_v5"):
        ephemeral_os_gib("Standard_D4ds_v55")
