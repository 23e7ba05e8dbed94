"""Prices of EC2 instances from AWS's price list files: Linux, shared tenancy, on demand and Reserved Instances.

Format: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/bulk-api-reading-price-list-files.html.
A region's file has some hundred MB, so it is read line by line. Spot prices are not in it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

from penstock_cost.book.overlay import Price
from penstock_cost.money import CostError
from penstock_cost.refresh.http import Client

ADDRESS = "https://pricing.us-east-1.amazonaws.com"
INDEX = "/offers/v1.0/aws/AmazonEC2/current/region_index.json"
HOURS = {"1y": 8760, "3y": 26280}
_TERMS = {"1yr": "1y", "3yr": "3y", "1 yr": "1y", "3 yr": "3y"}
_PAYMENTS = {"No Upfront": "no_upfront", "Partial Upfront": "partial_upfront", "All Upfront": "all_upfront"}
_CLASSES = {"standard": "reserved_instance", "convertible": "convertible_reserved_instance"}
# What a plain Linux machine of one's own is, among the many rows of each instance type.
_PLAIN = {
    "Operating System": "Linux",
    "Tenancy": "Shared",
    "Pre Installed S/W": "NA",
    "CapacityStatus": "Used",
    "operation": "RunInstances",
    "Currency": "USD",
}
_COLUMNS = (
    *_PLAIN, "SKU", "OfferTermCode", "TermType", "Unit", "PricePerUnit", "LeaseContractLength", "PurchaseOption",
    "OfferingClass", "Instance Type",
)  # fmt: skip


def prices(client: Client, regions: list[str], today: date) -> Iterator[Price]:
    """Raises CostError."""
    index: dict[str, Any] = client.json(client.address + INDEX).get("regions", {})
    unknown = [region for region in regions if region not in index]
    if unknown:
        raise CostError(f"AWS's price list has no region {', '.join(unknown)}. Write of {', '.join(sorted(index))}.")
    for region in regions:
        path = str(index[region]["currentVersionUrl"]).removesuffix("json") + "csv"
        yield from _region(client.lines(client.address + path, f"AWS {region}"), region, today)


def _region(lines: Iterator[str], region: str, today: date) -> Iterator[Price]:
    rows = csv.reader(lines)
    published, columns = _heading(rows, region)
    place, as_of = {name: columns.index(name) for name in _COLUMNS}, published or today.isoformat()
    source = f"AWS price list of AmazonEC2 in {region}"
    reserved: dict[tuple[str, ...], dict[str, float]] = {}
    for cells in filter(None, rows):
        if len(cells) != len(columns):
            raise CostError(f"AWS's price list of {region} breaks off in a row. Nothing was changed. Run it again.")
        if any(cells[place[name]] != value for name, value in _PLAIN.items()):
            continue
        row = {name: cells[position] for name, position in place.items()}
        name, usd = row["Instance Type"], float(row["PricePerUnit"] or 0)
        if row["TermType"] == "OnDemand" and row["Unit"] == "Hrs" and usd > 0:
            yield Price("aws", region, name, "on_demand", "", "", "", usd, 0.0, source, as_of)
        elif row["TermType"] == "Reserved" and (key := _reserved(row)):
            reserved.setdefault((name, *key), {})[row["Unit"]] = usd
    for (name, instrument, term, payment), parts in reserved.items():
        upfront = parts.get("Quantity", 0.0) / HOURS[term]
        usd = upfront + parts.get("Hrs", 0.0)
        if usd > 0:
            share = round(upfront / usd, 4)
            yield Price("aws", region, name, "reserved", instrument, term, payment, round(usd, 8), share, source, as_of)


def _heading(rows: Iterator[list[str]], region: str) -> tuple[str, list[str]]:
    """The day of publication and the names of the columns, which follow some lines about the file."""
    published = ""
    for cells in rows:
        if cells and cells[0] == "Publication Date":
            published = cells[1][:10]
        if cells and cells[0] == "SKU":
            missing = [name for name in _COLUMNS if name not in cells]
            if not missing:
                return published, cells
            raise CostError(f"AWS's price list of {region} has no column {', '.join(missing)}: its format has changed.")
    raise CostError(f"AWS's price list of {region} is empty or no price list.")


def _reserved(row: dict[str, str]) -> tuple[str, str, str] | None:
    """Instrument, term and payment; None for an offer of another kind."""
    instrument = _CLASSES.get(row["OfferingClass"].lower())
    term, payment = _TERMS.get(row["LeaseContractLength"]), _PAYMENTS.get(row["PurchaseOption"])
    return (instrument, term, payment) if instrument and term and payment else None
