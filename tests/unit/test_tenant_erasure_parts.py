"""What the erasure is made of, where no server is needed: scripts of psql, the order of SQL, values of newer Redis, the
journal."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from penstock.data.postgres import tenants
from penstock.tenancy.erasure import psql_script
from penstock.tenancy.erasure.errors import ErasureError, without_secrets
from penstock.tenancy.erasure.journal import Journal
from penstock.tenancy.erasure.redis_nodes import _place
from penstock.tenancy.erasure.redis_values import Values


def statements(script: str, **variables: str) -> list[tuple[str, str]]:
    return [(" ".join(text.split()), ending) for text, ending in psql_script._statements(script, variables)]


def test_a_script_of_psql_is_read_as_psql_reads_it() -> None:
    script = r"""
-- a comment; with :name
\set ON_ERROR_STOP on
\set owner :schema _owner
SELECT :'owner', :"schema"; SELECT 1::int, ':schema', ":schema" \gexec
SELECT f(:'quoted') \g /dev/null
DO $$ BEGIN PERFORM ':owner; '; END $$;
\echo :schema is there
"""
    assert statements(script, schema="t_a", quoted="it's") == [
        ("SELECT 't_a_owner', \"t_a\"", "print"),
        ("SELECT 1::int, ':schema', \":schema\"", "gexec"),
        ("SELECT f('it''s')", "drop"),
        ("DO $$ BEGIN PERFORM ':owner; '; END $$", "print"),
    ]


@pytest.mark.parametrize(
    "line", [r"\if :x", r"\connect other", r"SELECT 1 \g file", r"\ir other.sql", "SELECT 1", r"SELECT 1 \gset"]
)
def test_what_is_not_known_of_psql_is_an_error_and_never_skipped(line: str) -> None:
    with pytest.raises(ValueError):
        statements(line, x="1")


@pytest.mark.parametrize("name", ["tenant_remove.sql", "tenant_database_remove.sql"])
def test_the_scripts_that_remove_a_tenant_are_understood(name: str) -> None:
    found = statements(tenants.script(name), schema="t_acme")
    assert len(found) >= 4
    assert any("t_acme_owner" in text for text, _ in found)
    assert not [text for text, _ in found if "\\" in text]


class Newer:
    """A Redis of a version with hashes whose fields expire, and modules."""

    def __init__(self, version: str, ttl: int = -1) -> None:
        self.version, self.ttl = version, ttl

    def execute_command(self, *words: Any) -> Any:
        match words[0]:
            case "INFO":
                return f"# Server\r\nredis_version:{self.version}\r\n".encode()
            case "TYPE":
                return b"hash" if words[1] == b"h" else b"ReJSON-RL"
            case "PEXPIRETIME":
                return -1
            case "HSCAN":
                return [b"0", [b"f", b"v", b"g", b"w"]]
            case "HPTTL":
                assert self.version >= "7.4"
                assert words[2:] == ("FIELDS", 2, b"f", b"g")
                return [-1, self.ttl]
            case "DUMP":
                return b"\x00\xff"
        raise AssertionError(words)

    def pipeline(self, transaction: bool) -> Newer:
        made = Newer(self.version, self.ttl)
        replies: list[Any] = []
        made.execute_command = lambda *words: replies.append(self.execute_command(*words))  # type: ignore[method-assign]
        made.execute = lambda: replies  # type: ignore[attr-defined]
        return made


def line(client: Newer, key: bytes) -> Any:
    written: list[bytes] = []
    assert Values(client).write([key], written.append) == 1
    return json.loads(b"".join(written))


def test_types_of_modules_and_hashes_whose_fields_expire_are_dumped() -> None:
    dump = {"base64": base64.b64encode(b"\x00\xff").decode()}
    assert line(Newer("8.2.1"), b"j") == {"key": "j", "type": "ReJSON-RL", "expires_at_ms": None, "dump": dump}
    assert line(Newer("8.2.1", 5), b"h")["dump"] == dump
    for client in (Newer("8.2.1"), Newer("7.0.15")):
        assert line(client, b"h")["value"] == [["f", "v"], ["g", "w"]]


def test_a_node_is_reached_by_the_name_that_it_announces() -> None:
    assert _place("10.0.0.1:6379@16379,cache-0.nodes", "given") == ("cache-0.nodes", 6379)
    assert _place("10.0.0.1:6379@16379", "given") == ("10.0.0.1", 6379)
    assert _place("10.0.0.1:6379@16379,,tls-port=0,shard-id=abc", "given") == ("10.0.0.1", 6379)
    assert _place("fd00::1:6379@16379,", "given") == ("fd00::1", 6379)
    assert _place(":6379@16379", "given") == ("given", 6379)


def test_no_secret_is_repeated() -> None:
    assert without_secrets("no pass or password", ["pass", "", "password"]) == "no *** or ***"


def test_a_journal_of_another_tenant_other_stores_or_another_export_stops(tmp_path: Path) -> None:
    out = tmp_path / "x.age"
    out.write_bytes(b"whole")
    sha256 = "91f4b9b2a2c5a0ef9a3b3a7a7b7f0f5a"
    journal = Journal("acme", ["postgres", "redis"], sha256, 5, {}, {}, True)
    assert Journal.read(out) is None
    journal.write(out)
    assert Journal.read(out) == journal
    for tenant, stores in (("other", ["postgres", "redis"]), ("acme", ["redis"]), ("acme", ["postgres", "redis"])):
        with pytest.raises(ErasureError):
            journal.check(tenant, stores, out)
    journal._replace(erasing=False).check("acme", ["redis"], out)
    (tmp_path / "x.age.journal").write_text("{}")
    with pytest.raises(ErasureError, match="is no journal of a removal"):
        Journal.read(out)
