"""The price of a machine or accelerator, from the tables and from what is put before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock_cost.book import advice, tables
from penstock_cost.book.model import MachinePrice, SpotRate
from penstock_cost.money import Confidence, Rate

if TYPE_CHECKING:
    from penstock_cost.book.negotiated import NegotiatedRates
    from penstock_cost.book.overlay import Overlay


def price(
    cloud: str, region: str, name: str, overlay: Overlay | None, negotiated: NegotiatedRates | None
) -> MachinePrice:
    """Raises UnknownPrice."""
    row = tables.machines().get((cloud, region), {}).get(name)
    found = _listed(row) if row else _custom(cloud, region, name) if cloud == "gcp" else None
    if overlay:
        found = overlay.machine(cloud, region, name, found)
    if negotiated:
        found = negotiated.machine(cloud, region, name, found)
    if found is None:
        refreshed = overlay.prices() if overlay else {}
        raise advice.unknown_machine(cloud, region, name, refreshed)
    return found


def accelerator(cloud: str, region: str, type: str, negotiated: NegotiatedRates | None) -> MachinePrice:  # noqa: A002
    """Raises UnknownPrice."""
    row = tables.accelerators().get((cloud, region), {}).get(type)
    found = _listed(row) if row else None
    if negotiated:
        found = negotiated.machine(cloud, region, type, found)
    if found is None:
        raise advice.unknown_accelerator(cloud, region, type)
    return found


def _listed(row: tables.MachineRow | tables.AcceleratorRow) -> MachinePrice:
    sources = tables.sources()
    on_demand = spot = None
    if row.on_demand:
        on_demand = Rate(float(row.on_demand), "hour", *sources[row.source], Confidence(row.confidence))
    if row.spot:
        band, bound = (row.interruption, row.interruption_max) if isinstance(row, tables.MachineRow) else ("", "")
        spot = SpotRate(
            float(row.spot),
            float(row.spot_low),
            float(row.spot_high),
            band,
            float(bound) if bound else None,
            *sources[row.spot_source],
            Confidence(row.spot_confidence),
        )
    return MachinePrice(on_demand, spot, float(row.sustained_use), row.region, row[2], row.cloud)


def _custom(cloud: str, region: str, name: str) -> MachinePrice | None:
    """A custom type of Google Cloud, from what a vCPU and a GiB of its series cost; None for what is none.

    Extended memory costs more than that, and shared cores less, so neither is priced here.
    """
    if "custom-" not in name or name.endswith("-ext"):
        return None
    from penstock_cost import custom
    from penstock_cost.model import UnknownMachineType

    try:
        shape = custom.parse(name)
    except UnknownMachineType:
        return None
    row = tables.custom().get((region, shape.family.removesuffix("-custom"))) if shape else None
    if shape is None or row is None or not float(shape.vcpu).is_integer() or "-micro-" in name or "-medium-" in name:
        return None
    usd = (shape.vcpu * float(row.usd_per_vcpu) + shape.memory_gib * float(row.usd_per_gib)) * (1 + float(row.premium))
    listed, as_of = tables.sources()[row.source]
    text = f"derived: vCPU and memory of the series, and {tables.sources()[row.premium_source][0]}; {listed}"
    return MachinePrice(
        Rate(round(usd, 6), "hour", text, as_of, Confidence.MEDIUM), None, float(row.sustained_use), region, name, cloud
    )
