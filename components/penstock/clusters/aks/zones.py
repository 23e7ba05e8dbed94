"""Zones of an Azure region, as AKS counts them.

Azure calls the zones of a region `1`, `2` and `3`. A region without zones is written as the one zone `0`, which is
also what Kubernetes calls it there.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import BeforeValidator

from penstock.problems import Problem

NO_ZONE = "0"
ALL_ZONES = ("1", "2", "3")


def _as_text(value: object) -> object:
    # YAML reads 1 as a number, and Pulumi sends every number as a float.
    if isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
        return str(int(value))
    return value


Zone = Annotated[str, BeforeValidator(_as_text)]


def zone_problems(path: str, zones: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with `zones` as zones of an Azure region."""
    for index, zone in enumerate(zones):
        if zone not in (*ALL_ZONES, NO_ZONE):
            yield Problem(f"{path}[{index}]", f"'{zone}' is no zone. Write 1, 2 or 3, or 0 for a region without zones.")
    if NO_ZONE in zones and len(zones) > 1:
        yield Problem(path, "0 means that the region has no zones. Write it alone, or drop it.")


def availability_zones(zones: Sequence[str]) -> list[str] | None:
    """The zones for Azure's API; None in a region without zones."""
    return None if list(zones) == [NO_ZONE] else list(zones)
