"""Objects of the API server, custom resources included.

Source: pulumi/pulumi-kubernetes provider/pkg/provider/provider.go and provider/pkg/metadata/naming.go
@94977969d64112b04e19945818a7d5d5f38f631d.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.cloud.facts import violations as table_violations
from sandbox.cloud.kubernetes import objects
from sandbox.cloud.kubernetes.kinds import Kind
from sandbox.cloud.kubernetes.rules import violations
from sandbox.cloud.kubernetes.sort import Sort
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.paths import Path, first
from sandbox.cloud.schema import Failure
from sandbox.cloud.values import UNKNOWN, Properties

_AUTONAMED = "pulumi.com/autonamed"
_MUTABLE_SETTINGS = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}


class Manifest(Sort):
    """An object with `apiVersion`, `kind` and `metadata`."""

    name = ("metadata", "name")
    namespace = ("metadata", "namespace")

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self._kind = Kind.of(token)

    def fill(self, program_name: str, namespace: str, old: Properties, inputs: Properties, naming: Autonaming) -> None:
        kind = self._kind
        inputs.setdefault("apiVersion", kind.api_version)
        inputs.setdefault("kind", kind.name.removesuffix("Patch") if kind.patch else kind.name)
        metadata = inputs.setdefault("metadata", {})
        if not isinstance(metadata, dict) or kind.is_list:
            return
        if not (metadata.get("name") or metadata.get("generateName") or kind.patches(inputs["kind"])):
            metadata["name"] = first(old, self.name) if _is_autonamed(old) else naming.name(program_name, digits=8)
            metadata["annotations"] = {**(metadata.get("annotations") or {}), _AUTONAMED: "true"}
        if kind.namespaced and not metadata.get("namespace"):
            metadata["namespace"] = namespace

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if self._kind.is_list:
            yield Failure((), "Lists cannot be created; declare the objects in it one by one.")
            return
        own = self._kind.name
        kind = own.removesuffix("Patch") if self._kind.patches(inputs.get("kind")) else own
        for name, want in (("apiVersion", self._kind.api_version), ("kind", kind)):
            if self._kind.custom and inputs.get(name) not in (want, UNKNOWN):
                yield Failure((name,), f'"{want}" is wanted here, not "{inputs.get(name)}".')
        if isinstance(first(inputs, ("metadata", "generateName")), str):
            reason = "The provider applies objects server-side, which needs a name; write one, or nothing at all."
            yield Failure(("metadata", "generateName"), reason)
        elif isinstance(inputs.get("metadata"), dict) and not inputs["metadata"].get("name"):
            yield Failure(self.name, "A name is needed here.")
        yield from table_violations(self.facts, inputs)
        yield from violations(self._kind, inputs)

    def fixed(self, inputs: Properties, settings: Mapping[str, Any]) -> Sequence[Path]:
        setting = _MUTABLE_SETTINGS.get(self._kind.name)
        if setting and settings.get(setting) and inputs.get("immutable") is not True:
            return (self.name, self.namespace)
        return super().fixed(inputs, settings)

    def keeps_place(self, old: Properties, new: Properties) -> bool:
        same = all(first(old, path) == first(new, path) for path in (self.name, self.namespace))
        return same and not _is_autonamed(new)

    def foreseen(self, inputs: Properties, prior: Properties | None) -> Properties:
        return objects.foreseen(self._kind.name, inputs, prior)

    def created(self, inputs: Properties) -> Properties:
        return objects.created(self._kind.name, inputs, seed=self.id_of(inputs))

    def updated(self, inputs: Properties, prior: Properties) -> Properties:
        return objects.updated(self._kind.name, inputs, prior, seed=self.id_of(inputs))


def _is_autonamed(inputs: Properties) -> bool:
    return bool(first(inputs, ("metadata", "annotations", _AUTONAMED)) == "true")
