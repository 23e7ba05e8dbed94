"""Where primaries and replicas of a Redis cluster are, and how a node leaves, with real servers."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.servers.redis_client import RefusedError
from tests.servers.redis_nodes import Nodes, until

Make = Callable[..., Nodes]


def loads(nodes: Nodes) -> Counter[str]:
    return Counter(nodes.machine(i) for i in nodes.primaries())


def expect_spread(nodes: Nodes) -> None:
    """No machine has two primaries, nor a primary with its replica."""
    assert max(loads(nodes).values()) == 1
    for primary in nodes.primaries():
        assert nodes.machine(primary) != nodes.machine(nodes.replica_of(primary))


def test_on_four_machines_none_has_two_primaries_nor_a_primary_with_its_replica(formed: Make) -> None:
    expect_spread(formed(machines=4))


@pytest.mark.parametrize("lost", ["m0", "m1", "m2"])
def test_the_loss_of_any_of_three_machines_leaves_a_majority_and_primaries_are_spread_again_after_it(
    formed: Make, lost: str
) -> None:
    nodes = formed(machines=3)
    expect_spread(nodes)
    gone = [i for i in range(6) if nodes.machine(i) == lost]
    nodes.end(*gone, how=signal.SIGKILL)
    until(lambda: len(nodes.primaries()) == 3 and nodes.ok(), "three primaries serve on two machines", 20)
    nodes.start(*gone)

    def spread() -> bool:
        nodes.heal()
        return max(loads(nodes).values()) == 1 and len(nodes.primaries()) == 3

    until(spread, "each machine has one primary again", 30)
    assert nodes.form().splitlines()[-1] == "The cluster is whole."
    expect_spread(nodes)


def test_nodes_that_land_on_other_machines_change_places(formed: Make) -> None:
    nodes = formed(machines=3)
    primary = nodes.primaries()[0]
    replica = nodes.replica_of(primary)
    there = {i: nodes.machine(i) for i in range(6)}
    # The replica restarts on its primary's machine, and what was there where the replica was.
    beside = next(i for i in range(6) if there[i] == there[primary] and i != primary)
    there[replica], there[beside] = there[primary], there[replica]
    nodes.machines = [there[i] for i in range(6)]
    nodes.end(replica, beside)
    nodes.start(replica, beside)
    nodes.form()
    until(nodes.ok, "all replicas are in step")
    expect_spread(nodes)


def test_a_primary_that_stops_hands_over_first_and_no_write_waits_for_a_time_out(formed: Make) -> None:
    nodes = formed()
    client = nodes.cluster()
    client.send("set", "key", "before")
    address = client.last
    client.close()
    stopping = nodes.addresses.index(address)
    heir = nodes.replica_of(stopping)
    longest, errors, stop = [0.0], [], threading.Event()

    def write() -> None:
        while not stop.is_set():
            began = time.monotonic()
            while not stop.is_set():
                writer = nodes.cluster(first=nodes.addresses.index(address) if not errors else heir)
                try:
                    writer.send("set", "key", "while")
                    break
                except (RefusedError, OSError) as error:
                    errors.append(error)
                finally:
                    writer.close()
            longest[0] = max(longest[0], time.monotonic() - began)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        said = nodes.script("pre-stop.sh", node=stopping)
        assert said.returncode == 0, said.stderr
        assert nodes.info(stopping)["role"] == "slave"
        assert nodes.info(heir)["role"] == "master"
        nodes.end(stopping)
    finally:
        stop.set()
        thread.join()
    assert longest[0] < 2, f"{longest[0]:.1f} s; {errors[:3]}"
    until(lambda: "cluster_state:ok" in nodes.ask(heir, "cluster", "info"), "the rest is whole")


def test_a_replica_stops_at_once(whole: Nodes) -> None:
    replica = whole.replica_of(whole.primaries()[0])
    said = whole.script("pre-stop.sh", node=replica, HANDOVER_SECONDS="1")
    assert "no primary" in said.stderr and said.returncode == 0


def test_a_node_that_writes_its_first_file_stops_when_it_is_written(formed: Make) -> None:
    nodes = formed()
    replica = nodes.replica_of(nodes.primaries()[0])
    nodes.end(replica)
    nodes.wipe(replica)
    nodes.start(replica)
    nodes.form("heal", POD_NAME="cache-0")
    until(lambda: nodes.info(replica).get("master_link_status") == "up", "it has all data")
    assert nodes.script("pre-stop.sh", node=replica).returncode == 0
    nodes.processes[replica].send_signal(signal.SIGTERM)
    assert nodes.processes[replica].wait(15) == 0
    del nodes.processes[replica]


def test_a_primary_without_a_replica_stops_when_its_time_is_over_and_says_so(formed: Make) -> None:
    nodes = formed()
    primary = nodes.primaries()[0]
    nodes.end(nodes.replica_of(primary), how=signal.SIGKILL)
    said = nodes.script("pre-stop.sh", node=primary, HANDOVER_SECONDS="2")
    assert "No replica has taken over within 2 s" in said.stderr


def test_a_node_is_ready_when_it_serves_and_alive_while_it_waits(redis_nodes: Make) -> None:
    nodes = redis_nodes()
    nodes.start(*range(6))
    assert nodes.script("probe.sh", "live", node=3).returncode == 0
    assert nodes.script("probe.sh", "ready", node=3).returncode == 1, "no cluster yet"
    nodes.form()
    assert all(nodes.script("probe.sh", "ready", node=i).returncode == 0 for i in range(6))
    primary = nodes.primaries()[0]
    replica = nodes.replica_of(primary)
    nodes.processes[primary].send_signal(signal.SIGSTOP)
    try:
        assert nodes.script("probe.sh", "live", node=primary, CLI_SECONDS="1").returncode == 1
        assert nodes.script("probe.sh", "live", node=replica).returncode == 0
    finally:
        nodes.processes[primary].send_signal(signal.SIGCONT)
