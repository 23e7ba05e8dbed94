"""The archive of an export: what is in it, and what becomes of one that is not finished."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.tenancy.erasure import archive as archives
from penstock.tenancy.erasure.archive import archived
from penstock.tenancy.erasure.errors import ErasureError

IDENTITY = pyrage.x25519.Identity.generate()
TO = [str(IDENTITY.to_public())]


def members(path: Path, identity: Any = IDENTITY) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(path.read_bytes(), [identity]))) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(st.lists(st.binary(max_size=40), max_size=6), max_size=4))
def test_parts_of_any_length_come_out_whole_with_their_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: list[list[bytes]]
) -> None:
    monkeypatch.setattr(archives, "PIECE_BYTES", 16)
    with archived(tmp_path / "x", TO, {"tenant": "acme"}) as archive:
        for number, pieces in enumerate(writes):
            with archive.part(f"part/{number}", rows=0) as part:
                for piece in pieces:
                    part.write(piece)
                part.about["rows"] = len(pieces)
    archive.publish()
    found = members(tmp_path / "x")
    assert next(iter(found)) == "README.txt"
    manifest = json.loads(found["manifest.json"])
    assert (manifest["tenant"], manifest["format"], len(manifest["parts"])) == ("acme", 1, len(writes))
    for pieces, part in zip(writes, manifest["parts"], strict=True):
        names = [f"{part['path']}.{n + 1:06d}" for n in range(part["pieces"])] if "pieces" in part else [part["path"]]
        content = b"".join(found[name] for name in names)
        assert content == b"".join(pieces)
        assert (part["sha256"], part["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
        assert part["rows"] == len(pieces)
        assert all(len(found[name]) <= 16 for name in names)
    assert archive.sha256 == hashlib.sha256((tmp_path / "x").read_bytes()).hexdigest()
    assert archive.bytes == (tmp_path / "x").stat().st_size


def test_each_recipient_opens_it_and_nobody_else(tmp_path: Path) -> None:
    other = pyrage.x25519.Identity.generate()
    with archived(tmp_path / "x", [*TO, str(other.to_public())], {}) as archive, archive.part("a") as part:
        part.write(b"secret content")
    archive.publish()
    assert members(tmp_path / "x") == members(tmp_path / "x", other)
    assert b"secret content" not in (tmp_path / "x").read_bytes()
    with pytest.raises(pyrage.DecryptError):
        members(tmp_path / "x", pyrage.x25519.Identity.generate())


def test_it_has_no_name_before_it_is_published_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with archived(tmp_path / "x", TO, {}) as archive:
        assert [path.name for path in tmp_path.iterdir()] == ["x.partial"]
    assert [path.name for path in tmp_path.iterdir()] == ["x.partial"]
    archive.publish()
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [ValueError("a store fails"), KeyboardInterrupt()])
def test_nothing_is_left_of_one_that_is_broken_off(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), archived(tmp_path / "x", TO, {}) as archive, archive.part("a") as part:
        part.write(os.urandom(20_000_000))
        raise error
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives._Measured, "write", full)
    full_disk = pytest.raises(ErasureError, match="No space left on device. Make room, or name another --out")
    with full_disk, archived(tmp_path / "x", TO, {}) as archive, archive.part("a") as part:
        part.write(os.urandom(20_000_000))
    assert not list(tmp_path.iterdir())


def test_memory_does_not_grow_with_what_is_written(tmp_path: Path) -> None:
    program = f"""
import os, resource
from pathlib import Path
from penstock.tenancy.erasure.archive import archived
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
block = os.urandom(1024 * 1024)
with archived(Path({str(tmp_path / "x")!r}), {TO!r}, {{}}) as archive, archive.part("a") as part:
    for megabytes in (32, 256):
        for _ in range(megabytes):
            part.write(block)
        print(peak())
"""
    path = os.pathsep.join(str(Path(__file__).parents[2] / folder) for folder in ("components", "pricing"))
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    early, late = map(int, done.stdout.split())
    assert late - early < 16 * 1024


def test_halves_of_characters_are_written_so_that_they_can_be_read(tmp_path: Path) -> None:
    content = {"ü": "\ud83d", "n": 2**63}
    with archived(tmp_path / "x", TO, {}) as archive, archive.part("a") as part:
        part.line(content)
        part.line({"ü": "ü"})
    archive.publish()
    lines = members(tmp_path / "x")["a"].splitlines()
    assert json.loads(lines[0]) == content
    assert lines[1] == '{"ü":"ü"}'.encode()
