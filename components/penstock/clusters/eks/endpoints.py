"""The private endpoints by which an isolated network reaches AWS: pure functions over a table."""

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from penstock.clusters.args import Observability


class Endpoint(NamedTuple):
    """An interface endpoint of an AWS service."""

    service: str
    observability: Observability
    """FULL where only that needs it."""
    not_in: Sequence[str]
    """Regions that do not have it."""


@cache
def _endpoints() -> list[Endpoint]:
    lines = (files(__package__) / "data" / "endpoints.csv").read_text(encoding="utf-8").splitlines()
    return [
        Endpoint(row["service"], Observability(row["observability"]), row["not_in"].split())
        for row in csv.DictReader(lines)
    ]


def interface_endpoints(observability: Observability) -> list[str]:
    """The services that an isolated network reaches by interface endpoints, for example `ecr.api`."""
    return [e.service for e in _endpoints() if e.observability in (Observability.SYSTEM, observability)]


def missing_endpoints(region: str, observability: Observability) -> list[str]:
    """Those of them that AWS does not have in `region`.

    In China they are spread over two prefixes (`com.amazonaws` and `cn.com.amazonaws`) in a way that changes: none is
    counted on there.
    """
    needed = interface_endpoints(observability)
    if region.startswith("cn-"):
        return needed
    return [e.service for e in _endpoints() if e.service in needed and region in e.not_in]


def service_name(region: str, service: str) -> str:
    """AWS's full name of a service's endpoint, for example `com.amazonaws.us-east-1.ec2`."""
    return f"com.amazonaws.{region}.{service}"
