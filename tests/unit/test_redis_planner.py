"""What is to be done next with a Redis cluster, from what its nodes say: the planner alone, on made-up clusters."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from penstock.data import redis

FOLDER = Path(redis.__file__).parent / "data"
PARTS = ((0, 5461), (5462, 10922), (10923, 16383))


@dataclass
class Node:
    """One node as it describes itself. Nodes 0 to 2 are primaries, each two after the next is a replica."""

    ordinal: int
    machine: str
    zone: str = "-"
    primary: int | None = None
    slots: tuple[int, int] | None = None
    link: str = "up"
    marked: int = 1
    state: str = "ok"
    keys: int = 0
    revision: str = "r"
    knows: set[int] | None = None
    extra: str = ""
    follows: str = ""
    seen_at: dict[int, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"id{self.ordinal}"

    @property
    def address(self) -> str:
        return f"10.0.0.{self.ordinal}"


def formed(machines: list[str], zones: list[str] | None = None) -> list[Node]:
    """Three primaries and their replicas, on these machines."""
    zones = zones or ["-"] * 6
    return [
        Node(i, machines[i], zones[i], None if i < 3 else i - 3, PARTS[i] if i < 3 else None)
        for i in range(len(machines))
    ]


def blank(count: int, machines: list[str]) -> list[Node]:
    return [Node(i, machines[i], marked=0, state="fail") for i in range(count)]


def seen(nodes: list[Node]) -> str:
    lines = []
    for n in nodes:
        role, link = ("master", "-") if n.primary is None else ("slave", n.link)
        follows = "-" if n.primary is None else n.follows or f"10.0.0.{n.primary}"
        lines.append(
            f"node {n.ordinal} n-{n.ordinal} {n.address} {n.id} {n.machine} {n.zone} {n.revision} {role} {link} {n.keys} "
            f"{n.marked} {n.state} {follows}"
        )
        for other in nodes:
            if n.knows is not None and other.ordinal not in n.knows | {n.ordinal}:
                continue
            flags = ("myself," if other is n else "") + ("master" if other.primary is None else "slave")
            primary = "-" if other.primary is None else f"id{other.primary}"
            count = other.slots[1] - other.slots[0] + 1 if other.slots else 0
            ranges = f" {other.slots[0]}-{other.slots[1]}" if other.slots else ""
            ranges += f" {other.extra}" if other is n and other.extra else ""
            at = n.seen_at.get(other.ordinal, other.address)
            lines.append(
                f"saw {n.ordinal} {other.id} {at} {flags} {primary} connected n-{other.ordinal} {count}{ranges}"
            )
    return "\n".join(lines) + "\n"


def planned(nodes: list[Node], mode: str = "form", count: int = 6, also: str = "") -> list[str]:
    return decide(also + seen(nodes), mode, count)


def decide(said: str, mode: str = "form", count: int = 6) -> list[str]:
    words = ["awk", "-v", f"mode={mode}", "-v", f"nodes={count}", "-v", "revision=r"]
    command = [*words, "-f", str(FOLDER / "plan.awk"), "-f", str(FOLDER / "spread.awk")]
    return subprocess.run(command, input=said, capture_output=True, text=True, check=True).stdout.splitlines()


SIX = ["a", "b", "c", "d", "e", "f"]
THREE = ["a", "b", "c", "b", "c", "a"]


def test_a_cluster_that_is_whole_is_left_alone() -> None:
    assert planned(formed(SIX)) == planned(formed(SIX), "heal") == planned(formed(THREE)) == ["done"]


def test_forming_waits_for_all_nodes_and_healing_goes_on_with_those_that_answer() -> None:
    said = planned(formed(SIX), also="absent 6 n-6\n", count=8)
    assert said == ["wait these nodes do not answer yet: n-6"]
    assert planned(formed(SIX)[:5], "heal", also="absent 5 n-5\n") == ["done"]


def test_slots_are_shared_out_to_primaries_on_different_machines() -> None:
    nodes = blank(6, ["a", "a", "b", "b", "c", "c"])
    for node in nodes:
        node.marked = 1
    assert planned(nodes) == ["slots 0 0 5461", "slots 2 5462 10922", "slots 4 10923 16383"]


def test_healing_never_gives_out_slots() -> None:
    nodes = formed(SIX)
    nodes[2].slots = None
    nodes[2].primary = None
    assert planned(nodes, "heal") == ["done"]
    assert planned(blank(6, SIX), "heal") == ["done"]


def test_slots_of_a_node_that_does_not_answer_are_not_given_to_another() -> None:
    nodes = formed(SIX)
    said = "".join(f"{line}\n" for line in seen(nodes).splitlines() if not line.startswith(("node 2 ", "saw 2 ")))
    assert not any(line.startswith("slots") for line in decide(said))


def test_replicas_are_put_on_other_machines_and_in_other_zones_than_their_primaries() -> None:
    zones = ["x", "y", "z", "x", "y", "z"]
    nodes = formed(SIX, zones)
    for replica in nodes[3:]:
        replica.primary = None
    given = dict(line.split()[1:] for line in planned(nodes))
    assert given.keys() == {"3", "4", "5"}
    assert all(zones[int(replica)] != zones[int(primary[2:])] for replica, primary in given.items())
    assert len(set(given.values())) == 3


def test_an_address_that_is_not_that_of_now_is_met_again() -> None:
    nodes = formed(SIX)
    nodes[0].seen_at[4] = "10.9.9.9"
    assert planned(nodes, "heal") == ["meet 0 10.0.0.4"]


def test_a_replica_that_asks_for_its_primary_at_its_former_address_is_told_the_new_one() -> None:
    nodes = formed(SIX)
    nodes[4].link, nodes[4].follows = "down", "10.9.9.9"
    assert planned(nodes, "heal") == ["replicate 4 id1"]


def test_two_primaries_on_one_machine_are_parted_when_there_is_one_without() -> None:
    nodes = formed(["a", "b", "b", "b", "c", "a"])
    assert planned(nodes, "heal") == ["failover 4"]


def test_a_replica_that_has_not_caught_up_is_not_made_a_primary() -> None:
    nodes = formed(["a", "b", "b", "b", "c", "a"])
    nodes[4].link = "down"
    assert "failover 4" not in planned(nodes, "heal")


def test_primaries_are_spread_over_zones_where_machines_allow_it() -> None:
    nodes = formed(SIX, ["x", "x", "z", "y", "y", "y"])
    assert planned(nodes, "heal") == ["failover 3"]


def test_replicas_on_the_machine_of_their_primary_change_places() -> None:
    nodes = formed(["a", "b", "c", "a", "b", "c"])
    assert planned(nodes, "heal") == ["replicate 3 id1", "replicate 4 id0"]


def test_forming_is_not_done_while_a_machine_has_the_majority_of_primaries() -> None:
    assert planned(formed(["a", "a", "c", "d", "b", "f"])) == ["failover 3"]
    # No replica is on a machine with fewer.
    stuck = planned(formed(["a", "a", "c", "c", "c", "b"]))
    assert stuck[0] == "wait the machine a has 2 of 3 primaries: its loss would take the majority."


def test_forming_is_done_only_when_all_nodes_have_restarted_with_what_was_asked_for() -> None:
    nodes = formed(SIX)
    nodes[4].revision = "older"
    assert planned(nodes) == ["wait the node n-4 has yet to be restarted with what was asked for."]
    assert planned(nodes, "heal") == ["done"]


def test_users_are_copied_from_a_node_that_has_them_all() -> None:
    nodes = formed(SIX)
    nodes[1].marked = 0
    assert planned(nodes, "heal") == ["users 0 1"]


def test_slots_that_are_being_moved_are_left_to_the_job() -> None:
    nodes = formed(["a", "b", "b", "b", "c", "a"])
    nodes[0].extra = "open"
    assert planned(nodes, "heal") == ["done"]
    assert planned(nodes) == ["fix 0"]


def test_nodes_of_one_cluster_that_claim_the_same_slots_are_waited_for_in_whatever_order_they_tell() -> None:
    """As after a kill in the middle of a move."""
    nodes = formed(SIX)
    assert nodes[0].slots
    nodes[1].slots = (nodes[0].slots[1], nodes[1].slots[1] if nodes[1].slots else 0)
    lines = seen(nodes).splitlines()
    themselves_first = sorted(lines, key=lambda line: line.startswith("saw") + ("myself" not in line))
    for said in (lines, themselves_first):
        (told,) = decide("\n".join(said) + "\n")
        assert told == "wait the nodes n-1 and n-0 have not agreed yet who serves some slots."


def test_nodes_of_two_clusters_are_refused_before_anything_is_done() -> None:
    nodes = formed(SIX)
    for node in nodes[:2]:
        node.knows = {0, 3} if node.ordinal == 0 else {1, 4}
    assert planned(nodes)[0].startswith("refuse The nodes n-1 and n-0 both serve slots")
