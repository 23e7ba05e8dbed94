"""The script that makes the price book from a folder of facts."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "pricing" / "scripts" / "make_prices.py"

FACTS = {
    "instances": """\
cloud,region,machine_type,memory_gib,vcpu,on_demand_usd_per_hour,spot_usd_per_hour,source,as_of
aws,us-east-1,m5.large,8,2,0.1,0.04,new list; spot: on-demand x (1-60%) from AWS Spot Advisor via x 2025-06-28,2026-07-20
aws,us-east-1,m5.xlarge,16,4,0.2,0.08,new list; spot: on-demand x (1-60%) from AWS Spot Advisor via x 2025-06-28,2026-07-20
aws,eu-west-1,m5.large,8,2,0.12,0.05,old list; spot: median over zones (2026),2024-06-13
aws,eu-west-1,m5.xlarge,16,4,0.22,,DERIVED us-east-1 price x 1.1,2026-07-20
aws,us-east-1,p5e.48xlarge,2048,192,,20,new list,2026-07-20
azure,eastus,Standard_X1,8,2,0.3,0.3,azure list,2026-06-18
azure,eastus,Standard_X2,8,2,0.0,,azure list,2026-06-18
gcp,us-central1,n1-standard-8,30,8,0.38,0.1,gcp list,2026-07-16
gcp,us-central1,n1-highmem-8,52,8,0.468,0.1,gcp list,2026-07-16
gcp,us-central1,accelerator:nvidia-tesla-t4,,,0.35,0.1,gcp list,2026-07-16
""",
    "aws_spot_advisor": """\
cloud,region,machine_type,spot_savings_pct,interruption_band,interruption_max_pct_per_month,source,as_of
aws,us-east-1,m5.large,60,5-10%,11,advisor,2025-06-28
aws,us-east-1,m5.xlarge,60,>20%,100,advisor,2025-06-28
aws,eu-west-1,m5.large,50,<5%,5,advisor,2025-06-28
""",
    "gcp_cud": """\
cloud,region,machine_type,sud_fraction,cud_1y_fraction,cud_3y_fraction,source,as_of
gcp,us-central1,n1-standard-8,0.3,0.37,0.55,gcp list,2026-07-16
gcp,us-central1,n1-highmem-8,-0,,,gcp list,2026-07-16
""",
    "gcp_accelerators": """\
cloud,region,accelerator,count,usd_per_hour_per_gpu,spot_usd_per_hour_total,attach,source,as_of
gcp,us-central1,T4,1,0.35,0.14,any N1 (not f1/g1),old list,2024-06-13
gcp,us-central1,T4,1,0.36,0.11,any N1,new list,2026-08-22
gcp,us-central1,T4,2,0.35,0.28,any N1,old list,2024-06-13
gcp,us-central1,L4,1,0.56,0.2,bundled,old list,2024-06-13
""",
    "committed_use": """\
cloud,family,instrument,term,payment,discount_fraction,basis,source,as_of,confidence
aws,m5,standard RI,1y,no_upfront,0.38,ratio,old list,2026-01-01,derived
aws,m5,standard RI,1y,no_upfront,0.37,table,new list,2026-01-01,read
aws,m5,standard RI,1y,all_upfront,0.42,table,new list,2026-01-01,read
aws,p4d,standard RI,1y,all_upfront,0.42,table,new list,2026-01-01,read STALE: the price was cut
azure,Fsv2,Reservation,1y/3y,any,,none found,,,missing
""",
    "services": """\
cloud,region,service,item,unit,usd,source,as_of,confidence
aws,us-east-1,disk,EBS gp3 storage,GB-month,0.08,golden,2026-08,read
aws,us-east-1,control_plane,EKS control plane,cluster-hour,0.10,golden,2026-08,read
aws,us-east-1,egress,"internet egress first 10 TB (10,240 GB)",GB,0.09,golden,2026-08,read
aws,us-east-1,egress,internet egress next 40 TB,GB,0.085,golden,2026-08,read
aws,us-east-1,egress,internet egress next 100 TB,GB,0.07,golden,2026-08,read
azure,eastus,disk,Premium SSD P20 512 GiB LRS,month,73.22,"general knowledge, not read",,unverified
aws,us-east-1,other,Something new,hour,1,golden,2026-08,read
""",
}

MORE = """\
cloud,region,machine_type,on_demand_usd_per_hour,spot_usd_per_hour,source
aws,us-east-1,m5.large,9,,azure-ddsv5
azure,eastus,Standard_D4ds_v5,0.226,,azure-ddsv5
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("facts")
    for name, text in FACTS.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "more.csv").write_text(MORE)
    done = subprocess.run(
        [sys.executable, SCRIPT, folder, "--more", folder / "more.csv", "--out", folder / "made"],
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / "made", done.stdout


def _rows(made: Path, table: str) -> list[dict[str, str]]:
    def read(name: str) -> list[dict[str, str]]:
        with (made / f"{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    texts = {row["id"]: f"{row['source']} ({row['as_of']})" for row in read("sources")}
    rows = read(table)
    return [
        {key: texts.get(value, value) if key.endswith("source") else value for key, value in row.items()}
        for row in rows
    ]


def _machine(made: Path, region: str, name: str) -> dict[str, str]:
    return next(row for row in _rows(made, "machines") if (row["region"], row["name"]) == (region, name))


def test_a_row_keeps_both_sources_apart_each_with_its_day(made: tuple[Path, str]) -> None:
    row = _machine(made[0], "us-east-1", "m5.large")
    assert (row["on_demand"], row["source"], row["confidence"]) == ("0.1", "new list (2026-07-20)", "high")
    assert row["spot_source"].startswith("the on-demand price less the saving")
    assert row["spot_source"].endswith("(2025-06-28)")
    assert row["spot_confidence"] == "low"  # more than a year before the newest fact
    assert (row["interruption"], row["interruption_max"]) == ("5-10%", "0.11")


def test_older_and_derived_prices_are_believed_less(made: tuple[Path, str]) -> None:
    assert _machine(made[0], "eu-west-1", "m5.large")["confidence"] == "medium"
    assert _machine(made[0], "eu-west-1", "m5.xlarge")["confidence"] == "medium"


def test_the_spot_range_spans_both_sources(made: tuple[Path, str]) -> None:
    row = _machine(made[0], "eu-west-1", "m5.large")
    assert (row["spot"], row["spot_low"], row["spot_high"]) == ("0.05", "0.05", "0.06")


def test_documented_prices_add_machines_and_replace_none(made: tuple[Path, str]) -> None:
    assert _machine(made[0], "us-east-1", "m5.large")["on_demand"] == "0.1"
    added = _machine(made[0], "eastus", "Standard_D4ds_v5")
    assert (added["on_demand"], added["spot"]) == ("0.226", "")
    assert added["confidence"] == "medium"
    assert added["source"].startswith("second-hand: D4ds_v5 in eastus")


def test_a_blank_or_zero_price_stays_blank_and_a_spot_price_like_the_list_is_none(made: tuple[Path, str]) -> None:
    assert _machine(made[0], "us-east-1", "p5e.48xlarge")["on_demand"] == ""
    assert _machine(made[0], "eastus", "Standard_X2")["on_demand"] == ""
    assert _machine(made[0], "eastus", "Standard_X1")["spot"] == ""
    for told in (
        "aws p5e.48xlarge in us-east-1: the list has none",
        "azure Standard_X2 in eastus",
        "spot price of azure Standard_X1",
    ):
        assert told in made[1]


def test_a_negative_zero_is_zero_and_a_missing_discount_stays_missing(made: tuple[Path, str]) -> None:
    row = _machine(made[0], "us-central1", "n1-highmem-8")
    assert (row["sustained_use"], row["cud_1y"], row["cud_3y"]) == ("0", "", "")


def test_accelerators_come_one_device_each_from_the_newest_source(made: tuple[Path, str]) -> None:
    [row] = _rows(made[0], "accelerators")
    assert (row["type"], row["on_demand"], row["spot"], row["spot_low"], row["spot_high"]) == (
        "nvidia-tesla-t4",
        "0.36",
        "0.11",
        "0.11",
        "0.14",
    )
    assert (row["source"], row["sustained_use"]) == ("new list (2026-08-22)", "0.3")
    assert "Sustained use discounts" in row["sustained_use_source"]


def test_vcpu_and_memory_of_a_series_are_solved_from_two_machines(made: tuple[Path, str]) -> None:
    [row] = _rows(made[0], "custom")
    assert row["series"] == "n1"
    assert float(row["usd_per_gib"]) == pytest.approx(0.088 / 22)
    assert float(row["usd_per_vcpu"]) == pytest.approx((0.38 - 30 * 0.004) / 8)


def test_what_was_read_wins_and_what_is_stale_or_missing_is_so(made: tuple[Path, str]) -> None:
    rows = {(row["family"], row["payment"]): row for row in _rows(made[0], "commitments")}
    assert rows["m5", "no_upfront"]["discount"] == "0.37"
    assert rows["p4d", "all_upfront"]["confidence"] == "low"
    partial = rows["m5", "partial_upfront"]
    assert float(partial["discount"]) == pytest.approx(1 - 0.63 * 22.32423 / 23.44047, abs=1e-4)
    assert (partial["upfront"], partial["confidence"]) == ("0.5", "medium")
    assert "derived" in partial["source"]
    assert "commitments of azure Fsv2" in made[1]
    assert not any(family == "Fs_v2" for family, _ in rows)


def test_services_elsewhere_cost_what_machines_cost_more_there(made: tuple[Path, str]) -> None:
    rows = {(row["region"], row["item"]): row for row in _rows(made[0], "services")}
    # m5.large costs 1.2 times, m5.xlarge 1.1 times as much: the median is 1.15.
    assert float(rows["eu-west-1", "ebs_gp3"]["usd"]) == pytest.approx(0.08 * 1.15)
    assert rows["eu-west-1", "ebs_gp3"]["confidence"] == "low"
    assert rows["*", "eks_control_plane"]["usd"] == "0.1"
    assert rows["eastus", "azure_p20"]["confidence"] == "low"
    assert "aws Something new" in made[1]
    steps = [(row["up_to_gb"], row["usd_per_gb"]) for row in _rows(made[0], "tiers") if row["region"] == "eu-west-1"]
    assert sorted(steps) == [("", "0.0805"), ("10240", "0.1035"), ("51200", "0.09775")]


def test_the_same_facts_make_the_same_files(made: tuple[Path, str], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, SCRIPT, made[0].parent, "--more", made[0].parent / "more.csv", "--out", tmp_path],
        capture_output=True,
        check=True,
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in made[0].iterdir()
    }


def test_a_folder_without_facts_is_an_error(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True)
    assert done.returncode == 2
    assert "holds no instances.csv, aws_spot_advisor.csv" in done.stderr
