"""The scripts of `RedisCluster` with real servers: forming, failing over, new addresses, growing."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.data import redis
from tests.servers.redis_nodes import Nodes, until

Make = Callable[..., Nodes]


def test_scripts_pass_shellcheck() -> None:
    scripts = sorted((Path(redis.__file__).parent / "data").glob("*.sh"))
    assert len(scripts) == 7
    done = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", *scripts], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_it_forms_three_primaries_with_a_replica_each_and_all_slots(whole: Nodes) -> None:
    assert len(whole.primaries()) == 3
    assert {whole.replica_of(i) for i in whole.primaries()} | set(whole.primaries()) == set(range(6))
    assert "cluster_slots_ok:16384" in whole.ask(0, "cluster", "info")
    assert whole.ok()


def test_forming_it_again_changes_nothing(whole: Nodes) -> None:
    def shape() -> list[list[str]]:
        lines = (line.split() for line in whole.ask(0, "cluster", "nodes").splitlines())
        return sorted([*words[:4], words[6], *words[8:]] for words in lines)

    before = shape()
    for _ in range(2):
        assert whole.form().splitlines() == ["The cluster is whole."]
        assert whole.heal() == ""
    assert shape() == before


def test_a_forming_that_is_killed_at_any_moment_is_completed_by_the_next(redis_nodes: Make) -> None:
    nodes = redis_nodes()
    nodes.start(*range(6))
    script = str(nodes.folder / "config" / "form.sh")
    for seconds in (0.3, 0.6, 0.9, 1.2, 1.5):
        with pytest.raises(subprocess.TimeoutExpired):  # which kills it
            subprocess.run(["sh", script, "form"], env=nodes.environment(), capture_output=True, timeout=seconds)
    nodes.form()
    assert len(nodes.primaries()) == 3
    assert nodes.ok()


def test_no_cluster_is_formed_over_data(redis_nodes: Make) -> None:
    nodes = redis_nodes()
    nodes.start(*range(6))
    nodes.ask(4, "cluster", "addslotsrange", "0", "16383")
    until(lambda: "cluster_state:ok" in nodes.ask(4, "cluster", "info"), "a single node serves")
    nodes.ask(4, "set", "precious", "1")
    nodes.ask(4, "cluster", "delslotsrange", "0", "16383")
    refused = nodes.script("form.sh", "form")
    assert refused.returncode == 1
    assert f"The node {nodes.name(4)} has 1 keys and no slots" in refused.stderr
    assert "meet" not in refused.stderr


def test_two_clusters_are_never_joined(redis_nodes: Make) -> None:
    nodes = redis_nodes()
    nodes.start(*range(6))
    for i in (1, 2):
        nodes.ask(i, "cluster", "addslotsrange", "0", "100")
    refused = nodes.script("form.sh", "form")
    assert refused.returncode == 1
    assert "two clusters" in refused.stderr


def test_clients_are_told_names_and_not_addresses(whole: Nodes) -> None:
    client = whole.cluster()
    for i in range(20):
        client.send("set", f"k{i}", "v")
    client.close()
    assert client.redirections
    assert all(host.startswith("cache-") and host.endswith(".svc.cluster.local") for host in client.redirections)


def test_what_two_nodes_have_acknowledged_survives_the_loss_of_a_primary(formed: Make) -> None:
    nodes = formed()
    client = nodes.cluster()
    written = []
    for i in range(300):
        client.send("set", f"key{i}", str(i))
        if client.also("wait", "1", "1000") == 1:
            written.append(i)
    client.close()
    assert len(written) == 300
    lost = nodes.primaries()[1]
    heir = nodes.replica_of(lost)
    began = time.monotonic()
    nodes.end(lost, how=signal.SIGKILL)
    until(lambda: nodes.info(heir)["role"] == "master", "its replica has taken over", 20)
    took = time.monotonic() - began
    # Not before half of cluster-node-timeout, 5 s; then a majority has to agree, and to elect.
    assert 2.4 <= took <= 15, took
    until(nodes.ok, "the rest is whole")
    client = nodes.cluster(first=heir)
    assert [client.send("get", f"key{i}") for i in written] == [str(i).encode() for i in written]
    client.close()


def test_a_primary_that_was_away_comes_back_as_a_replica_of_its_heir(formed: Make) -> None:
    nodes = formed()
    lost = nodes.primaries()[0]
    heir = nodes.replica_of(lost)
    nodes.end(lost, how=signal.SIGKILL)
    until(lambda: nodes.info(heir)["role"] == "master", "its replica has taken over", 20)
    nodes.start(lost)
    until(lambda: nodes.info(lost)["role"] == "slave", "it has come back as a replica", 15)
    until(nodes.ok, "the cluster is whole")
    assert nodes.form().splitlines()[-1] == "The cluster is whole."


@pytest.mark.parametrize("mode", ["form", "heal"])
def test_after_a_full_stop_with_other_addresses_it_heals_with_all_keys(formed: Make, mode: str) -> None:
    nodes = formed()
    client = nodes.cluster()
    for i in range(100):
        client.send("set", f"key{i}", str(i))
    client.close()
    nodes.end(*range(6))
    nodes.move(*range(6))
    nodes.start(*range(6))
    until(
        lambda: all("cluster_state:fail" in nodes.ask(i, "cluster", "info") for i in range(6)),
        "by themselves they do not find each other",
        20,
    )

    def healed() -> bool:
        nodes.form() if mode == "form" else nodes.heal()
        return nodes.ok()

    until(healed, "the cluster is whole")
    assert len(nodes.primaries()) == 3
    client = nodes.cluster()
    assert [client.send("get", f"key{i}") for i in range(100)] == [str(i).encode() for i in range(100)]
    client.close()
    known = nodes.ask(0, "cluster", "nodes")
    assert all(f" {address}:" in known for address in nodes.addresses)


def test_pairs_are_added_and_slots_move_onto_them_with_their_keys(formed: Make) -> None:
    nodes = formed(machines=8)
    client = nodes.cluster()
    for i in range(500):
        client.send("set", f"key{i}", str(i))
    client.close()
    nodes.grow(8)
    nodes.start(6, 7)
    nodes.form()
    primaries = nodes.primaries()
    assert len(primaries) == 4
    assert {nodes.replica_of(i) for i in primaries} | set(primaries) == set(range(8))
    client = nodes.cluster()
    assert [client.send("get", f"key{i}") for i in range(500)] == [str(i).encode() for i in range(500)]
    client.close()
    keys = [int(nodes.ask(i, "dbsize")) for i in primaries]
    assert sum(keys) == 500 and min(keys) > 80
    assert nodes.form().splitlines() == ["The cluster is whole."]


def test_growing_that_is_killed_amid_moving_slots_is_completed(formed: Make) -> None:
    nodes = formed(machines=8)
    client = nodes.cluster()
    for i in range(500):
        client.send("set", f"key{i}", str(i))
    client.close()
    nodes.grow(8)
    nodes.start(6, 7)
    script = str(nodes.folder / "config" / "form.sh")
    running = subprocess.Popen(
        ["sh", script, "form"],
        env=nodes.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(lambda: any(int(nodes.ask(i, "dbsize")) and nodes.info(i)["role"] == "master" for i in (6, 7)), "keys move")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    nodes.form()
    client = nodes.cluster()
    assert [client.send("get", f"key{i}") for i in range(500)] == [str(i).encode() for i in range(500)]
    client.close()
    assert len(nodes.primaries()) == 4


def test_a_node_whose_volume_is_lost_comes_back_under_its_name_and_the_old_one_is_forgotten(formed: Make) -> None:
    nodes = formed()
    lost = nodes.primaries()[2]
    heir = nodes.replica_of(lost)
    nodes.end(lost, how=signal.SIGKILL)
    nodes.wipe(lost)
    until(lambda: nodes.info(heir)["role"] == "master", "its replica has taken over", 20)
    nodes.start(lost)
    until(lambda: nodes.heal() == "" and nodes.info(lost)["role"] == "slave" and nodes.ok(), "it is a replica in step")
    until(lambda: len(nodes.ask(0, "cluster", "nodes").splitlines()) == 6, "nobody knows its former self")
    assert nodes.form().splitlines()[-1] == "The cluster is whole."
