"""A tenant in a real PostgreSQL: exported so that it can be made again, and erased so that nothing is left.

Debian's PostgreSQL, and the major version that is deployed, with pgvector; as the administrator of the tenants, who is
no superuser.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from penstock.data.postgres import tenants
from penstock.tenancy.erasure.archive import archived
from penstock.tenancy.erasure.errors import ErasureError
from penstock.tenancy.erasure.postgres_store import PostgresStore
from tests.servers.erasure_export import RECIPIENT, Export, read, restore
from tests.servers.erasure_postgres import ADMIN_PASSWORD, DATABASE, RICH, contents, create, fill, url
from tests.servers.postgres_server import Server, bootstrap, debian, folder, with_vector

VECTOR = "create table vectors (v public.vector(3)); insert into vectors values ('[1,2.5,-3e-7]'), (null);"


@pytest.fixture(scope="module", params=["debian", "with_vector"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with folder() as home:
        programs = debian() if request.param == "debian" else with_vector(home)
        assert programs, "Run tests/servers/install."
        started = Server(programs, home)
        started.make()
        try:
            started.start(max_connections="50")
            bootstrap(started)
            yield started
        finally:
            started.stop()


@contextmanager
def store(server: Server, tenant: str) -> Iterator[PostgresStore]:
    made = PostgresStore(url(server), ADMIN_PASSWORD, tenant)
    yield made
    made.close()


def tenant(server: Server, name: str, *, own_database: bool = False) -> str:
    create(server, name, "pw", own_database=own_database)
    fill(
        server,
        name,
        "pw",
        RICH + (VECTOR if server.has_vector else ""),
        tenants.schema_name(name) if own_database else DATABASE,
    )
    return name


def exported(of: PostgresStore, path: Path) -> Export:
    with archived(path / "x.age", [RECIPIENT], {}) as archive:
        counts = of.export(archive)
        archive.note(counts=dict(counts))
    archive.publish()
    return read(path / "x.age")


def described(server: Server, database: str, schema: str) -> list[str]:
    """What pg_dump says of a schema, without names that PostgreSQL has made up itself."""
    words = ["-s", "-O", "-x", "-h", str(server.home), "-p", str(server.port), "-U", "postgres", "-n", schema, database]
    dump = server.program("pg_dump", *words).replace(" CONSTRAINT events_at_not_null NOT NULL", " NOT NULL")
    return [line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


@pytest.mark.parametrize("own_database", [False, True])
def test_what_is_exported_makes_all_of_it_again(server: Server, tmp_path: Path, own_database: bool) -> None:
    name = tenant(server, f"acme-{int(own_database)}", own_database=own_database)
    schema = tenants.schema_name(name)
    database = schema if own_database else DATABASE
    with store(server, name) as of:
        found = of.look()
        export = exported(of, tmp_path)
    rows = 609 + 2 * server.has_vector
    assert {what: found[what] for what in of.data} == export.manifest["counts"]
    assert (found["rows"], found["large_objects"], found["databases"]) == (rows, 3, int(own_database))
    assert not [key for key in export.manifest if key.startswith("not in")]

    server.ask("create database restored", database="postgres")
    try:
        to = f"postgresql://postgres@/restored?host={server.home}&port={server.port}"
        with psycopg.connect(to, autocommit=True) as connection:
            restore(export, database, connection)
        pattern = schema.replace("_", "\\_")
        before, after = contents(server, database, pattern), contents(server, "restored", pattern)
        assert len(before) > 12
        assert before.keys() == after.keys()
        for table in before.keys() - {"large objects"}:
            assert before[table] == after[table], table
        assert described(server, database, schema) == described(server, "restored", schema)
        sequence = f"select nextval('{schema}.counter'), nextval(pg_get_serial_sequence('{schema}.\"Odd \"\"name\"\" / Übung\"', 'the key'))"
        assert server.ask(sequence, database="restored") == ["114|4"]
        mine = "select count(*), md5(string_agg(lo_get(m.oid), '' order by m.oid)) from pg_largeobject_metadata m"
        owned = f"{mine} where pg_get_userbyid(lomowner) like '{pattern}\\_%'"
        assert server.ask(mine, database="restored") == server.ask(owned, database=database)
    finally:
        server.ask("drop database restored", database="postgres")


@pytest.mark.parametrize("own_database", [False, True])
def test_nothing_of_it_is_left_and_nothing_of_others_is_touched(server: Server, own_database: bool) -> None:
    name, other = tenant(server, f"blue-{int(own_database)}", own_database=own_database), f"blue-{int(own_database)}-2"
    tenant(server, other)
    pattern = tenants.schema_name(other).replace("_", "\\_")

    def of_other() -> object:
        roles = server.ask(
            f"select rolname, rolcanlogin, rolpassword from pg_authid where rolname like '{pattern}\\_%' order by 1"
        )
        large = server.ask(
            f"select count(*) from pg_largeobject_metadata where pg_get_userbyid(lomowner) like '{pattern}\\_%'"
        )
        tables = {
            table: rows for table, rows in contents(server, DATABASE, pattern).items() if table != "large objects"
        }
        return roles, large, tables, described(server, DATABASE, tenants.schema_name(other))

    before = of_other()
    session = psycopg.connect(
        f"postgresql://{tenants.login_role(name, 1)}:pw@127.0.0.1:{server.port}/"
        f"{tenants.schema_name(name) if own_database else DATABASE}"
    )
    with store(server, name) as of:
        of.erase()
        assert not any(of.look().values())
        of.erase()
    with pytest.raises(psycopg.OperationalError):
        session.execute("select 1")
    session.close()
    schema = tenants.schema_name(name)
    for asked in (
        f"select rolname from pg_roles where rolname in ('{schema}_owner', '{schema}_ro', '{schema}_0', '{schema}_1')",
        f"select nspname from pg_namespace where nspname = '{schema}'",
        f"select datname from pg_database where datname = '{schema}'",
        "select oid from pg_largeobject_metadata m where not exists (select from pg_roles where oid = m.lomowner)",
        "select roleid from pg_auth_members m where not exists (select from pg_roles where oid = m.roleid)",
    ):
        assert server.ask(asked) == [], asked
    assert of_other() == before


def test_an_export_changes_nothing_and_who_is_locked_out_is_let_in_again(server: Server, tmp_path: Path) -> None:
    name = tenant(server, "coal")
    members = "select roleid::regrole, member::regrole, admin_option from pg_auth_members order by 1, 2"
    before = server.ask(members)
    role = tenants.login_role(name, 1)
    with store(server, name) as of:
        exported(of, tmp_path)
        assert server.ask(members) == before
        session = psycopg.connect(f"postgresql://{role}:pw@127.0.0.1:{server.port}/{DATABASE}")
        locked = of.lock_out()
        assert locked == [role]
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            psycopg.connect(f"postgresql://{role}:pw@127.0.0.1:{server.port}/{DATABASE}")
        of.let_in(locked)
        with psycopg.connect(f"postgresql://{role}:pw@127.0.0.1:{server.port}/{DATABASE}") as again:
            assert again.execute("select 1").fetchall() == [(1,)]


def test_what_is_not_in_the_export_is_said_in_its_manifest(server: Server, tmp_path: Path) -> None:
    create(server, "dune", "pw")
    odd = "create aggregate total(int) (sfunc = int4pl, stype = int); create operator === (leftarg = int, rightarg = int, function = int4eq);"
    fill(server, "dune", "pw", odd)
    with store(server, "dune") as of:
        export = exported(of, tmp_path)
        of.erase()
    assert export.manifest[f"not in schema.sql of {DATABASE}"] == [
        "function t_dune.total(integer)",
        "operator t_dune.===(integer,integer)",
    ]


def test_a_server_that_is_away_and_a_wrong_password_are_told_and_no_password_is_shown(server: Server) -> None:
    with pytest.raises(ErasureError) as wrong:
        PostgresStore(url(server, "the-wrong-password"), None, "acme").look()
    assert "password authentication failed" in str(wrong.value)
    assert "the-wrong-password" not in str(wrong.value)
    with pytest.raises(ErasureError, match="refused"):
        PostgresStore("postgresql://x:secret-of-x@127.0.0.1:1/app", None, "acme").look()


def test_a_replica_is_refused() -> None:
    programs = debian()
    assert programs
    with folder() as home:
        standby = Server(programs, home)
        standby.make()
        (standby.data / "standby.signal").touch()
        try:
            standby.start()
            with pytest.raises(ErasureError, match="is a replica"):
                PostgresStore(f"postgresql://postgres@/postgres?host={home}&port={standby.port}", None, "acme").look()
        finally:
            standby.stop()
