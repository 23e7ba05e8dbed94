"""What pulumi's backend, here a folder, knows of a stack."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Record = dict[str, Any]
"""A resource, or an unfinished operation on one, as a checkpoint holds it."""


@dataclass(frozen=True)
class Checkpoint:
    """A stack in a backend folder. It is only read here: changes are left to pulumi."""

    backend: Path
    project: str
    stack: str

    @property
    def file(self) -> Path:
        """The file of the stack's state. It exists as soon as the stack does."""
        return self.backend / ".pulumi" / "stacks" / self.project / f"{self.stack}.json"

    def resources(self) -> list[Record]:
        """The resources that the stack has."""
        return self._latest("resources")

    def pending(self) -> list[Record]:
        """What a killed run left unfinished: operations with a `type`, such as creating, and a `resource`."""
        return self._latest("pending_operations")

    def dead_locks(self) -> list[int]:
        """The ids of processes of this machine that hold a lock on the stack but have ended."""
        folder = self.backend / ".pulumi" / "locks" / "organization" / self.project / self.stack
        locks = [json.loads(path.read_text()) for path in folder.glob("*.json")]
        here = [lock["pid"] for lock in locks if lock["hostname"] == socket.gethostname()]
        return [pid for pid in here if not is_alive(pid)]

    def _latest(self, key: str) -> list[Record]:
        if not self.file.exists():
            return []
        latest = json.loads(self.file.read_text())["checkpoint"].get("latest") or {}
        records: list[Record] = latest.get(key) or []
        return records


def is_alive(pid: int) -> bool:
    """Whether there is a process of that id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
