"""Sums by hand: what pools cost a month, from list prices that are written out here beside the arithmetic.

The prices are those of the price book's sources. `FULL` is a month; a schedule's share is its hours of the 168 of a
week; Google Cloud charges the quarters of a month 100, 80, 60 and 40 % of an N1 machine's price (70 % on average).
"""

from typing import Any, NamedTuple

import pytest

from penstock_cost.book import PriceBook
from penstock_cost.usage.pool import pool_item
from penstock_cost.usage.question import ask

FULL = 730
# USD an hour, on demand.
P3_2, P3_8, P3_2_FRANKFURT = 3.06, 12.24, 3.823
G5, G4DN, G6_TOKYO, P5, P4D = 1.006, 0.526, 1.1672, 55.04, 21.957642
M5_XL, T3, C5_2_IRELAND, R5_L = 0.192, 0.0416, 0.384, 0.126
N1_4, N1_8, N2_8, N2_HM4, E2_4, G2_8, A2_1, C2_8, C3_8, A3_8 = (
    0.189999, 0.379998, 0.388472, 0.262028, 0.134023, 0.853624, 3.673385, 0.417616, 0.403216, 88.49
)  # fmt: skip
T4, V100 = 0.35, 2.48
D4, D8, NC_A100, NC_A100_WEST, NC_T4, ND_H100 = 0.192, 0.384, 3.673, 4.775, 0.526, 98.32
# USD an hour, spot.
P3_2_SPOT, G5_SPOT, M5_XL_SPOT, N2_8_SPOT, NC_A100_SPOT, G2_8_SPOT = (
    0.3941,
    0.41246,
    0.06528,
    0.167504,
    0.444433,
    0.436232,
)
# What is paid of a whole month of use on demand.
N1_MONTH, N2_MONTH = 0.7, 0.8002
N1_HALF = (1 + 0.8) / 4


class Case(NamedTuple):
    name: str
    asked: dict[str, Any]
    floor: float
    expected: float
    ceiling: float


def aws(machine: str, minimum: int, maximum: int, region: str = "us-east-1", **more: Any) -> dict[str, Any]:
    return {"cloud": "aws", "region": region, "machines": (machine,), "minimum": minimum, "maximum": maximum, **more}


def gcp(machine: str, minimum: int, maximum: int, region: str = "us-central1", **more: Any) -> dict[str, Any]:
    return {"cloud": "gcp", "region": region, "machines": (machine,), "minimum": minimum, "maximum": maximum, **more}


def azure(machine: str, minimum: int, maximum: int, region: str = "eastus", **more: Any) -> dict[str, Any]:
    return {"cloud": "azure", "region": region, "machines": (machine,), "minimum": minimum, "maximum": maximum, **more}


OFFICE = {"schedule": ("Mon-Fri 08:00-20:00=6",), "otherwise": 1}
OFFICE_MEAN = (60 * 6 + 108 * 1) / 168
NIGHTS_OFF = {"schedule": ("daily 22:00-06:00=0",), "otherwise": 4}
TWO_THEN_SIX = {"profile": (2,) * 12 + (6,) * 12}
SPOT = {"purchase": "spot"}
YEAR = {"purchase": "reserved", "term": "1y", "payment": "no_upfront"}
YEAR_AHEAD = {"purchase": "reserved", "term": "1y", "payment": "all_upfront"}
THREE_YEARS = {"purchase": "reserved", "term": "3y", "payment": "no_upfront"}
T4_ONE = {"accelerator": "nvidia-tesla-t4:1"}

CASES = [
    # AWS, on demand
    Case("ten V100 machines are not 9,180", aws("p3.2xlarge", 0, 10), 0, 0, 10 * P3_2 * FULL),
    Case("a fixed pool", aws("p3.2xlarge", 10, 10), 22338, 22338, 22338),
    Case("desired", aws("p3.2xlarge", 1, 10, desired=4), P3_2 * FULL, 4 * P3_2 * FULL, 22338),
    Case("without a schedule the minimum", aws("m5.xlarge", 3, 6), 3 * M5_XL * FULL, 3 * M5_XL * FULL, 6 * M5_XL * FULL),
    Case("office hours", aws("p3.2xlarge", 0, 10, **OFFICE), 0, OFFICE_MEAN * P3_2 * FULL, 22338),
    Case("nights off", aws("g5.xlarge", 0, 4, **NIGHTS_OFF), 0, 4 * 112 / 168 * G5 * FULL, 4 * G5 * FULL),
    Case("weekend only", aws("g4dn.xlarge", 0, 2, schedule=("Sat,Sun 10:00-14:00=2",)), 0, 2 * 8 / 168 * G4DN * FULL, 2 * G4DN * FULL),
    Case("two windows", aws("g5.xlarge", 1, 9, schedule=("Mon-Fri 08:00-20:00=6", "Sat 10:00-16:00=3")), G5 * FULL, (60 * 6 + 6 * 3 + 102 * 1) / 168 * G5 * FULL, 9 * G5 * FULL),
    Case("overlap: the most counts", aws("g5.xlarge", 0, 9, schedule=("Mon 00:00-12:00=2", "Mon 06:00-18:00=5")), 0, (6 * 2 + 12 * 5) / 168 * G5 * FULL, 9 * G5 * FULL),
    Case("schedule above the maximum", aws("g5.xlarge", 1, 4, **OFFICE), G5 * FULL, (60 * 4 + 108 * 1) / 168 * G5 * FULL, 4 * G5 * FULL),
    Case("schedule below the minimum", aws("g5.xlarge", 2, 8, **OFFICE), 2 * G5 * FULL, (60 * 6 + 108 * 2) / 168 * G5 * FULL, 8 * G5 * FULL),
    Case("a profile of a day", aws("m5.xlarge", 1, 8, **TWO_THEN_SIX), M5_XL * FULL, 4 * M5_XL * FULL, 8 * M5_XL * FULL),
    Case("a profile of a week", aws("m5.xlarge", 0, 8, profile=(0,) * 84 + (8,) * 84), 0, 4 * M5_XL * FULL, 8 * M5_XL * FULL),
    Case("another region", aws("p3.2xlarge", 1, 2, "eu-central-1"), P3_2_FRANKFURT * FULL, P3_2_FRANKFURT * FULL, 2 * P3_2_FRANKFURT * FULL),
    Case("derived price", aws("g6.xlarge", 0, 1, "ap-northeast-1"), 0, 0, G6_TOKYO * FULL),
    Case("price cut of the P5", aws("p5.48xlarge", 0, 2), 0, 0, 2 * P5 * FULL),
    Case("price cut of the P4d", aws("p4d.24xlarge", 1, 1), P4D * FULL, P4D * FULL, P4D * FULL),
    Case("by zone", aws("c5.2xlarge", 1, 4, "eu-west-1", zones=3, per_zone=True), 3 * C5_2_IRELAND * FULL, 3 * C5_2_IRELAND * FULL, 12 * C5_2_IRELAND * FULL),
    Case("total over zones", aws("c5.2xlarge", 3, 4, "eu-west-1", zones=3), 3 * C5_2_IRELAND * FULL, 3 * C5_2_IRELAND * FULL, 4 * C5_2_IRELAND * FULL),
    Case("zero of everything", aws("p3.2xlarge", 0, 0), 0, 0, 0),
    Case("several types", aws("m5.xlarge", 2, 4) | {"machines": ("g5.xlarge", "m5.xlarge", "p3.2xlarge")}, 2 * M5_XL * FULL, 2 * G5 * FULL, 4 * P3_2 * FULL),
    # AWS, spot
    Case("spot", aws("p3.2xlarge", 2, 10, **SPOT), 2 * P3_2_SPOT * FULL, 2 * P3_2_SPOT * FULL, 10 * P3_2 * FULL),
    Case("spot with fallback", aws("p3.2xlarge", 2, 10, **SPOT, fallback=0.15), 2 * P3_2_SPOT * FULL, 2 * (0.85 * P3_2_SPOT + 0.15 * P3_2) * FULL, 10 * P3_2 * FULL),
    Case("spot with redone work", aws("p3.2xlarge", 2, 10, **SPOT, redo=0.03), 2 * P3_2_SPOT * FULL, 2 * P3_2_SPOT * 1.03 * FULL, 10 * P3_2 * FULL),
    Case("spot with both", aws("g5.xlarge", 2, 10, **SPOT, fallback=0.2, redo=0.1), 2 * G5_SPOT * FULL, 2 * (0.8 * G5_SPOT + 0.2 * G5) * 1.1 * FULL, 10 * G5 * FULL),
    Case("spot on a schedule", aws("g5.xlarge", 0, 10, **SPOT, **OFFICE), 0, OFFICE_MEAN * G5_SPOT * FULL, 10 * G5 * FULL),
    Case("stated spot price", aws("p3.2xlarge", 1, 4, **SPOT, spot_price=0.9), 0.9 * FULL, 0.9 * FULL, 4 * P3_2 * FULL),
    Case("always on fallback", aws("p3.2xlarge", 1, 1, **SPOT, fallback=1.0), P3_2_SPOT * FULL, P3_2 * FULL, P3_2 * FULL),
    Case("redone work ends at the maximum", aws("p3.2xlarge", 1, 1, **SPOT, fallback=1.0, redo=0.5), P3_2_SPOT * FULL, P3_2 * FULL, P3_2 * FULL),
    Case("stated spot price above the list", aws("m5.xlarge", 1, 2, **SPOT, spot_price=0.3), 0.3 * FULL, 0.3 * FULL, 2 * 0.3 * FULL),
    Case("spot of two types", aws("m5.xlarge", 1, 2, **SPOT) | {"machines": ("p3.2xlarge", "m5.xlarge")}, M5_XL_SPOT * FULL, P3_2_SPOT * FULL, 2 * P3_2 * FULL),
    # AWS, committed
    Case("a year, no upfront", aws("t3.medium", 2, 2, **YEAR), *[2 * T3 * (1 - 0.3727) * FULL] * 3),
    Case("a year, all upfront, is not free", aws("p3.2xlarge", 2, 2, **YEAR_AHEAD), *[2 * P3_2 * (1 - 0.363) * FULL] * 3),
    Case("a year covers the minimum", aws("m5.xlarge", 2, 5, **YEAR), 2 * M5_XL * 0.63 * FULL, 2 * M5_XL * 0.63 * FULL, (2 * 0.63 + 3) * M5_XL * FULL),
    Case("a year with a schedule", aws("m5.xlarge", 1, 6, **YEAR, **OFFICE), M5_XL * 0.63 * FULL, (0.63 + OFFICE_MEAN - 1) * M5_XL * FULL, (0.63 + 5) * M5_XL * FULL),
    Case("three years", aws("p3.2xlarge", 1, 1, **THREE_YEARS), *[P3_2 * (1 - 0.6291) * FULL] * 3),
    Case("three years, all upfront", aws("m5.xlarge", 4, 4, **YEAR_AHEAD | {"term": "3y"}), *[4 * M5_XL * (1 - 0.624) * FULL] * 3),
    Case("a year of R5, all upfront", aws("r5.large", 3, 3, **YEAR_AHEAD), *[3 * R5_L * (1 - 0.412) * FULL] * 3),
    # AWS, held machines
    Case("unused reservation is in the floor", aws("p3.2xlarge", 0, 4, reserved_capacity=2), 2 * P3_2 * FULL, 2 * P3_2 * FULL, 4 * P3_2 * FULL),
    Case("a reservation is not counted twice", aws("p3.2xlarge", 3, 4, reserved_capacity=2), 3 * P3_2 * FULL, 3 * P3_2 * FULL, 4 * P3_2 * FULL),
    Case("a reservation above the maximum", aws("p3.2xlarge", 0, 1, reserved_capacity=2), *[2 * P3_2 * FULL] * 3),
    # Google Cloud, on demand with its sustained-use discount
    Case("N1 all month", gcp("n1-standard-4", 3, 6), 3 * N1_4 * N1_MONTH * FULL, 3 * N1_4 * N1_MONTH * FULL, 6 * N1_4 * N1_MONTH * FULL),
    Case("N1 half the time", gcp("n1-standard-4", 0, 2, profile=(0,) * 12 + (2,) * 12), 0, 2 * N1_4 * N1_HALF * FULL, 2 * N1_4 * N1_MONTH * FULL),
    Case("N1 a quarter of the time has no discount", gcp("n1-standard-4", 0, 2, profile=(0,) * 18 + (2,) * 6), 0, 2 * N1_4 * 0.25 * FULL, 2 * N1_4 * N1_MONTH * FULL),
    Case("N1 in levels", gcp("n1-standard-8", 1, 3, profile=(1,) * 12 + (3,) * 12), N1_8 * N1_MONTH * FULL, (N1_MONTH + 2 * N1_HALF) * N1_8 * FULL, 3 * N1_8 * N1_MONTH * FULL),
    Case("N2 all month", gcp("n2-standard-8", 2, 4), 2 * 226.924365, 2 * 226.924365, 4 * 226.924365),
    Case("N2 half the time", gcp("n2-standard-8", 0, 4, profile=(0,) * 12 + (4,) * 12), 0, 4 * N2_8 * (1 + 0.8678) / 4 * FULL, 4 * N2_8 * N2_MONTH * FULL),
    Case("N2 high memory", gcp("n2-highmem-4", 1, 1), *[153.062608] * 3),
    Case("C2 all month", gcp("c2-standard-8", 1, 1), *[C2_8 * N2_MONTH * FULL] * 3),
    Case("E2 has none", gcp("e2-standard-4", 2, 4), 2 * E2_4 * FULL, 2 * E2_4 * FULL, 4 * E2_4 * FULL),
    Case("C3 has none", gcp("c3-standard-8", 1, 2), C3_8 * FULL, C3_8 * FULL, 2 * C3_8 * FULL),
    Case("G2 has none", gcp("g2-standard-8", 0, 6, **OFFICE), 0, OFFICE_MEAN * G2_8 * FULL, 6 * G2_8 * FULL),
    Case("A2 has none", gcp("a2-highgpu-1g", 1, 8), A2_1 * FULL, A2_1 * FULL, 8 * A2_1 * FULL),
    Case("A3", gcp("a3-highgpu-8g", 0, 1), 0, 0, A3_8 * FULL),
    Case("N1 with a T4", gcp("n1-standard-8", 0, 3, **T4_ONE), 0, 0, 3 * (N1_8 + T4) * N1_MONTH * FULL),
    Case("N1 with a T4 half the time", gcp("n1-standard-8", 0, 1, **T4_ONE, profile=(0,) * 12 + (1,) * 12), 0, (N1_8 + T4) * N1_HALF * FULL, (N1_8 + T4) * N1_MONTH * FULL),
    Case("N1 with four V100", gcp("n1-standard-8", 1, 1, accelerator="nvidia-tesla-v100:4"), *[(N1_8 + 4 * V100) * N1_MONTH * FULL] * 3),
    Case("by zone on GKE", gcp("e2-standard-4", 1, 3, zones=3, per_zone=True), 3 * E2_4 * FULL, 3 * E2_4 * FULL, 9 * E2_4 * FULL),
    Case("by zone with a schedule", gcp("e2-standard-4", 1, 6, zones=2, per_zone=True, **OFFICE), 2 * E2_4 * FULL, 2 * OFFICE_MEAN * E2_4 * FULL, 12 * E2_4 * FULL),
    # Google Cloud, spot and committed
    Case("spot has no sustained use", gcp("n2-standard-8", 1, 3, **SPOT), N2_8_SPOT * FULL, N2_8_SPOT * FULL, 3 * N2_8 * FULL),
    Case("spot GPU with fallback", gcp("g2-standard-8", 0, 8, **SPOT, **OFFICE, fallback=0.1), 0, OFFICE_MEAN * (0.9 * G2_8_SPOT + 0.1 * G2_8) * FULL, 8 * G2_8 * FULL),
    Case("committed for a year", gcp("n2-standard-8", 2, 2, **YEAR), *[2 * 178.65144] * 3),
    Case("committed for three years", gcp("a2-highgpu-1g", 1, 1, **THREE_YEARS), *[938.567078] * 3),
    Case("committed, the rest with sustained use", gcp("n2-standard-8", 1, 2, **YEAR), 178.65144, 178.65144, 178.65144 + N2_8 * N2_MONTH * FULL),
    # Azure
    Case("Azure", azure("Standard_D4s_v5", 1, 5), D4 * FULL, D4 * FULL, 5 * D4 * FULL),
    Case("Azure on a schedule", azure("Standard_D8s_v5", 1, 6, **OFFICE), D8 * FULL, OFFICE_MEAN * D8 * FULL, 6 * D8 * FULL),
    Case("Azure GPU elsewhere", azure("Standard_NC24ads_A100_v4", 0, 4, "westeurope"), 0, 0, 4 * NC_A100_WEST * FULL),
    Case("Azure spot GPU", azure("Standard_NC24ads_A100_v4", 1, 4, **SPOT), NC_A100_SPOT * FULL, NC_A100_SPOT * FULL, 4 * NC_A100 * FULL),
    Case("Azure T4", azure("Standard_NC4as_T4_v3", 2, 2), *[2 * NC_T4 * FULL] * 3),
    Case("Azure H100", azure("Standard_ND96isr_H100_v5", 0, 3), 0, 0, 3 * ND_H100 * FULL),
    Case("Azure reservation", azure("Standard_D4s_v5", 3, 3, **YEAR), *[3 * D4 * (1 - 0.41) * FULL] * 3),
    Case("Azure three years", azure("Standard_D4s_v5", 3, 4, **THREE_YEARS), 3 * D4 * 0.38 * FULL, 3 * D4 * 0.38 * FULL, (3 * 0.38 + 1) * D4 * FULL),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pool_costs_what_is_worked_out_by_hand(case: Case) -> None:
    cost = pool_item(ask(**case.asked), PriceBook.bundled()).cost
    assert (cost.floor, cost.expected, cost.ceiling) == pytest.approx(
        (case.floor, case.expected, case.ceiling), rel=1e-3
    )


def test_there_are_cases_enough_of_every_cloud() -> None:
    clouds = [case.asked["cloud"] for case in CASES]
    assert len(CASES) >= 60 and all(clouds.count(cloud) >= 8 for cloud in ("aws", "azure", "gcp"))
