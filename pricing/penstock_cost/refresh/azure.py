"""Prices of virtual machines from the Azure Retail Prices API: Linux, on demand, spot, reservations and savings plans.

Format: https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices.
The price of a reservation is that of its whole term, those of savings plans are by the hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from penstock_cost.book.overlay import Price
from penstock_cost.money import CostError
from penstock_cost.refresh.http import Client

ADDRESS = "https://prices.azure.com"
PATH = "/api/retail/prices"
TERMS = {"1 Year": ("1y", 8760), "3 Years": ("3y", 26280)}


def prices(client: Client, regions: list[str], today: date) -> Iterator[Price]:
    """Raises CostError."""
    for region in regions:
        yield from _region(list(_items(client, region)), region, today.isoformat())


def _items(client: Client, region: str) -> Iterator[dict[str, Any]]:
    parameters: dict[str, str] | None = {
        "api-version": "2023-01-01-preview",
        "currencyCode": "USD",
        "$filter": f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}'",
    }
    url, seen = client.address + PATH, set[str]()
    while url:
        if url in seen:
            raise CostError(f"Azure's price list of {region} repeats a page. Nothing was changed. Run it again.")
        seen.add(url)
        page = client.json(url, parameters)
        if not isinstance(page.get("Items"), list):
            raise CostError(f"Azure's price list of {region} has no Items: its format has changed.")
        yield from page["Items"]
        url, parameters = page.get("NextPageLink") or "", None  # it carries the parameters


def _region(items: list[dict[str, Any]], region: str, as_of: str) -> Iterator[Price]:
    source = f"Azure Retail Prices API, {region}"
    on_demand: dict[str, float] = {}
    spot: dict[str, float] = {}
    for item in items:
        usd, name = float(item.get("retailPrice") or 0), str(item.get("armSkuName") or "")
        if not _wanted(item, region) or not name or usd <= 0:
            continue
        sku = str(item.get("skuName", ""))
        if item.get("type") == "Reservation":
            term, hours = TERMS.get(str(item.get("reservationTerm")), ("", 0))
            if term:
                yield _reserved(region, name, "reservation", term, usd / hours, source, as_of)
        elif item.get("type") == "Consumption" and item.get("unitOfMeasure") == "1 Hour":
            (spot if sku.endswith("Spot") else on_demand)[name] = usd
            for plan in item.get("savingsPlan") or ():
                term, _ = TERMS.get(str(plan.get("term")), ("", 0))
                if term and not sku.endswith("Spot"):
                    yield _reserved(region, name, "savings_plan", term, float(plan["retailPrice"]), source, as_of)
    for name, usd in on_demand.items():
        yield Price("azure", region, name, "on_demand", "", "", "", usd, 0.0, source, as_of)
    for name, usd in spot.items():
        if usd < on_demand.get(name, 0.0):  # one that equals the list price is none
            yield Price("azure", region, name, "spot", "", "", "", usd, 0.0, source, as_of)


def _wanted(item: dict[str, Any], region: str) -> bool:
    product, sku = str(item.get("productName", "")), str(item.get("skuName", ""))
    return (
        item.get("armRegionName") == region
        and item.get("currencyCode") == "USD"
        and item.get("isPrimaryMeterRegion") is not False
        and "Windows" not in product
        and "Cloud Services" not in product
        and not product.endswith("CloudServices")
        and not sku.endswith("Low Priority")
        and not item.get("effectiveEndDate")
    )


def _reserved(region: str, name: str, instrument: str, term: str, usd: float, source: str, as_of: str) -> Price:
    return Price("azure", region, name, "reserved", instrument, term, "no_upfront", round(usd, 8), 0.0, source, as_of)
