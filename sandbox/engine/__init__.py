"""The Pulumi engine of the sandbox: one that is there, or else one that is downloaded or built once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from sandbox.engine.build import build, place_language_host, was_built
from sandbox.engine.installed import OLDEST, UnavailableError, dotted, on_path, version_of
from sandbox.engine.release import Release
from sandbox.errors import SandboxError
from sandbox.locks import locked
from sandbox.progress import say

VERSION = "3.258.0"
"""The pinned version. `go.mod` beside this file names the same."""

FORCED = "PENSTOCK_PULUMI"
"""Environment variable: the path of the `pulumi` to use, whatever else there is."""


def find_engine(cache: Path, release: Release | None = None) -> Path:
    """The `pulumi` to run: the forced one, a suitable one on PATH, the release, or one built from source.

    What is downloaded or built is kept in `cache` and found there the next time. Raises `SandboxError`, with
    what was tried and what to install, if there is none to be had.
    """
    if forced := os.environ.get(FORCED):
        return forced_engine(forced)
    try:
        return on_path()
    except UnavailableError as reason:
        refused = [f"On PATH: {reason}"]
    folder = cache / f"v{VERSION}"
    with locked(cache / "lock", "Another process is preparing the engine: waiting for it."):
        if not (folder / "pulumi").exists():
            make_engine(folder, release or Release.official(VERSION), refused)
        if was_built(folder):
            place_language_host(folder)
    return folder / "pulumi"


def forced_engine(path: str) -> Path:
    """The engine that the user names. Raises `SandboxError` if it does not run."""
    pulumi = Path(path).absolute()
    try:
        version_of(pulumi)
    except UnavailableError as reason:
        raise SandboxError(f"{FORCED} names `{path}`, which cannot be used. {reason}") from reason
    return pulumi


def make_engine(folder: Path, release: Release, refused: list[str]) -> None:
    """Download or build the engine into `folder`. `refused` says what has been tried before."""
    ways: dict[str, Callable[[Path], None]] = {
        f"Downloading pulumi v{VERSION}": release.install,
        f"Building pulumi v{VERSION} from its Go module": lambda empty: build(VERSION, empty),
    }
    for name, way in ways.items():
        say(f"{name} …")
        try:
            return keep(way, folder)
        except UnavailableError as reason:
            refused.append(f"{name}: {reason}")
    tried = "\n".join(f"  - {reason}" for reason in refused)
    raise SandboxError(
        f"No Pulumi engine could be found or made.\n{tried}\n"
        f"Install pulumi {dotted(OLDEST)} or a newer 3.x (https://www.pulumi.com/docs/install/), or Go "
        "1.25.11 or newer, with which the sandbox builds it, and run this again. "
        f"{FORCED}=/path/to/pulumi names one that is not on PATH."
    )


def keep(way: Callable[[Path], None], folder: Path) -> None:
    """Let `way` fill an empty folder, and make it `folder` in one step once the engine in it runs."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as temporary:
        fresh = Path(temporary, folder.name)
        fresh.mkdir()
        way(fresh)
        version_of(fresh / "pulumi")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    say(f"The engine is kept in {folder}.")
