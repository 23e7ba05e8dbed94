"""Cron expressions as KEDA's cron trigger reads them, and the windows between a start and an end.

KEDA parses five fields with github.com/robfig/cron v3 (its Sunday is 0, never 7) and takes a window for open while the
next end comes before the next start: kedacore/keda pkg/scalers/cron_scaler.go@v2.21.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from penstock.problems import Problem

MINUTES_OF_DAY = 24 * 60
MINUTES_OF_WEEK = 7 * MINUTES_OF_DAY

_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = {
    name: number + 1
    for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))
}


class Field(NamedTuple):
    """A field of an expression."""

    name: str
    least: int
    most: int
    names: dict[str, int]


FIELDS = (
    Field("minute", 0, 59, {}),
    Field("hour", 0, 23, {}),
    Field("day of the month", 1, 31, {}),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 0, 6, _DAYS),
)


@cache
def fires(expression: str) -> tuple[int, ...] | None:
    """The minutes of a week, from Monday 00:00, at which an expression fires; None where days or months bound it.

    Raises ValueError where it is none.
    """
    texts = expression.split()
    if len(texts) != len(FIELDS):
        raise ValueError(
            f"'{expression}' has {len(texts)} fields. Write five: minute, hour, day of the month, month and day of the "
            "week, such as '0 9 * * 1-5'."
        )
    minutes, hours, days, months, weekdays = (_values(text, field) for text, field in zip(texts, FIELDS, strict=True))
    if len(days) < 31 or len(months) < 12:
        return None
    # The week here begins on Monday, cron's with Sunday.
    at = {
        (day - 1) % 7 * MINUTES_OF_DAY + hour * 60 + minute for day in weekdays for hour in hours for minute in minutes
    }
    return tuple(sorted(at))


def is_open(start: str, end: str) -> list[bool] | None:
    """Whether KEDA takes the window for open, for each minute of a week; None where days or months bound it."""
    starts, ends = fires(start), fires(end)
    if starts is None or ends is None:
        return None
    next_start, next_end = _waits(starts), _waits(ends)
    return [next_end[minute] <= next_start[minute] for minute in range(MINUTES_OF_WEEK)]


def cron_problems(path: str, expression: str) -> Iterator[Problem]:
    """What is wrong with one expression."""
    try:
        fires(expression)
    except ValueError as error:
        yield Problem(path, str(error))


def opening_problems(start: str, end: str) -> Iterator[Problem]:
    """What is wrong with when a window opens and closes; as a whole only where both expressions are good."""
    wrong = [*cron_problems("start", start), *cron_problems("end", end)]
    yield from wrong or window_problems(start, end)


def window_problems(start: str, end: str) -> Iterator[Problem]:
    """What is wrong with a window of two good expressions, as KEDA would take it."""
    if start == end:
        yield Problem("end", "It is the same as the start, so the window has no length. Write when it closes.")
        return
    opened = is_open(start, end)
    if opened is None:
        return
    ends = fires(end) or ()
    if still := [minute for minute in ends if opened[minute]]:
        yield Problem(
            "end",
            f"The window would not close {_said(still[0])}: its next end comes before its next start, by which KEDA "
            "takes it for open. Write the same days in both, such as '0 9 * * 1-5' and '0 18 * * 1-5'.",
        )


def zone_problems(path: str, name: str) -> Iterator[Problem]:
    """What is wrong with the name of a time zone. Zones without a place, such as EST, know no summer time."""
    if not (("/" in name or name == "UTC") and _is_zone(name)):
        yield Problem(
            path,
            f"'{name}' is no time zone of the IANA table by area and city. Write one such as America/Los_Angeles, "
            "Europe/Berlin or UTC.",
        )


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # not at import: it is asked for seldom

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _waits(at: tuple[int, ...]) -> list[int]:
    """For each minute of a week, how many minutes later it fires next; a week where it fires only then."""
    waits = [0] * MINUTES_OF_WEEK
    following = at[0] + MINUTES_OF_WEEK
    firing = set(at)
    for minute in reversed(range(MINUTES_OF_WEEK)):
        waits[minute] = following - minute
        if minute in firing:
            following = minute
    return waits


def _values(text: str, field: Field) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if span in ("*", "?"):
            first, last = field.least, field.most
        else:
            begin, dash, finish = span.partition("-")
            first = _value(begin, field, text)
            last = _value(finish, field, text) if dash else (field.most if slash else first)
        if first > last or (slash and not (step.isdecimal() and int(step))):
            raise ValueError(
                f"'{text}' is no {field.name}. Write for example {field.least}, {field.least}-{field.most} or */2."
            )
        found.update(range(first, last + 1, int(step) if slash else 1))
    return found


def _value(text: str, field: Field, whole: str) -> int:
    number = field.names.get(text.lower(), int(text) if text.isdecimal() else -1)
    if not field.least <= number <= field.most:
        sunday = " Sunday is 0." if field.names is _DAYS else ""
        raise ValueError(f"'{whole}' is no {field.name}. Write numbers from {field.least} to {field.most}.{sunday}")
    return number


def _said(minute: int) -> str:
    day, time = divmod(minute, MINUTES_OF_DAY)
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return f"on {names[day]} at {time // 60:02}:{time % 60:02}"
