"""The `cost` pack: what a stack may cost a month, and how it may be bought."""

from cost_rules import RULES

from penstock_cost.crossguard import pack

pack("penstock-cost", RULES)
