"""What is said of settings that are refused."""

from collections.abc import Mapping
from typing import Any

from penstock.problems import InvalidSpec
from penstock.spec import Spec, check


def reasons(model: type[Spec], asked: Mapping[str, Any]) -> dict[str, str]:
    """The reasons by path, those of one path behind each other; empty where nothing is refused."""
    try:
        check(model, asked)
    except InvalidSpec as refused:
        found: dict[str, str] = {}
        for problem in refused.problems:
            found[problem.path] = f"{found.get(problem.path, '')}{problem.reason} "
        return found
    return {}
