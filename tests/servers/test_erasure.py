"""`penstock tenant`, as somebody types it, with a real PostgreSQL, a real Redis cluster and Qdrant's stand-in: a tenant
is exported and erased everywhere, whatever interrupts it, and nothing of anybody else changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from penstock.tenancy.cli import main
from tests.servers.erasure_killed import MOMENTS
from tests.servers.erasure_postgres import ADMIN_PASSWORD
from tests.servers.erasure_world import World, check_export, of_others, settle, stores, traces, words
from tests.servers.qdrant_server import KEY

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with stores(tmp_path_factory.mktemp("redis")) as made:
        yield made


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("admin-secret-1\n")
    monkeypatch.setenv("PENSTOCK_REDIS_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("PENSTOCK_POSTGRES_PASSWORD", ADMIN_PASSWORD)
    monkeypatch.setenv("PENSTOCK_QDRANT_API_KEY", KEY)


def test_one_of_two_tenants_is_erased_everywhere_and_all_of_the_other_stays(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant, out, report = settle(world, "acme"), tmp_path / "acme.age", tmp_path / "report.json"
    settle(world, "acme-2")
    before = of_others(world, tenant)
    assert len(before["tables"]) >= 3
    given = words(world, "remove", tenant, out, "--confirm", tenant, "--backup-days", "30", "--report", str(report))
    assert main(given) == 0
    assert traces(world, tenant) == []
    assert of_others(world, tenant) == before
    assert len(traces(world, "acme-2")) > 400
    check_export(out, tenant)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.age", "password", "report.json"]
    assert out.stat().st_mode & 0o777 == 0o600

    told = json.loads(report.read_text())
    assert told["outcome"] == "erased"
    assert told["stores"]["postgres"]["found"] | {"large_objects": 0} == {
        "databases": 0, "schemas": 1, "roles": 4, "tables": 1, "rows": 40, "large_objects": 0,
    }  # fmt: skip
    assert told["stores"]["redis"]["found"] == {"keys": 60, "users": 6, "replica_keys": 60}
    assert told["stores"]["qdrant"]["found"] == {"points": 301, "collections": 1, "snapshots": 3}
    assert [each["left"] for each in told["stores"].values()] == [
        dict.fromkeys(each["found"], 0) for each in told["stores"].values()
    ]
    assert told["not_touched"] == []
    last = datetime.fromisoformat(told["finished"]).date() + timedelta(days=30)
    assert date.fromisoformat(told["backups"]["until"]) == last
    shown = capsys.readouterr()
    for fact in (told["export"]["sha256"], told["backups"]["until"], "40 rows", "60 keys", "301 points", "tenant-acme"):
        assert fact in shown.out, fact
    for secret in (ADMIN_PASSWORD, "admin-secret-1", KEY):
        assert secret not in shown.out + shown.err + report.read_text()

    assert main(words(world, "remove", tenant, out, "--confirm", tenant)) == 0
    assert "The tenant acme is gone" in capsys.readouterr().out
    check_export(out, tenant)


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_is_finished_by_running_it_again_after_it_was_killed(world: World, tmp_path: Path, moment: str) -> None:
    tenant, out, report = settle(world, f"k{list(MOMENTS).index(moment)}"), tmp_path / "x.age", tmp_path / "report.json"
    before = of_others(world, tenant)
    given = words(world, "remove", tenant, out, "--confirm", tenant, "--report", str(report))
    hosts = {world.redis.name(i): address for i, address in enumerate(world.redis.addresses)}
    command = [sys.executable, "-m", "tests.servers.erasure_killed", moment, json.dumps(hosts), *given]
    path = os.pathsep.join(str(ROOT / part) for part in (".", "components", "pricing"))
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    assert main(given) == 0
    assert traces(world, tenant) == []
    assert of_others(world, tenant) == before
    check_export(out, tenant)
    told = json.loads(report.read_text())
    assert told["outcome"] == "erased"
    assert told["stores"]["redis"]["exported"] == {"keys": 60}
    assert told["stores"]["qdrant"]["found"]["points"] == 301
    assert sorted(path.name for path in tmp_path.iterdir()) == ["password", "report.json", "x.age"]


def test_an_export_alone_changes_nothing_and_only_its_identity_opens_it(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant, out = settle(world, "export"), tmp_path / "x.age"
    before, mine = of_others(world, ""), traces(world, tenant)
    assert main(words(world, "export", tenant, out)) == 0
    assert of_others(world, "") == before
    assert traces(world, tenant) == mine
    check_export(out, tenant)
    assert "Nothing is changed" in capsys.readouterr().out
    data = out.read_bytes()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(data, [pyrage.x25519.Identity.generate()])
    assert data.startswith(b"age-encryption.org/v1\n")
    assert tenant.encode() not in data

    assert main(words(world, "export", tenant, out)) == 1
    assert "exists already" in capsys.readouterr().err
    assert out.read_bytes() == data
    assert main(words(world, "export", "nobody", tmp_path / "y.age")) == 1
    assert "Nothing of nobody is in Postgres at 127.0.0.1 or Redis" in capsys.readouterr().err
    assert not (tmp_path / "y.age").exists()


@pytest.mark.parametrize("confirm", [(), ("--confirm", "other"), ("--confirm", "")])
def test_without_the_right_name_typed_nothing_happens(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], confirm: tuple[str, ...]
) -> None:
    before, requests = of_others(world, ""), len(world.qdrant.state.requests)
    assert main(words(world, "remove", "acme-2", tmp_path / "x.age", *confirm)) == 1
    assert "Write --confirm acme-2 if that is meant" in capsys.readouterr().err
    assert of_others(world, "") == before
    assert len(world.qdrant.state.requests) == requests
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


@pytest.mark.parametrize("away", ["--postgres", "--redis", "--qdrant"])
def test_with_one_store_away_nothing_is_erased_anywhere(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], away: str
) -> None:
    before = of_others(world, "")
    given = words(world, "remove", "other", tmp_path / "x.age", "--confirm", "other")
    nowhere = {
        "--postgres": "postgresql://x@127.0.0.1:1/app",
        "--redis": "redis://127.0.0.1:1",
        "--qdrant": "http://127.0.0.1:1",
    }
    given[given.index(away) + 1] = nowhere[away]
    assert main(given) == 1
    assert "refused" in capsys.readouterr().err
    assert of_others(world, "") == before
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_what_is_written_during_the_export_stops_it_and_the_tenant_is_let_in_again(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from penstock.tenancy.erasure.qdrant_store import QdrantStore

    tenant = settle(world, "late")
    before = of_others(world, "")
    whole = QdrantStore.export

    def busy(self: QdrantStore, archive: Any) -> Any:
        written = whole(self, archive)
        late = {"id": "late", "vector": [1.0, 1.0], "payload": {"tenant_id": tenant}}
        world.qdrant.state.collections["tenants"].points.append(late)
        return written

    with monkeypatch.context() as patched:
        patched.setattr(QdrantStore, "export", busy)
        assert main(words(world, "remove", tenant, tmp_path / "x.age", "--confirm", tenant)) == 1
    assert "has 302 points now, and the export 301" in capsys.readouterr().err
    world.qdrant.state.collections["tenants"].points.pop()
    assert of_others(world, "") == before

    assert main(words(world, "remove", tenant, tmp_path / "x.age", "--confirm", tenant)) == 0
    check_export(tmp_path / "x.age", tenant)


def test_what_is_written_during_the_erasure_is_told_and_ends_with_three(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant, out, report = settle(world, "busy"), tmp_path / "x.age", tmp_path / "report.json"
    late = {"id": "late", "vector": [1.0, 1.0], "payload": {"tenant_id": tenant}}
    world.qdrant.state.writer = lambda: world.qdrant.state.collections["tenants"].points.append(late)
    given = words(world, "remove", tenant, out, "--confirm", tenant, "--report", str(report))
    try:
        assert main(given) == 3
    finally:
        world.qdrant.state.writer = None
    told = json.loads(report.read_text())
    assert told["outcome"] == "left"
    assert told["stores"]["qdrant"]["left"]["points"] == 1
    assert "Something of the tenant busy is left" in capsys.readouterr().out
    assert main(given) == 0
    assert traces(world, tenant) == []
    check_export(out, tenant)


def test_a_store_that_is_not_named_is_not_touched_and_that_is_said(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = settle(world, "partly")
    given = words(world, "remove", tenant, tmp_path / "x.age", "--confirm", tenant, "--report", str(tmp_path / "r"))
    at = given.index("--postgres")
    del given[at : at + 2]
    assert main(given) == 0
    assert json.loads((tmp_path / "r").read_text())["not_touched"] == ["postgres"]
    assert "Not named, so not looked into: Postgres." in capsys.readouterr().out
    assert len(traces(world, tenant)) == 5


def test_a_removal_that_has_begun_to_erase_never_writes_its_export_anew(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from penstock.tenancy.erasure.errors import ErasureError
    from penstock.tenancy.erasure.redis_store import RedisStore

    def fails(_: RedisStore) -> list[str]:
        raise ErasureError("Redis went away.")

    tenant, out = settle(world, "lost"), tmp_path / "x.age"
    given = words(world, "remove", tenant, out, "--confirm", tenant)
    with monkeypatch.context() as patched:
        patched.setattr(RedisStore, "erase", fails)
        assert main(given) == 1
    kept = out.read_bytes()
    out.rename(tmp_path / "elsewhere")
    assert main(given) == 1
    assert "put it back, then run this again" in capsys.readouterr().err
    assert not out.exists()
    out.write_bytes(kept)
    fewer = [word for word in given if word not in ("--qdrant", world.qdrant.url)]
    assert main(fewer) == 1
    assert "interrupted removal of lost from postgres, redis, qdrant" in capsys.readouterr().err
    assert main(given) == 0
    assert out.read_bytes() == kept
    check_export(out, tenant)
