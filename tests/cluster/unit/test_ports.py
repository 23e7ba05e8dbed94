"""Ports are chosen once and kept, unless a stranger has taken one."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from sandbox.cluster.ports import is_free, keep_ports

NAMES = ("api", "etcd", "kwok")


def test_ports_are_distinct_and_stay_the_same(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = keep_ports(file, NAMES)
    assert len(set(first.values())) == len(NAMES) and first.keys() == set(NAMES)
    assert keep_ports(file, NAMES) == first


def test_a_new_name_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = keep_ports(file, NAMES[:2])
    assert keep_ports(file, NAMES).items() > first.items()


def test_a_port_that_a_stranger_took_is_chosen_anew_and_only_that_one(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = keep_ports(file, NAMES)
    with socket.create_server(("127.0.0.1", first["api"])):
        assert not is_free(first["api"])
        assert keep_ports(file, NAMES, in_use=["api"]) == first
        second = keep_ports(file, NAMES)
    assert second["api"] != first["api"]
    assert {name: second[name] for name in NAMES[1:]} == {name: first[name] for name in NAMES[1:]}


def test_a_port_that_becomes_free_a_moment_later_is_kept(tmp_path: Path) -> None:
    """A process that was killed seems dead while one of its threads still has its sockets."""
    file = tmp_path / "ports.json"
    first = keep_ports(file, NAMES)
    with socket.create_server(("127.0.0.1", first["api"])) as lingering:
        threading.Timer(0.3, lingering.close).start()
        assert keep_ports(file, NAMES) == first
