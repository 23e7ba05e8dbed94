"""What a quorum of replicas keeps: two real standby servers, a primary that is killed, and every commit it confirmed.

CloudNativePG writes `synchronous_standby_names` of `method: any, number: 1` as here, and promotes the most advanced
replica (`failoverQuorum`); both are read in its documentation, the rest is PostgreSQL itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.data.postgres import plan
from penstock.data.postgres.spec import PostgresSpec
from penstock.spec import check
from tests.servers.postgres_server import Server, await_that, folder, with_vector
from tests.support.pool_refs import pool

REPLICAS = ("second", "third")


@pytest.fixture
def home() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture
def servers(home: Path) -> Iterator[dict[str, Server]]:
    """A primary with the settings of the plan, and two replicas that follow it."""
    asked = {"namespace": "data", "pools": [pool("database", min_nodes=3)], "max_connections": 200}
    spec = check(PostgresSpec, asked)
    synchronous = plan.cluster("main", spec)["spec"]["postgresql"]["synchronous"]
    quorum = f"{synchronous['method'].upper()} {synchronous['number']} ({', '.join(REPLICAS)})"
    # All of the plan's settings are taken by a real server; only the memory is a test's.
    settings = {**plan.parameters(spec), "shared_buffers": "16MB", "hot_standby": "on", "wal_log_hints": "on"}
    settings = {key: value for key, value in settings.items() if key != "effective_cache_size"}
    programs = with_vector(home)
    primary = Server(programs, home, "first")
    found = {"first": primary}
    try:
        primary.make()
        primary.start(**settings)
        primary.ask("create table kept (i int primary key)", database="postgres")
        for name in REPLICAS:
            replica = found[name] = Server(programs, home, name)
            primary.program(
                "pg_basebackup", "-D", str(replica.data), "-h", str(home), "-p", str(primary.port), "-U", "postgres",
                "-R", "-c", "fast",
            )  # fmt: skip
            source = f"host={home} port={primary.port} user=postgres application_name={name}"
            replica.start(**settings, primary_conninfo=source)
        primary.ask(f"alter system set synchronous_standby_names = '{quorum}'", database="postgres")
        primary.ask("select pg_reload_conf()", database="postgres")
        await_that(lambda: len(_synchronous(primary)) == 2, "both replicas count for the quorum")
        yield found
    finally:
        for server in found.values():
            server.stop()


def _synchronous(primary: Server) -> list[str]:
    return primary.ask(
        "select application_name from pg_stat_replication where sync_state = 'quorum'", database="postgres"
    )


def write_until_it_fails(primary: Server, confirmed: list[int]) -> None:
    """One row after the other, each in a commit of its own; a row is confirmed when psql says so."""
    for number in range(100_000):
        if primary.psql(["-c", f"insert into kept values ({number})"], database="postgres", check=False).returncode:
            return
        confirmed.append(number)


def test_every_commit_that_was_confirmed_survives_the_kill_of_the_primary(servers: dict[str, Server]) -> None:
    primary, replicas = servers["first"], [servers[name] for name in REPLICAS]
    confirmed: list[int] = []
    writer = threading.Thread(target=write_until_it_fails, args=(primary, confirmed))
    writer.start()
    await_that(lambda: len(confirmed) >= 20, "twenty commits are confirmed")
    primary.kill()
    writer.join()

    # As the operator chooses: the replica with the most of the log.
    received = "select pg_last_wal_receive_lsn() - '0/0'::pg_lsn"
    chosen = max(replicas, key=lambda replica: int(replica.ask(received, database="postgres")[0]))
    chosen.ask("select pg_promote()", database="postgres")
    await_that(lambda: chosen.ask("select pg_is_in_recovery()", database="postgres") == ["f"], "the replica leads")
    kept = {int(row) for row in chosen.ask("select i from kept", database="postgres")}
    assert set(confirmed) <= kept


def test_the_loss_of_one_replica_stops_no_commit_and_of_both_stops_all(servers: dict[str, Server]) -> None:
    primary = servers["first"]
    servers["second"].kill()
    primary.ask("insert into kept values (-1)", database="postgres")

    # Its settings are those of its files now, but for where it follows.
    last = servers["third"]
    follows = last.ask("show primary_conninfo", database="postgres")[0]
    last.kill()
    writer = threading.Thread(target=lambda: primary.ask("insert into kept values (-2)", database="postgres"))
    writer.start()
    waiting = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"
    await_that(lambda: primary.ask(waiting, database="postgres") == ["1"], "the commit waits for a replica")
    last.start(primary_conninfo=follows, max_connections="200")
    writer.join(60)
    assert not writer.is_alive(), "The commit goes on as soon as a replica is back."
    await_that(lambda: last.ask("select count(*) from kept", database="postgres") == ["2"], "the replica has both")


def test_a_replica_that_lags_is_told_by_what_the_readiness_probe_asks(servers: dict[str, Server]) -> None:
    primary, replica = servers["first"], servers["second"]
    lag = "select latest_end_lsn - pg_last_wal_replay_lsn() from pg_stat_wal_receiver"
    replica.ask("select pg_wal_replay_pause()", database="postgres")
    primary.ask("create table wide as select repeat('x', 1000) from generate_series(1, 2000)", database="postgres")
    await_that(lambda: int(replica.ask(lag, database="postgres")[0]) > 2_000_000, "the replica is 2 MB behind")
    replica.ask("select pg_wal_replay_resume()", database="postgres")
    await_that(lambda: int(replica.ask(lag, database="postgres")[0]) == 0, "the replica has caught up")
