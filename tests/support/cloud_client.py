"""A client that speaks to the sandbox's providers as the engine does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.cloud import Cloud
from sandbox.cloud.server import CloudServer
from sandbox.cloud.store import Store
from sandbox.cloud.values import Properties, decode, encode

GCP_SETTINGS = {"project": "acme", "region": "us-central1"}
AWS_SETTINGS = {"region": "eu-central-1"}


class Refused(Exception):
    """The provider answered with an error; its text is the message."""


@dataclass
class Live:
    """A resource as the engine's state would hold it."""

    urn: str
    id: str
    inputs: Properties
    outputs: Properties


class Provider:
    """One instance of a package's provider, on a connection of its own."""

    def __init__(self, package: str, port: int, settings: Mapping[str, Any]) -> None:
        self.package = package
        # Channels to one address share a connection unless told otherwise; the engine's never do.
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.call("Configure", provider_pb2.ConfigureRequest(args=encode(settings)))

    def call(self, method: str, request: Any) -> Any:
        """Calls a method of the protocol; raises `Refused` for an error."""
        try:
            return getattr(self._stub, method)(request, timeout=30)
        except grpc.RpcError as error:
            raise Refused(error.details()) from None

    def check(
        self, urn: str, inputs: Properties, old: Properties | None = None, seed: bytes = b"seed"
    ) -> tuple[Properties, dict[str, str]]:
        """The checked inputs, and what is wrong with them by path."""
        request = provider_pb2.CheckRequest(urn=urn, olds=encode(old or {}), news=encode(inputs), randomSeed=seed)
        response = self.call("Check", request)
        return decode(response.inputs), {failure.property: failure.reason for failure in response.failures}

    def failures(self, type_: str, inputs: Properties) -> dict[str, str]:
        """What is wrong with the inputs of a resource, by path."""
        return self.check(urn_of(type_, "thing"), inputs)[1]

    def diff(self, live: Live, inputs: Properties, ignore: Sequence[str] = ()) -> provider_pb2.DiffResponse:
        """What would change."""
        return self.call(
            "Diff",
            provider_pb2.DiffRequest(
                id=live.id,
                urn=live.urn,
                old_inputs=encode(live.inputs),
                olds=encode(live.outputs),
                news=encode(inputs),
                ignoreChanges=ignore,
            ),
        )

    def preview(self, urn: str, inputs: Properties) -> Properties:
        """The outputs that a preview shows for a new resource."""
        checked, failures = self.check(urn, inputs)
        assert not failures, failures
        request = provider_pb2.CreateRequest(urn=urn, properties=encode(checked), preview=True)
        return decode(self.call("Create", request).properties)

    def preview_update(self, live: Live, inputs: Properties) -> Properties:
        """The outputs that a preview shows for a changed resource, from checked inputs."""
        request = provider_pb2.UpdateRequest(
            id=live.id,
            urn=live.urn,
            old_inputs=encode(live.inputs),
            olds=encode(live.outputs),
            news=encode(inputs),
            preview=True,
        )
        return decode(self.call("Update", request).properties)

    def create(self, type_: str, name: str, inputs: Properties) -> Live:
        """Checks and creates a resource."""
        urn = urn_of(type_, name)
        checked, failures = self.check(urn, inputs, seed=name.encode())
        assert not failures, failures
        response = self.call("Create", provider_pb2.CreateRequest(urn=urn, properties=encode(checked)))
        return Live(urn, response.id, checked, decode(response.properties))

    def update(self, live: Live, inputs: Properties, ignore: Sequence[str] = ()) -> Live:
        """Checks and updates a resource in place."""
        checked, failures = self.check(live.urn, inputs, live.inputs)
        assert not failures, failures
        request = provider_pb2.UpdateRequest(
            id=live.id,
            urn=live.urn,
            old_inputs=encode(live.inputs),
            olds=encode(live.outputs),
            news=encode(checked),
            ignoreChanges=ignore,
        )
        return Live(live.urn, live.id, checked, decode(self.call("Update", request).properties))

    def refresh(self, live: Live) -> Live | None:
        """The resource as it is now, `None` when it is gone."""
        request = provider_pb2.ReadRequest(
            id=live.id, urn=live.urn, inputs=encode(live.inputs), properties=encode(live.outputs)
        )
        return self._read(live.urn, request)

    def adopt(self, type_: str, id_: str) -> Live | None:
        """Imports a resource by its id."""
        urn = urn_of(type_, "imported")
        return self._read(urn, provider_pb2.ReadRequest(id=id_, urn=urn))

    def _read(self, urn: str, request: provider_pb2.ReadRequest) -> Live | None:
        response = self.call("Read", request)
        if not response.id:
            return None
        return Live(urn, response.id, decode(response.inputs), decode(response.properties))

    def delete(self, live: Live) -> None:
        """Deletes a resource."""
        request = provider_pb2.DeleteRequest(
            id=live.id, urn=live.urn, properties=encode(live.outputs), old_inputs=encode(live.inputs)
        )
        self.call("Delete", request)

    def invoke(self, token: str, **arguments: Any) -> Properties:
        """A data source's answer."""
        response = self.call("Invoke", provider_pb2.InvokeRequest(tok=token, args=encode(arguments)))
        if response.failures:
            raise Refused("; ".join(f"{failure.property}: {failure.reason}" for failure in response.failures))
        return decode(getattr(response, "return"))


class Session:
    """A running cloud and what is in it."""

    def __init__(self, server: CloudServer, state: Path) -> None:
        self.cloud = Cloud(state)
        self._server = server

    def provider(self, package: str, **settings: Any) -> Provider:
        """A new instance of a package's provider."""
        return Provider(package, self._server.ports[package], settings)

    def gcp(self, **settings: Any) -> Provider:
        """A gcp provider with a project and a region."""
        return self.provider("gcp", **(GCP_SETTINGS | settings))

    def aws(self, **settings: Any) -> Provider:
        """An aws provider with a region."""
        return self.provider("aws", **(AWS_SETTINGS | settings))


@contextmanager
def running_cloud(state: Path, faults: Sequence[Mapping[str, Any]] = ()) -> Iterator[Session]:
    """A cloud in this process, stopped at the end."""
    file = None
    if faults:
        file = state.parent / "faults-to-strike.json"
        file.write_text(json.dumps(list(faults)))
    server = CloudServer(Store(state), file)
    server.start()
    try:
        yield Session(server, state)
    finally:
        server.stop()


def urn_of(type_: str, name: str) -> str:
    """The URN of a resource in the stack `dev` of the project `test`."""
    return f"urn:pulumi:dev::test::{type_}::{name}"
