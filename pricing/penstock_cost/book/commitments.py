"""What a commitment makes of a machine's price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock_cost.book import advice, tables
from penstock_cost.book.model import Commitment, MachinePrice
from penstock_cost.money import Confidence, Rate, UnknownPrice

if TYPE_CHECKING:
    from penstock_cost.book.negotiated import NegotiatedRates
    from penstock_cost.book.overlay import Overlay

DEFAULT = {"aws": "reserved_instance", "gcp": "committed_use_discount", "azure": "reservation"}
"""What `reserved` means where nothing else is said: the instrument that is bound to a machine family."""
TERMS = ("1y", "3y")
PAYMENTS = ("no_upfront", "partial_upfront", "all_upfront")


def of(
    machine: MachinePrice,
    term: str,
    payment: str,
    instrument: str | None,
    overlay: Overlay | None,
    negotiated: NegotiatedRates | None,
) -> Commitment:
    """Raises UnknownPrice."""
    if term not in TERMS or payment not in PAYMENTS:
        raise UnknownPrice(
            f"No commitment of '{term}' with '{payment}' is known. Write a term of {' or '.join(TERMS)} and a payment "
            f"of {', '.join(PAYMENTS)}."
        )
    if machine.cloud != "aws":
        payment = "no_upfront"  # the others charge the same in whatever way it is paid
    agreed = negotiated.machine_rate(machine.cloud, machine.region, machine.name, "reserved") if negotiated else None
    if agreed:
        listed = machine.on_demand.usd if machine.on_demand else agreed.usd
        discount = max(1 - agreed.usd / listed, 0.0) if listed else 0.0
        return Commitment(discount, 0.0, "negotiated", agreed, term, "no_upfront")
    wanted = instrument or DEFAULT.get(machine.cloud, "")
    if overlay and (fresh := overlay.commitment(machine, wanted, term, payment)):
        return fresh
    listed_price = machine.hourly
    discount, upfront, source, confidence = _discount(machine, wanted, term, payment)
    rate = Rate(listed_price.usd * (1 - discount), "hour", *tables.sources()[source], Confidence(confidence))
    return Commitment(discount, upfront, wanted, rate, term, payment)


def _discount(machine: MachinePrice, instrument: str, term: str, payment: str) -> tuple[float, float, str, str]:
    """The discount, the share paid upfront, the id of the source, and the confidence."""
    own = tables.machines().get((machine.cloud, machine.region), {}).get(machine.name)
    if own and instrument == "committed_use_discount" and (exact := own.cud_1y if term == "1y" else own.cud_3y):
        return float(exact), 0.0, own.source, own.confidence
    rows = [row for family in _families(machine) for row in tables.commitments().get((machine.cloud, family), [])]
    for row in rows:
        if (row.instrument, row.term) == (instrument, term) and row.payment in ("", payment):
            return float(row.discount), float(row.upfront), row.source, row.confidence
    raise advice.unknown_commitment(machine, instrument, term, payment, rows)


def _families(machine: MachinePrice) -> list[str]:
    """The names under which commitments.csv may have the machine's family, the narrowest first."""
    if machine.cloud == "aws":
        return [machine.name.partition(".")[0]]
    if machine.cloud == "gcp":
        parts = machine.name.removeprefix("custom-").split("-")
        series = "n1" if machine.name.startswith("custom-") else parts[0]
        return ["-".join(parts[:2]), series]
    from penstock_cost import tables as catalogue

    row = catalogue.machines()[machine.cloud].get(machine.name)
    return [row["family"]] if row else []
