"""Processes of a cluster: started apart from us, known by id and birth, ended by us alone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.cluster.processes import Component, Process, Records, born, wait_until
from sandbox.priority import NICENESS

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "run")


def component(*argv: str, **more: object) -> Component:
    return replace(Component("thing", argv, "http://127.0.0.1:1/"), **more)  # type: ignore[arg-type]


def test_a_process_is_found_again_by_its_record_and_ended(records: Records) -> None:
    process = records.start(component("sleep", "600"))
    assert process.alive and records.find("thing") == process and records.names() == ["thing"]
    assert records.end("thing") is True
    assert not process.alive and records.find("thing") is None
    assert records.end("thing") is False


def test_it_is_nobodys_child_and_in_a_session_of_its_own(records: Records) -> None:
    process = records.start(component("sleep", "600"))
    try:
        with pytest.raises(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        assert os.getsid(process.pid) != os.getsid(0)
    finally:
        process.end()


def test_it_goes_before_what_else_the_machine_does_where_this_user_may_ask_for_that(records: Records) -> None:
    allowed = subprocess.run(["renice", "-n", str(NICENESS), "-p", "0"], capture_output=True, preexec_fn=os.setsid)
    before = os.getpriority(os.PRIO_PROCESS, 0)
    process = records.start(component("sleep", "600"))
    try:
        found = os.getpriority(os.PRIO_PROCESS, process.pid)
        assert found == (NICENESS if allowed.returncode == 0 else before)
    finally:
        process.end()


def test_one_that_ended_by_itself_is_found_dead_with_its_last_words(records: Records) -> None:
    process = records.start(component("sh", "-c", "echo no luck >&2; exit 3"))
    assert wait_until(lambda: not process.alive, 10)
    assert records.find("thing") == process
    assert records.last_words("thing") == "  no luck"


def test_a_stranger_that_has_got_the_id_of_a_dead_process_is_left_alone(records: Records) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        try:
            late = Process(stranger.pid, "another birth", "")
            assert not late.alive
            late.end()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_one_that_does_not_listen_is_killed(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.cluster.processes._GRACE_SECONDS", 0.2)
    process = records.start(component(sys.executable, "-c", STUBBORN))
    assert wait_until(lambda: records.last_words("thing") == "  deaf", 30)
    process.end()
    assert not process.alive


def test_a_zombie_counts_as_dead() -> None:
    with subprocess.Popen(["true"]) as child:
        assert wait_until(lambda: born(child.pid) is None, 10)


def test_its_memory_is_told(records: Records) -> None:
    process = records.start(component("sleep", "600"))
    try:
        assert (process.memory() or 0) > 0
    finally:
        process.end()


def test_the_fingerprint_changes_with_arguments_environment_and_what_is_read(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("one")
    base = component("sleep", "1", reads=(config,))
    prints = [
        base.fingerprint,
        replace(base, argv=("sleep", "2")).fingerprint,
        replace(base, env={"A": "1"}).fingerprint,
    ]
    config.write_text("two")
    assert len({*prints, base.fingerprint}) == 4


def test_the_log_of_an_earlier_life_is_kept(records: Records) -> None:
    for word in ("first", "second"):
        process = records.start(component("echo", word))
        assert wait_until(lambda process=process: not process.alive, 10)  # type: ignore[misc]
        assert wait_until(lambda word=word: word in records.last_words("thing"), 10)  # type: ignore[misc]
    assert records.last_words("thing") == "  first\n  second"
