"""Running `go` on a pinned go.mod, in no way set by the user."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sandbox.errors import SandboxError


class NoGoError(SandboxError):
    """There is no `go` on PATH."""


def go(*words: str, cwd: Path) -> str:
    """What `go` prints when it works on the go.mod in `cwd`. Raises `NoGoError`, and `SandboxError` where it fails."""
    if not shutil.which("go"):
        raise NoGoError("There is no `go` on PATH.")
    # Without cgo no C compiler is needed.
    settings = {"GOFLAGS": "", "GOWORK": "off", "GOOS": "", "GOARCH": "", "CGO_ENABLED": "0"}
    done = subprocess.run(["go", *words], cwd=cwd, env={**os.environ, **settings}, capture_output=True, text=True)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line and not line.startswith("go: downloading")]
        raise SandboxError(f"`go {words[0]}` failed: {' '.join(said[-3:]) or f'exit code {done.returncode}'}")
    return done.stdout
