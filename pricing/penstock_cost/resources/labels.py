"""Labels and taints of nodes, in the spellings of the clouds."""

from __future__ import annotations

from collections.abc import Mapping

from penstock_cost.resources.options import Taint
from penstock_cost.resources.values import Values

_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
    "NO_EXECUTE": "NoExecute",
}


def labels_of(values: Values, name: str) -> dict[str, str]:
    """The labels that are known; unknown ones match no selector."""
    labels = values.data.get(name)
    if not isinstance(labels, Mapping):
        return {}
    return {key: value for key, value in labels.items() if isinstance(key, str) and isinstance(value, str)}


def taint(values: Values) -> Taint:
    """A taint that is written as an object. Raises Unpriced."""
    effect = values.text("effect", "NoSchedule")
    return Taint(key=values.text("key", ""), value=values.text("value", ""), effect=_EFFECTS.get(effect, effect))


def taint_of_text(text: str) -> Taint:
    """A taint that is written `key=value:effect`, as Azure does."""
    rest, _, effect = text.rpartition(":")
    key, _, value = rest.partition("=")
    return Taint(key=key, value=value, effect=effect)
