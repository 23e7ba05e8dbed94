"""Range bars: from floor to ceiling, with a mark where the expected cost is. Geometry only; the template draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from penstock_cost.money import Estimate
from penstock_cost.report.view import shortened, usd

WIDTH = 920
LEFT = 210
"""Where the bars begin; the names stand before it."""
RIGHT = 780
"""Where the longest bar ends; the ceilings stand behind it."""
ROW = 34
TOP = 8
_LONGEST_NAME = 27


class Bar(NamedTuple):
    """A range, in pixels."""

    label: str
    title: str
    """What a pointer or a screen reader is told."""
    ceiling: str
    y: float
    floor_x: float
    expected_x: float
    bounded_x: float
    ceiling_x: float


class Tick(NamedTuple):
    """A line of the scale."""

    x: float
    label: str


class Chart(NamedTuple):
    """Everything that the template draws."""

    width: int
    height: float
    left: int
    right: int
    base: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


def chart(rows: Sequence[tuple[str, Estimate]]) -> Chart:
    """Bars of named estimates on one scale from 0. Credits, which are below it, are drawn at 0."""
    step = nice_step(max((cost.ceiling for _, cost in rows), default=0.0))
    end = step * 5 if step else 1.0

    def x(amount: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(max(amount / end, 0.0), 1.0), 1)

    bars = [
        Bar(
            shortened(name, _LONGEST_NAME),
            f"{name}: floor {usd(cost.floor)}, expected {usd(cost.expected)}, ceiling {usd(cost.ceiling)} USD a month",
            usd(cost.ceiling),
            TOP + index * ROW,
            *(x(amount) for amount in (cost.floor, cost.expected, cost.bounded, cost.ceiling)),
        )
        for index, (name, cost) in enumerate(rows)
    ]
    base = TOP + len(rows) * ROW
    ticks = [Tick(x(step * count), short(step * count)) for count in range(6)] if step else []
    return Chart(WIDTH, base + 30, LEFT, RIGHT, base, tuple(bars), tuple(ticks))


def nice_step(most: float) -> float:
    """1, 2, 2.5 or 5 times a power of ten, so that five of it reach `most`; 0 for less than a millionth of a dollar."""
    if most < 1e-6:
        return 0.0
    power = 10.0 ** math.floor(math.log10(most / 5))
    return next((factor * power for factor in (1, 2, 2.5, 5) if factor * power * 5 >= most), 10 * power)


def short(amount: float) -> str:
    """`$2.5k`."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if amount >= size:
            return f"${amount / size:g}{letter}"
    return f"${amount:g}"
