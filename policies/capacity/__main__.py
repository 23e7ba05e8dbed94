"""The `capacity` pack: bounds of pools and workloads, and what works against them."""

from capacity_rules import RULES

from penstock_cost.crossguard import pack

pack("penstock-capacity", RULES)
