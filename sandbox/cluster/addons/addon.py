"""What an add-on is, and what several of them need: services that lead to a process, and APIs behind them."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from sandbox.cluster.api import Object
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.processes import Component
from sandbox.cluster.tools import TOOLS

Objects = tuple[list[Object], list[Object]]
"""Custom resource definitions, and what is made once they are accepted."""
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Addon:
    """Its name; its processes in the order of their start, each a component of that name; its ports; its certificates.

    `prepare` writes what its components read, and tells what they expect to find in the API server. `carriers` name
    modules that are only read. `needs` are add-ons without which its processes cannot work.
    """

    name: str
    processes: tuple[str, ...]
    ports: tuple[str, ...]
    clients: Mapping[str, str]
    prepare: Callable[[Layout], Objects]
    components: Callable[[Layout], list[Component]]
    carriers: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def programs(self) -> tuple[str, ...]:
        """What is built for it, or fetched; its other processes are written in Python."""
        return (*(name for name in self.processes if name in TOOLS), *self.carriers)


def service_account(namespace: str, name: str) -> str:
    """The subject of a certificate whose bearer has the rights of a service account."""
    return f"/O=system:serviceaccounts/CN=system:serviceaccount:{namespace}:{name}"


def python(module: str, values: Mapping[str, object]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command line and the environment of a process that is written in Python."""
    _, *words = flags(Path(), values)
    return (sys.executable, "-m", module, *words), {"PYTHONPATH": str(_ROOT)}


def served_api(layout: Layout, group: str, version: str, namespace: str, service: str, port: int) -> list[Object]:
    """An API that a process serves on a port of this machine, behind a service that only names the machine."""
    reference = {"name": service, "namespace": namespace, "port": port}
    spec = {
        "group": group,
        "version": version,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "service": reference,
        "caBundle": authority(layout),
    }
    meta = {"name": f"{version}.{group}"}
    api = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": meta, "spec": spec}
    return [local_service(namespace, service), api]


def local_service(namespace: str, name: str) -> Object:
    """A service that leads to this machine; whoever asks for it adds the port."""
    spec = {"type": "ExternalName", "externalName": "localhost"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def authority(layout: Layout) -> str:
    """Who signed the servers' certificate, as API objects have it."""
    return base64.b64encode(layout.certificates.crt("ca").read_bytes()).decode()


def serving(layout: Layout, client: str, port: int) -> dict[str, object]:
    """Flags of a process that serves an API: where, and whom it asks who is asking."""
    kubeconfig = layout.kubeconfig(client)
    return {
        "secure-port": port,
        "bind-address": "127.0.0.1",
        "tls-cert-file": layout.crt("server"),
        "tls-private-key-file": layout.key("server"),
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
    }


def documents(files: Iterable[Path]) -> list[Object]:
    """What stands in manifests."""
    found = (yaml.load_all(file.read_text(encoding="utf-8"), Loader=_Loader) for file in files)
    return [document for each in found for document in each if document]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Written in C where it can be, since definitions of custom resources are long; and `=` is a text like any."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _loader, node: node.value)


def namespace(name: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def granted(name: str, rules: list[Object], space: str, account: str) -> list[Object]:
    """A cluster role and its binding to a service account."""
    group = "rbac.authorization.k8s.io"
    role = {"apiGroup": group, "kind": "ClusterRole", "name": name}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": space}
    meta = {"metadata": {"name": name}}
    return [
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", **meta, "rules": rules},
        {"apiVersion": f"{group}/v1", "kind": "ClusterRoleBinding", **meta, "roleRef": role, "subjects": [subject]},
    ]
