"""The cloud as a process: how it starts and ends, and what outlives it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.cloud.store import AlreadyExistsError, CloudResource, Store
from sandbox.cloud.values import SIGNATURE, Asset
from tests.support.cloud_client import GCP_SETTINGS, Live, Provider, Refused

ROOT = Path(__file__).parents[2]
BUCKET = "gcp:storage/bucket:Bucket"
PATIENCE = 30


@contextmanager
def process(state: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    """A cloud in a process of its own, and its ports."""
    command = [sys.executable, "-m", "sandbox.cloud", "--state", str(state), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as server:
        try:
            assert server.stdout is not None
            name, _, value = server.stdout.readline().strip().partition("=")
            assert name == "PULUMI_DEBUG_PROVIDERS"
            yield server, {entry.split(":")[0]: int(entry.split(":")[1]) for entry in value.split(",")}
        finally:
            server.kill()


def gcp(ports: dict[str, int]) -> Provider:
    return Provider("gcp", ports["gcp"], GCP_SETTINGS)


def bucket(ports: dict[str, int], name: str = "data") -> Live:
    return gcp(ports).create(BUCKET, name, {"location": "US", "name": name})


def faults(folder: Path, *entries: dict[str, object]) -> Sequence[str]:
    file = folder / "faults.json"
    file.write_text(json.dumps(entries))
    return "--faults", str(file)


def test_it_ends_with_its_standard_input(tmp_path: Path) -> None:
    with process(tmp_path) as (server, _):
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(PATIENCE) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    with process(tmp_path) as (server, _):
        server.send_signal(number)
        assert server.wait(PATIENCE) == 0


def test_it_says_nothing_but_its_ports(tmp_path: Path) -> None:
    with process(tmp_path, "--packages", "gcp,random") as (server, ports):
        assert ports.keys() == {"gcp", "random"}
        bucket(ports)
        said, complained = server.communicate(timeout=PATIENCE)
        assert (said, complained) == ("", "")


def test_an_unknown_package_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.cloud", "--state", str(tmp_path), "--packages", "gcp,ocean"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 2
    assert "There is no package ocean; there are aws, azure-native, gcp, kubernetes, random, tls." in ended.stderr


def test_what_exists_outlives_the_server(tmp_path: Path) -> None:
    with process(tmp_path) as (_, ports):
        made = bucket(ports)
    with process(tmp_path) as (_, ports):
        assert gcp(ports).refresh(made) == made
        with pytest.raises(Refused, match="Error 409"):
            bucket(ports)


def test_a_crash_comes_before_the_effect_and_strikes_once(tmp_path: Path) -> None:
    strike = faults(tmp_path, {"operation": "create", "fault": "crash"})
    with process(tmp_path / "state", *strike) as (server, ports):
        with pytest.raises(Refused):
            bucket(ports)
        assert server.wait(PATIENCE) == 1
    assert Cloud(tmp_path / "state").resources() == []
    with process(tmp_path / "state", *strike) as (_, ports):
        bucket(ports)


def test_a_crash_after_the_effect_loses_only_the_answer(tmp_path: Path) -> None:
    strike = faults(tmp_path, {"operation": "create", "resource": "*::data", "fault": "crash_after"})
    with process(tmp_path / "state", *strike) as (server, ports):
        with pytest.raises(Refused):
            bucket(ports)
        assert server.wait(PATIENCE) == 1
    assert [found.id for found in Cloud(tmp_path / "state").resources()] == ["data"]


def test_two_providers_of_one_package_keep_their_settings(tmp_path: Path) -> None:
    with process(tmp_path) as (_, ports):
        here, there = (Provider("gcp", ports["gcp"], {"project": name}) for name in ("here", "there"))
        for provider, project in ((here, "here"), (there, "there")):
            made = provider.create("gcp:compute/network:Network", project, {})
            assert made.id.startswith(f"projects/{project}/")


def test_the_log_tells_the_order(tmp_path: Path) -> None:
    with process(tmp_path) as (_, ports):
        first, second = bucket(ports, "first"), bucket(ports, "second")
        gcp(ports).update(second, {**second.inputs, "labels": {"x": "y"}})
        gcp(ports).delete(second)
        gcp(ports).delete(first)
    log = Cloud(tmp_path).log()
    assert [(entry.op, entry.id) for entry in log] == [
        ("create", "first"),
        ("create", "second"),
        ("update", "second"),
        ("delete", "second"),
        ("delete", "first"),
    ]


def resource(id_: str, **outputs: object) -> CloudResource:
    return CloudResource(BUCKET, id_, "urn", {}, dict(outputs))


@pytest.mark.parametrize("id_", ["a/b c", "x" * 400, "projects/p/roles/viewer/user:a@b.c", "%2F", ".", "ü*?[a]"])
def test_any_id_can_be_stored(tmp_path: Path, id_: str) -> None:
    Store(tmp_path).add(resource(id_))
    found = Store(tmp_path).get(BUCKET, id_)
    assert found is not None and found.id == id_
    assert [each.id for each in Store(tmp_path).all()] == [id_]


def test_long_ids_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for end in "ab":
        store.add(resource("x" * 400 + end))
    assert len(list(store.all(BUCKET))) == 2


def test_assets_are_stored_and_come_back(tmp_path: Path) -> None:
    asset = Asset({SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "1", "text": "hello"})
    Store(tmp_path).add(resource("a", source=asset))
    found = Store(tmp_path).get(BUCKET, "a")
    assert found is not None and found.outputs["source"] == asset


def test_of_many_who_create_the_same_one_succeeds(tmp_path: Path) -> None:
    store = Store(tmp_path)
    outcomes: list[str] = []
    ready = threading.Barrier(8)

    def create() -> None:
        ready.wait()
        try:
            store.add(resource("same"))
            outcomes.append("made")
        except AlreadyExistsError:
            outcomes.append("refused")

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made"] + ["refused"] * 7
    assert len(store.log()) == 1


def test_the_state_is_private_to_its_owner(tmp_path: Path) -> None:
    Store(tmp_path / "state").add(resource("a", password="hunter2"))
    files = [file for file in (tmp_path / "state").rglob("*") if file.is_file()]
    assert files and all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_an_unknown_find_and_remove(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    assert cloud.find(BUCKET, "a") is None
    assert cloud.resources() == cloud.log() == []
    with pytest.raises(LookupError, match='no gcp:storage/bucket:Bucket "a"'):
        cloud.remove(BUCKET, "a")
