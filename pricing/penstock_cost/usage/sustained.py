"""Google Cloud's sustained-use discount: the longer machines of a kind run in a month, the less the next hour costs.

https://cloud.google.com/compute/docs/sustained-use-discounts: each quarter of the month has its own rate, and usage of
machines that do not run at the same time counts as that of one machine. So the k-th machine of a pool is billed for
the share of the month in which at least k run.
"""

from __future__ import annotations

from penstock_cost.usage.hours import Usage


def charged(share: float, discount: float) -> float:
    """What a machine that runs a share of the month is charged, as a share of a month at list price.

    `discount` is that of a whole month, as a fraction. The rates of the quarters fall in equal steps to it: 100, 80,
    60 and 40 % of the list price where it is 0.3; 100, 86.7, 73.3 and 60 % where it is 0.2.
    """
    step = discount * 4 / 6
    return sum((1 - step * quarter) * min(max(share - quarter * 0.25, 0.0), 0.25) for quarter in range(4))


def charged_machines(usage: Usage, discount: float, above: float = 0.0) -> float:
    """How many machines at list price, all month, cost what this usage does; only those above a number of machines."""
    if not discount:
        return float(sum(max(load.machines - above, 0.0) * load.share for load in usage.loads))
    paid, share, levels = 0.0, 0.0, [*(load.machines for load in usage.loads[1:]), 0.0]
    for load, next_level in zip(usage.loads, levels, strict=True):
        share += float(load.share)
        paid += max(load.machines - max(next_level, above), 0.0) * charged(share, discount)
    return paid
