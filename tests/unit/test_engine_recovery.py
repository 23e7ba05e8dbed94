"""What is done with the notes that a killed run leaves in a stack's state."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.checkpoint import Checkpoint, Record
from sandbox.recovery import forget_lost_answers, settle_creations

BUCKET = "gcp:storage/bucket:Bucket"


def urn(name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::shop::{BUCKET}::{name}"


def record(name: str, id_: str | None = None, **more: Any) -> Record:
    """A bucket as a state holds it."""
    return {"urn": urn(name), "custom": True, "type": BUCKET, **({"id": id_} if id_ else {}), **more}


def note(kind: str, name: str, **more: Any) -> Record:
    return {"type": kind, "resource": record(name, **more)}


@dataclass
class Thing:
    """What the cloud says of a resource or an operation."""

    type: str
    id: str
    urn: str
    op: str = "create"


class FakeCloud:
    """A cloud with these buckets: names and ids."""

    def __init__(self, *buckets: tuple[str, str]) -> None:
        self.things = [Thing(BUCKET, id_, urn(name)) for name, id_ in buckets]

    def resources(self) -> list[Thing]:
        return self.things

    def find(self, type_: str, id_: str) -> Thing | None:
        return next((thing for thing in self.things if (thing.type, thing.id) == (type_, id_)), None)

    def remove(self, type_: str, id_: str) -> None:
        self.things = [thing for thing in self.things if (thing.type, thing.id) != (type_, id_)]


def settle(cloud: FakeCloud, notes: list[Record], *resources: Record) -> list[Record]:
    deployment = {"resources": list(resources), "pending_operations": notes}
    settle_creations(deployment, cloud)  # type: ignore[arg-type]
    assert "pending_operations" not in deployment
    return deployment["resources"]


def test_what_was_created_is_taken_in_as_it_was_noted() -> None:
    kept = settle(FakeCloud(("a", "id-a")), [note("creating", "a", parent="p", inputs={"x": 1})], record("z", "id-z"))
    assert kept == [record("z", "id-z"), record("a", "id-a", parent="p", inputs={"x": 1}, outputs={})]


def test_what_was_not_created_is_forgotten() -> None:
    assert settle(FakeCloud(("other", "id")), [note("creating", "a")]) == []


def test_notes_of_updates_and_deletions_take_nothing_in() -> None:
    resources = [record("a", "id-a"), record("b", "id-b")]
    cloud = FakeCloud(("a", "id-a"), ("b", "id-b"))
    assert settle(cloud, [note("updating", "a"), note("deleting", "b")], *resources) == resources


def test_a_replacement_takes_the_place_of_the_older_one_which_is_then_to_be_deleted() -> None:
    cloud = FakeCloud(("a", "old"), ("a", "new"))
    kept = settle(cloud, [note("creating", "a")], record("z", "z"), record("a", "old"), record("y", "y"))
    older = record("a", "old", delete=True)
    assert kept == [record("z", "z"), record("a", "new", outputs={}), older, record("y", "y")]


def test_a_replacement_that_does_not_exist_leaves_the_older_one_alone() -> None:
    assert settle(FakeCloud(("a", "old")), [note("creating", "a")], record("a", "old")) == [record("a", "old")]


def test_a_replacement_of_what_is_gone_already_takes_its_place() -> None:
    gone = record("a", "old", pendingReplacement=True)
    assert settle(FakeCloud(("a", "new")), [note("creating", "a")], gone) == [record("a", "new", outputs={})]


def test_what_the_cloud_created_without_saying_so_is_deleted(tmp_path: Path) -> None:
    cloud = FakeCloud(("known", "1"), ("lost", "2"), ("noted", "3"))
    foreign = Thing(BUCKET, "4", urn("lost", stack="prod"))
    cloud.things.append(foreign)
    checkpoint = write_state(tmp_path, resources=[record("known", "1")], pending_operations=[note("creating", "noted")])
    forget_lost_answers(checkpoint, cloud, list(cloud.things))  # type: ignore[arg-type]
    assert {thing.id for thing in cloud.things} == {"1", "3", "4"}


def write_state(tmp_path: Path, **latest: Any) -> Checkpoint:
    checkpoint = Checkpoint(tmp_path, "shop", "dev")
    checkpoint.file.parent.mkdir(parents=True)
    checkpoint.file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": latest}}))
    return checkpoint


def test_a_stack_that_does_not_exist_has_nothing(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, "shop", "dev")
    assert (checkpoint.resources(), checkpoint.pending(), checkpoint.dead_locks()) == ([], [], [])


@pytest.mark.parametrize(
    ("host", "alive", "dead"),
    [(socket.gethostname(), False, True), (socket.gethostname(), True, False), ("elsewhere", False, False)],
)
def test_a_lock_is_dead_when_its_process_on_this_machine_has_ended(
    tmp_path: Path, host: str, alive: bool, dead: bool
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    pid = os.getpid() if alive else ended.pid
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "shop" / "dev"
    folder.mkdir(parents=True)
    (folder / "lock.json").write_text(json.dumps({"pid": pid, "hostname": host}))
    assert Checkpoint(tmp_path, "shop", "dev").dead_locks() == ([pid] if dead else [])
