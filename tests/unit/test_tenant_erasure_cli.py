"""What `penstock tenant` refuses before it reaches anything."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pyrage
import pytest

from penstock.tenancy.cli import _parser, main
from penstock.tenancy.erasure import request as requests
from penstock.tenancy.erasure.request import request

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())


def words(tmp_path: Path, *more: str, command: str = "remove", name: str = "acme") -> list[str]:
    confirm = ["--confirm", name] if command == "remove" else []
    return [command, name, *confirm, "--recipient", RECIPIENT, "--out", str(tmp_path / "x.age"), *more]


def test_all_that_is_wrong_is_told_at_once_a_sentence_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [
        "remove", "Acme_Corp", "--confirm", "acme", "--recipient", "nonsense", "--recipient", str(IDENTITY),
        "--out", str(tmp_path / "no" / "x.age"), "--report", str(tmp_path), "--redis", "localhost:6379",
        "--qdrant", "ftp://x", "--postgres", "postgresql://u:the-password@h/x?nonsense=1", "--backup-days", "-1",
        "--redis-ca", str(tmp_path / "none.crt"),
    ]  # fmt: skip
    assert main(given) == 1
    told = capsys.readouterr().err
    lines = told.splitlines()
    for option in (
        "NAME",
        "--confirm",
        "--out",
        "--report",
        "--redis",
        "--qdrant",
        "--postgres",
        "--backup-days",
        "--redis-ca",
    ):
        assert [line for line in lines if line.startswith(f"{option}: ")], (option, told)
    assert len([line for line in lines if line.startswith("--recipient: ")]) == 2
    assert str(IDENTITY)[5:] not in told
    assert "the-password" not in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "at least one of --postgres, --redis and --qdrant"),
        (("--redis", "redis://h", "--collection", "x"), "--collection: This is of Qdrant"),
        (("--redis", "redis://h:99999"), "--redis: This is no address"),
        (("--redis", "http://h"), "Write rediss://HOST:PORT"),
        (("--qdrant", "https://"), "--qdrant: This is no address"),
        (("--redis", "redis://h", "--backup-days", "1.5"), "--backup-days: Write a whole number"),
        (("--redis", "redis://h", "--backup-days", "9" * 30), "--backup-days: Write a whole number"),
        (("--postgres", "host"), "--postgres: This is no address"),
        (("--postgres", " "), "--postgres: This is empty"),
        (("--redis", "redis://h", "--qdrant", ""), "--qdrant: This is empty"),
        (("--redis", "redis://h:0"), "--redis: This is no address"),
        (("--redis", "redis://h", "--backup-days", ""), "--backup-days: Write a whole number"),
        (("--qdrant", "http://h", "--collection", ""), "--collection: This is empty"),
        (("--qdrant", "https://h", "--qdrant-ca", "/"), "--qdrant-ca: / cannot be read as a certificate"),
        (("--redis", "rediss://h", "--redis-ca", __file__), "cannot be read as a certificate"),
    ],
)
def test_bad_input_is_refused_with_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], told: str
) -> None:
    assert main(words(tmp_path, *more)) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("name", ["admin", "default", "users-are-whole", "replica"])
def test_a_user_of_redis_itself_is_no_tenant(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(words(tmp_path, "--redis", "redis://h", name=name)) == 1
    assert f"NAME: '{name}' is a user of Redis itself" in capsys.readouterr().err


@pytest.mark.parametrize("driver", ["psycopg", "redis", "pyrage"])
def test_a_package_that_is_missing_is_named_with_how_to_install_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    monkeypatch.setattr(requests, "find_spec", lambda name: None if name == driver else importlib.util.find_spec(name))
    assert main(words(tmp_path, "--redis", "redis://h", "--postgres", "postgresql://h/x")) == 1
    told = capsys.readouterr().err
    assert f"The Python package {driver} is missing. Install it with pip install" in told
    assert "penstock[tenants]" in told


def test_a_wrong_command_line_ends_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for given in (["remove", "acme"], ["destroy"], ["export", "acme", "--out", "x"], words(tmp_path, "--nonsense")):
        with pytest.raises(SystemExit) as ended:
            main(given)
        assert ended.value.code == 2


def test_an_export_takes_no_confirmation_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.age").write_text("precious")
    assert main(words(tmp_path, "--redis", "redis://h", command="export")) == 1
    assert "--out:" in capsys.readouterr().err
    assert (tmp_path / "x.age").read_text() == "precious"


def test_credentials_come_from_files_variables_and_addresses(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the file\n")
    stores = (
        "--redis",
        "rediss://admin@h",
        "--qdrant",
        "https://:of%20the%20address@h:6333/",
        "--postgres",
        "postgresql://u@h/x",
    )
    environment = {
        "PENSTOCK_REDIS_PASSWORD_FILE": str(tmp_path / "secret"),
        "PENSTOCK_POSTGRES_PASSWORD": "of the variable",
        "PENSTOCK_QDRANT_API_KEY": "of another variable",
    }
    asked = request(_parser().parse_args(words(tmp_path, *stores)), environment)
    assert asked.redis is not None
    assert (asked.redis.password, asked.redis.user, asked.redis.port, asked.redis.tls) == (
        "of the file",
        "admin",
        6379,
        True,
    )
    assert asked.postgres_password == "of the variable"
    assert (asked.qdrant_key, asked.qdrant) == ("of the address", "https://h:6333/")
    assert str(asked.redis) == "Redis at h:6379"


def test_a_password_file_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_REDIS_PASSWORD_FILE", str(tmp_path / "none"))
    assert main(words(tmp_path, "--redis", "redis://h")) == 1
    assert "PENSTOCK_REDIS_PASSWORD_FILE: " in capsys.readouterr().err


def test_the_help_says_where_credentials_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["remove", "--help"])
    told = capsys.readouterr().out
    for name in ("PENSTOCK_POSTGRES_PASSWORD", "PENSTOCK_REDIS_PASSWORD", "PENSTOCK_QDRANT_API_KEY", "_FILE"):
        assert name in told


@pytest.mark.parametrize("out", ["", "x" * 250, "/dev/null", f"{__file__}/x", "."])
@pytest.mark.parametrize("command", ["export", "remove"])
def test_an_export_goes_where_a_file_can_be(capsys: pytest.CaptureFixture[str], command: str, out: str) -> None:
    confirm = ["--confirm", "acme"] if command == "remove" else []
    assert main([command, "acme", *confirm, "--recipient", RECIPIENT, "--out", out, "--redis", "redis://h"]) == 1
    assert capsys.readouterr().err.startswith(f"--out: {out} cannot be written.")
