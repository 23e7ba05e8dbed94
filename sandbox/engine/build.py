"""The pinned engine, built from its Go module where the release cannot be reached."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from sandbox.engine.installed import UnavailableError
from sandbox.errors import SandboxError
from sandbox.golang import go
from sandbox.progress import heartbeat, say

HERE = Path(__file__).parent
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
"""Scripts of the SDK's module that stand beside the engine: they run programs and dynamic providers."""


def build(version: str, folder: Path) -> None:
    """Build the engine into `folder`, with our Python language host beside it. Raises `UnavailableError`.

    go.sum pins the content of every module, as Go's checksum database has it: go refuses any other.
    """
    if not shutil.which("go"):
        raise UnavailableError("There is no `go` on PATH.")
    say("  This takes about 3 minutes on 2 cores, once.")
    symbols = f"-s -w -X {SDK}/go/common/version.Version=v{version}"
    with heartbeat("building"):
        _go("build", "-mod=readonly", "-trimpath", "-ldflags", symbols, "-o", str(folder / "pulumi"), PACKAGE)
    sdk = Path(_go("list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK).strip())
    for script in SCRIPTS:
        copy = folder / Path(script).name
        shutil.copyfile(sdk / script, copy)
        copy.chmod(0o755)
    shutil.copyfile(HERE / "go.mod", folder / "go.mod")
    place_language_host(folder)


def was_built(folder: Path) -> bool:
    """Whether the engine in `folder` is one that was built: it keeps the go.mod it was built from."""
    return (folder / "go.mod").exists()


def place_language_host(folder: Path) -> None:
    """Put `pulumi-language-python` beside a built engine: a launcher of our host, wherever that lies now."""
    launcher = folder / "pulumi-language-python"
    start = "import sys; sys.path.insert(0, sys.argv[1]); from language_host import serve; serve(sys.argv[2:])"
    script = f"""#!/bin/sh
executor=$(dirname "$0")/pulumi-language-python-exec
exec "${{PENSTOCK_PYTHON:-python3}}" -P -u -c '{start}' {shlex.quote(str(HERE))} "$executor" "$@"
"""
    if launcher.exists() and launcher.read_text() == script:
        return
    fresh = launcher.with_name(f"{launcher.name}.{os.getpid()}")
    fresh.write_text(script)
    fresh.chmod(0o755)
    fresh.replace(launcher)


def _go(*words: str) -> str:
    try:
        return go(*words, cwd=HERE)
    except SandboxError as error:
        raise UnavailableError(str(error)) from error
