"""Reads the tables in `data/`, each once, at the first question."""

from functools import cache

from penstock_cost.model import Source

Row = dict[str, str]


@cache
def read(name: str) -> list[Row]:
    """The rows of a table."""
    import csv  # here, because they cost more than the rest of the package
    from pathlib import Path

    with (Path(__file__).parent / "data" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def machines() -> dict[str, dict[str, Row]]:
    """machines.csv by cloud and name."""
    return _by_cloud_and_name("machines")


@cache
def families() -> dict[str, dict[str, Row]]:
    """families.csv by cloud and the beginning of the names."""
    return _by_cloud_and_name("families")


@cache
def by_name(table: str) -> dict[str, Row]:
    """The rows of a table by their first column."""
    rows = read(table)
    return {row[next(iter(row))]: row for row in rows}


@cache
def sources() -> dict[str, Source]:
    """sources.csv by the id that the other tables name."""
    return {row["id"]: Source(row["source"], row["as_of"]) for row in read("sources")}


def sources_of(row: Row) -> tuple[Source, ...]:
    """The sources that the column `sources` of a row names."""
    return tuple(sources()[source] for source in row["sources"].split())


def yes(text: str) -> bool | None:
    """`yes` and `no`; None where nothing is written."""
    return {"yes": True, "no": False}.get(text)


def number(text: str) -> int | None:
    """None where nothing is written."""
    return int(text) if text else None


def _by_cloud_and_name(name: str) -> dict[str, dict[str, Row]]:
    table: dict[str, dict[str, Row]] = {}
    for row in read(name):
        table.setdefault(row["cloud"], {})[row["name"]] = row
    return table
