"""The SQL that makes a tenant's schemas again, from PostgreSQL's own catalogue: no program besides the driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg

_HEAD = "SET client_encoding = 'UTF8';\nSET search_path = '';\nSET check_function_bodies = off;\n"
_PLACES = {"pg_namespace": 0, "pg_extension": 1, "owned": 3, "comment": 3}
"""Kinds that come before or after all others of their phase, which are at 2."""
_DEPENDENCIES = "SELECT classid::regclass || ':' || objid, refclassid::regclass || ':' || refobjid FROM pg_depend"
_OTHERS = """
SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d
 WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = ANY(%(schemas)s::oid[])
   AND (d.classid = ANY(ARRAY['pg_operator', 'pg_opclass', 'pg_opfamily', 'pg_collation', 'pg_conversion',
                              'pg_ts_config', 'pg_ts_dict', 'pg_ts_parser', 'pg_ts_template']::regclass[])
        OR d.classid = 'pg_proc'::regclass AND (SELECT prokind FROM pg_proc WHERE oid = d.objid) = 'a'
        OR d.classid = 'pg_type'::regclass AND (SELECT typtype FROM pg_type WHERE oid = d.objid) = 'b'
        OR d.classid = 'pg_class'::regclass AND (SELECT relkind FROM pg_class WHERE oid = d.objid) = 'f')
   AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
 ORDER BY 1
"""


class Schema(NamedTuple):
    """How schemas are made again."""

    before: str
    """SQL that has to run before rows are put in."""
    after: str
    """SQL that runs after that."""
    missing: list[str]
    """What is not in either, in PostgreSQL's words: kinds that hardly a tenant has, and that hold no rows."""


class _Thing(NamedTuple):
    key: str
    phase: int
    statement: str


def schema(connection: psycopg.Connection[Any], schemas: Sequence[int]) -> Schema:
    """How the schemas of these oids are made again. The search path of the connection has to be empty."""
    asked = {"schemas": list(schemas)}
    text = files(__package__).joinpath("data", "schema.sql").read_text(encoding="utf-8")
    rows = connection.execute(text, asked).fetchall()
    things = {key: _Thing(key, phase, statement) for key, _, phase, statement in rows}
    named = {alias: key for key, aliases, *_ in rows for alias in (key, *aliases)}
    needs: dict[str, set[str]] = {key: set() for key in things}
    for user, used in connection.execute(_DEPENDENCIES):
        if user in named and used in named and named[user] != named[used]:
            needs[named[user]].add(named[used])
    phases = _phases(things, needs)
    ordered = _ordered(things, needs, phases)
    return Schema(
        _script(thing for thing in ordered if phases[thing.key] == 0),
        _script(thing for thing in ordered if phases[thing.key] > 0),
        [row[0] for row in connection.execute(_OTHERS, asked)],
    )


def _phases(things: Mapping[str, _Thing], needs: Mapping[str, set[str]]) -> dict[str, int]:
    """What needs something of a later phase is of that phase, too."""
    phases = {key: thing.phase for key, thing in things.items()}
    changed = True
    while changed:
        changed = False
        for key, used in needs.items():
            latest = max((phases[other] for other in used), default=0)
            if latest > phases[key]:
                phases[key], changed = latest, True
    return phases


def _ordered(things: Mapping[str, _Thing], needs: Mapping[str, set[str]], phases: Mapping[str, int]) -> list[_Thing]:
    def rank(key: str) -> tuple[int, int, int]:
        kind, number = key.split(":")[:2]
        return phases[key], _PLACES.get(kind, 2), int(number)

    sorter = TopologicalSorter({key: [*needs[key]] for key in sorted(things, key=rank)})
    try:
        place = {key: index for index, key in enumerate(sorter.static_order())}
    except CycleError:
        # Functions that call one another, for example: PostgreSQL looks into them only when they run.
        place = {}
    return sorted(things.values(), key=lambda thing: (*rank(thing.key)[:2], place.get(thing.key, 0), rank(thing.key)))


def _script(things: Iterable[_Thing]) -> str:
    return _HEAD + "".join(f"\n{thing.statement}\n" for thing in things)
