"""Having components run as they should: start what does not, wait until it is ready, tell how it does."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sandbox.cluster.processes import Component, Process, Records, wait_until
from sandbox.errors import SandboxError
from sandbox.progress import say

READY_SECONDS = 300.0


@dataclass(frozen=True)
class ComponentStatus:
    """How a component does: `ready`, `not ready` (it runs but does not answer), `died` or `stopped`."""

    name: str
    state: str
    pid: int | None = None
    port: int | None = None
    memory: int | None = None
    last_words: str = ""


@dataclass(frozen=True)
class Supervisor:
    """Of the components whose records are given. They are asked over TLS, and `authority` signed their certificates."""

    records: Records
    authority: Path

    def ensure(self, component: Component) -> bool:
        """Have it run as it should and wait until it is ready. Whether it had to be started."""
        name, process = component.name, self.records.find(component.name)
        if process and process.alive and process.fingerprint == component.fingerprint:
            self._await_ready(component, process)
            return False
        if process and not process.alive:
            say(f"{name} had died. What it said last:\n{self.records.last_words(name)}")
        self.records.end(name)
        say(f"Starting {name} …")
        self._await_ready(component, self.records.start(component))
        return True

    def end(self, names: Iterable[str]) -> list[str]:
        """End components in this order, and return the names of those that ran."""
        return [name for name in names if self.records.end(name)]

    def status(self, component: Component) -> ComponentStatus:
        """How it does."""
        name, process = component.name, self.records.find(component.name)
        if process is None:
            return ComponentStatus(name, "stopped")
        if not process.alive:
            return ComponentStatus(name, "died", process.pid, last_words=self.records.last_words(name))
        state = "ready" if self._answers(component) else "not ready"
        return ComponentStatus(name, state, process.pid, component.port, process.memory())

    def _await_ready(self, component: Component, process: Process) -> None:
        name = component.name
        if wait_until(lambda: not process.alive or self._answers(component), READY_SECONDS) and process.alive:
            return
        what = "is not ready after five minutes" if process.alive else "ended by itself"
        log, said = self.records.log(name), self.records.last_words(name)
        raise SandboxError(f"{name} {what}. What it said last ({log}):\n{said}")

    def _answers(self, component: Component) -> bool:
        """Whether it says that it is ready."""
        try:
            with self._opener.open(component.ready, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        """Asks this machine itself, also where there is a proxy for others."""
        trusted = ssl.create_default_context(cafile=str(self.authority))
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted)
        )
