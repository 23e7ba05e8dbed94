"""Starting the cluster, ending it, and seeing how it does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from sandbox.cluster.api import Api
from sandbox.cluster.control_plane import CLIENTS, KWOK, NAMES, PORTS, Layout, control_plane
from sandbox.cluster.kubeconfig import write_kubeconfig, write_private
from sandbox.cluster.ports import keep_ports
from sandbox.cluster.processes import Records, wait_until
from sandbox.cluster.stages import base_objects, config, stages
from sandbox.cluster.supervisor import READY_SECONDS, ComponentStatus, Supervisor
from sandbox.cluster.toolbox import Toolbox
from sandbox.errors import SandboxError
from sandbox.locks import locked
from sandbox.progress import say

_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"


class Cluster:
    """The cluster in `home/cluster`. Its programs are built once and kept in `cache`, by default `home/tools`."""

    def __init__(self, home: Path, cache: Path | None = None) -> None:
        self.home = home.resolve()
        self.folder = self.home / "cluster"
        self.tools = Toolbox((cache or home / "tools").resolve())
        self._supervisor = Supervisor(Records(self.folder / "run"), self.folder / "certificates" / "ca.crt")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, which `up` writes."""
        return self.folder / "kubeconfig"

    @property
    def api(self) -> Api:
        """The API server, asked as administrator."""
        return self.api_of()

    def api_of(self, token: str | None = None) -> Api:
        """The API server, asked by the bearer of a token, or else as administrator."""
        if not self.kubeconfig.exists():
            raise SandboxError("The cluster has never been started. `python -m sandbox.cluster up` starts it.")
        layout = self._layout()
        return Api(layout.server, layout.certificates, token=token)

    def up(self) -> list[str]:
        """Start whatever does not run, wait until all is ready, and return the names of what was started."""
        with self._locked():
            layout = self._prepare()
            components = control_plane(layout)
            started = [component.name for component in components[:2] if self._supervisor.ensure(component)]
            api = Api(layout.server, layout.certificates)
            make_all(api, *base_objects(self.tools.folder(KWOK) / "kustomize"))
            started += [component.name for component in components[2:] if self._supervisor.ensure(component)]
            if not wait_until(lambda: api.find(_ACCOUNT) is not None, READY_SECONDS):
                raise SandboxError(
                    "The controllers have not made the default service account, without which no pod starts."
                )
        return started

    def down(self) -> list[str]:
        """End everything, last first, and return the names of what ran. What the cluster holds is kept."""
        with self._locked():
            return self._end_all()

    def delete(self) -> None:
        """End everything, and forget what the cluster holds."""
        with self._locked():
            self._end_all()
            for path in self.folder.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def status(self) -> list[ComponentStatus]:
        """How each component does."""
        if not (self.folder / "ports.json").exists():
            return [ComponentStatus(name, "stopped") for name in NAMES]
        layout = self._layout()
        return [self._supervisor.status(component) for component in control_plane(layout)]

    def kubectl(self, words: Sequence[str]) -> int:
        """Run kubectl on the caller's own terminal as administrator, and return its exit code."""
        env = self.environment()
        return subprocess.run([self.tools.path("kubectl"), *words], env=env).returncode

    def ask(self, *words: str, stdin: str | None = None) -> str:
        """What a command of kubectl prints. Raises `SandboxError`, with what it said, if it fails."""
        argv = [str(self.tools.path("kubectl")), *words]
        done = subprocess.run(argv, env=self.environment(), input=stdin, capture_output=True, text=True)
        if done.returncode:
            raise SandboxError(f"`kubectl {' '.join(words)}` failed: {done.stderr.strip()}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        """The environment of programs that are to find this cluster. Raises `SandboxError` where it does not run."""
        if not self.kubeconfig.exists():
            raise SandboxError("The cluster has never been started. `python -m sandbox.cluster up` starts it.")
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    def _end_all(self) -> list[str]:
        """End what is started last first."""
        unknown = [name for name in self._supervisor.records.names() if name not in NAMES]
        return self._supervisor.end(reversed([*NAMES, *unknown]))

    def _layout(self) -> Layout:
        """The cluster as it was started last."""
        ports = json.loads((self.folder / "ports.json").read_text())
        return Layout(self.folder, ports, self.tools)

    def _prepare(self) -> Layout:
        """Everything that stands in the folder before anything is started, and every program."""
        self._announce()
        for name in NAMES:
            self.tools.path(name)
        layout = Layout(self.folder, self._keep_ports(), self.tools)
        layout.certificates.make(CLIENTS)
        for client in CLIENTS:
            write_kubeconfig(layout.kubeconfig(client), layout.server, layout.certificates, client)
        write_private(layout.stages, config(stages(self.tools.folder(KWOK) / "kustomize")))
        return layout

    def _keep_ports(self) -> dict[str, int]:
        """The ports, each chosen anew if a stranger listens there by now."""
        records = self._supervisor.records
        running = [name for name in records.names() if (found := records.find(name)) and found.alive]
        # A port is named after its process, or after that and what it is for.
        in_use = [name for name in PORTS if any(name == it or name.startswith(f"{it}/") for it in running)]
        return keep_ports(self.folder / "ports.json", PORTS, in_use)

    def _announce(self) -> None:
        """Say what has to be built before anything can start."""
        if missing := self.tools.missing(*NAMES):
            minutes = max(1, round(sum(tool.seconds for tool in missing) / 60))
            names = ", ".join(tool.name for tool in missing)
            say(
                f"These programs have to be built first, once: {names}. On 2 idle cores that takes about {minutes} min."
            )

    def _locked(self) -> AbstractContextManager[int]:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / ".gitignore").write_text("*\n")
        self.folder.mkdir(exist_ok=True, mode=0o700)
        return locked(self.folder / "lock", "Another process is starting or ending this cluster: waiting for it.")


def make_all(api: Api, definitions: list[dict[str, object]], objects: list[dict[str, object]]) -> None:
    """Apply custom resource definitions, and what needs them once they are accepted."""
    for definition in definitions:
        api.apply(definition)
    for definition in definitions:
        api.await_established(definition)
    for thing in objects:
        api.apply(thing)
