"""The aws provider in one region: ordinary resources from its facts table, more from `behaviours`, data sources from
`invokes`."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.cloud import paths
from sandbox.cloud.aws.behaviour import AwsBehaviour, Lookup
from sandbox.cloud.aws.behaviours import BEHAVIOURS
from sandbox.cloud.aws.invokes.asking import Question
from sandbox.cloud.aws.invokes.table import INVOKES
from sandbox.cloud.aws.places import ACCOUNT, regions
from sandbox.cloud.aws.refusals import conflict, gone, not_found
from sandbox.cloud.catalogue import DEFAULTED, CataloguePackage
from sandbox.cloud.diff import Change
from sandbox.cloud.facts import Facts
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call, Difference
from sandbox.cloud.schema import Failure, ResourceType, Sdk
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import UNKNOWN, Properties

_count = itertools.count()


class RegionPackage(CataloguePackage):
    """Amazon Web Services, as far as one region sees them."""

    def __init__(self, name: str, store: Store, sdk: Sdk) -> None:
        super().__init__(name, store)
        self.sdk = sdk
        self.lookup = Lookup(store)
        self._own: dict[str, AwsBehaviour] = {type_: behaviour(store) for type_, behaviour in BEHAVIOURS.items()}
        self.behaviours = self._own

    def fill_defaults(
        self, call: Call, resource: ResourceType, old: Properties, inputs: Properties, naming: Autonaming
    ) -> None:
        super().fill_defaults(call, resource, old, inputs, naming)
        name = self._name_of(self.facts(call, resource))
        if name is not None and name in inputs[DEFAULTED] and inputs.get(f"{name}Prefix") is not None:
            del inputs[name]
            inputs[DEFAULTED] = [filled for filled in inputs[DEFAULTED] if filled != name]

    def rules(self, call: Call, resource: ResourceType, inputs: Properties) -> Iterator[Failure]:
        made = self._made_of_prefix(self.facts(call, resource), inputs)
        yield from (failure for failure in super().rules(call, resource, inputs) if failure.path != (made,))
        if "region" not in resource.inputs.properties:
            return
        region = inputs.get("region") or call.settings.get("region")
        if region is None:
            reason = (
                "Missing region information: the AWS region is not set. Set region here, or aws:region in the stack's "
                "configuration."
            )
            yield Failure(("region",), reason)
        elif region is not UNKNOWN and region not in regions():
            yield Failure(("region",), f'"{region}" is an invalid AWS Region; write one such as eu-central-1.')

    def diff(
        self, call: Call, old: Properties, live: Properties, new: Properties, ignore: Sequence[paths.Path]
    ) -> Difference:
        found = super().diff(call, old, live, new, ignore)
        own = self._own.get(call.type)
        if own is None:
            return found
        forcing = list(own.replaces(old, new))
        changes = [
            dataclasses.replace(change, replaces=True)
            if any(paths.touches(path, change.path) for path in forcing)
            else change
            for change in found.changes
        ]
        known = {change.path for change in changes}
        changes += [Change(path, "update", False) for path in own.unsettled(new) if path not in known]
        replaces = any(change.replaces for change in changes)
        facts = self.facts(call, self.type_of(call))
        same_name = facts.name is not None and self._name_of(facts) not in new.get(DEFAULTED, ())
        return Difference(
            changes, found.delete_before_replace or (replaces and same_name and not self._renamed(facts, old, new))
        )

    def preview(self, call: Call, inputs: Properties, prior: Properties | None) -> Properties:
        outputs = super().preview(call, inputs, prior)
        own = self._own.get(call.type)
        if own is not None and prior is not None:
            outputs |= dict.fromkeys(own.changing(prior, inputs), UNKNOWN)
        return outputs

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        return super().create(call, self._named(call, inputs, {}))

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        existing = self.store.get(call.type, id_)
        inputs = self._named(call, inputs, existing.outputs if existing else {})
        self._look_for_parents(call, inputs, "update")
        return super().update(call, id_, prior, inputs)

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        resource, own = self.store.get(call.type, id_), self._own.get(call.type)
        if resource is not None and own is not None and own.outlives(resource):
            resource.live["forgotten"] = True
            self.store.put(resource)
            self.store.record("forget", resource)
            return
        super().delete(call, id_, prior)

    def complete(self, call: Call, resource: CloudResource) -> None:
        if "tagsAll" in self.type_of(call).outputs:
            resource.outputs["tagsAll"] = self._all_tags(call, resource.outputs.get("tags"))
        if "arn" in self.type_of(call).outputs:
            region = resource.outputs.get("region") or call.settings.get("region") or ""
            service = call.type.split(":")[1].split("/")[0]
            arn = f"arn:aws:{service}:{region}:{ACCOUNT}:{_kind(call).lower()}/{resource.id}"
            resource.outputs.setdefault("arn", arn)
        super().complete(call, resource)

    def plain_id(self, call: Call, inputs: Properties) -> str:
        own = self._own.get(call.type)
        id_ = own.new_id(inputs) if own else None
        if id_ is not None:
            return id_
        name = inputs.get("name")
        return name if isinstance(name, str) else f"{_kind(call).lower()}-{uuid.uuid4().hex[:17]}"

    def invoke(self, token: str, arguments: Properties, settings: Mapping[str, Any]) -> Properties:
        if token not in INVOKES:
            return super().invoke(token, arguments, settings)
        return INVOKES[token](Question(token, arguments, settings, self.lookup, self.sdk))

    def conflict(self, resource: CloudResource) -> str:
        return conflict(resource)

    def missing(self, type_: str, id_: str) -> str:
        return gone(type_, id_)

    def _require_parents(self, call: Call, facts: Facts, inputs: Properties) -> None:
        self._look_for_parents(call, inputs, "create")

    def _look_for_parents(self, call: Call, inputs: Properties, verb: str) -> None:
        """What a property names has to exist: by its ARN where the property is an ARN, else by its id."""
        for pattern, type_ in self.facts(call, self.type_of(call)).parents.items():
            by_arn = next(str(step) for step in reversed(pattern) if step != paths.EVERY).endswith("Arn")
            for _, name in paths.find(inputs, pattern):
                if isinstance(name, str) and name and not self.lookup.has(type_, name, by_arn=by_arn):
                    raise not_found(call.type, verb, self._shown(call, inputs), type_, name)

    def _shown(self, call: Call, inputs: Properties) -> str:
        own = inputs.get(self._name_of(self.facts(call, self.type_of(call))) or "name") or call.name
        cluster = inputs.get("clusterName")
        return f"{cluster}:{own}" if isinstance(cluster, str) else str(own)

    def _named(self, call: Call, inputs: Properties, existing: Properties) -> Properties:
        """With a prefix the provider makes the name: the prefix, the time and a count."""
        name = self._made_of_prefix(self.facts(call, self.type_of(call)), inputs)
        if name is None:
            return inputs
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d%H%M%S")
        return {**inputs, name: existing.get(name) or f"{inputs[f'{name}Prefix']}{now}0000{next(_count):08x}"}

    def _made_of_prefix(self, facts: Facts, inputs: Properties) -> str | None:
        """The property that names the thing, when the provider makes the name of a prefix."""
        name = self._name_of(facts)
        given = name is None or inputs.get(name) is not None or inputs.get(f"{name}Prefix") is None
        return None if given else name

    def _all_tags(self, call: Call, tags: Any) -> Any:
        defaults = (call.settings.get("defaultTags") or {}).get("tags") or {}
        return UNKNOWN if tags is UNKNOWN else {**defaults, **(tags or {})}

    @staticmethod
    def _name_of(facts: Facts) -> str | None:
        return str(facts.name.property[0]) if facts.name else None

    @staticmethod
    def _renamed(facts: Facts, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        return facts.name is not None and paths.first(old, facts.name.property) != paths.first(new, facts.name.property)


def _kind(call: Call) -> str:
    return call.type.rsplit(":", 1)[-1]
