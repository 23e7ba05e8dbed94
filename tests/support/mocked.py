"""Runs a program against Pulumi's mocks and records what it registers, with the sandbox's strict input check.

Mock tests pass silently on values that stay unknown, so every program runs as a preview and as a deployment, and
what it registers has to be the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

PROJECT = {"projectId": "acme-llm", "number": "123456789012"}


@dataclass(frozen=True)
class Registered:
    """A resource that a program registered: provider resources and components alike."""

    type: str
    name: str
    inputs: dict[str, Any]


class _Recorder(Mocks):
    def __init__(self) -> None:
        self.registered: list[Registered] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.registered.append(Registered(args.typ, args.name, dict(args.inputs)))
        outputs = {"name": f"{args.name}-1a2b3c4", **args.inputs}
        if args.typ == "gcp:container/cluster:Cluster":
            outputs["controlPlaneEndpointsConfig"] = {
                "dnsEndpointConfig": {"endpoint": "gke-0123456789ab-123456789012.us-central1.gke.goog"}
            }
        return f"{args.name}-id", outputs

    def call(self, args: MockCallArgs) -> dict[str, Any]:
        if args.token == "gcp:organizations/getProject:getProject":
            return PROJECT
        if args.token == "gcp:container/getCluster:getCluster":
            return {**args.args, "endpoint": "203.0.113.7", "masterAuths": [{"clusterCaCertificate": "Q0E="}]}
        raise AssertionError(f"the mocks do not know {args.token}")


def run(program: Callable[[], Any], *, preview: bool = False) -> list[Registered]:
    """What `program` registers, in order. Its exceptions come through."""
    recorder = _Recorder()
    pulumi.runtime.set_mocks(recorder, project="penstock", stack="test", preview=preview)
    # Waits for every registration, also those of children that nothing else waits for.
    pulumi.runtime.test(lambda: program() and None)()
    return recorder.registered


def of_type(registered: list[Registered], type_: str) -> dict[str, dict[str, Any]]:
    """The inputs of all resources of a type by their names."""
    return {r.name: r.inputs for r in registered if r.type == type_}
