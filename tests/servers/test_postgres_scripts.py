"""What else is run in a real PostgreSQL with pgvector: the views of the cache, the drill of a recovery, embeddings."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from penstock.data.cache import plan as cache
from penstock.data.cache.spec import ViewsSpec
from penstock.data.postgres import backup_plan, plan, tenants
from penstock.spec import check
from tests.servers.postgres_server import (
    DATABASE,
    SQL,
    Server,
    bootstrap,
    folder,
    run_script,
    with_vector,
)

VIEW = {"name": "by_model", "query": "select model, sum(n) as n from public_calls group by model", "key": ["model"]}
CACHE_SQL = SQL.parent.parent / "cache" / "data"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with folder() as home:
        started = Server(with_vector(home), home)
        started.make()
        try:
            started.start()
            bootstrap(started)
            started.ask(f"create table public.public_calls (model text, n int); "
                        f"alter table public.public_calls owner to {plan.ADMIN}")  # fmt: skip
            yield started
        finally:
            started.stop()


@pytest.fixture
def tenant(server: Server) -> Iterator[Server]:
    verifier = tenants.verifier("one", "t_acme_1")
    variables = {"schema": "t_acme", "present": "1", "previous": "0", "connections": "3", "statement_timeout": "60000"}
    command = tenants.psql(DATABASE, "tenant_create.sql", variables)
    run_script(server, command, {"VERIFIER": verifier, "PREVIOUS_VERIFIER": ""})
    yield server
    run_script(server, tenants.psql(DATABASE, "tenant_remove.sql", {"schema": "t_acme"}))


def views(**said: object) -> ViewsSpec:
    return check(ViewsSpec, {"views": [{**VIEW, **said}]})


def make(server: Server, asked: ViewsSpec) -> None:
    for view in asked.views:
        words = tenants.psql(DATABASE, "", cache.creation(view, asked))[:-1]
        run_script(server, [*words, str(CACHE_SQL / cache.CREATE)], cache.environment(view, asked))


def refresh(server: Server) -> tuple[str, str]:
    command = [*tenants.psql(DATABASE, "", {"schema": "cache"})[:-1], str(CACHE_SQL / cache.REFRESH)]
    done = run_script(server, command, check=False)
    return done.stdout, done.stderr if done.returncode else ""


def test_a_view_keeps_its_answer_until_it_is_refreshed_and_readers_never_wait(server: Server) -> None:
    server.ask("insert into public_calls values ('small', 1)")
    make(server, views())
    server.ask("insert into public_calls values ('small', 2)")
    assert server.ask("select n from cache.by_model") == ["1"]

    # A reader in a transaction holds its lock while the view is refreshed beside it.
    reading = threading.Thread(
        target=lambda: server.ask("begin; select * from cache.by_model; select pg_sleep(2); commit")
    )
    reading.start()
    said, wrong = refresh(server)
    assert reading.is_alive(), "The refresh waited for the reader."
    reading.join()
    assert (said.strip(), wrong) == ("refreshed 1 view: by_model", "")
    assert server.ask("select n from cache.by_model") == ["3"]


def test_to_make_a_view_twice_keeps_it_and_another_query_makes_it_anew(server: Server) -> None:
    make(server, views())
    first = server.ask("select 'cache.by_model'::regclass::oid")
    make(server, views())
    assert server.ask("select 'cache.by_model'::regclass::oid") == first
    make(server, views(query="select model, max(n) as n from public_calls group by model;"))
    assert server.ask("select 'cache.by_model'::regclass::oid") != first
    make(server, views())


def test_a_view_that_cannot_be_refreshed_is_named_and_keeps_no_other(server: Server) -> None:
    make(server, views())
    make(server, views(name="a_broken", query="select 1/n as model from (select sum(n) as n from public_calls) s"))
    server.ask("delete from public_calls; insert into public_calls values ('large', 0)")
    said, wrong = refresh(server)
    assert "division by zero" in wrong
    assert "could not be refreshed: a_broken" in wrong
    assert "refreshed 1 view: by_model" in said
    assert server.ask("select model from cache.by_model") == ["large"]
    server.ask("drop materialized view cache.a_broken")


def test_only_readers_that_are_named_see_a_view(tenant: Server) -> None:
    make(tenant, check(ViewsSpec, {"views": [VIEW], "readers": ["pg_monitor"]}))
    done = tenant.psql(["-c", "select * from cache.by_model"], user="t_acme_1", password="one", check=False)
    assert "permission denied" in done.stderr
    assert tenant.ask("set role pg_monitor; select count(*) from cache.by_model")[-1].isdigit()


def test_a_drill_finds_the_mark_that_was_left_and_every_table_readable(tenant: Server) -> None:
    tenant.ask("create table notes (i int); create table more (i int)", user="t_acme_1", password="one")
    mark = run_script(tenant, tenants.psql(DATABASE, backup_plan.MARK, {"seconds": "0"}))
    assert "has been there for 0 seconds" in mark.stdout
    checked = run_script(tenant, tenants.psql(DATABASE, backup_plan.CHECK, {"seconds": "600"}))
    assert "recovered: 2 tables of tenants" in checked.stdout


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("update penstock.marks set at = at - interval '1 hour'", "was not archived in time"),
        ("delete from penstock.marks", "was not archived in time"),
        ("drop extension vector", "extension vector is missing"),
        ("create schema t_orphan", "schemas t_orphan have no owner"),
    ],
)
def test_a_drill_fails_where_the_recovered_cluster_is_not_what_it_should_be(
    server: Server, damage: str, said: str
) -> None:
    run_script(server, tenants.psql(DATABASE, backup_plan.MARK, {"seconds": "0"}))
    server.ask(damage)
    try:
        done = run_script(server, tenants.psql(DATABASE, backup_plan.CHECK, {"seconds": "600"}), check=False)
        assert done.returncode
        assert said in done.stderr
    finally:
        server.ask("create extension if not exists vector; drop schema if exists t_orphan; delete from penstock.marks")


def test_a_tenant_keeps_embeddings_and_finds_the_nearest_by_the_index(tenant: Server) -> None:
    for _ in range(2):
        tenant.psql(["-v", "size=3", "-f", str(SQL / "embeddings.sql")], user="t_acme_1", password="one")
    put = "insert into embeddings (source, content, embedding) values ('a', 'up', '[0,1,0]'), ('a', 'on', '[1,0,0]')"
    near = "select content from embeddings order by embedding <=> '[0.9,0.1,0]' limit 1"
    tenant.ask(put, user="t_acme_1", password="one")
    assert tenant.ask(near, user="t_acme_1", password="one") == ["on"]
    plan_of = tenant.ask(f"set enable_seqscan = off; explain {near}", user="t_acme_1", password="one")
    assert any("embeddings_by_nearness" in line for line in plan_of)


def test_every_shipped_file_of_sql_is_run_by_these_tests() -> None:
    run = {"embeddings.sql", backup_plan.MARK, backup_plan.CHECK, *tenants.SCRIPTS}
    run |= {"cluster_server.sql", "cluster_template.sql", "cluster_application.sql"}
    assert {path.name for path in SQL.glob("*.sql")} == run
    assert {path.name for path in CACHE_SQL.glob("*.sql")} == {cache.CREATE, cache.REFRESH}
