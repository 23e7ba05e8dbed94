"""What a tenant has in one database: counted, and copied out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.tenancy.erasure.archive import Archive
from penstock.tenancy.erasure.postgres_schema import schema

if TYPE_CHECKING:
    import psycopg

# As pg_dump has them, so that what is written does not depend on who writes it: all digits, dates with one meaning.
SETTINGS = (
    "SET search_path = ''; SET client_encoding = 'UTF8'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; "
    "SET timezone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET row_security = off; "
    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s'"
)
_TABLES = """
SELECT format('%%I.%%I', n.nspname, c.relname),
       ARRAY(SELECT a.attname::text FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY attnum)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.oid = ANY(%(schemas)s::oid[]) AND c.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1
"""
_OBJECTS = "SELECT oid FROM pg_largeobject_metadata WHERE %(all)s OR lomowner = ANY(%(roles)s::oid[]) ORDER BY 1"
_CHUNK = 1024 * 1024


class Place(NamedTuple):
    """Where in a database a tenant's things are."""

    database: str
    schemas: list[int]
    """The oids of its schemas."""
    roles: list[int]
    """The oids of its roles, whose large objects are its own."""
    everything: bool
    """Whether all large objects of the database are."""


class _Table(NamedTuple):
    name: str
    columns: list[str]


def count(connection: psycopg.Connection[Any], place: Place) -> dict[str, int]:
    """Tables, rows and large objects."""
    from psycopg import sql

    rows = 0
    tables = _tables(connection, place.schemas)
    for table in tables:
        (found,) = connection.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(_named(table.name))).fetchall()
        rows += found[0]
    return {"tables": len(tables), "rows": rows, "large_objects": len(_objects(connection, place))}


def export(connection: psycopg.Connection[Any], place: Place, archive: Archive) -> dict[str, int]:
    """Writes it all, as it is at one moment: within a transaction that sees nothing later."""
    folder = f"postgres/{_safe(place.database)}"
    if place.schemas:
        made = schema(connection, place.schemas)
        for name, text in (("schema.sql", made.before), ("constraints.sql", made.after)):
            with archive.part(f"{folder}/{name}", database=place.database) as part:
                part.write(text.encode())
        if made.missing:
            archive.note(**{f"not in schema.sql of {place.database}": made.missing})
    rows = 0
    tables = _tables(connection, place.schemas)
    for number, table in enumerate(tables, 1):
        path = f"{folder}/tables/{number:04d}-{_safe(table.name)}.csv"
        with archive.part(path, database=place.database, table=table.name, columns=table.columns, rows=0) as part:
            part.about["rows"] = _copy(connection, table, part)
            rows += part.about["rows"]
    objects = _objects(connection, place)
    for oid in objects:
        with archive.part(f"{folder}/large_objects/{oid}", database=place.database, oid=oid) as part:
            offset = 0
            while chunk := _read(connection, oid, offset):
                part.write(chunk)
                offset += len(chunk)
    return {"tables": len(tables), "rows": rows, "large_objects": len(objects)}


def _copy(connection: psycopg.Connection[Any], table: _Table, part: Any) -> int:
    from psycopg import sql

    columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.columns)
    asked = sql.SQL("COPY {} ({}) TO STDOUT WITH (FORMAT csv, HEADER)") if table.columns else None
    if asked is None:
        # A table without columns has rows all the same.
        (found,) = connection.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(_named(table.name))).fetchall()
        return int(found[0])
    cursor = connection.cursor()
    with cursor.copy(asked.format(_named(table.name), columns)) as copy:
        for data in copy:
            part.write(data)
    return cursor.rowcount


def _tables(connection: psycopg.Connection[Any], schemas: Sequence[int]) -> list[_Table]:
    rows = connection.execute(_TABLES, {"schemas": list(schemas)}).fetchall()
    return [_Table(name, columns) for name, columns in rows]


def _objects(connection: psycopg.Connection[Any], place: Place) -> list[int]:
    asked = {"all": place.everything, "roles": place.roles}
    return [row[0] for row in connection.execute(_OBJECTS, asked)]


def _read(connection: psycopg.Connection[Any], oid: int, offset: int) -> bytes:
    (row,) = connection.execute("SELECT lo_get(%s, %s::bigint, %s)", (oid, offset, _CHUNK), binary=True).fetchall()
    return bytes(row[0])


def _named(name: str) -> Any:
    """A name that PostgreSQL itself has quoted."""
    from psycopg import sql

    return sql.SQL(name)


def _safe(name: str) -> str:
    """A name of a file; the manifest has the true one."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:80]
