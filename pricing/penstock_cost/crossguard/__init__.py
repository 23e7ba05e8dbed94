"""Policy packs for any Pulumi program, as rules over plain data.

A rule is a function from what the program registered and the rule's own configuration to findings. It sees the inputs
of every resource, as a preview shows them, with `UNKNOWN` where the engine does not know a value yet; reading one
through `values` raises `NotKnown`, and that is a finding too: a rule that could not look has not passed. (Left to
itself, Pulumi turns it into an advisory, and a mandatory policy passes.)

`pack` makes a CrossGuard pack of them. Only that imports `pulumi_policy`.
"""

from penstock_cost.crossguard.rules import Finding, ResourceRule, Rule, Seen, StackRule
from penstock_cost.crossguard.values import NotKnown, items, read, text, whole

__all__ = [
    "Finding",
    "NotKnown",
    "ResourceRule",
    "Rule",
    "Seen",
    "StackRule",
    "items",
    "pack",
    "read",
    "text",
    "whole",
]


def pack(name: str, rules: "list[Rule]") -> None:
    """Serve the rules as a policy pack, until the engine ends it."""
    from penstock_cost.crossguard.host import serve

    serve(name, rules)
