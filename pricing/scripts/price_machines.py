"""The machines, accelerators and custom shapes of the price book (see make_prices.py)."""

from __future__ import annotations

import re
from statistics import median

from make_machines import DATA, HERE, Gpus, Row, family, number, read
from price_sources import Table, confidence, day, origin

ADVISED = "the on-demand price less the saving that AWS Spot Advisor states (data in alexei-led/spotinfo@5eedf20)"
MACHINES = (
    "cloud", "region", "name", "on_demand", "confidence", "source",
    "spot", "spot_low", "spot_high", "spot_confidence", "spot_source", "interruption", "interruption_max",
    "sustained_use", "cud_1y", "cud_3y",
)  # fmt: skip
ACCELERATORS = (
    "cloud", "region", "type", "on_demand", "confidence", "source",
    "spot", "spot_low", "spot_high", "spot_confidence", "spot_source", "sustained_use", "sustained_use_source",
)  # fmt: skip
CUSTOM = (
    "cloud",
    "region",
    "series",
    "usd_per_vcpu",
    "usd_per_gib",
    "premium",
    "sustained_use",
    "source",
    "premium_source",
)
# Machines of one series whose prices tell what a vCPU and a GiB of it cost.
PLAIN = {
    "n1": ("n1-standard-8", "n1-highmem-8"),
    "n2": ("n2-standard-8", "n2-highmem-8"),
    "e2": ("e2-standard-8", "e2-highmem-8"),
}


def positive(text: str) -> float | None:
    """None where it is blank or 0: neither is a price."""
    value = float(text or 0)
    return value if value > 0 else None


def money(value: float | None) -> str:
    return "" if value is None else number(round(value, 8))


def fraction(text: str) -> str:
    """Without the sign of a negative zero."""
    return number(abs(float(text))) if text else ""


def origins(row: Row) -> tuple[str, tuple[str, str]]:
    """The source of the on-demand price; the source and day of the spot price, which follow a semicolon."""
    listed, _, spot = row["source"].partition("; spot: ")
    if not spot:
        return listed, (listed, row["as_of"])
    days = re.findall(r"\b20\d\d(?:-\d\d){0,2}\b", spot)
    if "from AWS Spot Advisor" in spot:
        return listed, (ADVISED, days[-1])
    return listed, (spot, days[-1])


class MachineTables:
    """What `instances.csv` and the files about the same machines say."""

    def __init__(self, facts: dict[str, list[Row]], newest: int, left_out: list[str]) -> None:
        self._newest, self._left_out = newest, left_out
        self._listed = [row for row in facts["instances"] if ":" not in row["machine_type"]]
        self._advised = {(row["region"], row["machine_type"]): row for row in facts["aws_spot_advisor"]}
        self._discounts = {(row["region"], row["machine_type"]): row for row in facts["gcp_cud"]}
        self._accelerators = facts["gcp_accelerators"]
        self._documents = {row["id"]: row for row in read(HERE / "documented_prices.csv")}
        self._prices = {
            (row["cloud"], row["region"], row["machine_type"]): price
            for row in self._listed
            if (price := positive(row["on_demand_usd_per_hour"]))
        }

    def tables(self) -> dict[str, Table]:
        return {
            "machines": (MACHINES, [self._machine(row) for row in self._listed]),
            "accelerators": (ACCELERATORS, self._attachable()),
            "custom": (CUSTOM, self._custom()),
            "sustained_use": (("series", "fraction", "source"), self._sustained_use()),
        }

    def regions(self, cloud: str) -> list[str]:
        return sorted({region for known, region, _ in self._prices if known == cloud})

    def regional_ratio(self, cloud: str, base: str, region: str) -> float:
        """How much dearer machines are in a region: the median of those that both have."""
        ratios = [
            price / self._prices[cloud, base, name]
            for (known, where, name), price in self._prices.items()
            if (known, where) == (cloud, region) and (cloud, base, name) in self._prices
        ]
        return median(ratios)

    def _machine(self, row: Row) -> tuple[str, ...]:
        cloud, region, name = row["cloud"], row["region"], row["machine_type"]
        price, spot = positive(row["on_demand_usd_per_hour"]), positive(row["spot_usd_per_hour"])
        listed, spot_origin = origins(row)
        if spot is not None and price is not None and spot >= price:
            self._left_out.append(f"the spot price of {cloud} {name} in {region}: it is not below the list price.")
            spot = None
        if price is None:
            self._left_out.append(f"the on-demand price of {cloud} {name} in {region}: the list has none.")
        best = "medium" if listed.startswith(("DERIVED", "second-hand")) else "high"
        advised = self._advised.get((region, name)) if cloud == "aws" else None
        spots = [spot, price * (1 - float(advised["spot_savings_pct"]) / 100) if advised and price else None]
        discounts = self._discounts.get((region, name), {}) if cloud == "gcp" else {}
        return (
            cloud, region, name, money(price), confidence(row["as_of"], self._newest, best) if price else "",
            origin(listed, row["as_of"]),
            *self._spot(spot, [value for value in spots if value], *spot_origin),
            *((advised["interruption_band"], _bound(advised)) if advised else ("", "")),
            fraction(discounts.get("sud_fraction", "")) or "0",
            fraction(discounts.get("cud_1y_fraction", "")), fraction(discounts.get("cud_3y_fraction", "")),
        )  # fmt: skip

    def _spot(self, spot: float | None, all_known: list[float], source: str, as_of: str) -> tuple[str, ...]:
        if spot is None:
            return ("",) * 5
        trust = "medium" if confidence(as_of, self._newest) == "high" else "low"
        return money(spot), money(min(all_known)), money(max(all_known)), trust, origin(source, as_of)

    def _attachable(self) -> list[tuple[str, ...]]:
        """Those that are attached to N1 machines, one device each, from the newest source of each region."""
        gpus, found = Gpus(), dict[tuple[str, str], list[Row]]()
        for row in self._accelerators:
            if row["attach"].startswith("any N1") and row["count"] == "1":
                found.setdefault((row["region"], gpus.of("gcp", row["accelerator"], 1.0).name), []).append(row)
        rule = self._documents["gcp-sustained-use-gpus"]
        rows = []
        for (region, name), same in found.items():
            row = max(same, key=lambda one: day(one["as_of"]))
            spots = [spot for one in same if (spot := positive(one["spot_usd_per_hour_total"]))]
            rows.append((
                "gcp", region, name, money(positive(row["usd_per_hour_per_gpu"])),
                confidence(row["as_of"], self._newest), origin(row["source"], row["as_of"]),
                *self._spot(positive(row["spot_usd_per_hour_total"]), spots, row["source"], row["as_of"]),
                rule["usd"], origin(rule["source"], rule["as_of"]),
            ))  # fmt: skip
        return rows

    def _sustained_use(self) -> list[tuple[str, ...]]:
        """What Google documents of whole series, for machines that no list here has."""
        mark = "sustained-use:"
        return [
            (name.removeprefix(mark), row["usd"], origin(row["source"], row["as_of"]))
            for name, row in self._documents.items()
            if name.startswith(mark)
        ]

    def _custom(self) -> list[tuple[str, ...]]:
        """What a vCPU and a GiB cost, solved from the prices of two machines with as many vCPU."""
        listed = {(row["region"], row["machine_type"]): row for row in self._listed if row["cloud"] == "gcp"}
        shapes = {row["name"]: row for row in read(DATA / "machines.csv") if row["cloud"] == "gcp"}
        premium, rows = self._documents["gcp-custom-premium"], []
        for region in self.regions("gcp"):
            for series, (plain, large) in PLAIN.items():
                if (region, plain) not in listed or (region, large) not in listed:
                    continue
                one = listed[region, plain]
                price, more = self._prices["gcp", region, plain], self._prices["gcp", region, large]
                gib = float(shapes[plain]["memory_gib"])
                per_gib = (more - price) / (float(shapes[large]["memory_gib"]) - gib)
                per_vcpu = (price - per_gib * gib) / float(shapes[plain]["vcpu"])
                rows.append((
                    "gcp", region, series, money(per_vcpu), money(per_gib), premium["usd"],
                    fraction(self._discounts[region, plain]["sud_fraction"]),
                    origin(one["source"], one["as_of"]), origin(premium["source"], premium["as_of"]),
                ))  # fmt: skip
        return rows


def _bound(advised: Row) -> str:
    """The most machines of a hundred that are interrupted in a month, as a fraction; blank where none is stated."""
    percent = float(advised["interruption_max_pct_per_month"])
    return "" if percent >= 100 else number(percent / 100)


__all__ = ["MachineTables", "family", "money", "positive"]
