"""Weekly schedules as people write them: `Mon-Fri 08:00-20:00=6`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from penstock_cost.money import CostError

MOST_MACHINES = 1_000_000
"""More than this in one pool is taken for a slip. The largest clusters of the clouds have 100,000 nodes."""
MINUTES_PER_DAY = 24 * 60
MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"\s*(?P<days>[A-Za-z*][A-Za-z,\-]*)\s+(?P<from>\d{1,2}:\d{2})\s*-\s*(?P<to>\d{1,2}:\d{2})\s*=\s*(?P<machines>\S+)\s*"
)
_HELP = "Write days, times and a number, such as 'Mon-Fri 08:00-20:00=6' or 'daily 22:00-06:00=0'."


class Window(NamedTuple):
    """A part of some days in which a number of machines runs."""

    days: frozenset[int]
    """The days on which it begins; Monday is 0."""
    start: int
    """Minute of the day at which it begins."""
    minutes: int
    """How long it lasts; past midnight it goes on into the next day."""
    machines: float


def parse(windows: Sequence[str]) -> list[Window]:
    """The windows that texts describe. Raises CostError with every problem."""
    if wrong := list(problems(windows)):
        raise CostError("\n".join(f"schedule[{index}]: {reason}" for index, reason in wrong))
    return [_window(text) for text in windows]


def problems(windows: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The texts that describe no window: their place, and what is wrong."""
    for index, text in enumerate(windows):
        try:
            _window(text)
        except ValueError as error:
            yield index, str(error)


def week(windows: Iterable[Window]) -> dict[float | None, int]:
    """How many minutes of a week each number of machines runs; under None those that no window covers.

    Where windows overlap the largest number counts, as it does for the cron triggers of KEDA.
    """
    changes: dict[int, list[tuple[Window, bool]]] = {0: []}
    for window in windows:
        for begin, end in _spans(window):
            changes.setdefault(begin, []).append((window, True))
            changes.setdefault(end, []).append((window, False))
    spent: dict[float | None, int] = {}
    open_now: list[float] = []
    times = sorted(changes)
    for time, until in zip(times, [*times[1:], MINUTES_PER_WEEK], strict=True):
        for window, begins in changes[time]:
            if begins:
                open_now.append(window.machines)
            else:
                open_now.remove(window.machines)
        if until > time:
            machines = max(open_now, default=None)
            spent[machines] = spent.get(machines, 0) + until - time
    return spent


def _spans(window: Window) -> Iterator[tuple[int, int]]:
    """From which minute of the week to which; what passes Sunday's midnight begins the week again."""
    for day in window.days:
        begin = day * MINUTES_PER_DAY + window.start
        end = begin + window.minutes
        yield begin, min(end, MINUTES_PER_WEEK)
        if end > MINUTES_PER_WEEK:
            yield 0, end - MINUTES_PER_WEEK


def _window(text: str) -> Window:
    match = _FORM.fullmatch(text)
    if not match:
        raise ValueError(f"'{text}' is no window. {_HELP}")
    start, end = _minute(match["from"], text), _minute(match["to"], text)
    if start == MINUTES_PER_DAY:
        raise ValueError(f"'{text}' begins at 24:00. Write 00:00 and the next day.")
    try:
        machines = float(match["machines"])
    except ValueError:
        raise ValueError(f"'{match['machines']}' in '{text}' is no number of machines. {_HELP}") from None
    if not 0 <= machines <= MOST_MACHINES:
        raise ValueError(f"'{match['machines']}' in '{text}' is no number of machines. Write 0 to {MOST_MACHINES}.")
    # The same time twice is a whole day, as in 00:00-00:00.
    return Window(_days(match["days"], text), start, (end - start) % MINUTES_PER_DAY or MINUTES_PER_DAY, machines)


def _minute(text: str, window: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour * 60 + minute > MINUTES_PER_DAY:
        raise ValueError(f"'{text}' in '{window}' is no time of the day. Write 00:00 to 24:00.")
    return hour * 60 + minute


def _days(text: str, window: str) -> frozenset[int]:
    if text.lower() in ("daily", "*"):
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin = _day(first, window)
        end = _day(last, window) if last else begin
        # Fri-Mon goes over the weekend.
        days.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(days)


def _day(text: str, window: str) -> int:
    named = [
        index
        for index, day in enumerate(_DAYS)
        if len(text) >= 2 and (day.startswith(text.lower()) or _FULL[day] == text.lower())
    ]
    if len(named) != 1:
        raise ValueError(f"'{text}' in '{window}' is no day. Write Mon, Tue, Wed, Thu, Fri, Sat, Sun or daily.")
    return named[0]


_FULL = {
    "mon": "monday",
    "tue": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}
