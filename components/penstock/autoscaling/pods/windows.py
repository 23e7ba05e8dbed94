"""Pre-scaling: windows of time derived from a profile of traffic, so that replicas are there before the load is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from penstock.autoscaling.pods.event_args import CronTrigger, Trigger
from penstock.problems import InvalidSpec, Problem

LONGEST_LEAD = 59
"""Hours apart are never closer than this, so that a window never opens before the one before it has closed."""

_DAY, _WEEK = 24, 168
_MINUTES_OF_DAY, _MINUTES_OF_WEEK = 24 * 60, 168 * 60


def traffic_windows(
    profile: Sequence[float],
    replica_rate: float,
    *,
    timezone: str,
    max_replicas: int,
    min_replicas: int = 0,
    lead_minutes: int = 10,
    headroom_percent: float = 0,
    round_to: int = 1,
) -> list[Trigger]:
    """The cron triggers that have enough replicas `lead_minutes` before each hour of `profile`.

    `profile` is the traffic in requests a second: 24 numbers, one for each hour of a day, or 168, from Monday 00:00.
    One replica serves `replica_rate` of them; `headroom_percent` more are made ready. Replicas are rounded up to
    multiples of `round_to`, which makes fewer windows, and are never more than `max_replicas`. What `min_replicas`
    cover needs no window. `lead_minutes` is 0 to 59. Windows overlap: KEDA takes the largest that is open.

    Raises InvalidSpec with every problem.
    """
    if problems := list(
        _problems(profile, replica_rate, timezone, max_replicas, lead_minutes, headroom_percent, round_to)
    ):
        raise InvalidSpec(problems)
    needs = replicas_needed(profile, replica_rate, max_replicas, headroom_percent, round_to)
    if (always := min(needs)) > min_replicas:
        raise InvalidSpec(
            [Problem("min_replicas", f"The profile never asks for fewer than {always} replicas. Write at least that.")]
        )
    triggers: list[Trigger] = []
    for level in sorted({need for need in needs if need > min_replicas}):
        runs = _runs([need >= level for need in needs])
        for number, (start, end) in enumerate(_crons(runs, len(profile), lead_minutes)):
            window = CronTrigger(timezone=timezone, start=start, end=end, desired_replicas=level)
            triggers.append(Trigger(name=f"profile_{level}_{number}", cron=window))
    return triggers


def replicas_needed(
    profile: Sequence[float], replica_rate: float, max_replicas: int, headroom_percent: float = 0, round_to: int = 1
) -> list[int]:
    """The replicas for each hour of a profile."""
    rates = (rate * (1 + headroom_percent / 100) / replica_rate for rate in profile)
    # A rate that is met exactly needs no replica more for the sake of its last binary digit.
    return [min(max_replicas, -(-math.ceil(round(rate, 9)) // round_to) * round_to) for rate in rates]


def _runs(wanted: list[bool]) -> list[tuple[int, int]]:
    """Where hours begin and end that follow one another, around the end of the day or week; some hour is not wanted."""
    hours = len(wanted)
    starts = [hour for hour in range(hours) if wanted[hour] and not wanted[hour - 1]]
    return [(s, next(s + n for n in range(1, hours) if not wanted[(s + n) % hours])) for s in starts]


def _crons(runs: Sequence[tuple[int, int]], hours: int, lead: int) -> Iterator[tuple[str, str]]:
    """A start and an end for all runs that begin and end at the same time of day."""
    if hours == _DAY:
        for start, end in runs:
            opens, closes = (start * 60 - lead) % _MINUTES_OF_DAY, end * 60 % _MINUTES_OF_DAY
            yield f"{_time(opens)} * * *", f"{_time(closes)} * * *"
        return
    alike: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for start, end in runs:
        opens, closes = (start * 60 - lead) % _MINUTES_OF_WEEK, end * 60 % _MINUTES_OF_WEEK
        # Of the same length, so that each start has its own end.
        alike.setdefault((opens % _MINUTES_OF_DAY, end - start), []).append((opens, closes))
    for windows in alike.values():
        opens, closes = windows[0]
        yield (
            f"{_time(opens)} * * {_days([begin for begin, _ in windows])}",
            f"{_time(closes)} * * {_days([finish for _, finish in windows])}",
        )


def _time(minute: int) -> str:
    return f"{minute % 60} {minute % _MINUTES_OF_DAY // 60}"


def _days(minutes: Sequence[int]) -> str:
    """The days of the week of some minutes of it, in cron's numbers."""
    days = sorted({(minute // _MINUTES_OF_DAY + 1) % 7 for minute in minutes})
    if len(days) == 7:
        return "*"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{days[0]}-{days[-1]}"
    return ",".join(map(str, days))


def _problems(
    profile: Sequence[float], rate: float, timezone: str, most: int, lead: int, headroom: float, round_to: int
) -> Iterator[Problem]:
    from penstock.autoscaling.pods.crontab import zone_problems  # not at import: few derive windows

    yield from zone_problems("timezone", timezone)
    if len(profile) not in (_DAY, _WEEK):
        yield Problem("profile", f"Write 24 numbers, for a day, or 168, for a week from Monday; not {len(profile)}.")
    for hour, number in enumerate(profile):
        if not (math.isfinite(number) and number >= 0):
            yield Problem(f"profile[{hour}]", f"Write requests a second, at least 0; not {number}.")
    if not (math.isfinite(rate) and rate > 0):
        yield Problem("replica_rate", f"Write the requests a second that one replica serves, above 0; not {rate}.")
    if most < 1:
        yield Problem("max_replicas", f"Write at least 1, not {most}.")
    if not 0 <= lead <= LONGEST_LEAD:
        yield Problem("lead_minutes", f"Write 0 to {LONGEST_LEAD}, not {lead}.")
    if not (math.isfinite(headroom) and headroom >= 0):
        yield Problem("headroom_percent", f"Write at least 0, not {headroom}.")
    if round_to < 1:
        yield Problem("round_to", f"Write at least 1, not {round_to}.")
