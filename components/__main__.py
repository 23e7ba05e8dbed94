"""Hosts the components for programs in any Pulumi language: `pulumi package add` runs this."""

import re
import sys
from typing import Any

import pulumi
from pulumi.errors import InputPropertyErrorDetails
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.analyzer import ComponentDefinition, TypeDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

import penstock

VERSION = "0.1.0"


class Host(ComponentProvider):
    """Pulumi's own component provider, with two of its gaps closed.

    It shows refused inputs as an internal error with a traceback, and drops nested inputs that arrive as an output
    of the whole (as the `ref` of a cluster does).
    """

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, self._opened(resource_type, inputs), options)
        except ComponentInitError as error:
            if isinstance(error.inner, penstock.InvalidInputs):
                raise self._refusal(error.inner) from None
            raise

    def _refusal(self, refused: penstock.InvalidInputs) -> pulumi.InputPropertiesError:
        """What the engine shows: a headline, and each problem under the name that the property has in the schema."""
        definitions: list[ComponentDefinition | TypeDefinition] = [
            *self._component_defs.values(),
            *self._type_defs.values(),
        ]
        names = {python: schema for definition in definitions for schema, python in _mapping(definition).items()}
        details = [
            InputPropertyErrorDetails(
                property_path=re.sub(r"\w+", lambda word: names.get(word[0], word[0]), problem.path),
                reason=problem.reason,
            )
            for problem in refused.problems
        ]
        return pulumi.InputPropertiesError(refused.headline, details)

    def _opened(self, resource_type: str, inputs: pulumi.Inputs) -> dict[str, Any]:
        """The inputs, with each object that is an output of the whole made a value with outputs inside."""
        known = self._component_defs[resource_type.rpartition(":")[2]].inputs
        opened: dict[str, Any] = {}
        for key, value in inputs.items():
            definition = known[key].ref and self.get_type_definition(known[key]) if key in known else None
            if definition and not definition.enum and isinstance(value, pulumi.Output):
                opened[key] = {member: _member(value, member) for member in definition.properties}
            else:
                opened[key] = value
        return opened


def _mapping(definition: ComponentDefinition | TypeDefinition) -> dict[str, str]:
    if isinstance(definition, ComponentDefinition):
        return definition.inputs_mapping
    return definition.properties_mapping


def _member(whole: pulumi.Output[Any], key: str) -> pulumi.Output[Any]:
    return whole.apply(lambda value: value.get(key))


def components() -> list[type[pulumi.ComponentResource]]:
    """Every component that the library exports."""
    exported = [getattr(penstock, name) for name in penstock.__all__]
    return [e for e in exported if isinstance(e, type) and issubclass(e, pulumi.ComponentResource)]


if __name__ == "__main__":
    main(Host(components(), "penstock", version=VERSION), sys.argv[1:])
