"""How far a removal has come, in a file beside the export: what is interrupted goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from penstock.tenancy.erasure.errors import ErasureError


class Journal(NamedTuple):
    """Written when the export is complete, and again when the erasure begins: from then on the export is never
    written anew, since parts of the data may be nowhere else."""

    tenant: str
    stores: list[str]
    sha256: str
    """Of the export."""
    bytes: int
    found: dict[str, dict[str, int]]
    exported: dict[str, dict[str, int]]
    erasing: bool

    @classmethod
    def read(cls, out: Path) -> Self | None:
        """That of the export at `out`; None without one. Raises ErasureError where it is no journal."""
        path = _path(out)
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            raise ErasureError(f"{path} is no journal of a removal. Name another --out.") from None

    def write(self, out: Path) -> None:
        """Puts it on the disk, whole or not at all."""
        path = _path(out)
        fresh = path.with_name(f"{path.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(self._asdict(), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    @staticmethod
    def remove(out: Path) -> None:
        """When all is done."""
        _path(out).unlink(missing_ok=True)

    def check(self, tenant: str, stores: Sequence[str], out: Path) -> None:
        """Raises ErasureError unless this is the journal of this very removal, and its export is whole."""
        if self.tenant != tenant or (self.erasing and sorted(self.stores) != sorted(stores)):
            raise ErasureError(
                f"{_path(out)} is of an interrupted removal of {self.tenant} from {', '.join(self.stores)}. Finish "
                "that with the same options, or name another --out."
            )
        if self.erasing and digest(out) != self.sha256:
            raise ErasureError(
                f"{out} is not the export that was written before the erasure began (SHA-256 {self.sha256}). That may "
                "hold all that is left of the data: put it back, then run this again."
            )


def digest(path: Path) -> str | None:
    """The SHA-256 of a file; None without one."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def counts(of: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """As they are written."""
    return {name: dict(each) for name, each in of.items()}


def _path(out: Path) -> Path:
    return out.with_name(f"{out.name}.journal")
