"""The script that makes the tables of the machine catalogue from a price list."""

import csv
import random
import subprocess
import sys
from pathlib import Path

import pytest

PRICING = Path(__file__).parents[2] / "pricing"
DATA = PRICING / "penstock_cost" / "data"
SCRIPT = PRICING / "scripts" / "make_machines.py"

PRICE_LIST = """\
cloud,region,machine_type,vcpu,memory_gib,gpu_count,gpu_type,gpu_memory_gib,on_demand_usd_per_hour,source,as_of
aws,us-east-1,p3.2xlarge,8,61,1,V100,16,3.06,new list; spot: another list,2026-07-20
aws,us-west-2,p3.2xlarge,8,61,1,V100,16,3.06,old list,2024-06-13
aws,eu-west-1,p3.2xlarge,8,61,1,V100,16,3.40,DERIVED us-east-1 price x 1.1,2026-08-01
aws,us-east-1,g6.xlarge,4,16,1,L4,22.351562,0.80,new list,2026-07-20
aws,us-east-1,p5e.48xlarge,192,2048,8,H200,141,,new list,2026-07-20
azure,eastus,Standard_NV6ads_A10_v5,6,55,1,A10,4,0.45,azure list,2026
azure,eastus,Standard_NV4as_v4,4,14,1,Radeon MI25,,0.23,azure list,2026
azure,eastus,Standard_NV4ads_V710_v5,4,16,0,,,0.20,azure list,2026
azure,eastus,Standard_NC1_v9,1,1,1,A10,40,0.20,azure list,2026
azure,eastus,Standard_NC2_v9,1,1,1,Z9,16,0.20,azure list,2026
gcp,us-central1,g4-standard-12,12,45,0.25,RTX-PRO-6000,96,1.1,gcp list,2026-07-16
gcp,us-central1,n2-standard-8,8,32,0,,,0.39,gcp list,2026-07-16
gcp,us-central1,n9-standard-1,1,4,0,,,0.39,gcp list,2026-07-16
gcp,us-west1,n9-standard-1,1,5,0,,,0.39,gcp list,2026-07-16
gcp,us-central1,n9-standard-2,,8,0,,,0.39,gcp list,2026-07-16
oci,eu-1,VM.Standard1.1,1,4,0,,,0.39,oci list,2026-07-16
gcp,us-central1,n9-standard-4,four,8,0,,,0.39,gcp list,2026-07-16
aws,us-west-1,g6.xlarge,4.0,16.0,1,L4,22.351562,0.80,new list,2026-07-20
gcp,us-central1,accelerator:nvidia-tesla-t4,,,1,T4,16,0.35,gcp list,2026-07-16
"""
ACCELERATORS = """\
cloud,region,accelerator,count
gcp,us-west1,T4,1
gcp,us-central1,T4,2
"""


def _make(folder: Path, price_list: str = PRICE_LIST) -> tuple[Path, list[str]]:
    """The folder of the tables made from a price list, and what the script printed."""
    made = folder / "made"
    made.mkdir(parents=True)
    (folder / "instances.csv").write_text(price_list)
    (folder / "gcp_accelerators.csv").write_text(ACCELERATORS)
    done = subprocess.run([sys.executable, SCRIPT, folder, "--out", made], capture_output=True, text=True, check=True)
    return made, done.stdout.splitlines()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _machines(data: Path) -> dict[str, dict[str, str]]:
    """machines.csv by name, with the texts of the sources instead of their ids."""
    sources = {row["id"]: f"{row['source']}, {row['as_of']}" for row in _rows(data / "sources.csv")}
    return {row["name"]: row | {"source": sources[row["source"]]} for row in _rows(data / "machines.csv")}


def test_the_script_keeps_a_machine_once_with_its_regions_and_its_newest_source(tmp_path: Path) -> None:
    made, _ = _make(tmp_path)
    assert _machines(made)["p3.2xlarge"] == {
        "cloud": "aws", "name": "p3.2xlarge", "family": "p3", "vcpu": "8", "memory_gib": "61",
        "accelerator": "v100", "accelerator_count": "1", "accelerator_memory_gib": "16", "architecture": "x86_64",
        "regions": "eu-west-1 us-east-1 us-west-2", "source": "new list, 2026-07-20",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "gpus"),
    [
        ("g6.xlarge", ("l4", "1", "24")),  # what error correction leaves is listed; nominal is kept
        ("Standard_NV6ads_A10_v5", ("A10", "1", "4")),  # a slice
        ("g4-standard-12", ("nvidia-rtx-pro-6000", "1", "24")),  # a quarter
        ("p5e.48xlarge", ("h200", "8", "141")),  # without a price, yet a machine
        ("n2-standard-8", ("", "", "")),
    ],
)
def test_the_script_writes_gpus_as_kubernetes_sees_them(tmp_path: Path, name: str, gpus: tuple[str, str, str]) -> None:
    row = _machines(_make(tmp_path)[0])[name]
    assert (row["accelerator"], row["accelerator_count"], row["accelerator_memory_gib"]) == gpus


def test_the_script_leaves_out_what_makes_no_sense_and_says_so(tmp_path: Path) -> None:
    made, printed = _make(tmp_path)
    assert printed == [
        "Left out azure Standard_NC1_v9: 40 GiB is more than one A10 has.",
        "Left out azure Standard_NC2_v9: gpus.csv has no 'Z9'.",
        "Left out azure Standard_NV4ads_V710_v5: it is of the N series, which has GPUs, but is listed with none.",
        "Left out azure Standard_NV4as_v4: the memory of its Radeon MI25 is blank.",
        "Left out gcp n9-standard-1: its regions list different shapes.",
        "Left out gcp n9-standard-2: no vCPU or memory is listed.",
        "Left out gcp n9-standard-4: 'four' is no number.",
        "Left out oci VM.Standard1.1: this script knows no cloud but aws, azure, gcp.",
    ]
    left_out = {line.split()[3].rstrip(":") for line in printed}
    assert not left_out & set(_machines(made))


def test_the_script_says_where_attachable_accelerators_are_sold(tmp_path: Path) -> None:
    regions = {row["accelerator"]: row["regions"] for row in _rows(_make(tmp_path)[0] / "attachable.csv")}
    assert regions["nvidia-tesla-t4"] == "us-central1 us-west1"
    assert regions["nvidia-tesla-p4"] == ""


def test_the_script_writes_the_same_files_whatever_the_order_of_the_price_list(tmp_path: Path) -> None:
    header, *lines = PRICE_LIST.splitlines(keepends=True)
    random.Random(7).shuffle(lines)
    first, _ = _make(tmp_path / "a")
    second, _ = _make(tmp_path / "b", header + "".join(lines))
    names = [path.name for path in sorted(first.iterdir())]
    assert names == ["attachable.csv", "machines.csv", "sources.csv"]
    assert [(first / name).read_bytes() for name in names] == [(second / name).read_bytes() for name in names]


def test_the_tables_are_sorted_so_that_a_change_reads_well(tmp_path: Path) -> None:
    for data in (_make(tmp_path)[0], DATA):
        names = [(row["cloud"], row["name"]) for row in _rows(data / "machines.csv")]
        assert names == sorted(names)


def test_a_folder_without_a_price_list_is_refused_with_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith("holds no instances.csv.\n")


def test_the_committed_tables_are_what_the_script_makes(tmp_path: Path) -> None:
    made, _ = _make(tmp_path)
    committed = _machines(DATA)
    of_the_price_list = {line.split(",")[2] for line in PRICE_LIST.splitlines()}
    for name, row in _machines(made).items():
        if name in of_the_price_list:  # the same shape, from another price list
            row |= {"regions": committed[name]["regions"], "source": committed[name]["source"]}
        assert committed[name] == row
    for before, after in zip(_rows(made / "attachable.csv"), _rows(DATA / "attachable.csv"), strict=True):
        assert before | {"regions": ""} == after | {"regions": ""}


def test_every_row_of_every_table_of_machines_names_sources_that_are_listed_and_every_source_is_named() -> None:
    named = set[str]()
    for table in (
        "accelerators", "attachable", "capacity_blocks", "efa", "families", "local_disks", "machines"
    ):  # fmt: skip
        rows = _rows(DATA / f"{table}.csv")
        assert rows
        for row in rows:
            of_the_row = (row.get("sources") or row["source"]).split()
            assert of_the_row, row
            named |= set(of_the_row)
    assert named == {row["id"] for row in _rows(DATA / "sources.csv")}


def test_the_memory_of_a_gpu_is_nominal_or_that_of_a_slice() -> None:
    nominal: dict[tuple[str, str], set[float]] = {}
    for gpu in _rows(SCRIPT.parent / "gpus.csv"):
        nominal.setdefault((gpu["cloud"], gpu["accelerator"]), set()).add(float(gpu["memory_gib"]))
    for row in _rows(DATA / "machines.csv"):
        if row["accelerator"]:
            memory = float(row["accelerator_memory_gib"])
            whole = nominal[row["cloud"], row["accelerator"]]
            assert memory in whole or any((gpu / memory).is_integer() for gpu in whole), row
