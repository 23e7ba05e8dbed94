"""Tenants with much in a real PostgreSQL, for tests of what is exported and erased."""

from __future__ import annotations

from penstock.data.postgres import plan, tenants
from penstock.data.refs import PostgresRef
from tests.servers.postgres_server import ADMIN_PASSWORD, DATABASE, Server, run_script

REF = PostgresRef(
    name="main", namespace="data", host="h", read_host="r", direct_host="d", port=5432, database=DATABASE, image="i",
    admin_secret="s", ca_secret="c", labels={}, pooler_labels={},
)  # fmt: skip

RICH = r"""
create type mood as enum ('sad', 'it''s ok', 'happy');
create domain positive as int default 1 check (value > 0);
create type address as (street text, "House No" int);
create function doubled(x int) returns int language sql immutable as $$ select x * 2 $$;
create table "Odd ""name"" / Übung" ("the key" bigint generated always as identity primary key, "Wert;" text, n positive,
  twice int generated always as (t_SCHEMA.doubled(n::int)) stored, how mood default 'sad', home address, tags text[],
  grid int[][], doc jsonb, plain json, raw bytea, at timestamptz, span interval, f float8, r real, num numeric, u uuid,
  net inet, period tstzrange, bits bit(3), old_column int);
alter table "Odd ""name"" / Übung" drop column old_column;
comment on column "Odd ""name"" / Übung"."Wert;" is 'it''s odd';
insert into "Odd ""name"" / Übung" ("Wert;", n, how, home, tags, grid, doc, plain, raw, at, span, f, r, num, u, net, period, bits)
values (E'a,"b"\n\\.\r\nü😀', 3, 'it''s ok', row('A, B', 7), array['x', null, '', '"', E'\\'], '{{1,2},{3,4}}',
  '{"a": [1, null, "\u00fc"], "b": 1e400}', '{"b":1, "b":2}', '\x00ff0a', '2026-11-21 22:00:00.123456+01', '1 mon 2 days',
  0.1::float8 + 0.2, 'nan', 1e100, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.0/8', '[2026-01-01,2026-02-01)', b'101'),
 (null, 1, null, null, '{}', null, 'null', null, '', 'infinity', null, '-infinity', 1.1, 'nan', null, '::1', 'empty', null),
 ('', 2, 'happy', row(null, null), null, null, '"\\"', '{}', null, '-infinity', '-1 s', null, null, null, null, null, null, null);
create sequence counter start 100 increment 7;
select nextval('counter'), nextval('counter');
create table orders (id serial primary key, of bigint references "Odd ""name"" / Übung" deferrable, sum numeric(10,2)
  check (sum >= 0), unique (of, sum));
insert into orders (of, sum) select 1 + i % 3, i from generate_series(1, 500) i;
create table events (at date not null, what text) partition by range (at);
create table events_1 partition of events for values from ('2026-01-01') to ('2026-02-01');
create table events_rest partition of events default;
create index on events (at);
insert into events select date '2026-01-01' + i, 'w' || i from generate_series(0, 99) i;
create table base (a int); create table child (b int) inherits (base);
insert into base values (1); insert into child values (2, 3);
create table nothing (); insert into nothing default values; insert into nothing default values;
create table empty (a int);
create unlogged table fast (a int) with (fillfactor = 70); insert into fast values (1);
create view totals as select of, sum(sum) as total, "Wert;" from orders join "Odd ""name"" / Übung" o on o."the key" = of group by of, o."the key";
create materialized view summary as select count(*) from totals; create unique index on summary (count);
create function biggest(t totals) returns numeric language sql as $$ select t.total $$;
create function noticed() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger watch before insert on orders for each row execute function noticed();
alter table orders disable trigger watch;
create index on orders ((sum + 1)) where sum > 5;
alter table orders enable row level security;
create policy mine on orders for select to public using (sum > 3);
create rule never as on delete to base do instead nothing;
create statistics both_of (dependencies) on of, sum from orders;
select lo_from_bytea(0, decode(repeat('00ff', 700000), 'hex')), lo_from_bytea(0, ''), lo_from_bytea(0, 'x');
reset role; create table made_by_login (a int); insert into made_by_login values (9);
"""
"""SQL of a tenant that uses what PostgreSQL has: odd names and values, keys, views, partitions, large objects."""


def create(server: Server, tenant: str, password: str, *, own_database: bool = False) -> None:
    """Makes the tenant, as its Job does."""
    verifiers = [tenants.verifier(password, tenants.login_role(tenant, 1))]
    job = tenants.creation_job(
        REF, tenant, verifiers, rotation=1, own_database=own_database, connections=5, statement_timeout_seconds=60
    )
    pod = job["spec"]["template"]["spec"]
    for container in [*pod["initContainers"], *pod["containers"]]:
        env = {e["name"]: e["value"] for e in container["env"] if "VERIFIER" in e["name"]}
        run_script(server, container["command"], env)


def fill(server: Server, tenant: str, password: str, sql: str, database: str = DATABASE) -> None:
    """Runs SQL as the tenant, in one session."""
    schema = tenants.schema_name(tenant)
    words = ["-v", "ON_ERROR_STOP=1", "-c", sql.replace("t_SCHEMA", schema)]
    server.psql(words, user=tenants.login_role(tenant, 1), password=password, database=database)


def url(server: Server, password: str | None = None, database: str = DATABASE) -> str:
    """How the administrator reaches it."""
    secret = f":{password}" if password else ""
    return f"postgresql://{plan.ADMIN}{secret}@127.0.0.1:{server.port}/{database}"


def contents(server: Server, database: str, schemas: str = "t\\_%") -> dict[str, list[str]]:
    """All rows of all tables of some schemas, as the server writes them, and their owners."""
    names = server.ask(
        f"select quote_ident(nspname) || '.' || quote_ident(relname) from pg_class c join pg_namespace n on n.oid = relnamespace "
        f"where nspname like '{schemas}' and relkind in ('r', 'p', 'v', 'm') order by 1",
        database=database,
    )
    rows = {name: sorted(server.ask(f"select t::text from only {name} t", database=database)) for name in names}
    objects = "select count(*), md5(string_agg(lo_get(oid), '' order by oid)) from pg_largeobject_metadata"
    return {**rows, "large objects": server.ask(objects, database=database)}


__all__ = ["ADMIN_PASSWORD", "DATABASE", "REF", "RICH", "contents", "create", "fill", "url"]
