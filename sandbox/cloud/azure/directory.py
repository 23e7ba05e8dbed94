"""Which Azure resource is meant by an id, or by a name within a resource group. Case means nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.cloud.azure import arm
from sandbox.cloud.directory import Directory
from sandbox.cloud.errors import NotFoundError
from sandbox.cloud.facts import Facts, load
from sandbox.cloud.package import Call
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties


class AzureDirectory(Directory):
    """The resources of the provider."""

    def __init__(self, package: str, store: Store) -> None:
        super().__init__(package, store)
        self._store = store
        self._rows: Mapping[str, Facts] = load(package)

    def find(
        self, type_: str, name: str, settings: Mapping[str, Any], beside: Mapping[str, Any]
    ) -> CloudResource | None:
        """The resource of that id, or of that name in the group, and in the parents, that the properties name."""
        return arm.find(self._store, type_, name if "/" in name else self.id_of(type_, name, settings, beside))

    def id_of(self, type_: str, name: str, settings: Mapping[str, Any], beside: Mapping[str, Any]) -> str:
        known = {**settings, "subscriptionId": arm.subscription(settings)}
        return super().id_of(type_, name, known, beside)

    def missing(self, call: Call, type_: str, name: str, beside: Mapping[str, Any]) -> NotFoundError:
        """Azure's text for a group, a parent or a resource referred to that does not exist."""
        if type_ == arm.GROUP:
            return arm.not_found(self.id_of(type_, name, call.settings, beside))
        if "/" in name:
            reason = f"Resource {name} referenced by resource {call.name} was not found."
            advice = (
                "Please make sure that the referenced resource exists, and that both resources are in the same region."
            )
            return NotFoundError(f'Status=400 Code="InvalidResourceReference" Message="{reason} {advice}"')
        parent = self.id_of(type_, name, call.settings, beside)
        kind = f"{arm.kind_of(parent).partition('/')[2]}/{call.type.rsplit(':', 1)[-1]}"
        reason = f"Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource '{parent}'"
        return NotFoundError(f'Status=404 Code="ParentResourceNotFound" Message="{reason} could not be found."')

    def parts(self, resource: CloudResource) -> Properties:
        """The inputs that an id is made of: a resource group's name, the names of parents, the own name."""
        row = self._rows.get(resource.type)
        if row is None or row.id is None:
            return {name: value for name, value in resource.inputs.items() if name.endswith("Name")}
        pattern = re.escape(row.id).replace(r"\{provider\.subscriptionId\}", "[^/]+")
        pattern = re.sub(r"\\\{(\w+)\\\}", lambda field: f"(?P<{field[1]}>.+?)", pattern)
        found = re.fullmatch(pattern, resource.id, re.IGNORECASE)
        return found.groupdict() if found else {}
