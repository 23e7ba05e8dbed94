"""From registered resources of a Pulumi program to its bill: every one of them is free, priced or a hole."""

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
