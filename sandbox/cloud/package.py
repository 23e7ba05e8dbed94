"""What every provider does, whatever its cloud: check inputs, tell differences, create, read, update, delete."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloud import paths
from sandbox.cloud.diff import Change
from sandbox.cloud.errors import CloudError
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.schema import Coercion, Failure, ResourceType, Sdk, check
from sandbox.cloud.schema.check import suggest
from sandbox.cloud.schema.sdk import snake_case
from sandbox.cloud.settings import parse_settings
from sandbox.cloud.store import Store
from sandbox.cloud.values import UNKNOWN, Properties


@dataclass(frozen=True)
class Call:
    """Which resource is spoken of, with which provider settings, and how many seconds it may take (0: the usual)."""

    urn: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 0

    @property
    def type(self) -> str:
        """The resource's type token."""
        return self.urn.split("::")[2].rsplit("$", 1)[-1]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[3]


@dataclass(frozen=True)
class Difference:
    """The answer to “what would change?”."""

    changes: Sequence[Change]
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Reading:
    """A resource as the cloud has it now."""

    id: str
    inputs: Properties
    outputs: Properties


class Package(ABC):
    """One provider. Its methods take and return plain values and raise `CloudError`."""

    coercion = Coercion.STRICT

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self.store = store
        self.sdk = Sdk(name)

    def cancel(self) -> None:  # noqa: B027 - most have nothing to give up
        """The engine ends, or has been interrupted: whatever waits gives up."""

    def resume(self) -> None:  # noqa: B027
        """An engine begins: the preview of an `up` and its deployment come one after the other."""

    def check_settings(self, inputs: Properties) -> Iterator[Failure]:
        """What is wrong with the provider's own settings."""
        provider = self.sdk.resource(f"pulumi:providers:{self.name}")
        assert provider is not None, "every SDK has a provider class"
        settings = parse_settings(inputs, provider.inputs.properties)
        yield from check(settings, provider.inputs, self.coercion)

    def known_settings(self, inputs: Properties) -> Properties:
        """The provider's settings as the engine shall keep them."""
        return inputs

    def diff_settings(self, old: Properties, new: Properties) -> list[str]:
        """The settings whose change means another cloud, so that everything in it is replaced."""
        return []

    def check(
        self, call: Call, old: Properties, new: Properties, naming: Autonaming
    ) -> tuple[Properties, list[Failure]]:
        """The inputs with defaults filled in, and everything that is wrong with them."""
        resource = self.resource_type(call.type)
        if resource is None:
            return new, [Failure((), f"The {self.name} provider has no resource type {call.type}.")]
        inputs = copy.deepcopy(new)
        self.fill_defaults(call, resource, old, inputs, naming)
        failures = [*self.misfits(resource, inputs), *self.rules(call, resource, inputs)]
        return inputs, list(dict.fromkeys(failures))

    def resource_type(self, token: str) -> ResourceType | None:
        """The type behind a token, `None` when the provider has none."""
        return self.sdk.resource(token)

    def type_of(self, call: Call) -> ResourceType:
        """The type of a resource; raises `CloudError` when there is none."""
        resource = self.resource_type(call.type)
        if resource is None:
            raise CloudError(f"The {self.name} provider has no resource type {call.type}.")
        return resource

    def misfits(self, resource: ResourceType, inputs: Properties) -> Iterator[Failure]:
        """Where the inputs are not of their types."""
        yield from check(inputs, resource.inputs, self.coercion)

    @abstractmethod
    def fill_defaults(
        self, call: Call, resource: ResourceType, old: Properties, inputs: Properties, naming: Autonaming
    ) -> None:
        """Adds in place what the provider itself adds to the inputs, names included."""

    def rules(self, call: Call, resource: ResourceType, inputs: Properties) -> Iterator[Failure]:
        """What is wrong with the inputs beyond their types."""
        yield from ()

    @abstractmethod
    def diff(
        self, call: Call, old: Properties, live: Properties, new: Properties, ignore: Sequence[paths.Path]
    ) -> Difference:
        """What changes from the old inputs, and the outputs that they led to, to the new inputs."""

    @abstractmethod
    def preview(self, call: Call, inputs: Properties, prior: Properties | None) -> Properties:
        """The outputs as far as they are known before a creation (no `prior`) or an update."""

    @abstractmethod
    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Creates the resource: its id and outputs."""

    @abstractmethod
    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        """The resource as it is now; `None` when it is gone. Without inputs and outputs this is an import."""

    @abstractmethod
    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        """Changes the resource in place: its new outputs."""

    @abstractmethod
    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        """Deletes the resource, which may be gone already."""

    def check_invoke(self, token: str, arguments: Properties) -> Iterator[Failure]:
        """What is wrong with a data source's arguments; raises `CloudError` for an unknown data source."""
        function = self.sdk.function(token)
        if function is None:
            raise CloudError(f"The {self.name} provider has no data source {token}.")
        given = {snake_case(name): (name, value) for name, value in arguments.items() if not name.startswith("__")}
        for python_name, (name, value) in given.items():
            if python_name in function.arguments:
                yield from check(value, function.arguments[python_name], self.coercion, (name,))
            else:
                hint = suggest(python_name, sorted(function.arguments)) or "."
                yield Failure((name,), f'{token} has no argument "{name}"{hint}')
        for missing in sorted(function.required - given.keys()):
            yield Failure((missing,), f'{token} needs the argument "{missing}"; it is missing.')

    def invoke(self, token: str, arguments: Properties, settings: Mapping[str, Any]) -> Properties:
        """The data source's answer. Rather than invent one, the sandbox refuses what it does not know."""
        raise CloudError(f"The sandbox does not know the data source {token}.")


def unknown_outputs(resource: ResourceType, known: Properties) -> Properties:
    """Everything that the finished resource will have and nobody knows yet."""
    return {
        name: UNKNOWN for name, output in resource.outputs.items() if not output.optional and known.get(name) is None
    }


def refresh(inputs: Any, live: Any) -> Any:
    """The inputs with the values that the cloud has now; what was never an input does not become one."""
    if isinstance(inputs, dict) and isinstance(live, dict):
        return {name: refresh(value, live.get(name)) for name, value in inputs.items()}
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [refresh(value, now) for value, now in zip(inputs, live, strict=True)]
    return inputs if live is None else live
