"""Services, egress and cheaper machines."""

import json
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost.book import PriceBook, UnknownPrice, tables
from penstock_cost.catalogue import machine
from penstock_cost.money import Confidence

BOOK = PriceBook.bundled()


def test_control_planes_cost_the_same_everywhere_even_where_no_machine_is_priced() -> None:
    assert BOOK.service("aws", "sa-east-1", "eks_control_plane").usd == 0.10
    assert BOOK.service("aws", "eu-west-1", "eks_control_plane_extended").usd == 0.60
    assert BOOK.service("gcp", "europe-west9", "gke_control_plane").usd == 0.10
    assert [BOOK.service("azure", "uksouth", f"aks_{tier}").usd for tier in ("free", "standard", "premium")] == [
        0,
        0.1,
        0.6,
    ]


def test_only_what_is_documented_as_free_costs_nothing() -> None:
    free = {item for items in tables.services().values() for item, rate in items.items() if rate.usd <= 0}
    assert free == {"aks_free"}


def test_services_of_a_region_without_a_row_are_derived_and_say_so() -> None:
    listed, derived = BOOK.service("aws", "us-east-1", "ebs_gp3"), BOOK.service("aws", "eu-west-1", "ebs_gp3")
    assert (listed.usd, listed.unit, listed.confidence) == (0.08, "GB-month", Confidence.HIGH)
    assert 0.08 < derived.usd < 0.1
    assert derived.confidence is Confidence.LOW
    assert derived.source.startswith("derived: the price in us-east-1 times 1.")


def test_a_region_with_a_row_of_its_own_keeps_it() -> None:
    assert BOOK.service("gcp", "europe-west4", "pd_ssd") == BOOK.service("gcp", "europe-west4", "pd_ssd")._replace(
        usd=0.187, confidence=Confidence.HIGH
    )


def test_what_nobody_verified_is_believed_least_and_says_so() -> None:
    premium = BOOK.service("azure", "eastus", "aks_premium")
    assert premium.confidence is Confidence.LOW
    assert premium.source.startswith("unverified")


def test_a_documented_price_settles_a_conflict() -> None:
    rule = BOOK.service("gcp", "us-central1", "forwarding_rule")
    assert (rule.usd, rule.confidence) == (0.025, Confidence.HIGH)
    assert BOOK.service("gcp", "us-central1", "forwarding_rule_additional").usd == 0.01


def test_an_unknown_service_or_region_is_told_with_what_there_is() -> None:
    with pytest.raises(UnknownPrice, match="Items priced there: ebs_gp3"):
        BOOK.service("aws", "eu-west-1", "ebs_gp5")
    with pytest.raises(UnknownPrice, match=r"It is priced in ap-northeast-1, eu-central-1.*item ebs_gp3"):
        BOOK.service("aws", "mars-1", "ebs_gp3")


def test_egress_falls_with_the_amount() -> None:
    assert [tuple(tier) for tier in BOOK.tiers("aws", "us-east-1")] == [(10240, 0.09), (51200, 0.085), (None, 0.07)]
    assert BOOK.tiered("aws", "us-east-1", "egress_internet", 20_000) == pytest.approx(10_240 * 0.09 + 9_760 * 0.085)
    assert BOOK.tiered("gcp", "us-central1", "egress_internet", 11_264) == pytest.approx(
        1024 * 0.12 + 9216 * 0.11 + 1024 * 0.08
    )


@given(st.floats(0.001, 1e6), st.floats(0.001, 1e6))
def test_more_egress_never_costs_less_nor_is_a_gb_dearer(one: float, other: float) -> None:
    less, more = sorted((one, other))
    for cloud, region in (("aws", "eu-west-1"), ("gcp", "us-central1"), ("azure", "eastus")):
        costs = [BOOK.tiered(cloud, region, "egress_internet", gb) for gb in (less, more)]
        assert costs[0] <= costs[1] + 1e-6
        averages = [BOOK.tier_rate(cloud, region, "egress_internet", gb).usd for gb in (less, more)]
        assert averages[0] >= averages[1] - 1e-9


def test_no_egress_costs_nothing_and_still_has_a_price() -> None:
    assert BOOK.tiered("aws", "us-east-1", "egress_internet", 0) == 0
    assert BOOK.tier_rate("aws", "us-east-1", "egress_internet", 0).usd == 0.09


@pytest.mark.parametrize("asked", ["p3.2xlarge", "p4d.24xlarge", "m7i.4xlarge", "g6e.xlarge", "t3.medium"])
def test_alternatives_hold_at_least_as_much_and_cost_less(asked: str) -> None:
    shape, limit = machine("aws", asked), BOOK.machine("aws", "us-east-1", asked).hourly.usd
    found = BOOK.alternatives("aws", "us-east-1", asked)
    assert all(one.hourly.usd <= next_.hourly.usd for one, next_ in pairwise(found))
    for price in found:
        other = machine("aws", price.name)
        assert price.hourly.usd < limit
        assert other.vcpu >= shape.vcpu
        assert other.memory_gib >= shape.memory_gib
        assert other.architecture == shape.architecture
        assert (other.accelerator is None) == (shape.accelerator is None)
        if other.accelerator and shape.accelerator:
            assert other.accelerator.count == shape.accelerator.count
            assert other.accelerator.memory_gib >= shape.accelerator.memory_gib


def test_the_cheapest_machine_with_a_v100_or_more_is_a_t4() -> None:
    # 8 vCPU and 61 GiB with a GPU of 16 GiB: 16 vCPU and 64 GiB with one of 16 GiB.
    found = [price.name for price in BOOK.alternatives("aws", "us-east-1", "p3.2xlarge")]
    assert found[:2] == ["g4dn.4xlarge", "g6.4xlarge"]


def test_importing_the_book_reads_no_table_and_no_pydantic_and_a_first_look_up_is_quick() -> None:
    script = """
import json, sys, time
from penstock_cost.book import PriceBook, tables
loaded = sorted(name for name in ("pydantic", "csv", "difflib") if name in sys.modules)
began = time.perf_counter()
PriceBook.bundled().machine("aws", "us-east-1", "m5.large")
print(json.dumps([loaded, time.perf_counter() - began]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded, seconds = json.loads(done.stdout)
    assert loaded == []
    assert seconds < 1  # about 0.02 on an idle machine
