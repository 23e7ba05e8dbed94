"""Prices of machine types from Google's Cloud Billing Catalog API, put together from those of their parts.

Format: https://cloud.google.com/billing/v1/how-tos/catalog-api. The catalogue prices a vCPU and a GiB of each machine
series, and a GPU; `data/prices/gcp_skus.csv` says under which descriptions. Left out are series that are not in that
file and machines with local disks, which it prices apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import Any

from penstock_cost import catalogue, tables
from penstock_cost.book.overlay import Price
from penstock_cost.model import MachineType
from penstock_cost.money import CostError
from penstock_cost.refresh.http import Client

ADDRESS = "https://cloudbilling.googleapis.com"
PATH = "/v1/services/6F81-5844-456A/skus"
"""The SKUs of Compute Engine."""
KEYS = ("GOOGLE_API_KEY", "GCP_API_KEY")
"""Environment variables that may hold the API key."""
COMMITTED = {"Commit1Yr": "1y", "Commit3Yr": "3y"}
USAGES = ("OnDemand", "Preemptible", *COMMITTED)

Parts = dict[tuple[str, str, str], float]
"""USD an hour of a part, by region, usage and description without its end."""


def prices(client: Client, regions: list[str], today: date) -> Iterator[Price]:
    """Raises CostError."""
    parts, machines = _parts(client, set(regions)), catalogue.machines("gcp")
    known = {region for machine in machines for region in machine.regions}
    for region in regions:
        for machine in machines:
            # The list prices every machine everywhere: leave out what the catalogue knows not to be sold there.
            if not machine.regions or region in machine.regions or region not in known:
                yield from _machine(machine, region, parts, today.isoformat())


def _key() -> str:
    for name in KEYS:
        if os.environ.get(name):
            return os.environ[name]
    raise CostError(
        f"Google's price list needs an API key. Make one with the Cloud Billing API enabled, and set {KEYS[0]} to it."
    )


def _parts(client: Client, regions: set[str]) -> Parts:
    parameters = {"key": _key(), "pageSize": "5000", "currencyCode": "USD"}
    parts: Parts = {}
    token, seen = "", set[str]()
    while True:
        page = client.json(client.address + PATH, {**parameters, **({"pageToken": token} if token else {})})
        if not isinstance(page.get("skus"), list):
            raise CostError("Google's price list has no skus: its format has changed.")
        for sku in page["skus"]:
            _add(sku, regions, parts)
        token = page.get("nextPageToken") or ""
        if not token:
            return parts
        if token in seen:
            raise CostError("Google's price list repeats a page. Nothing was changed. Run it again.")
        seen.add(token)


def _add(sku: dict[str, Any], regions: set[str], parts: Parts) -> None:
    usage = sku.get("category", {}).get("usageType")
    where = regions & set(sku.get("serviceRegions", ()))
    if usage not in USAGES or not where or not sku.get("pricingInfo"):
        return
    # The newest price comes last; within it, the last step is what every further hour costs.
    steps = sku["pricingInfo"][-1]["pricingExpression"].get("tieredRates") or []
    usd = float(steps[-1]["unitPrice"].get("units", 0)) + steps[-1]["unitPrice"].get("nanos", 0) / 1e9 if steps else 0.0
    if usd > 0:
        name = _begin(str(sku.get("description", "")))
        parts.update({(region, usage, name): usd for region in where})


def _begin(description: str) -> str:
    """A description up to where it names the place."""
    text = description.removeprefix("Spot Preemptible ").removeprefix("Preemptible ")
    for end in (" attached to Spot Preemptible VMs", " running in ", " in "):
        text = text.partition(end)[0]
    return text


def _machine(machine: MachineType, region: str, parts: Parts, as_of: str) -> Iterator[Price]:
    source = (
        f"Cloud Billing Catalog API, {region}: vCPU and memory{' and GPU' if machine.accelerator else ''} of its series"
    )
    on_demand = _sum(machine, region, "OnDemand", parts)
    if on_demand is None:
        return
    yield Price("gcp", region, machine.name, "on_demand", "", "", "", on_demand, 0.0, source, as_of)
    spot = _sum(machine, region, "Preemptible", parts)
    if spot is not None and spot < on_demand:
        yield Price("gcp", region, machine.name, "spot", "", "", "", spot, 0.0, source, as_of)
    for usage, term in COMMITTED.items():
        usd = _sum(machine, region, usage, parts)
        if usd is not None and usd < on_demand:
            rest = ("reserved", "committed_use_discount", term, "no_upfront", usd, 0.0, source, as_of)
            yield Price("gcp", region, machine.name, *rest)


def _sum(machine: MachineType, region: str, usage: str, parts: Parts) -> float | None:
    """USD an hour; None where a part of it has no price."""
    rows = {row["of"]: row for row in tables.read("prices/gcp_skus")}
    series = rows.get(machine.name.partition("-")[0])
    gpu = rows.get(machine.accelerator.type) if machine.accelerator else None
    if series is None or "lssd" in machine.name or (machine.accelerator and gpu is None):
        return None
    kind = "committed_" if usage in COMMITTED else ""
    wanted = [(series[f"{kind}vcpu"], machine.vcpu), (series[f"{kind}memory"], machine.memory_gib)]
    if gpu and machine.accelerator:
        wanted.append((gpu[f"{kind}gpu"], machine.accelerator.count))
    found = [(parts.get((region, usage, name)), amount) for name, amount in wanted]
    if any(usd is None for usd, _ in found):
        return None
    return round(sum((usd or 0.0) * amount for usd, amount in found), 8)
