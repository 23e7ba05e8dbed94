"""Tenants in a real PostgreSQL: what each may, what none may, and that nothing is left of one that goes.

Debian's PostgreSQL, and the major version that is deployed, with pgvector.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from penstock.data.postgres import plan, tenants
from penstock.data.refs import PostgresRef
from tests.servers.postgres_server import (
    ADMIN_PASSWORD,
    DATABASE,
    Server,
    bootstrap,
    debian,
    folder,
    run_script,
    with_vector,
)

PASSWORDS = {"acme-corp": "one", "globex": "two"}
REF = PostgresRef(
    name="main", namespace="data", host="h", read_host="r", direct_host="d", port=5432, database=DATABASE, image="i",
    admin_secret="s", ca_secret="c", labels={}, pooler_labels={},
)  # fmt: skip
CATALOGUE = """
select rolname, rolcanlogin, rolconnlimit, rolpassword from pg_authid where rolname !~ '^pg_'
union all select roleid::regrole::text, admin_option, 0, member::regrole::text from pg_auth_members
union all select nspname, false, 0, nspowner::regrole::text || nspacl::text from pg_namespace where nspname !~ 'temp_'
union all select datname, false, 0, datacl::text from pg_database
union all select setrole::regrole::text, false, setdatabase::int, setconfig::text from pg_db_role_setting
union all select defaclrole::regrole::text, false, 0, defaclacl::text from pg_default_acl order by 1, 2, 3, 4
"""


@pytest.fixture(scope="module", params=["debian", "with_vector"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with folder() as home:
        programs = debian() if request.param == "debian" else with_vector(home)
        assert programs, "Run tests/servers/install."
        started = Server(programs, home)
        started.make()
        try:
            started.start()
            bootstrap(started)
            yield started
        finally:
            started.stop()


def create(server: Server, tenant: str, passwords: list[str], rotation: int = 1, *, own_database: bool = False) -> None:
    """Runs the containers of the tenant's Job one after the other."""
    verifiers = [
        tenants.verifier(password, tenants.login_role(tenant, rotation - age)) for age, password in enumerate(passwords)
    ]
    job = tenants.creation_job(
        REF, tenant, verifiers, rotation=rotation, own_database=own_database, connections=3,
        statement_timeout_seconds=60,
    )  # fmt: skip
    pod = job["spec"]["template"]["spec"]
    for container in [*pod["initContainers"], *pod["containers"]]:
        env = {e["name"]: e["value"] for e in container["env"] if "VERIFIER" in e["name"]}
        run_script(server, container["command"], env)


def remove(server: Server, tenant: str, *, own_database: bool = False) -> str:
    pod = tenants.removal_job(REF, tenant, own_database=own_database)["spec"]["template"]["spec"]
    return "".join(
        run_script(server, container["command"]).stdout for container in [*pod["initContainers"], *pod["containers"]]
    )


def as_tenant(
    server: Server, tenant: str, sql: str, rotation: int = 1, password: str | None = None, database: str = DATABASE
) -> list[str]:
    role = tenants.login_role(tenant, rotation)
    return server.ask(sql, user=role, password=password or PASSWORDS[tenant], database=database)


def refused(server: Server, tenant: str, sql: str, rotation: int = 1, password: str | None = None) -> str:
    role = tenants.login_role(tenant, rotation)
    done = server.psql(
        ["-v", "ON_ERROR_STOP=1", "-c", sql], user=role, password=password or PASSWORDS[tenant], check=False
    )
    assert done.returncode, f"{sql} was not refused: {done.stdout}"
    return done.stderr


@pytest.fixture
def both(server: Server) -> Iterator[Server]:
    """A server with two tenants, each of which has a table."""
    for tenant, password in PASSWORDS.items():
        create(server, tenant, [password])
        as_tenant(server, tenant, f"create table notes (said text); insert into notes values ('{password}')")
    try:
        yield server
    finally:
        for tenant in PASSWORDS:
            remove(server, tenant)


def test_a_tenant_works_in_its_schema_without_naming_it(both: Server) -> None:
    assert as_tenant(both, "acme-corp", "select said from notes") == ["one"]
    assert as_tenant(both, "acme-corp", "select schemaname from pg_tables where tablename = 'notes' order by 1") == [
        "t_acme_corp",
        "t_globex",
    ]  # Names are seen by all in one database; what they stand for is not.


@pytest.mark.parametrize(
    "sql",
    [
        "select * from t_globex.notes",
        "insert into t_globex.notes values ('mine')",
        "delete from t_globex.notes",
        "drop table t_globex.notes",
        "alter table t_globex.notes owner to t_acme_corp_owner",
        "create table t_globex.mine (i int)",
        "create view t_acme_corp.spy as select * from t_globex.notes",
        "copy t_globex.notes to stdout",
        "truncate t_globex.notes",
        "begin; lock table t_globex.notes",
        "drop schema t_globex cascade",
        "select nextval('t_globex.notes_seq')",
    ],
)
def test_a_tenant_does_not_reach_what_is_anothers(both: Server, sql: str) -> None:
    said = refused(both, "acme-corp", sql)
    assert "permission denied" in said or "must be owner" in said


@pytest.mark.parametrize(
    "sql",
    [
        "create table public.mine (i int)",
        "create schema mine",
        "create role mine",
        "create database mine",
        "create extension hstore",
        "create temporary table mine (i int)",
        "set role t_globex_owner",
        "set role t_globex_1",
        "set role t_globex_ro",
        f"set role {plan.ADMIN}",
        "set role postgres",
        "set session authorization t_globex_1",
        "alter role t_globex_1 password 'x'",
        "grant t_globex_owner to t_acme_corp_owner",
        f"alter role {plan.ADMIN} password 'x'",
        "select pg_read_file('/etc/passwd')",
        "copy (select 1) to program 'true'",
        "select rolpassword from pg_authid",
        "select lo_import('/etc/passwd')",
        "alter system set log_statement = 'all'",
    ],
)
def test_a_tenant_makes_nothing_outside_of_its_schema_and_becomes_nobody_else(both: Server, sql: str) -> None:
    assert "ERROR" in refused(both, "acme-corp", sql)


def test_a_tenant_sees_no_statement_of_another(both: Server) -> None:
    shown = as_tenant(
        both, "acme-corp", "select count(*) from pg_stat_activity where usename ~ 'globex' and query <> ''"
    )
    assert shown == ["0"]
    assert as_tenant(both, "acme-corp", "select count(*) from pg_stats where schemaname = 't_globex'") == ["0"]


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_a_tenant_does_not_get_into_databases_that_are_not_for_tenants(both: Server, database: str) -> None:
    done = both.psql(["-c", "select 1"], user="t_acme_corp_1", password="one", database=database, check=False)
    assert "rejects connection" in done.stderr


def test_a_tenant_is_bound_in_connections_and_time(both: Server) -> None:
    limits = both.ask("select rolname, rolconnlimit from pg_roles where rolname ~ '^t_acme_corp_[01]$' order by 1")
    assert limits == ["t_acme_corp_0|3", "t_acme_corp_1|3"]
    assert as_tenant(both, "acme-corp", "show statement_timeout") == ["1min"]
    assert "statement timeout" in refused(both, "acme-corp", "set statement_timeout = 10; select pg_sleep(5)")


def test_to_create_a_tenant_twice_changes_nothing(both: Server) -> None:
    before = both.ask(CATALOGUE)
    create(both, "acme-corp", [PASSWORDS["acme-corp"]])
    assert both.ask(CATALOGUE) == before
    assert as_tenant(both, "acme-corp", "select said from notes") == ["one"]


def test_the_administrator_has_no_part_in_a_tenant_when_nothing_is_changed(both: Server) -> None:
    done = both.psql(["-c", "select * from t_globex.notes"], user=plan.ADMIN, password=ADMIN_PASSWORD, check=False)
    assert "permission denied" in done.stderr


def test_a_rotation_keeps_the_password_before_until_it_is_retired(both: Server) -> None:
    create(both, "acme-corp", ["new", "one"], rotation=2)
    as_tenant(both, "acme-corp", "insert into notes values ('new'); create table more (i int)", 2, "new")
    assert as_tenant(both, "acme-corp", "select count(*) from notes, more", 1, "one") == ["0"]
    # What one login role makes, the other may change: both are the owner.
    as_tenant(both, "acme-corp", "alter table more add column j int", 1, "one")

    create(both, "acme-corp", ["new"], rotation=2)
    assert as_tenant(both, "acme-corp", "select count(*) from notes", 2, "new") == ["2"]
    assert "FATAL" in refused(both, "acme-corp", "select 1", 1, "one")
    create(both, "acme-corp", ["newest"], rotation=3)
    assert as_tenant(both, "acme-corp", "select count(*) from notes", 3, "newest") == ["2"]
    assert "FATAL" in refused(both, "acme-corp", "select 1", 2, "new")
    create(both, "acme-corp", [PASSWORDS["acme-corp"]], rotation=1)


def test_a_role_for_readers_reads_what_comes_later_too_and_writes_nothing(both: Server) -> None:
    as_tenant(both, "acme-corp", "create table later (i int); insert into later values (7)")
    both.ask("create role exporter login password 'e'; grant t_acme_corp_ro to exporter; grant tenants to exporter")
    try:
        assert both.ask("select i from t_acme_corp.later", user="exporter", password="e") == ["7"]
        for sql in ("insert into t_acme_corp.later values (8)", "select * from t_globex.notes"):
            done = both.psql(["-c", sql], user="exporter", password="e", check=False)
            assert "permission denied" in done.stderr
    finally:
        both.ask("drop role exporter")


def test_removal_reports_what_it_erases_and_leaves_no_row_no_role_no_schema(both: Server) -> None:
    before = both.ask(CATALOGUE)
    create(both, "initech", ["three"])
    PASSWORDS["initech"] = "three"
    try:
        as_tenant(
            both,
            "initech",
            "create table parts (id serial primary key, kind text) partition by list (id);"
            "create table parts_1 partition of parts for values in (1); insert into parts (kind) values ('x');"
            "create table notes as select generate_series(1, 5) as i; create view seen as select * from notes;"
            "create materialized view counted as select count(*) from notes;"
            "create type mood as enum ('ok'); create function f() returns int language sql as 'select 1';"
            "select lo_create(0)",
        )
    finally:
        del PASSWORDS["initech"]
    report = remove(both, "initech")
    assert "erased notes: 5 rows" in report
    assert "erased parts: 1 rows" in report
    assert both.ask(CATALOGUE) == before
    assert both.ask("select count(*) from pg_largeobject_metadata") == ["0"]
    assert both.ask("select count(*) from pg_class where relname in ('notes', 'parts', 'seen')") == ["2"]
    # Again: there is nothing to erase, and that is no failure.
    assert "Nothing of t_initech is left" in remove(both, "initech")


def test_a_tenant_that_comes_back_sees_nothing_of_the_old_one(both: Server) -> None:
    remove(both, "globex")
    create(both, "globex", ["two"])
    assert as_tenant(both, "globex", "select count(*) from pg_tables where schemaname = 't_globex'") == ["0"]
    as_tenant(both, "globex", "create table notes (said text)")


def test_a_schema_of_somebody_else_is_not_taken_over(server: Server) -> None:
    server.ask("create schema t_umbrella")
    try:
        with pytest.raises(AssertionError, match="belongs to somebody else"):
            create(server, "umbrella", ["x"])
    finally:
        server.ask("drop schema t_umbrella")
        remove(server, "umbrella")


def test_a_database_of_its_own_lets_no_other_in_and_goes_as_a_whole(both: Server) -> None:
    before = both.ask(CATALOGUE)
    for _ in range(2):
        create(both, "hooli", ["four"], own_database=True)
    assert as_tenant(both, "hooli", "create table notes (i int)", password="four", database="t_hooli") == []
    done = both.psql(["-c", "select 1"], user="t_acme_corp_1", password="one", database="t_hooli", check=False)
    assert "permission denied for database" in done.stderr
    if both.has_vector:
        assert as_tenant(both, "hooli", "select '[1,2]'::vector", password="four", database="t_hooli") == ["[1,2]"]
    assert "erased the database t_hooli" in remove(both, "hooli", own_database=True)
    assert both.ask(CATALOGUE) == before


def test_a_verifier_is_what_postgresql_itself_makes_of_the_password(server: Server) -> None:
    made = tenants.verifier("secret", "somebody")
    server.ask(f"create role somebody login password '{made}'; grant tenants to somebody")
    try:
        assert server.ask("select current_user", user="somebody", password="secret") == ["somebody"]
        done = server.psql(["-c", "select 1"], user="somebody", password="wrong", check=False)
        assert "password authentication failed" in done.stderr
    finally:
        server.ask("drop role somebody")
