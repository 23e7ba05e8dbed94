"""Providers of ordinary clouds, driven by their facts table; a `Behaviour` adds what a table cannot say."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.cloud import paths
from sandbox.cloud.diff import DiffRules, changes
from sandbox.cloud.directory import Directory
from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.facts import Facts, NameRule, Scope, expand, load, violations
from sandbox.cloud.facts.templates import fields
from sandbox.cloud.fillers import fill_outputs
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call, Difference, Package, Reading, refresh, unknown_outputs
from sandbox.cloud.schema import Coercion, Failure, ResourceType, coerce
from sandbox.cloud.store import AlreadyExistsError, CloudResource, Store
from sandbox.cloud.values import UNKNOWN, Properties

DEFAULTED = "__defaults"


class Behaviour:
    """What one type of resource does that its facts row cannot say. Every method may raise `CloudError`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        """What is wrong with the inputs."""
        yield from ()

    def creating(self, resource: CloudResource) -> None:
        """Completes the outputs of a resource that is about to exist."""

    def reading(self, resource: CloudResource, prior: Properties) -> None:
        """Brings the outputs up to date; `prior` is what Pulumi remembers, empty on import."""

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        """Completes the outputs of a resource that is about to change; `prior` is what Pulumi remembers."""

    def deleting(self, resource: CloudResource) -> None:
        """Takes along what goes with the resource."""


class CataloguePackage(Package):
    """A provider whose resources are described by SDK and facts table."""

    coercion = Coercion.BRIDGED

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.behaviours: Mapping[str, Behaviour] = {}
        self.directory = Directory(name, store)

    def facts(self, call: Call, resource: ResourceType) -> Facts:
        """The row of the type; without one, a name is made up where the SDK says that the provider does so."""
        row = load(self.name).get(call.type)
        if row is not None:
            return row
        output = resource.outputs.get("name")
        named = "name" in resource.inputs.properties and output is not None and not output.optional
        return Facts(source="none", name=NameRule(property=("name",), auto=True) if named else None)

    def fill_defaults(
        self, call: Call, resource: ResourceType, old: Properties, inputs: Properties, naming: Autonaming
    ) -> None:
        facts = self.facts(call, resource)
        given = set(inputs)
        if facts.name and facts.name.auto and paths.first(inputs, facts.name.property) is None:
            top = facts.name.property[0]
            kept = paths.first(old, facts.name.property) if top in old.get(DEFAULTED, ()) else None
            name = kept or naming.name(call.name, max_length=facts.name.max_length)
            if name is not None:
                paths.fill(inputs, facts.name.property, name)
        for path, template in facts.defaults.items():
            value = expand(template, Scope(inputs, call.settings, seed=call.urn))
            if value is not None:
                paths.fill(inputs, path, value)
        inputs[DEFAULTED] = sorted(name for name in inputs.keys() - given if name != DEFAULTED)

    def rules(self, call: Call, resource: ResourceType, inputs: Properties) -> Iterator[Failure]:
        facts = self.facts(call, resource)
        yield from violations(facts, inputs)
        own = str(facts.name.property[0]) if facts.name else None
        made_up = {own} if own and inputs.get(f"{own}Prefix") is not None else set()
        for name in sorted(set(fields(facts.id or "")) - made_up):
            if name in resource.inputs.properties.keys() - resource.inputs.required and inputs.get(name) is None:
                where = f"or {self.name}:{name} in the stack's configuration" if name in ("project", "region") else ""
                yield Failure((name,), f'The property "{name}" is needed; set it here {where}'.rstrip() + ".")
        behaviour = self.behaviours.get(call.type)
        if behaviour is not None:
            yield from behaviour.rules(inputs)

    def diff(
        self, call: Call, old: Properties, live: Properties, new: Properties, ignore: Sequence[paths.Path]
    ) -> Difference:
        resource = self.type_of(call)
        facts = self.facts(call, resource)
        found = changes(
            old,
            new,
            DiffRules(
                replace_on=facts.replace_on,
                computed=facts.computed,
                sets=facts.sets,
                loose=self.coercion is Coercion.BRIDGED,
                ignore=ignore,
                live=live,
            ),
        )
        replaces = any(change.replaces for change in found)
        return Difference(found, delete_before_replace=replaces and _keeps_name(facts, old, new))

    def preview(self, call: Call, inputs: Properties, prior: Properties | None) -> Properties:
        resource = self.type_of(call)
        known = {**_lasting(resource, prior or {}), **self.visible(call, inputs)}
        facts = self.facts(call, resource)
        computed = dict.fromkeys(facts.outputs, UNKNOWN)
        within = {name: _beneath(known[name], _unknown(facts.outputs[name])) for name in facts.outputs if name in known}
        return {**computed, **unknown_outputs(resource, known), **known, **within}

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        facts = self.facts(call, self.type_of(call))
        self._require_parents(call, facts, inputs)
        id_ = self._new_id(call, facts, inputs)
        resource = CloudResource(call.type, id_, call.urn, inputs, self.visible(call, inputs))
        self._compute(call, facts, resource, {})
        if call.type in self.behaviours:
            self.behaviours[call.type].creating(resource)
        self.complete(call, resource)
        try:
            self.store.add(resource)
        except AlreadyExistsError:
            raise CloudError(self.conflict(resource)) from None
        return id_, resource.outputs

    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        resource = self.directory.by_import_id(call.type, id_, call.settings)
        if resource is None:
            return None
        if call.type in self.behaviours:
            self.behaviours[call.type].reading(resource, outputs)
        wanted = inputs or resource.inputs
        return Reading(resource.id, refresh(wanted, resource.outputs), resource.outputs)

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        old = self.store.get(call.type, id_)
        if old is None:
            raise NotFoundError(self.missing(call.type, id_))
        facts = self.facts(call, self.type_of(call))
        carried = {name: value for name, value in old.outputs.items() if name not in old.inputs}
        new = CloudResource(call.type, id_, call.urn, inputs, {**carried, **self.visible(call, inputs)}, live=old.live)
        self._compute(call, facts, new, carried)
        if call.type in self.behaviours:
            self.behaviours[call.type].updating(old, new, prior)
        self.complete(call, new)
        self.store.put(new)
        self.store.record("update", new)
        return new.outputs

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        resource = self.store.get(call.type, id_)
        if resource is None:
            return
        if self.facts(call, self.type_of(call)).deletion == "forgotten":
            resource.live["forgotten"] = True
            self.store.put(resource)
            self.store.record("forget", resource)
            return
        if call.type in self.behaviours:
            self.behaviours[call.type].deleting(resource)
        self.store.remove(resource)

    def conflict(self, resource: CloudResource) -> str:
        """The cloud's text for “there is one already”."""
        return f"{resource.type} {resource.id} already exists."

    def missing(self, type_: str, id_: str) -> str:
        """The cloud's text for “there is none”."""
        return f"{type_} {id_} was not found."

    def _require_parents(self, call: Call, facts: Facts, inputs: Properties) -> None:
        for pattern, type_ in facts.parents.items():
            for _, name in paths.find(inputs, pattern):
                if isinstance(name, str) and self.directory.find(type_, name, call.settings, inputs) is None:
                    raise NotFoundError(self.missing(type_, self.directory.id_of(type_, name, call.settings, inputs)))

    def _new_id(self, call: Call, facts: Facts, inputs: Properties) -> str:
        if facts.id is not None:
            filled = expand(facts.id, Scope(inputs, call.settings, seed=uuid.uuid4().hex))
            if isinstance(filled, str):
                return filled
            raise CloudError(f"{call.name}: the id {facts.id} cannot be told from the inputs.")
        return self.plain_id(call, inputs)

    def plain_id(self, call: Call, inputs: Properties) -> str:
        """The id of a resource whose type has no facts row."""
        name = inputs.get("name")
        return name if isinstance(name, str) else f"{call.name}-{uuid.uuid4().hex[:8]}"

    def complete(self, call: Call, resource: CloudResource) -> None:
        """Gives values to the outputs that neither inputs, nor the table, nor a behaviour set."""
        fill_outputs(self.type_of(call), resource.outputs, call.settings, seed=resource.id)

    def _compute(self, call: Call, facts: Facts, resource: CloudResource, carried: Properties) -> None:
        """Fills the outputs that the table gives a template for, also within blocks that the inputs give in part.

        A time that was carried over stays.
        """
        scope = Scope(resource.outputs, call.settings, seed=resource.id, id=resource.id)
        for name, template in facts.outputs.items():
            if name in carried and "{now}" in str(template):
                continue
            value = expand(template, scope)
            if value is not None:
                resource.outputs[name] = _beneath(resource.outputs[name], value) if name in resource.inputs else value

    def visible(self, call: Call, inputs: Properties) -> Properties:
        """The inputs as they come back in the outputs: properly typed, without the provider's own notes."""
        shown = {name: value for name, value in inputs.items() if not name.startswith("__")}
        typed: Properties = coerce(shown, self.type_of(call).inputs if self.coercion is Coercion.BRIDGED else None)
        return typed


def _beneath(given: Any, computed: Any) -> Any:
    """What is given, and in its blocks what is computed and was not given."""
    if not isinstance(given, dict) or not isinstance(computed, dict):
        return given
    return {**computed, **{name: _beneath(value, computed.get(name)) for name, value in given.items()}}


def _unknown(template: Any) -> Any:
    """The blocks of a template, with nothing known in them."""
    if isinstance(template, dict):
        return {name: _unknown(value) for name, value in template.items()}
    return UNKNOWN


def _keeps_name(facts: Facts, old: Properties, new: Properties) -> bool:
    """Whether the program itself gives the same name as before, so that two cannot exist at once."""
    if facts.name is None or facts.name.property[0] in new.get(DEFAULTED, ()):
        return False
    return bool(paths.first(old, facts.name.property) == paths.first(new, facts.name.property))


def _lasting(resource: ResourceType, outputs: Properties) -> Properties:
    """The outputs that an update leaves: all but inputs which may be absent, and so may be gone."""
    return {
        name: value
        for name, value in outputs.items()
        if not (name in resource.inputs.properties and name in resource.outputs and resource.outputs[name].optional)
    }
