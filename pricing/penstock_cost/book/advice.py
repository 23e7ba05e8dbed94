"""The errors of the price book: what is not priced, and what is instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from penstock_cost.book import tables
from penstock_cost.book.model import MachinePrice
from penstock_cost.money import UnknownPrice

CLOUDS = ("aws", "azure", "gcp")


def unknown_cloud(cloud: str) -> UnknownPrice:
    return UnknownPrice(f"The price book knows no cloud '{cloud}'. Write {', '.join(CLOUDS[:-1])} or {CLOUDS[-1]}.")


def unknown_machine(
    cloud: str, region: str, name: str, refreshed: Mapping[tuple[str, str], Iterable[str]]
) -> UnknownPrice:
    """Names near machine types of the region, and the regions that price the asked one."""
    places: dict[tuple[str, str], set[str]] = {place: set(rows) for place, rows in tables.machines().items()}
    for place, names in refreshed.items():
        places.setdefault(place, set()).update(names)
    owners = sorted({other for (other, _), names in places.items() if other != cloud and name in names})
    places[cloud, region] = _alike(cloud, name, places.get((cloud, region), set()))
    hint = f"It is a machine type of {' and '.join(owners)}." if owners else ""
    return _unknown(cloud, region, f"machine type {name}", name, places, "machine", "Machine types priced there", hint)


def _alike(cloud: str, name: str, others: set[str]) -> set[str]:
    """Those with accelerators if it has some, else those without; all where it is not known."""
    from penstock_cost import tables as catalogue

    known = catalogue.machines()[cloud] if cloud in CLOUDS else {}
    if name not in known:
        return others
    has = bool(known[name]["accelerator"])
    return {other for other in others if other not in known or bool(known[other]["accelerator"]) is has}


def unknown_accelerator(cloud: str, region: str, type: str) -> UnknownPrice:  # noqa: A002 (the field's name)
    places = {place: set(rows) for place, rows in tables.accelerators().items()}
    return _unknown(cloud, region, f"accelerator {type}", type, places, "machine", "Accelerators priced there")


def unknown_item(cloud: str, region: str, item: str, places: Mapping[tuple[str, str], set[str]]) -> UnknownPrice:
    return _unknown(cloud, region, f"'{item}'", item, places, "item", "Items priced there")


def unknown_commitment(
    machine: MachinePrice, instrument: str, term: str, payment: str, rows: list[tables.CommitmentRow]
) -> UnknownPrice:
    known = sorted({f"{row.instrument} of {row.term}{', ' * bool(row.payment)}{row.payment}" for row in rows})
    families = sorted({family for cloud, family in tables.commitments() if cloud == machine.cloud})
    instead = f"Known for it: {'; '.join(known)}." if known else f"Known for {machine.cloud}: {', '.join(families)}."
    return UnknownPrice(
        f"No discount of {machine.name} in {machine.region} for a {instrument.replace('_', ' ')} of {term}, {payment}, "
        f"is known. {instead} State what you pay as a negotiated rate with purchase reserved."
    )


def _unknown(
    cloud: str,
    region: str,
    what: str,
    name: str,
    places: Mapping[tuple[str, str], set[str]],
    field: str,
    those: str,
    hint: str = "",
) -> UnknownPrice:
    if cloud not in CLOUDS:
        return unknown_cloud(cloud)
    regions = sorted({where for (known, where), names in places.items() if known == cloud and where != "*" and names})
    here = places.get((cloud, region), set()) | places.get((cloud, "*"), set())
    elsewhere = [where for where in regions if where != region and name in places[cloud, where]]
    advice = [hint] if hint else []
    if region not in regions and not elsewhere:
        advice.append(f"Regions with prices: {', '.join(regions) or 'none'}.")
    elif not hint and (near := nearest(name, here)):
        advice.append(f"{those}: {', '.join(near)}.")
    if elsewhere:
        advice.append(f"It is priced in {', '.join(elsewhere)}.")
    advice.append(f"State your own price as a negotiated rate: cloud {cloud}, region {region}, {field} {name}, usd.")
    return UnknownPrice(f"The price book has no {what} of {cloud} in {region}. {' '.join(advice)}")


def nearest(name: str, known: set[str], count: int = 4) -> list[str]:
    """Machines of the same family, else those with a name like it, else those whose names are the least unlike."""
    from difflib import get_close_matches

    folded = {other.lower(): other for other in sorted(known)}
    close = [folded[other] for other in get_close_matches(name.lower(), list(folded), n=count, cutoff=0.6)]
    stem = name.partition(".")[0] if "." in name else name.rpartition("-")[0]
    family = [other for other in sorted(known) if stem and other.startswith(stem)]
    found = list(dict.fromkeys([*[other for other in close if other in family], *family, *close]))[:count]
    return found or [folded[other] for other in get_close_matches(name.lower(), list(folded), n=count, cutoff=0.0)]
