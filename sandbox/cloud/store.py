"""What exists in the pretend cloud: one JSON file per resource, written atomically, and an append-only log.

Layout of the folder: `resources/<type>/<id>.json` (both quoted), `log.jsonl`, `faults-struck.json`. Nothing is cached,
so several processes may look at, and change, the same cloud; a look-up by id opens one file and scans nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.cloud.values import Asset, Properties, revive

_LONGEST_NAME = 200


@dataclass(order=True)
class CloudResource:
    """A thing in the cloud.

    `scope` tells apart things whose ids are not unique on their own: the API server for Kubernetes objects, empty
    elsewhere. `live` is what the cloud knows and Pulumi was not told, such as a node pool's present size.
    """

    type: str
    id: str
    urn: str = field(compare=False)
    inputs: Properties = field(compare=False)
    outputs: Properties = field(compare=False)
    scope: str = ""
    live: Properties = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Operation:
    """A line of the log: what the cloud was asked to do, and did (`create`, `update`, `delete`, `forget`)."""

    op: str
    type: str
    id: str
    urn: str


class AlreadyExistsError(Exception):
    """The cloud has a resource of this type and id."""


class Store:
    """The folder that holds a cloud. It is private to its owner: databases' passwords lie in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._resources = folder / "resources"
        self._resources.mkdir(parents=True, exist_ok=True, mode=0o700)

    def get(self, type_: str, id_: str, scope: str = "") -> CloudResource | None:
        """The resource, or `None` when there is none."""
        return _load(self._file(type_, id_, scope))

    def all(self, type_: str | None = None) -> Iterator[CloudResource]:
        """Every resource, of one type if wanted, in no order."""
        folders = [self._resources / _quote(type_)] if type_ else sorted(self._resources.iterdir())
        for folder in folders:
            for file in folder.glob("*.json"):
                resource = _load(file)
                if resource is not None:
                    yield resource

    def add(self, resource: CloudResource) -> None:
        """Stores a new resource; raises `AlreadyExistsError` when its id is taken."""
        file = self._file(resource.type, resource.id, resource.scope)
        file.parent.mkdir(exist_ok=True)
        draft = _write_draft(file, resource)
        try:
            os.link(draft, file)
        except FileExistsError:
            raise AlreadyExistsError(resource.id) from None
        finally:
            draft.unlink()
        self.record("create", resource)

    def put(self, resource: CloudResource) -> None:
        """Replaces what is stored of a resource; the log gets no line."""
        file = self._file(resource.type, resource.id, resource.scope)
        _write_draft(file, resource).replace(file)

    def remove(self, resource: CloudResource) -> None:
        """Deletes a resource, which may be gone already."""
        self._file(resource.type, resource.id, resource.scope).unlink(missing_ok=True)
        self.record("delete", resource)

    def remove_all(self, scope: str, id_prefix: str = "") -> None:
        """Deletes everything of a scope whose id begins so; file names tell, no file is opened in vain."""
        for file in self._resources.glob(f"*/{_quote(f'{scope}|{id_prefix}')}*.json"):
            resource = _load(file)
            if resource is not None:
                self.remove(resource)

    def record(self, op: str, resource: CloudResource) -> None:
        """Appends a line to the log; one `write` each, so that lines of several threads never mix."""
        line = json.dumps(asdict(Operation(op, resource.type, resource.id, resource.urn)))
        log = os.open(self.folder / "log.jsonl", os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            os.write(log, f"{line}\n".encode())
        finally:
            os.close(log)

    def log(self) -> list[Operation]:
        """Every operation since the cloud began, oldest first."""
        file = self.folder / "log.jsonl"
        if not file.exists():
            return []
        return [Operation(**json.loads(line)) for line in file.read_text().splitlines()]

    def _file(self, type_: str, id_: str, scope: str) -> Path:
        return self._resources / _quote(type_) / f"{_quote(f'{scope}|{id_}' if scope else id_)}.json"


def _load(file: Path) -> CloudResource | None:
    try:
        return CloudResource(**json.loads(file.read_bytes(), object_hook=revive))
    except FileNotFoundError:
        return None


def _write_draft(file: Path, resource: CloudResource) -> Path:
    draft = file.with_name(f".{threading.get_ident()}-{os.getpid()}.draft")
    text = json.dumps(vars(resource), default=_plain, indent=1)
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    return draft


def _plain(value: Any) -> Any:
    if isinstance(value, Asset):
        return value.fields
    raise TypeError(f"{value!r} cannot be stored.")


def _quote(name: str) -> str:
    """A file name for any text; long ones end in a digest, since file systems allow 255 bytes."""
    quoted = urllib.parse.quote(name, safe="")
    if len(quoted) <= _LONGEST_NAME:
        return quoted
    return f"{quoted[:_LONGEST_NAME]}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
