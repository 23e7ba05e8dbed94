"""Whether a `pulumi` on this machine will do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.errors import SandboxError

OLDEST = (3, 258, 0)
"""The oldest version that is used: the pinned one, with which everything here is tested. Only major 3 is."""


class UnavailableError(SandboxError):
    """Why one way to an engine is not open. The next way is tried."""


def parse_version(text: str) -> tuple[int, int, int]:
    """(3, 258, 0) for "v3.258.0", also without the "v" and with what may follow, such as "-alpha.1".

    Raises `UnavailableError` where there is no version.
    """
    match = re.match(r"\s*v?(\d+)\.(\d+)\.(\d+)", text)
    if not match:
        raise UnavailableError(f"It gives {text.strip()!r} as its version.")
    major, minor, patch = map(int, match.groups())
    return major, minor, patch


def check_version(version: tuple[int, int, int]) -> None:
    """Raises `UnavailableError` unless the sandbox can work with this version of pulumi."""
    if version[0] != OLDEST[0] or version < OLDEST:
        raise UnavailableError(f"It is {dotted(version)}; {dotted(OLDEST)} or a newer 3.x is needed.")


def dotted(version: tuple[int, int, int]) -> str:
    """3.258.0"""
    return ".".join(map(str, version))


def version_of(pulumi: Path) -> tuple[int, int, int]:
    """Ask a `pulumi` for its version. Raises `UnavailableError` if it does not answer."""
    try:
        answer = subprocess.run(
            [pulumi, "version"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"`{pulumi} version` failed: {error}.") from error
    return parse_version(answer.stdout)


def on_path() -> Path:
    """The `pulumi` on PATH. Raises `UnavailableError` if there is none, or none that will do."""
    found = shutil.which("pulumi")
    if not found:
        raise UnavailableError("There is no `pulumi`.")
    pulumi = Path(found)
    try:
        check_version(version_of(pulumi))
    except UnavailableError as reason:
        raise UnavailableError(f"`{pulumi}` was found. {reason}") from reason
    host = "pulumi-language-python"
    if not (pulumi.resolve().parent / host).exists() and not shutil.which(host):
        raise UnavailableError(f"`{pulumi}` was found, but no `{host}` beside it or on PATH.")
    return pulumi
