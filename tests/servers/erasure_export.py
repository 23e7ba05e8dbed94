"""Reads an export back, as its reader would: with the identity, and by its manifest."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pyrage
from psycopg import sql

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())


class Export(NamedTuple):
    manifest: dict[str, Any]
    parts: dict[str, bytes]
    """By path, each put together from its pieces."""


def read(path: Path) -> Export:
    """Checks every digest on the way."""
    plain = pyrage.decrypt(path.read_bytes(), [IDENTITY])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    names = list(members)
    assert names[-1] == "manifest.json"
    manifest = json.loads(members["manifest.json"])
    parts = {}
    for part in manifest["parts"]:
        pieces = (
            [f"{part['path']}.{n:06d}" for n in range(1, part["pieces"] + 1)] if "pieces" in part else [part["path"]]
        )
        content = b"".join(members[piece] for piece in pieces)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (part["bytes"], part["sha256"]), part
        parts[part["path"]] = content
    return Export(manifest, parts)


def lines(export: Export, path: str) -> list[Any]:
    return [json.loads(line) for line in export.parts[path].splitlines()]


def restore(export: Export, database: str, to: psycopg.Connection[Any]) -> None:
    """Makes what was in a Postgres database again, in an empty one."""
    to.execute(export.parts[f"postgres/{database}/schema.sql"])
    for part in export.manifest["parts"]:
        if part.get("database") != database:
            continue
        if "oid" in part:
            to.execute("SELECT pg_catalog.lo_from_bytea(%s, %s)", (part["oid"], export.parts[part["path"]]))
        elif "table" in part and not part["columns"]:
            for _ in range(part["rows"]):
                to.execute(sql.SQL("INSERT INTO {} DEFAULT VALUES").format(sql.SQL(part["table"])))
        elif "table" in part:
            columns = sql.SQL(", ").join(map(sql.Identifier, part["columns"]))
            asked = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, HEADER)").format(sql.SQL(part["table"]), columns)
            with to.cursor().copy(asked) as copy:
                copy.write(export.parts[part["path"]])
    to.execute(export.parts[f"postgres/{database}/constraints.sql"])
