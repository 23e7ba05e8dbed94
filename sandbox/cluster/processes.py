"""The processes of a cluster: started so that they outlive us, found again, and ended, by us and nobody else's."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import priority
from sandbox.errors import SandboxError

_GRACE_SECONDS = 30.0
_LAUNCH = f'{priority.SHELL}; "$@" </dev/null >>"$SANDBOX_LOG" 2>&1 & echo $!'
"""Started by a shell that ends at once: then the process is nobody's child, and leaves no zombie with us."""


@dataclass(frozen=True)
class Component:
    """A program of the cluster and how it is run: its command line, and where it says over HTTP that it is ready.

    `reads` are files that it reads at its start, so that it has to be started again when one of them has changed.
    """

    name: str
    argv: tuple[str, ...]
    ready: str
    env: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[Path, ...] = ()
    port: int | None = None

    @property
    def fingerprint(self) -> str:
        """Changes with anything that would make it run differently."""
        told = hashlib.sha256(json.dumps([self.argv, sorted(self.env.items())]).encode())
        for file in self.reads:
            told.update(file.read_bytes())
        return told.hexdigest()[:16]


@dataclass(frozen=True)
class Process:
    """A process that was started: its id and its birth, which together name it even when ids are used again."""

    pid: int
    born: str
    fingerprint: str

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return born(self.pid) == self.born

    def memory(self) -> int | None:
        """Bytes of physical memory it holds, where the system tells."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> None:
        """Tell it to end, by force after half a minute, and wait until it has."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive:
                return
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            if wait_until(lambda: not self.alive, _GRACE_SECONDS):
                return
        raise SandboxError(f"Process {self.pid} does not end, though it was killed.")


@dataclass(frozen=True)
class Records:
    """A folder that holds what was started: a file per component, named after it, and its log."""

    folder: Path

    def find(self, name: str) -> Process | None:
        """What was started under this name, dead or alive; `None` if nothing was, or if it was ended on purpose."""
        try:
            return Process(**json.loads(self._file(name).read_text()))
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """What was started and not ended on purpose."""
        return sorted(file.stem for file in self.folder.glob("*.json"))

    def start(self, component: Component) -> Process:
        """Start it and remember it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, **component.env, "SANDBOX_LOG": str(self.log(component.name))}
        shell = ["/bin/sh", "-c", _LAUNCH, "sh", *component.argv]
        done = subprocess.run(
            shell, env=env, cwd=self.folder, capture_output=True, text=True, start_new_session=True, check=True
        )
        pid = int(done.stdout)
        # One that has ended already has no birth any more; it is then found dead, with its log.
        process = Process(pid, born(pid) or "ended at once", component.fingerprint)
        draft = self._file(component.name).with_suffix(".draft")
        draft.write_text(json.dumps(vars(process)))
        draft.replace(self._file(component.name))
        return process

    def end(self, name: str) -> bool:
        """End it and forget it. Whether it was alive."""
        process = self.find(name)
        if process is None:
            return False
        was_alive = process.alive
        process.end()
        self._file(name).unlink(missing_ok=True)
        return was_alive

    def log(self, name: str) -> Path:
        """What it says goes here."""
        return self.folder / f"{name}.log"

    def last_words(self, name: str, lines: int = 5) -> str:
        """The end of its log."""
        try:
            said = self.log(name).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return "\n".join(f"  {line[:300]}" for line in said[-lines:])

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def born(pid: int) -> str | None:
    """When a process began, in words that no other process of that id shares; `None` if it does not run (any more)."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _born_elsewhere(pid)
    state, ticks = facts[0], facts[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if state in "ZX" else f"{boot}:{ticks}"


def _born_elsewhere(pid: int) -> str | None:
    """The same where there is no /proc, as on macOS."""
    done = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    state, _, began = done.stdout.strip().partition(" ")
    return began.strip() or None if state and not state.startswith("Z") else None


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds, and say whether it did within that time."""
    end, pause = time.monotonic() + seconds, 0.01
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return True
