"""Windows between two cron expressions, as KEDA's cron trigger has them, and how often a CronJob runs."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

_MINUTES = 7 * 24 * 60
_DAYS = {name: index for index, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_YEARS = 28
"""After so many years the days of the week fall on the same dates again."""


def hours_of(start: str, end: str) -> tuple[float, ...] | None:
    """The share of each hour of a week, from Monday 00:00, between a start and the next end, in the trigger's own time.

    None where an expression is not one of a weekly schedule, such as one with days of the month.
    """
    starts, ends = _times(start), _times(end)
    if not starts or not ends:
        return None
    hours = [0.0] * 168
    for begin in starts:
        until = min((stop - begin) % _MINUTES or _MINUTES for stop in ends)
        following = min(((other - begin) % _MINUTES or _MINUTES for other in starts), default=_MINUTES)
        for minute in range(begin, begin + min(until, following)):
            hours[minute % _MINUTES // 60] += 1 / 60
    return tuple(min(share, 1.0) for share in hours)


@cache
def times_a_month(expression: str) -> float | None:
    """How often a CronJob's schedule runs in a month on average; None where it is none that can be read.

    Where both days of the month and of the week are bound, either is enough, as in every cron.
    """
    fields = _MACROS.get(expression.strip().lower(), expression).split()
    if len(fields) != 5:
        return None
    minutes, hours = _field(fields[0], 0, 59), _field(fields[1], 0, 23)
    days, months = _field(_starred(fields[2]), 1, 31), _field(_numbered(fields[3]), 1, 12)
    weekdays = _weekdays(fields[4])
    if minutes is None or hours is None or days is None or months is None or weekdays is None:
        return None
    either = not any(_starred(fields[place]) in ("*", "*/1") for place in (2, 4))
    found = 0
    for passed in range(_YEARS * 1461 // 4):
        day = date(2001, 1, 1) + timedelta(days=passed)
        right = (day.day in days, day.isoweekday() % 7 in weekdays)
        found += day.month in months and (any(right) if either else all(right))
    return found * len(minutes) * len(hours) / (12 * _YEARS)


def _starred(text: str) -> str:
    return "*" if text == "?" else text


def _numbered(text: str) -> str:
    for number, name in enumerate(_MONTHS, 1):
        text = text.lower().replace(name, str(number))
    return text


def _times(expression: str) -> list[int] | None:
    """The minutes of a week at which an expression fires."""
    fields = expression.split()
    if len(fields) != 5 or fields[2] not in ("*", "?") or fields[3] != "*":
        return None
    minutes, hours, days = _field(fields[0], 0, 59), _field(fields[1], 0, 23), _weekdays(fields[4])
    if minutes is None or hours is None or days is None:
        return None
    # Cron's Sunday is 0 or 7, and the week here begins on Monday.
    return sorted({(day - 1) % 7 * 1440 + hour * 60 + minute for day in days for hour in hours for minute in minutes})


def _weekdays(text: str) -> set[int] | None:
    for name, number in _DAYS.items():
        text = text.lower().replace(name, str(number))
    days = _field(_starred(text), 0, 7)
    return None if days is None else {day % 7 for day in days}


def _field(text: str, least: int, most: int) -> set[int] | None:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = (str(least), "", str(most)) if span == "*" else span.partition("-")
        last = last or (str(most) if step else first)
        if not (first.isdecimal() and last.isdecimal() and (step.isdecimal() or not step) and step != "0"):
            return None
        if not least <= int(first) <= int(last) <= most:
            return None
        found.update(range(int(first), int(last) + 1, int(step or 1)))
    return found
