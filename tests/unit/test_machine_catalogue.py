"""The catalogue of machine types: its values, and the laws that all of them keep."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost import (
    Accelerator,
    MachineType,
    UnknownMachineType,
    attachable,
    family,
    machine,
    machines,
    shaped,
)

PRICING = Path(__file__).parents[2] / "pricing"
CLOUDS = ("aws", "azure", "gcp")
ALL = [found for cloud in CLOUDS for found in machines(cloud)]

# Checked by hand against what the vendors publish: vCPU, GiB, accelerator, count, GiB of one.
WELL_KNOWN: dict[tuple[str, str], tuple[float, float] | tuple[float, float, Accelerator]] = {
    ("aws", "m5.large"): (2, 8),
    ("aws", "c6i.4xlarge"): (16, 32),
    ("aws", "r5.xlarge"): (4, 32),
    ("aws", "m7g.xlarge"): (4, 16),
    ("aws", "t3.nano"): (2, 0.5),
    ("aws", "p3.2xlarge"): (8, 61, Accelerator("v100", 1, 16)),
    ("aws", "p3.8xlarge"): (32, 244, Accelerator("v100", 4, 16)),
    ("aws", "p3dn.24xlarge"): (96, 768, Accelerator("v100", 8, 32)),
    ("aws", "p4d.24xlarge"): (96, 1152, Accelerator("a100", 8, 40)),
    ("aws", "p5.48xlarge"): (192, 2048, Accelerator("h100", 8, 80)),
    ("aws", "g4dn.xlarge"): (4, 16, Accelerator("t4", 1, 16)),
    ("aws", "g5.12xlarge"): (48, 192, Accelerator("a10g", 4, 24)),
    ("aws", "g6.xlarge"): (4, 16, Accelerator("l4", 1, 24)),
    ("aws", "g6e.12xlarge"): (48, 384, Accelerator("l40s", 4, 48)),
    ("aws", "g7e.48xlarge"): (192, 2048, Accelerator("rtx-pro-server-6000", 8, 96)),
    ("aws", "p3.16xlarge"): (64, 488, Accelerator("v100", 8, 16)),
    ("aws", "p5en.48xlarge"): (192, 2048, Accelerator("h200", 8, 141)),
    ("aws", "m8i.96xlarge"): (384, 1536),
    ("aws", "c8i.large"): (2, 4),
    ("aws", "r6a.xlarge"): (4, 32),
    ("aws", "inf2.24xlarge"): (96, 384, Accelerator("inferentia2", 6, 32)),
    ("aws", "trn1.32xlarge"): (128, 512, Accelerator("trainium", 16, 32)),
    ("aws", "trn2.48xlarge"): (192, 2048, Accelerator("trainium2", 16, 96)),
    ("aws", "r7i.2xlarge"): (8, 64),
    ("aws", "r7iz.32xlarge"): (128, 1024),
    ("aws", "t3a.micro"): (2, 1),
    ("aws", "m5zn.3xlarge"): (12, 48),
    ("aws", "c5n.large"): (2, 5.25),
    ("aws", "c5n.9xlarge"): (36, 96),
    ("aws", "c7i-flex.large"): (2, 4),
    ("aws", "r6idn.metal"): (128, 1024),
    ("aws", "x2iedn.xlarge"): (4, 128),
    ("aws", "x2gd.metal"): (64, 1024),
    ("aws", "z1d.3xlarge"): (12, 96),
    ("aws", "i3.large"): (2, 15.25),
    ("aws", "i3en.24xlarge"): (96, 768),
    ("aws", "im4gn.large"): (2, 8),
    ("aws", "is4gen.medium"): (1, 6),
    ("aws", "d3.8xlarge"): (32, 256),
    ("aws", "hpc7a.12xlarge"): (24, 768),
    ("aws", "m8a.48xlarge"): (192, 768),
    ("aws", "inf1.6xlarge"): (24, 48, Accelerator("inferentia", 4, 8)),
    ("aws", "g4ad.16xlarge"): (64, 256, Accelerator("radeon-pro-v520", 4, 8)),
    ("aws", "g7.12xlarge"): (48, 192, Accelerator("rtx-pro-4500", 2, 32)),
    ("aws", "dl1.24xlarge"): (96, 768, Accelerator("gaudi", 8, 32)),
    ("azure", "Standard_D4s_v5"): (4, 16),
    ("azure", "Standard_B2ms"): (2, 8),
    ("azure", "Standard_B2ts_v2"): (2, 1),
    ("azure", "Standard_B32as_v2"): (32, 128),
    ("azure", "Standard_DS2_v2"): (2, 7),
    ("azure", "Standard_DS5_v2"): (16, 56),
    ("azure", "Standard_E64s_v3"): (64, 432),
    ("azure", "Standard_D64as_v4"): (64, 256),
    ("azure", "Standard_E80ids_v4"): (80, 504),
    ("azure", "Standard_E20ads_v5"): (20, 160),
    ("azure", "Standard_D64pds_v5"): (64, 208),
    ("azure", "Standard_D128lds_v6"): (128, 256),
    ("azure", "Standard_E96as_v6"): (96, 672),
    ("azure", "Standard_E128ds_v6"): (128, 1024),
    ("azure", "Standard_E96pds_v6"): (96, 672),
    ("azure", "Standard_F16als_v6"): (16, 32),
    ("azure", "Standard_F16ams_v6"): (16, 128),
    ("azure", "Standard_FX96mds_v2"): (96, 1832),
    ("azure", "Standard_L80as_v3"): (80, 640),
    ("azure", "Standard_M176s_4_v3"): (176, 3892),
    ("azure", "Standard_F16s_v2"): (16, 32),
    ("azure", "Standard_D8ds_v5"): (8, 32),
    ("azure", "Standard_D192ds_v6"): (192, 768),
    ("azure", "Standard_D4as_v6"): (4, 16),
    ("azure", "Standard_D96pds_v6"): (96, 384),
    ("azure", "Standard_E96ds_v5"): (96, 672),
    ("azure", "Standard_NC4as_T4_v3"): (4, 28, Accelerator("T4", 1, 16)),
    ("azure", "Standard_NC24ads_A100_v4"): (24, 220, Accelerator("A100", 1, 80)),
    ("azure", "Standard_ND96asr_v4"): (96, 900, Accelerator("A100", 8, 40)),
    ("azure", "Standard_ND96isr_H100_v5"): (96, 1900, Accelerator("H100", 8, 80)),
    ("azure", "Standard_NV6ads_A10_v5"): (6, 55, Accelerator("A10", 1, 4)),
    ("gcp", "e2-standard-4"): (4, 16),
    ("gcp", "e2-medium"): (1, 4),
    ("gcp", "n1-standard-1"): (1, 3.75),
    ("gcp", "n1-highcpu-16"): (16, 14.4),
    ("gcp", "n2-standard-8"): (8, 32),
    ("gcp", "n2-highmem-8"): (8, 64),
    ("gcp", "n2-highcpu-16"): (16, 16),
    ("gcp", "n2d-standard-224"): (224, 896),
    ("gcp", "n4-highmem-80"): (80, 640),
    ("gcp", "c2-standard-60"): (60, 240),
    ("gcp", "c3-standard-4"): (4, 16),
    ("gcp", "c4-standard-2"): (2, 7),
    ("gcp", "c4d-highmem-4"): (4, 31),
    ("gcp", "t2d-standard-60"): (60, 240),
    ("gcp", "m3-ultramem-128"): (128, 3904),
    ("gcp", "g2-standard-4"): (4, 16, Accelerator("nvidia-l4", 1, 24)),
    ("gcp", "g2-standard-24"): (24, 96, Accelerator("nvidia-l4", 2, 24)),
    ("gcp", "g4-standard-48"): (48, 180, Accelerator("nvidia-rtx-pro-6000", 1, 96)),
    ("gcp", "g4-standard-6"): (6, 22, Accelerator("nvidia-rtx-pro-6000", 1, 12)),
    ("gcp", "a2-highgpu-1g"): (12, 85, Accelerator("nvidia-tesla-a100", 1, 40)),
    ("gcp", "a2-highgpu-8g"): (96, 680, Accelerator("nvidia-tesla-a100", 8, 40)),
    ("gcp", "a2-ultragpu-2g"): (24, 340, Accelerator("nvidia-a100-80gb", 2, 80)),
    ("gcp", "a3-highgpu-8g"): (208, 1872, Accelerator("nvidia-h100-80gb", 8, 80)),
    ("gcp", "a3-megagpu-8g"): (208, 1872, Accelerator("nvidia-h100-mega-80gb", 8, 80)),
    ("gcp", "a3-ultragpu-8g"): (224, 2952, Accelerator("nvidia-h200-141gb", 8, 141)),
    ("gcp", "a4-highgpu-8g"): (224, 3968, Accelerator("nvidia-b200", 8, 180)),
}


@pytest.mark.parametrize(("cloud", "name"), WELL_KNOWN)
def test_well_known_machines_have_their_published_shape(cloud: str, name: str) -> None:
    found = machine(cloud, name)
    shape = (found.vcpu, found.memory_gib)
    assert ((*shape, found.accelerator) if found.accelerator else shape) == WELL_KNOWN[cloud, name]


@pytest.mark.parametrize(
    ("cloud", "name", "architecture"),
    [
        ("aws", "m7g.xlarge", "arm64"),
        ("aws", "m7i.xlarge", "x86_64"),
        ("aws", "g6.xlarge", "x86_64"),
        ("aws", "g5g.xlarge", "arm64"),
        ("aws", "c7gn.large", "arm64"),
        ("aws", "im4gn.large", "arm64"),
        ("aws", "is4gen.large", "arm64"),
        ("aws", "i8ge.large", "arm64"),
        ("aws", "hpc7g.16xlarge", "arm64"),
        ("aws", "g4ad.xlarge", "x86_64"),
        ("aws", "m7i-flex.large", "x86_64"),
        ("azure", "Standard_D4ps_v5", "arm64"),
        ("azure", "Standard_D4pds_v6", "arm64"),
        ("azure", "Standard_B2pls_v2", "arm64"),
        ("azure", "Standard_E4pds_v6", "arm64"),
        ("azure", "Standard_D4ads_v6", "x86_64"),
        ("azure", "Standard_D4s_v5", "x86_64"),
        ("azure", "Standard_ND96amsr_A100_v4", "x86_64"),
        ("gcp", "t2a-standard-4", "arm64"),
        ("gcp", "c4a-highmem-8-lssd", "arm64"),
        ("gcp", "a4x-highgpu-4g", "arm64"),
        ("gcp", "t2d-standard-4", "x86_64"),
    ],
)
def test_the_processor_architecture_is_the_machines(cloud: str, name: str, architecture: str) -> None:
    assert machine(cloud, name).architecture == architecture


@given(st.sampled_from(ALL))
def test_every_machine_is_found_by_its_name_has_positive_amounts_and_says_where_it_was_read(
    listed: MachineType,
) -> None:
    found = machine(listed.cloud, listed.name)
    assert found == listed
    assert found.vcpu > 0
    assert found.memory_gib > 0
    assert found.accelerator is None or min(found.accelerator.count, found.accelerator.memory_gib) > 0
    assert found.source
    assert found.as_of.startswith("20")


def test_a_machine_that_no_table_has_is_what_its_user_states() -> None:
    found = shaped("existing", "rack-7", 96, 1024, "arm64", Accelerator("h100", 8, 80))
    assert (found.cloud, found.name, found.family) == ("existing", "rack-7", "rack-7")
    assert (found.vcpu, found.memory_gib, found.architecture) == (96, 1024, "arm64")
    assert found.accelerator == Accelerator("h100", 8, 80)
    assert (found.regions, found.source, found.as_of) == (frozenset(), "stated in the settings", "")
    assert shaped("aws", "m99.large", 2, 8).architecture == "x86_64"


@pytest.mark.parametrize(("vcpu", "memory"), [(0, 8), (-1, 8), (2, 0), (2, -0.5), (float("nan"), 8)])
def test_a_stated_machine_without_vcpu_or_memory_is_refused(vcpu: float, memory: float) -> None:
    with pytest.raises(ValueError, match="'m99.large' needs vCPU and memory above 0"):
        shaped("aws", "m99.large", vcpu, memory)


def test_a_stated_machine_is_of_one_of_the_two_architectures() -> None:
    with pytest.raises(ValueError, match="Write x86_64 or arm64"):
        shaped("aws", "m99.large", 2, 8, "amd64")


def test_machines_lists_each_name_of_a_cloud_once() -> None:
    for cloud in CLOUDS:
        names = [found.name for found in machines(cloud)]
        assert len(names) == len(set(names)) > 50


# Families in which every vCPU brings the same memory, up to the whole GiB to which the clouds round.
EVEN_FAMILIES = {
    "aws": {
        "c5",
        "c6i",
        "c7i",
        "m5",
        "m6i",
        "m7i",
        "r5",
        "r6i",
        "m7g",
        "c8g",
        "r7a",
        "g5",
        "g6e",
        "p3",
        "m8i",
        "c6a",
        "inf2",
    },
    "gcp": {
        f"{series}-{kind}"
        for series in ("e2", "n1", "n2", "n2d", "n4", "n4a", "n4d", "c2d", "c4", "c4a", "c4d")
        for kind in ("standard", "highcpu", "highmem")
    }
    | {"c2-standard", "t2a-standard", "t2d-standard", "c3d-standard", "c3d-highmem"},
}
UNEVEN = {"n2-highmem-128"}  # 864 GiB, where 8 a vCPU would be 1024


@pytest.mark.parametrize("cloud", EVEN_FAMILIES)
def test_sizes_of_an_even_family_have_the_same_memory_for_each_vcpu(cloud: str) -> None:
    seen = set()
    for found in machines(cloud):
        if found.family in EVEN_FAMILIES[cloud] and found.name not in UNEVEN:
            seen.add(found.family)
            sizes = [size for size in machines(cloud) if size.family == found.family and size.name not in UNEVEN]
            largest = max(sizes, key=lambda size: size.vcpu)
            per_vcpu = largest.memory_gib / largest.vcpu
            assert abs(found.memory_gib - per_vcpu * found.vcpu) < 1, found
    assert seen == EVEN_FAMILIES[cloud]


@pytest.mark.parametrize(
    ("cloud", "wrong", "right"),
    [
        ("gcp", "n2-highcpu-17", "n2-highcpu-16"),
        ("gcp", "N2-Standard-8", "n2-standard-8"),
        ("aws", "p3.2xlrage", "p3.2xlarge"),
        ("azure", "standard_nc24ads_a100_v4", "Standard_NC24ads_A100_v4"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_known_ones(cloud: str, wrong: str, right: str) -> None:
    with pytest.raises(UnknownMachineType) as caught:
        machine(cloud, wrong)
    message = str(caught.value)
    assert wrong in message
    assert f"Write for example {right}" in message
    assert message.endswith(".")


def test_a_name_like_no_other_and_an_unknown_cloud_are_refused_with_what_to_do() -> None:
    with pytest.raises(UnknownMachineType, match=r"machines\('gcp'\) lists\.$"):
        machine("gcp", "???")
    for ask in (lambda: machine("gpc", "n2-standard-8"), lambda: machines("gpc"), lambda: attachable("gpc", "l4")):
        with pytest.raises(UnknownMachineType, match=r"'gpc'.*Write aws or azure or gcp\.$"):
            ask()


@given(st.sampled_from(machines("gcp")))
def test_every_gcp_machine_has_a_family_that_agrees_with_it_and_has_a_disk_to_boot_from(listed: MachineType) -> None:
    found = family("gcp", listed.name)
    assert f"{listed.name}-".startswith(f"{found.name}-")
    assert found.architecture == listed.architecture
    assert found.boot_disk_types
    assert found.sources


@pytest.mark.parametrize(
    ("name", "boot_disks"),
    [
        ("n2-highcpu-16", {"pd-standard", "pd-balanced", "pd-ssd"}),
        ("e2-standard-4", {"pd-standard", "pd-balanced", "pd-ssd"}),
        ("g2-standard-4", {"pd-balanced", "pd-ssd"}),
        ("c3-standard-4", {"pd-balanced", "pd-ssd", "hyperdisk-balanced"}),
        ("a3-megagpu-8g", {"pd-balanced", "pd-ssd", "hyperdisk-balanced"}),
        ("a3-ultragpu-8g", {"hyperdisk-balanced"}),
        ("n4-standard-8", {"hyperdisk-balanced"}),
        ("c4-standard-8", {"hyperdisk-balanced"}),
        ("m3-megamem-64", {"pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"}),
        ("g4-standard-48", {"hyperdisk-balanced"}),
    ],
)
def test_machines_boot_from_the_disks_of_their_family(name: str, boot_disks: set[str]) -> None:
    assert family("gcp", name).boot_disk_types == boot_disks


@pytest.mark.parametrize(
    ("name", "commitment"),
    [
        ("n1-standard-8", "GENERAL_PURPOSE"),
        ("n2-standard-8", "GENERAL_PURPOSE_N2"),
        ("c2-standard-8", "COMPUTE_OPTIMIZED"),
        ("c3-standard-8", "COMPUTE_OPTIMIZED_C3"),  # general-purpose, yet named so by the API
        ("c4-standard-8", "GENERAL_PURPOSE_C4"),
        ("g2-standard-8", "GRAPHICS_OPTIMIZED"),
        ("a2-highgpu-1g", "ACCELERATOR_OPTIMIZED"),
        ("a3-highgpu-1g", "ACCELERATOR_OPTIMIZED_A3"),
        ("a3-megagpu-8g", "ACCELERATOR_OPTIMIZED_A3_MEGA"),
        ("m3-megamem-64", "MEMORY_OPTIMIZED_M3"),
        ("t2a-standard-8", None),
    ],
)
def test_commitments_are_of_the_type_that_covers_the_family(name: str, commitment: str | None) -> None:
    assert family("gcp", name).commitment_type == commitment


def test_the_longest_family_wins_so_that_one_size_may_be_sold_otherwise_than_its_siblings() -> None:
    assert family("gcp", "a3-highgpu-8g").on_demand
    assert not family("gcp", "a3-highgpu-4g").on_demand
    assert family("gcp", "a3-highgpu-4g").spot
    assert not family("gcp", "a4x-highgpu-4g").spot


def test_compact_placement_is_for_families_that_have_it() -> None:
    assert family("gcp", "c2-standard-8").compact
    assert family("gcp", "g2-standard-8").compact_max_nodes == 150
    assert not family("gcp", "e2-standard-8").compact
    assert not family("gcp", "n1-standard-8").compact


def test_attachable_accelerators_limit_the_machine_by_their_count() -> None:
    t4 = attachable("gcp", "nvidia-tesla-t4")
    assert t4 is not None
    assert (t4.family, t4.memory_gib, t4.counts) == ("n1", 16, (1, 2, 4))
    assert [t4.max_vcpu(count) for count in t4.counts] == [48, 48, 96]
    assert [t4.max_memory_gib(count) for count in t4.counts] == [312, 312, 624]
    assert "us-central1" in t4.regions
    with pytest.raises(ValueError, match="in counts of 1, 2, 4, not 3"):
        t4.max_vcpu(3)
    v100 = attachable("gcp", "nvidia-tesla-v100")
    assert v100 is not None
    assert [v100.max_vcpu(count) for count in v100.counts] == [12, 24, 48, 96]


def test_a_limit_of_some_zones_holds_there_and_where_no_zone_is_named() -> None:
    p100 = attachable("gcp", "nvidia-tesla-p100")
    assert p100 is not None
    assert p100.max_vcpu(4, "us-east1-c") == 64
    assert p100.max_vcpu(4, "us-west1-b") == 96
    assert p100.max_vcpu(4) == 64


def test_accelerators_that_come_with_their_machine_cannot_be_attached() -> None:
    built_in = {listed.accelerator.type for listed in machines("gcp") if listed.accelerator}
    assert "nvidia-l4" in built_in
    assert [attachable("gcp", gpu) for gpu in built_in] == [None] * len(built_in)


def test_importing_the_package_reads_no_table_and_builds_no_model() -> None:
    heavy = "{'pydantic', 'csv', 'difflib', 'pulumi', 'pathlib'} & set(sys.modules)"
    found = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(PRICING)!r}); import penstock_cost; print({heavy})"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout == "set()\n"
