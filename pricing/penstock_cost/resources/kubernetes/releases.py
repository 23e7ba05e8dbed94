"""Helm releases. What a chart makes nobody sees before the deployment, but of some charts it is known.

Those of `data/charts.csv` ask for pods, which run on nodes that are on the bill, and at most for volumes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from penstock_cost import tables
from penstock_cost.money import always
from penstock_cost.resources.context import Context
from penstock_cost.resources.kubernetes.volumes import volume
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, not_known, of

_NOBODY_SEES: Final = (
    "A Helm release makes resources that nobody sees before the deployment. Use a Chart, whose resources are seen, or "
    "allow the type if it asks for nothing but pods on nodes that are on the bill."
)
_BALANCER: Final = "LoadBalancer"
_SWITCH: Final = "persistence"


@prices("kubernetes:helm.sh:Release")
def release(resource: Resource, context: Context) -> Iterator[Found]:
    """The volumes that its values ask for; nothing else of a chart that is known costs anything."""
    asked = of(resource)
    chart = asked.text("chart", "").rstrip("/").rpartition("/")[2]
    rows = [row for row in tables.read("charts") if row["chart"] == chart]
    if not rows:
        raise Unpriced(_NOBODY_SEES)
    if "valueYamlFiles" in asked:
        raise Unpriced(f"Its values stand in files, which nobody reads here. {_NOBODY_SEES}", "valueYamlFiles")
    if asked.unknown("values"):
        raise not_known("values")
    values = asked.child("values")
    if path := _costly(values.data):
        raise Unpriced(f"Its values ask for what the chart does not by itself. {_NOBODY_SEES}", f"values.{path}")
    for row in rows:
        claim = _below(values, row["claim"])
        if claim is None or not claim.data:
            continue
        replicas = math.prod(_whole(values, path) for path in row["replicas"].split())
        made, region = volume(resource, claim, context)
        if made is not None:
            each = f" for each of {replicas}" if replicas > 1 else ""
            yield context.line(
                resource, f"{made.what}{each}", "disks", always(replicas * made.usd), made.rates, region=region
            )


def _below(values: Values, path: str) -> Values | None:
    """What stands at a path; None for no path."""
    if not path:
        return None
    found = values
    for step in path.split("."):
        found = found.child(step)
    return found


def _whole(values: Values, path: str) -> int:
    """The number at a path, by default 1."""
    above, _, last = path.rpartition(".")
    return (_below(values, above) or values).whole(last, 1)


def _costly(values: Any, path: str = "") -> str:
    """Where values ask for a load balancer, or switch on volumes that no row of the table names; empty: nowhere."""
    if isinstance(values, dict):
        if values.get("type") == _BALANCER:
            return f"{path}type"
        switch = values.get(_SWITCH)
        if isinstance(switch, dict) and switch.get("enabled"):
            return f"{path}{_SWITCH}.enabled"
        return next((found for key, value in values.items() if (found := _costly(value, f"{path}{key}."))), "")
    if isinstance(values, list):
        return next((found for i, value in enumerate(values) if (found := _costly(value, f"{path}{i}."))), "")
    return ""
