"""A tenant in Postgres: its schema, or its own database, and its roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from penstock.data.postgres.tenants import login_role, owner_role, reader_role, schema_name, script
from penstock.tenancy.erasure import postgres_rows, psql_script
from penstock.tenancy.erasure.archive import Archive
from penstock.tenancy.erasure.errors import ErasureError, without_secrets
from penstock.tenancy.erasure.postgres_rows import Place
from penstock.tenancy.erasure.store import Counts

if TYPE_CHECKING:
    import psycopg

_SECONDS = 10
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('penstock.tenants'))"
"""What everybody holds who changes tenants' roles: PostgreSQL refuses two changes of one role at a time."""
_OUTSIDE = """
SELECT oid::regclass::text FROM pg_class
 WHERE relowner = ANY(%s) AND relkind IN ('r', 'p', 'm') AND NOT relnamespace = ANY(%s::oid[]) AND relpersistence <> 't'
   AND relnamespace <> 'pg_toast'::regnamespace
"""
_OWN_SCHEMAS = """
SELECT oid FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND (nspname <> 'public'
  OR EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
             AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')))
"""
"""All of a database but PostgreSQL's own; "public" only where something is in it that no extension has brought."""


class PostgresStore:
    """See `Store`. `url` is a connection string of libpq, of an administrator of the tenants, to the primary."""

    name = "postgres"
    data = ("tables", "rows", "large_objects")
    shrinks = False

    def __init__(self, url: str, password: str | None, tenant: str) -> None:
        from psycopg.conninfo import conninfo_to_dict

        self._given = conninfo_to_dict(url)
        if password is not None:
            self._given["password"] = password
        self._given.setdefault("connect_timeout", _SECONDS)
        self._tenant, self._schema = tenant, schema_name(tenant)
        self._roles = [owner_role(tenant), reader_role(tenant), login_role(tenant, 0), login_role(tenant, 1)]
        self._open: dict[str, psycopg.Connection[Any]] = {}
        self.title = f"Postgres at {self._given.get('host', 'its socket')}"

    def look(self) -> Counts:
        found = Counter({"databases": 0, "schemas": 0, "roles": 0, "tables": 0, "rows": 0})
        with self._asking(), self._member():
            found["roles"] = len(self._present())
            for place in self._places():
                found.update(postgres_rows.count(self._at(place.database), place))
                found["schemas"] += len(place.schemas)
                found["databases"] += place.everything
        return dict(found)

    def lock_out(self) -> list[str]:
        asked = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname = ANY(%s)"
        with self._asking():
            main = self._at(None)
            locked = [row[0] for row in main.execute(asked, (self._roles,))]
            self._alter(locked, "NOLOGIN")
            main.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = ANY(%s)", (self._roles,)
            )
        return locked

    def let_in(self, locked: Sequence[str]) -> None:
        with self._asking():
            self._alter([role for role in locked if role in self._present()], "LOGIN")

    def export(self, archive: Archive) -> Counts:
        from psycopg import IsolationLevel

        written = Counter(dict.fromkeys(self.data, 0))
        with self._asking(), self._member():
            for place in self._places():
                connection = self._at(place.database)
                connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
                try:
                    archive.note(postgres_version=connection.info.parameter_status("server_version"))
                    with connection.transaction():
                        written.update(postgres_rows.export(connection, place, archive))
                finally:
                    connection.isolation_level, connection.read_only = None, None
        return dict(written)

    def erase(self) -> list[str]:
        variables = {"schema": self._schema}
        with self._asking():
            main = self._at(None)
            if self._has_database():
                psql_script.run(main, script("tenant_database_remove.sql"), variables)
            psql_script.run(main, script("tenant_remove.sql"), variables)
        return []

    def copies(self) -> list[str]:
        return ["Logs of Postgres and statistics of statements may name the tenant. They go by their own retention."]

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open = {}

    def _places(self) -> list[Place]:
        """The schema in the database of all tenants, and the database of its own, as far as there are any."""
        main = self._at(None)
        found = main.execute("SELECT rolname, oid FROM pg_roles WHERE rolname = ANY(%s)", (self._roles,)).fetchall()
        roles = [oid for _, oid in found]
        schemas = [row[0] for row in main.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (self._schema,))]
        if outside := [row[0] for row in main.execute(_OUTSIDE, (roles, schemas))]:
            raise ErasureError(
                f"{self.title}: Roles of {self._tenant} own {', '.join(outside)} outside of its schema, which no "
                "export has. Move that into the schema, or give it to somebody else, then try again."
            )
        places = [Place(main.info.dbname, schemas, roles, False)]
        if self._has_database():
            own = [row[0] for row in self._at(self._schema).execute(_OWN_SCHEMAS)]
            places.append(Place(self._schema, own, roles, True))
        return places

    def _has_database(self) -> bool:
        asked = "SELECT FROM pg_database WHERE datname = %s"
        return self._at(None).execute(asked, (self._schema,)).fetchone() is not None

    def _present(self) -> list[str]:
        asked = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
        return [row[0] for row in self._at(None).execute(asked, (self._roles,))]

    @contextmanager
    def _member(self) -> Iterator[None]:
        """Who may make roles may not read what is theirs, unless it is their member: it is, while this lasts."""
        main = self._at(None)
        asked = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT pg_has_role(oid, 'USAGE')"
        given = [row[0] for row in main.execute(asked, (self._roles,))]
        self._each(given, "GRANT {} TO CURRENT_USER")
        try:
            yield
        finally:
            if not main.closed and not main.broken:
                self._each(given, "REVOKE {} FROM CURRENT_USER")

    def _alter(self, roles: Sequence[str], how: str) -> None:
        self._each(roles, f"ALTER ROLE {{}} {how}")

    def _each(self, roles: Sequence[str], statement: str) -> None:
        from psycopg import sql

        main = self._at(None)
        with main.transaction():
            main.execute(_LOCK)
            for role in roles:
                main.execute(sql.SQL(statement).format(sql.Identifier(role)))

    def _at(self, database: str | None) -> psycopg.Connection[Any]:
        """A connection to a database; None is the one of all tenants."""
        import psycopg
        from psycopg.conninfo import make_conninfo

        if database is not None and "" in self._open and database == self._open[""].info.dbname:
            database = None
        key = database or ""
        if key not in self._open:
            asked = {**self._given, **({"dbname": database} if database else {})}
            connection = psycopg.connect(make_conninfo("", **asked), autocommit=True)
            self._open[key] = connection
            connection.execute(postgres_rows.SETTINGS)
            (row,) = connection.execute("SELECT pg_is_in_recovery()").fetchall()
            if row[0]:
                raise ErasureError(f"{self.title} is a replica, in which nothing can be erased. Name the primary.")
        return self._open[key]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """With connections of its own: one that has waited for other stores may be gone, and one that is left open
        would keep what a script has made for its session."""
        self.close()
        try:
            with self._told():
                yield
        finally:
            self.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            text = " ".join(str(error).split()) or type(error).__name__
            said = without_secrets(text, [str(self._given.get("password", ""))])
            raise ErasureError(f"{self.title}: {said.rstrip('.')}. Mend that, then try again.") from None
