"""Runs a program against Pulumi's mocks and records what it registers.

Mock tests pass silently on values that stay unknown, so a program can run as a preview, with plausible outputs, and
as a deployment, in which the sandbox's own providers check and create every resource in a throw-away cloud.
"""

import base64
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from sandbox.cloud.gcp.package import GcpPackage
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call
from sandbox.cloud.server import PACKAGES
from sandbox.cloud.store import Store
from sandbox.cloud.values import SIGNATURE

SETTINGS: dict[str, dict[str, Any]] = {
    "gcp": {"project": "acme-llm", "region": "us-central1"},
    "aws": {"region": "us-east-1"},
    "azure-native": {"location": "eastus", "subscriptionId": "00000000-0000-0000-0000-000000000000"},
    "kubernetes": {},
    "random": {},
    "tls": {},
}


_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_AKS_KUBECONFIG = base64.b64encode(b'{"clusters": [{"cluster": {"server": "https://aks.example.com"}}]}').decode()


class RefusedInputsError(AssertionError):
    """A component emitted what the provider would refuse."""


@dataclass(frozen=True)
class Registered:
    """A resource that a program registered: provider resources and components alike."""

    type: str
    name: str
    inputs: dict[str, Any]


class _Recorder(Mocks):
    def __init__(self, cloud: Path, *, preview: bool) -> None:
        self.preview = preview
        self.registered: list[Registered] = []
        self.packages = {name: package(name, Store(cloud)) for name, package in PACKAGES.items()}

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = _whole_numbers(dict(args.inputs))
        self.registered.append(Registered(args.typ, args.name, inputs))
        if args.typ.partition(":")[0] not in self.packages:
            return f"{args.name}-id", inputs
        return self._previewed(args, inputs) if self.preview else self._created(args, inputs)

    def _previewed(self, args: MockResourceArgs, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        outputs = {"name": f"{args.name}-1a2b3c4", **inputs}
        if args.typ == "gcp:container/cluster:Cluster":
            outputs["controlPlaneEndpointsConfig"] = {"dnsEndpointConfig": {"endpoint": "gke.example.com"}}
        if args.typ == "azure-native:containerservice:ManagedCluster":
            # It takes its identities as a list, and gives them back as a map.
            outputs["identity"] = {"type": "UserAssigned"}
        return f"{args.name}-id", outputs

    def _created(self, args: MockResourceArgs, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        name = args.typ.partition(":")[0]
        call = Call(f"urn:pulumi:test::penstock::{args.typ}::{args.name}", SETTINGS[name])
        checked, failures = self.packages[name].check(call, {}, inputs, Autonaming(args.name.encode()))
        if failures:
            raise RefusedInputsError(f"{args.typ} {args.name}: {failures}")
        return self.packages[name].create(call, checked)

    def call(self, args: MockCallArgs) -> dict[str, Any]:
        name = args.token.partition(":")[0]
        if self.preview and args.token == "azure-native:containerservice:listManagedClusterUserCredentials":
            # In a real preview of a new cluster its name is unknown, and nobody asks.
            return {"kubeconfigs": [{"name": "clusterUser", "value": _AKS_KUBECONFIG}]}
        return self.packages[name].invoke(args.token, dict(args.args), SETTINGS[name])


def run(program: Callable[[], Any], *, preview: bool = False, cloud: Path | None = None) -> list[Registered]:
    """What `program` registers, in order. Its exceptions come through.

    `cloud` is the folder of a pretend cloud in which something exists already; an empty one by default.
    """
    with tempfile.TemporaryDirectory() as empty:
        recorder = _Recorder(cloud or Path(empty), preview=preview)
        pulumi.runtime.set_mocks(recorder, project="penstock", stack="test", preview=preview)
        # Waits for every registration, also those of children that nothing else waits for.
        pulumi.runtime.test(lambda: program() and None)()
    return recorder.registered


def make_cluster(cloud: Path, name: str) -> None:
    """Makes a cluster exist in a pretend cloud, for pools that refer to it by name."""
    gcp = GcpPackage("gcp", Store(cloud))
    call = Call(f"urn:pulumi:test::theirs::gcp:container/cluster:Cluster::{name}", SETTINGS["gcp"])
    inputs, _ = gcp.check(call, {}, {"name": name, "location": "us-central1", "initialNodeCount": 1}, Autonaming())
    gcp.create(call, inputs)


def of_type(registered: list[Registered], type_: str) -> dict[str, dict[str, Any]]:
    """The inputs of all resources of a type by their names."""
    return {r.name: r.inputs for r in registered if r.type == type_}


def _whole_numbers(value: Any) -> Any:
    """Numbers travel as floats; a provider decodes the whole ones as such. Secrets come unwrapped, as the engine sends
    them to providers that do not take secrets."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == _SECRET:
            return _whole_numbers(value.get("value"))
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
