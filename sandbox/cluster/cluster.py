"""Starting the cluster, ending it, and seeing how it does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.cluster.addons import ADDONS, Addon, among, named
from sandbox.cluster.addons.karpenter import KARPENTER, remember_pools, remove_others
from sandbox.cluster.addons.services import GUESTS
from sandbox.cluster.api import Api
from sandbox.cluster.control_plane import API, CLIENTS, KWOK, NAMES, PORTS, Layout, control_plane
from sandbox.cluster.kubeconfig import write_kubeconfig, write_private
from sandbox.cluster.nodes import set_nodes
from sandbox.cluster.objects import make_all, remove_all
from sandbox.cluster.ports import keep_ports
from sandbox.cluster.processes import Component, Records, wait_until
from sandbox.cluster.settings import Pace, Settings
from sandbox.cluster.stages import base_objects, config, stages
from sandbox.cluster.supervisor import READY_SECONDS, ComponentStatus, Supervisor
from sandbox.cluster.toolbox import Toolbox
from sandbox.cluster.tools import TOOLS
from sandbox.errors import SandboxError
from sandbox.locks import locked

if TYPE_CHECKING:
    from sandbox.cluster.pools import NodePool

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
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

    @property
    def settings(self) -> Settings:
        """What was chosen for it."""
        return Settings.load(self._settings_file)

    @property
    def addons(self) -> list[Addon]:
        """What is enabled beside the control plane, in the order in which it is started."""
        return among(self.settings.addons)

    def up(self, enable: Iterable[str] = (), pace: Pace | None = None) -> list[str]:
        """Start whatever does not run, wait until all is ready, and return the names of what was started.

        The add-ons to `enable` are part of the cluster from now on, with those that they need, and `pace` is its pace.
        """
        with self._locked():
            layout = self._prepare(self._chosen(dict.fromkeys(enable), pace))
            components = control_plane(layout)
            started = self._ensure(components[:2])
            api = Api(layout.server, layout.certificates)
            make_all(api, *base_objects(self.tools.folder(KWOK) / "kustomize"))
            started += self._ensure(components[2:])
            if KWOK in started:
                # It leaves alone for 40 s the nodes that the kwok before it held.
                api.delete(_LEASES)
            if not wait_until(lambda: api.find(_ACCOUNT) is not None, READY_SECONDS):
                raise SandboxError(
                    "The controllers have not made the default service account, without which no pod starts."
                )
            for extra in self.addons:
                started += self._start(extra, layout, api)
        return started

    def enable(self, addons: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
        """Have add-ons with these settings from now on, and return the names of what had to be started for it.

        `None` leaves the settings of an add-on as they are. Raises `SandboxError` where the cluster does not run, or an
        add-on does not start: then the next `up` starts what there was before.
        """
        with self._locked():
            if not self._runs():
                raise SandboxError("The cluster does not run. `python -m sandbox.cluster up` starts it.")
            before, chosen = self.settings, self._chosen(addons)
            names = {*addons, *(need for name in addons for need in ADDONS[name].needs)}
            layout, api = self._prepare(chosen), self.api
            try:
                return [
                    name for it in among(chosen.addons) if it.name in names for name in self._start(it, layout, api)
                ]
            except SandboxError:
                before.save(self._settings_file)
                raise

    def set_pools(self, pools: Sequence[NodePool]) -> tuple[list[str], list[str]]:
        """Let the nodes be those that these pools have from the start, and Karpenter, where it is enabled, make others.

        Returns the names of the nodes that were made and of those that were removed.
        """
        with self._locked():
            remember_pools(self.folder, pools)
            if KARPENTER.name in self.settings.addons and self._runs():
                self._start(KARPENTER, self._prepare(self.settings), self.api)
                remove_others(self.api, self.folder)
            return set_nodes(self.api, [node for pool in pools for node in pool.nodes()])

    def disable(self, name: str) -> list[str]:
        """Do without an add-on: end its processes, and remove what was made for it.

        Custom resource definitions and namespaces stay, since they may hold what is somebody else's. Returns the names
        of the processes that were ended.
        """
        with self._locked():
            unwanted = named(name)
            if name not in self.settings.addons:
                return []
            layout = self._layout()
            if self._runs():
                _, objects = unwanted.prepare(layout)
                remove_all(self.api, objects)
            ended = self._supervisor.end(reversed(unwanted.processes))
            self.settings.without_addon(name).save(self._settings_file)
        return ended

    def build(self) -> None:
        """Build every program that there is, as far as that has not been done."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / ".gitignore").write_text("*\n")
        self.tools.have([*TOOLS])

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
        extra = [component for it in self.addons for component in it.components(layout)]
        return [self._supervisor.status(component) for component in (*control_plane(layout), *extra)]

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

    def _chosen(self, addons: Mapping[str, Mapping[str, Any] | None], pace: Pace | None = None) -> Settings:
        """What was chosen before, and this."""
        needs = {need: None for name in addons for need in named(name).needs}
        settings = self.settings.with_addons({**needs, **addons})
        return replace(settings, pace=pace) if pace else settings

    def _ensure(self, components: Sequence[Component]) -> list[str]:
        return [component.name for component in components if self._supervisor.ensure(component)]

    def _start(self, extra: Addon, layout: Layout, api: Api) -> list[str]:
        """What an add-on finds in the API server, then its processes. Those that it no longer has are ended."""
        definitions, objects = extra.prepare(layout)
        make_all(api, definitions, objects)
        components = extra.components(layout)
        self._supervisor.end(name for name in extra.processes if name not in {it.name for it in components})
        return self._ensure(components)

    def _runs(self) -> bool:
        """Whether the API server does."""
        process = self._supervisor.records.find(API)
        return process is not None and process.alive

    @property
    def _settings_file(self) -> Path:
        return self.folder / "settings.json"

    def _end_all(self) -> list[str]:
        """End what is started last first: unknown things before add-ons, these before the control plane."""
        order = [*NAMES, *(name for it in ADDONS.values() for name in it.processes)]
        unknown = [name for name in self._supervisor.records.names() if name not in order]
        return self._supervisor.end(reversed([*order, *unknown]))

    def _layout(self) -> Layout:
        """The cluster as it was started last."""
        ports = json.loads((self.folder / "ports.json").read_text())
        return Layout(self.folder, ports, self.tools, self.settings)

    def _prepare(self, settings: Settings) -> Layout:
        """Everything that stands in the folder before anything is started, and every program."""
        extra = among(settings.addons)
        self.tools.have([*NAMES, *(name for it in extra for name in it.programs)])
        ports = self._keep_ports([*PORTS, *(port for it in extra for port in it.ports)])
        layout = Layout(self.folder, ports, self.tools, settings)
        clients = {**CLIENTS, **{name: subject for it in extra for name, subject in it.clients.items()}}
        layout.certificates.make(clients)
        for client in clients:
            write_kubeconfig(layout.kubeconfig(client), layout.server, layout.certificates, client)
        kustomize = self.tools.folder(KWOK) / "kustomize"
        write_private(layout.stages, config(stages(kustomize, settings.pace.pod_start)))
        settings.save(self._settings_file)
        return layout

    def _keep_ports(self, names: Sequence[str]) -> dict[str, int]:
        """The ports, each chosen anew if a stranger listens there by now."""
        records = self._supervisor.records
        running = [name for name in records.names() if (found := records.find(name)) and found.alive]
        # A port is named after its process, or after that and what it is for.
        in_use = [name for name in names if any(name == it or name.startswith(f"{it}/") for it in (*running, *GUESTS))]
        return keep_ports(self.folder / "ports.json", names, in_use)

    def _locked(self) -> AbstractContextManager[int]:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / ".gitignore").write_text("*\n")
        self.folder.mkdir(exist_ok=True, mode=0o700)
        return locked(self.folder / "lock", "Another process is starting or ending this cluster: waiting for it.")
