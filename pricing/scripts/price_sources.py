"""Where the prices of the book come from, and how far they are believed (see make_prices.py)."""

from __future__ import annotations

from collections.abc import Iterable

from make_machines import Row

YEAR, STALE = 365, 3 * 365  # days
LEVELS = ("low", "medium", "high")
Table = tuple[tuple[str, ...], list[tuple[str, ...]]]  # columns, rows


def day(as_of: str) -> int:
    """A number of days to compare; a month or a year counts from its beginning. 0 where nothing is written."""
    if not as_of:
        return 0
    year, month, date = [*(int(part) for part in as_of.split("-")), 1, 1][:3]
    return year * 365 + (month - 1) * 30 + date


def newest(facts: dict[str, list[Row]]) -> int:
    return max(day(row["as_of"]) for rows in facts.values() for row in rows)


def confidence(as_of: str, newest: int, best: str = "high") -> str:
    """What a price of that day deserves that deserves `best` while it is new."""
    age = newest - day(as_of)
    return min(best, "low" if age > STALE else "medium" if age > YEAR else "high", key=LEVELS.index)


def origin(source: str, as_of: str) -> str:
    """What stands in the `source` columns until `with_ids` puts a short id there."""
    return f"{source}\t{as_of}"


def with_ids(tables: dict[str, Table]) -> dict[str, Table]:
    """The tables with short ids for sources, and the table of those."""

    def cells(columns: tuple[str, ...], row: tuple[str, ...]) -> Iterable[tuple[str, bool]]:
        return ((cell, column.endswith("source") and cell != "") for column, cell in zip(columns, row, strict=True))

    used = {
        cell
        for columns, rows in tables.values()
        for row in rows
        for cell, is_source in cells(columns, row)
        if is_source
    }
    ids = {long: f"s{position}" for position, long in enumerate(sorted(used), start=1)}
    renamed: dict[str, Table] = {
        name: (columns, [tuple(ids[cell] if named else cell for cell, named in cells(columns, row)) for row in rows])
        for name, (columns, rows) in tables.items()
    }
    renamed["sources"] = ("id", "source", "as_of"), [(short, *long.split("\t")) for long, short in ids.items()]
    return renamed
