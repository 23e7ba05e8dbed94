"""Building the programs of the cluster, each when it is first needed, and keeping them.

A built program is kept in a cache folder whose name tells its version, its sources, and the Go that built it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.cluster.tools import MODULES, TOOLS, Tool
from sandbox.errors import SandboxError
from sandbox.golang import NoGoError, go
from sandbox.locks import locked
from sandbox.progress import heartbeat, say


@dataclass(frozen=True)
class Toolbox:
    """The cache folder, and what is in it or can be put there."""

    cache: Path

    def path(self, name: str) -> Path:
        """The program, built now if it is not there yet. Raises `SandboxError` where it cannot be."""
        return self.folder(name) / name

    def place(self, name: str) -> Path:
        """Where the program is; where it has not been built, a path at which nothing is. Builds nothing."""
        tool = TOOLS[name]
        return (self._kept(tool, self.cache / name) or self.cache / name / tool.source) / name

    def folder(self, name: str) -> Path:
        """The folder of a program and of what it carries, with the program in it."""
        tool = TOOLS[name]
        place = self.cache / name
        if found := self._kept(tool, place):
            return found
        with locked(
            self.cache / "lock", f"Another process is building programs of the cluster: waiting for it ({name})."
        ):
            return self._kept(tool, place) or _build(tool, place / f"{tool.source}-{go_version()}")

    def have(self, names: Sequence[str]) -> None:
        """Have all of these programs, saying first which have to be built and how long that takes."""
        if missing := self.missing(*names):
            minutes = max(1, round(sum(tool.seconds for tool in missing) / 60))
            listed = ", ".join(tool.name for tool in missing)
            how_long = f"On 2 idle cores that takes about {minutes} min."
            say(f"These programs have to be built first, once: {listed}. {how_long}")
        for name in names:
            self.path(name)

    def missing(self, *names: str) -> list[Tool]:
        """Those of these programs that have yet to be built."""
        return [TOOLS[name] for name in names if not self._kept(TOOLS[name], self.cache / name)]

    @staticmethod
    def _kept(tool: Tool, place: Path) -> Path | None:
        """One that was built from the same sources: by this Go, or by any where there is no Go here."""
        if shutil.which("go"):
            folder = place / f"{tool.source}-{go_version()}"
            return folder if folder.exists() else None
        return next(iter(sorted(place.glob(f"{tool.source}-*"))), None)


def _build(tool: Tool, folder: Path) -> Path:
    """Fill an empty folder, and make it `folder` in one step once it is whole."""
    what = f"{tool.name} {tool.version}"
    how_long = f"once (about {_duration(tool.seconds)} on 2 cores) …"
    say(f"Building {what} from its Go module, {how_long}" if tool.package else f"Fetching {what}, {how_long}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as temporary:
        fresh = Path(temporary, folder.name)
        fresh.mkdir()
        if tool.package:
            output = str((fresh / tool.name).resolve())
            with heartbeat(f"building {tool.name}"):
                words = ["-mod=readonly", "-trimpath", *_edited(tool, Path(temporary)), "-ldflags", tool.symbols]
                _run("build", *words, "-o", output, tool.package, cwd=tool.folder)
        _carry(tool, fresh)
        fresh.rename(folder)
    say(f"  {tool.name} was {'built' if tool.package else 'fetched'} in {_duration(time.monotonic() - begun)}.")
    return folder


def _edited(tool: Tool, scratch: Path) -> list[str]:
    """Words that make go compile an edited copy of the module in its place."""
    if not tool.edits:
        return []
    copy = scratch.resolve() / "module"
    _copy(_module(tool), copy)
    for edit in tool.edits:
        text = (copy / edit.file).read_text(encoding="utf-8")
        if text.count(edit.before) != 1:
            raise SandboxError(
                f"{edit.file} of {tool.module} {tool.version} has not one {edit.before!r} to be replaced."
            )
        (copy / edit.file).write_text(text.replace(edit.before, edit.after), encoding="utf-8")
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(tool.folder / name, scratch / name)
    with (scratch / "go.mod").open("a", encoding="utf-8") as pins:
        pins.write(f"\nreplace {tool.module} => {copy}\n")
    return [f"-modfile={scratch.resolve() / 'go.mod'}"]


def _module(tool: Tool) -> Path:
    """Where go keeps the module, which it fetches if need be, and verifies."""
    _run("mod", "download", tool.module, cwd=tool.folder)
    return Path(_run("list", "-mod=readonly", "-m", "-f", "{{.Dir}}", tool.module, cwd=tool.folder).strip())


def _carry(tool: Tool, folder: Path) -> None:
    """Copy what the program needs of its module, so that it does not depend on Go's module cache later."""
    if tool.carries:
        module = _module(tool)
        for part in tool.carries:
            _copy(module / part, folder / part)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder file by file, since the module cache's own permissions forbid to delete a copy of a folder."""
    for file in source.rglob("*"):
        if file.is_file():
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def go_version() -> str:
    """`go1.26.8`. Raises `SandboxError` where there is no Go."""
    return _run("env", "GOVERSION", cwd=MODULES).strip()


def _run(*words: str, cwd: Path) -> str:
    try:
        return go(*words, cwd=cwd)
    except NoGoError:
        raise SandboxError(
            "The cluster's programs are built from their Go modules, and there is no `go` on PATH. "
            "Install Go 1.26 or newer (https://go.dev/doc/install) and run this again."
        ) from None
