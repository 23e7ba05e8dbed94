"""The aws provider: each call goes to the region that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.cloud.aws.package import RegionPackage
from sandbox.cloud.aws.region import RegionStore
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call, Difference, Package, Reading
from sandbox.cloud.paths import Path
from sandbox.cloud.schema import Failure, ResourceType
from sandbox.cloud.store import Store
from sandbox.cloud.values import Properties


class AwsPackage(Package):
    """Amazon Web Services."""

    coercion = RegionPackage.coercion

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self._regions: dict[str, RegionPackage] = {}

    def check(
        self, call: Call, old: Properties, new: Properties, naming: Autonaming
    ) -> tuple[Properties, list[Failure]]:
        return self._of(call, new).check(call, old, new, naming)

    def fill_defaults(
        self, call: Call, resource: ResourceType, old: Properties, inputs: Properties, naming: Autonaming
    ) -> None:
        self._of(call, inputs).fill_defaults(call, resource, old, inputs, naming)

    def diff(
        self, call: Call, old: Properties, live: Properties, new: Properties, ignore: Sequence[Path]
    ) -> Difference:
        return self._of(call, live, old).diff(call, old, live, new, ignore)

    def preview(self, call: Call, inputs: Properties, prior: Properties | None) -> Properties:
        return self._of(call, prior or {}, inputs).preview(call, inputs, prior)

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        return self._of(call, inputs).create(call, inputs)

    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        return self._of(call, outputs, inputs).read(call, id_, inputs, outputs)

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        return self._of(call, prior, inputs).update(call, id_, prior, inputs)

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        self._of(call, prior).delete(call, id_, prior)

    def invoke(self, token: str, arguments: Properties, settings: Mapping[str, Any]) -> Properties:
        return self._region(arguments, settings).invoke(token, arguments, settings)

    def _of(self, call: Call, *told: Properties) -> RegionPackage:
        """The region of a resource, which the first that says so says; the provider's by default, none for IAM."""
        if not self._is_regional(call.type):
            return self._region({}, {})
        return self._region(*told, call.settings)

    def _region(self, *told: Mapping[str, Any]) -> RegionPackage:
        named = (properties.get("region") for properties in told)
        region = next((name for name in named if isinstance(name, str) and name), "")
        if region not in self._regions:
            self._regions[region] = RegionPackage(
                self.name, RegionStore(self.store, region, self._is_regional), self.sdk
            )
        return self._regions[region]

    def _is_regional(self, type_: str) -> bool:
        resource = self.resource_type(type_)
        return resource is not None and "region" in resource.inputs.properties
