"""Reading a profile from what a scenario says: points, a name, or a name with parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from sandbox.load.profile import NAMED, Profile


def profile_of(value: object) -> Profile:
    """A profile from points, from a name, or from a name with parameters: `{name: spike, peak: 500}`."""
    if isinstance(value, Profile):
        return value
    if isinstance(value, str):
        value = {"name": value}
    try:
        return _named(value) if isinstance(value, Mapping) else _points(value)
    except (TypeError, ValueError) as error:
        raise PydanticCustomError("profile", "{reason}", {"reason": str(error).rstrip(".")}) from None


def _named(value: Mapping[Any, Any]) -> Profile:
    given = dict(value)
    if set(given) == {"points"}:
        return _points(given["points"])
    name = given.pop("name", None)
    if name not in NAMED:
        raise ValueError(f"'{name}' is no profile. Write one of {', '.join(sorted(NAMED))}, or points.")
    known = inspect.signature(NAMED[name]).parameters
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"{name} has no {', '.join(map(str, unknown))}. It takes {', '.join(known)}.")
    if any(isinstance(it, bool) or not isinstance(it, int | float) or it < 0 for it in given.values()):
        raise ValueError(f"The parameters of {name} are numbers of at least 0.")
    made = NAMED[name](**given)
    return _points(made.points)


def _points(value: object) -> Profile:
    wrong = "Write a list of points, each [seconds, requests per second], such as [[0, 0], [30, 1000]]."
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(wrong)
    points = []
    for point in value:
        if not isinstance(point, list | tuple) or len(point) != 2 or any(isinstance(it, bool | str) for it in point):
            raise ValueError(wrong)
        points.append((float(point[0]), float(point[1])))
    times = [time for time, _ in points]
    if times != sorted(times) or times[0] < 0:
        raise ValueError("The times of the points begin at 0 or later and do not go back. Sort them.")
    if any(rps < 0 for _, rps in points):
        raise ValueError("A load below 0 does not exist. Write 0.")
    return Profile(tuple(points))
