"""Regions, zones and GKE versions: the tables in `data/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sandbox.cloud import tables
from sandbox.cloud.errors import CloudError

_DATA = Path(__file__).parent / "data"


@cache
def regions() -> dict[str, list[str]]:
    """Every region's zones."""
    letters: dict[str, str] = tables.read(_DATA / "locations.yaml")
    return {region: [f"{region}-{letter}" for letter in zones] for region, zones in letters.items()}


def region_of(location: str) -> str:
    """The region of a zone, or the region itself; raises `CloudError` for a place that does not exist."""
    region = location.rsplit("-", 1)[0] if location.count("-") == 2 else location
    if region not in regions() or (region != location and location not in regions()[region]):
        raise CloudError(f'googleapi: Error 400: Location "{location}" does not exist., badRequest')
    return region


@cache
def gke_versions() -> dict[str, Any]:
    """Channels with their default and valid versions, and all versions of control planes and nodes."""
    table: dict[str, Any] = tables.read(_DATA / "gke_versions.yaml")
    return table


def resolve_version(wanted: str | None, channel: str | None) -> str:
    """The version that a new cluster gets; `1.36` means the newest of its kind. Raises `CloudError` for none."""
    table = gke_versions()
    offer = table["channels"].get(channel)
    if wanted in (None, "", "latest", "-"):
        return str(offer["default"] if offer else table["default"])
    valid = offer["valid"] if offer else table["nodes"]
    matching = [version for version in valid if version == wanted or version.startswith(f"{wanted}.")]
    matching += [version for version in valid if version.startswith(f"{wanted}-")]
    if not matching:
        raise CloudError(f'googleapi: Error 400: No valid versions with the prefix "{wanted}" found., badRequest')
    return str(matching[0])


@cache
def cluster_ca() -> str:
    """A certificate authority's certificate, PEM."""
    return (_DATA / "cluster_ca.pem").read_text(encoding="ascii")
