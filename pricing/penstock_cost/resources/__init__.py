"""From registered resources of a Pulumi program to its bill: every one of them is free, priced or a hole.

What stands here is imported when it is asked for: a policy pack that needs the resources alone loads no prices.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from penstock_cost.resources.bill import bill_of
    from penstock_cost.resources.model import UNKNOWN, UNKNOWN_TEXT, Resource, Stack
    from penstock_cost.resources.options import Annotation, Commitment, Egress, Options, Usage

__all__ = [
    "UNKNOWN",
    "UNKNOWN_TEXT",
    "Annotation",
    "Commitment",
    "Egress",
    "Options",
    "Resource",
    "Stack",
    "Usage",
    "bill_of",
]
_MODULES = {
    "bill": ("bill_of",),
    "model": ("UNKNOWN", "UNKNOWN_TEXT", "Resource", "Stack"),
    "options": ("Annotation", "Commitment", "Egress", "Options", "Usage"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"penstock_cost.resources.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
