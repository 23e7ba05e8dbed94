"""Make the price book from a folder of facts.

    python make_prices.py FOLDER [--more FILE] [--out DATA]

FOLDER holds, each with the columns `source` and `as_of`:
- `instances.csv`: cloud, region, machine_type, on_demand_usd_per_hour, spot_usd_per_hour (either may be blank);
- `aws_spot_advisor.csv`: region, machine_type, spot_savings_pct, interruption_band, interruption_max_pct_per_month;
- `gcp_cud.csv`: region, machine_type, sud_fraction, cud_1y_fraction, cud_3y_fraction;
- `gcp_accelerators.csv`: region, accelerator, count, usd_per_hour_per_gpu, spot_usd_per_hour_total, attach;
- `committed_use.csv`: cloud, family, instrument, term, payment, discount_fraction, confidence;
- `services.csv`: cloud, region, item, unit, usd, confidence.

FILE (default: `documented_machine_prices.csv` beside this script) adds machines that the folder
does not have; its sources are ids of `documented_prices.csv`.

The files beside this script say what the names in them mean: `price_items.csv` and `price_tiers.csv` (services),
`price_instruments.csv` and `price_families.csv` (commitments), `gpus.csv` (accelerators). `documented_prices.csv`
and `documented_services.csv` add what the clouds document, which wins over a list; `price_corrections.csv` sets
sources right.

Writes `machines.csv`, `accelerators.csv`, `commitments.csv`, `custom.csv`, `sustained_use.csv`, `services.csv`,
`tiers.csv` and `sources.csv`, sorted, so that the same input gives the same files, and prints what was left out and
why.

How far a price is believed: `high` is read in a list no more than a year older than the newest fact here; `medium`
is older, second-hand or derived; `low` is unverified, stale, more than three years old, or carried over from another
region. Spot prices move, so they are believed a level less.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from make_machines import DATA, HERE, Row, read, write
from price_machines import MachineTables
from price_services import ServiceTables
from price_sources import newest, with_ids

FILES = ("instances", "aws_spot_advisor", "gcp_cud", "gcp_accelerators", "committed_use", "services")


def corrected(row: Row) -> Row:
    """With the source and its day as `price_corrections.csv` has them: a commit may be newer than its data."""
    row["source"] = re.sub(r" \(index id \d+\)", "", row["source"])  # says nothing to a reader
    for wrong in read(HERE / "price_corrections.csv"):
        if wrong["listed_as"] in row["source"]:
            row["source"] = row["source"].replace(wrong["listed_as"], wrong["source"])
            row["as_of"] = wrong["as_of"] or row["as_of"]
    return row


def add(facts: dict[str, list[Row]], more: list[Row]) -> None:
    """Machines that are documented, in regions where the facts do not have them."""
    sources = {row["id"]: row for row in read(HERE / "documented_prices.csv")}
    known = {(row["cloud"], row["region"], row["machine_type"]) for row in facts["instances"]}
    for row in more:
        if (row["cloud"], row["region"], row["machine_type"]) not in known:
            source = sources[row["source"]]
            facts["instances"].append({**row, "source": source["source"], "as_of": source["as_of"]})


def make(folder: Path, more: Path, out: Path) -> list[str]:
    """Write the tables. Returns what was left out, a sentence each."""
    facts = {name: [corrected(row) for row in read(folder / f"{name}.csv")] for name in FILES}
    left_out, latest = list[str](), newest(facts)
    add(facts, read(more))
    machines = MachineTables(facts, latest, left_out)
    services = ServiceTables(facts, latest, left_out, machines)
    out.mkdir(parents=True, exist_ok=True)
    for name, (columns, rows) in with_ids({**machines.tables(), **services.tables()}).items():
        write(out / f"{name}.csv", columns, rows)
    return left_out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--more", type=Path, default=HERE / "documented_machine_prices.csv", help="a file with more machines"
    )
    parser.add_argument("folder", type=Path, help="the folder of the facts")
    parser.add_argument(
        "--out", type=Path, default=DATA / "prices", help="where to write (default: the package's data)"
    )
    arguments = parser.parse_args()
    missing = [f"{name}.csv" for name in FILES if not (arguments.folder / f"{name}.csv").is_file()]
    if missing:
        parser.error(f"{arguments.folder} holds no {', '.join(missing)}.")
    left_out = make(arguments.folder, arguments.more, arguments.out)
    sys.stdout.write("".join(f"Left out {line}\n" for line in left_out))


if __name__ == "__main__":
    main()
