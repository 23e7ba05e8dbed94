"""Windows between two cron expressions, as KEDA's cron trigger has them."""

from __future__ import annotations

_MINUTES = 7 * 24 * 60
_DAYS = {name: index for index, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}


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
    days = _field("*" if text == "?" else text, 0, 7)
    return None if days is None else {day % 7 for day in days}


def _field(text: str, least: int, most: int) -> set[int] | None:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0", "", str(most)) if span == "*" else span.partition("-")
        last = last or (str(most) if step else first)
        if not (first.isdecimal() and last.isdecimal() and (step.isdecimal() or not step) and step != "0"):
            return None
        if not least <= int(first) <= int(last) <= most:
            return None
        found.update(range(int(first), int(last) + 1, int(step or 1)))
    return found
