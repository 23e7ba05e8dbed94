"""Schemas kept on disk between runs: importing an SDK to read them again takes longer than the rest of a small run.

A file holds a pickle behind its own digest, so that what is cut short or damaged is not even looked into. It is
written beside its place and moved there, so that runs at the same time see a whole file or none.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pickle
import sys
import tempfile
import urllib.parse
from pathlib import Path
from typing import Any, Final

_DIGEST_SIZE: Final = hashlib.sha256().digest_size


class Kept:
    """A folder of values that hold for one key alone; whatever hinders reading or writing, the caller goes on."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder / hashlib.sha256(key.encode()).hexdigest()[:32]

    def get(self, name: str) -> Any:
        """What was put under the name, `None` if nothing was or if it is damaged."""
        try:
            content = self._file(name).read_bytes()
        except OSError:
            return None
        digest, pickled = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        return pickle.loads(pickled) if hashlib.sha256(pickled).digest() == digest else None

    def put(self, name: str, value: Any) -> None:
        """Keeps the value, unless the folder cannot be written."""
        pickled = pickle.dumps(value)
        file = self._file(name)
        try:
            # The folder is private, as whoever writes to it decides what is unpickled.
            self._folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder.mkdir(exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as draft:
                draft.write(hashlib.sha256(pickled).digest() + pickled)
            Path(draft.name).replace(file)
        except OSError:
            return

    def _file(self, name: str) -> Path:
        return self._folder / f"{urllib.parse.quote(name, safe='')}.pickle"


def folder() -> Path:
    """The user's own cache folder, which all sandboxes share."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "penstock-sandbox" / "schemas"


def key_of(module: str) -> str:
    """All that decides what is read from an SDK: the SDK as it is installed, Pulumi's own, Python, and this code."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, f"{module} is installed"
    code = b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))
    parts = (
        module,
        importlib.metadata.version(module),
        # An SDK can be generated or installed anew under the same version.
        f"{spec.origin}@{Path(spec.origin).stat().st_mtime_ns}",
        importlib.metadata.version("pulumi"),
        sys.version,
        hashlib.sha256(code).hexdigest(),
    )
    return "\n".join(parts)
