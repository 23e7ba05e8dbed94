"""Which options a cloud has: a table for each, from which refusals come, and the page that compares the clouds.

A table is `data/options.csv` in the cloud's folder, with the columns `option`, `support` and `text`. An option is the
path of an input (`surge.max_surge`), or one value of it (`purchase=flex`); `support` is `yes`, `otherwise` (the text
says how it is done there) or `refused` (the text is the sentence that refuses it).
"""

import csv
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.problems import Problem

if TYPE_CHECKING:
    from penstock.spec import Spec


class Support(StrEnum):
    """Whether a cloud has an option."""

    YES = "yes"
    OTHERWISE = "otherwise"
    REFUSED = "refused"


class Option(NamedTuple):
    """What a cloud makes of an option."""

    path: str
    value: str | None
    """The value that this is about; None: whatever value."""
    support: Support
    text: str
    """How it is done, or why not and what to write instead; may be empty where it is simply supported."""


@cache
def options(package: str) -> list[Option]:
    """The table of the cloud whose code lies in `package`, for example `penstock.nodes.gke`."""
    lines = (files(package) / "data" / "options.csv").read_text(encoding="utf-8").splitlines()
    table = []
    for row in csv.DictReader(lines):
        path, _, value = row["option"].partition("=")
        table.append(Option(path, value or None, Support(row["support"]), row["text"]))
    return table


def refusals(package: str, asked: "Spec") -> Iterator[Problem]:
    """The options that are asked for and that the cloud does not have. Fields that are in error are passed over."""
    for option in options(package):
        if option.support is Support.REFUSED and _is_asked(option, asked):
            yield Problem(option.path, option.text)


def _is_asked(option: Option, asked: "Spec") -> bool:
    value: Any = asked
    for step in option.path.split("."):
        if value is None or step not in value.model_fields_set:
            return False
        value = getattr(value, step, None)
    if option.value is not None:
        return option.value == (str(value).lower() if isinstance(value, bool) else value)
    return value is not None and value is not False
