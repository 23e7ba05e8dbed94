"""The azure-native provider: ordinary resources from its facts table, what a table cannot say from the behaviours.

Sources of what the provider itself does (names, places, differences, previews, refreshes): pulumi/pulumi-azure-native
provider/pkg/provider/provider.go@006a62afe453b416e5d5c98d2d91c4c7281f52f9, provider/pkg/provider/diff.go (the version
with `mapProperties`) and provider/pkg/openapi/openapi.go (AutoNamer).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.cloud import paths
from sandbox.cloud.azure import arm, naming
from sandbox.cloud.azure.behaviours import behaviours
from sandbox.cloud.azure.cluster import hide_addresses
from sandbox.cloud.azure.defaults import complete
from sandbox.cloud.azure.differences import differences
from sandbox.cloud.azure.directory import AzureDirectory
from sandbox.cloud.azure.inputs import imported, refreshed
from sandbox.cloud.azure.invokes import INVOKES
from sandbox.cloud.azure.pools import CLUSTER
from sandbox.cloud.catalogue import CataloguePackage
from sandbox.cloud.errors import CloudError
from sandbox.cloud.facts import Facts, NameRule
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call, Difference, Reading
from sandbox.cloud.schema import Coercion, ResourceType
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import UNKNOWN, Properties

# Properties that are lists of what can also be resources of their own: unless the program gives them, they are not its.
_SUB_RESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "azure-native:network:VirtualNetwork": ("subnets", "virtualNetworkPeerings"),
    "azure-native:network:NetworkSecurityGroup": ("securityRules",),
    "azure-native:network:RouteTable": ("routes",),
}
# What Azure says of a name that a deleted vault still has. Source: alan-turing-institute/data-safe-haven#2523.
_RECOVER: Final = (
    "You need to either recover or purge existing key vault. Follow this link "
    "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
)
# The outputs that a preview of an update takes to stay as they are.
_STABLE: Final = ("name", "location")


class AzurePackage(CataloguePackage):
    """Azure. Its provider converts no types."""

    coercion = Coercion.STRICT

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.directory: AzureDirectory = AzureDirectory(name, store)
        self.behaviours = behaviours(store, self.sdk)

    def facts(self, call: Call, resource: ResourceType) -> Facts:
        """Without a row, the resource's name is the optional input that ends in `Name` and comes back as `name`."""
        facts = super().facts(call, resource)
        own = [name for name in _names(resource) if name not in resource.inputs.required]
        if facts.name is not None or facts.source != "none" or not own:
            return facts
        return facts.model_copy(update={"name": NameRule(property=(own[0],), auto=True)})

    def fill_defaults(
        self, call: Call, resource: ResourceType, old: Properties, inputs: Properties, naming_: Autonaming
    ) -> None:
        facts = self.facts(call, resource)
        if facts.name is not None and facts.name.auto:
            naming.fill(call, facts, naming_, old, inputs)
        if "location" in resource.inputs.properties and inputs.get("location") is None:
            place = self._default_location(call, old, inputs)
            if place is not None:
                inputs["location"] = place

    def diff(
        self, call: Call, old: Properties, live: Properties, new: Properties, ignore: Sequence[paths.Path]
    ) -> Difference:
        """Whatever is replaced is deleted first, unless its name was made up at random."""
        found = differences(self.facts(call, self.type_of(call)), old, live, new, ignore)
        replaces = any(change.replaces for change in found)
        return Difference(found, delete_before_replace=replaces and not old.get(naming.CREATE_BEFORE_DELETE, False))

    def preview(self, call: Call, inputs: Properties, prior: Properties | None) -> Properties:
        """In a preview of an update all that the cloud computes is unknown again, save name and place."""
        lasting = {name: value for name, value in (prior or {}).items() if name in _STABLE}
        outputs = super().preview(call, inputs, None)
        identity = outputs.get("identity")
        if isinstance(identity, dict) and isinstance(identity.get("userAssignedIdentities"), list):
            # Given as a list, they come back as a map that tells what each one is.
            outputs["identity"] = {**identity, "userAssignedIdentities": UNKNOWN}
        return {**outputs, **lasting}

    def visible(self, call: Call, inputs: Properties) -> Properties:
        """The inputs as the API's answer has them: a set of identities, a list in programs, is a map there."""
        shown = super().visible(call, inputs)
        identity = shown.get("identity")
        users = identity.get("userAssignedIdentities") if isinstance(identity, dict) else None
        if isinstance(users, list):
            known: Any = UNKNOWN if UNKNOWN in users else {user: {} for user in users}
            shown["identity"] = {**shown["identity"], "userAssignedIdentities": known}
        return shown

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        return super().create(_settled(call), inputs)

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        found = arm.find(self.store, call.type, id_)
        return super().update(_settled(call), found.id if found else id_, prior, inputs)

    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        resource = arm.find(self.store, call.type, id_)
        if resource is None:
            return None
        if call.type in self.behaviours:
            self.behaviours[call.type].reading(resource, outputs)
        shape = self.type_of(call).inputs
        if not inputs:
            return Reading(
                resource.id, imported(self.directory.parts(resource), resource.outputs, shape), resource.outputs
            )
        hidden = [name for name in _SUB_RESOURCES.get(call.type, ()) if name not in inputs]
        before, now = ({k: v for k, v in seen.items() if k not in hidden} for seen in (outputs, resource.outputs))
        return Reading(resource.id, refreshed(inputs, before, now, shape), resource.outputs)

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        found = arm.find(self.store, call.type, id_)
        if found is not None:
            super().delete(call, found.id, prior)

    def invoke(self, token: str, arguments: Properties, settings: Mapping[str, Any]) -> Properties:
        if token not in INVOKES:
            return super().invoke(token, arguments, settings)
        return INVOKES[token](self, arguments, settings)

    def conflict(self, resource: CloudResource) -> str:
        return f"cannot create already existing resource '{resource.id}'"

    def missing(self, type_: str, id_: str) -> str:
        return str(arm.not_found(id_))

    def plain_id(self, call: Call, inputs: Properties) -> str:
        """`/subscriptions/…/resourceGroups/…/providers/Microsoft.X/kinds/parent/name`, for types without a row."""
        given = {name: str(inputs[name]) for name in _names(self.type_of(call)) if name in inputs}
        root = f"/subscriptions/{arm.subscription(call.settings)}"
        group = given.pop("resourceGroupName", None)
        place = f"{root}/resourceGroups/{group}" if group else root
        return f"{place}/providers/{_resource_type(call)}/{'/'.join(given.values())}"

    def complete(self, call: Call, resource: CloudResource) -> None:
        complete(self.type_of(call), resource, self.store)
        super().complete(call, resource)
        if call.type == CLUSTER:
            hide_addresses(resource)

    def _new_id(self, call: Call, facts: Facts, inputs: Properties) -> str:
        id_ = f"/{super()._new_id(call, facts, inputs).strip('/')}"
        # The provider looks before it puts, since Azure would take a second creation for an update.
        if arm.find(self.store, call.type, id_) is not None:
            raise CloudError(f"cannot create already existing resource '{id_}'")
        if arm.stored(self.store, call.type, id_) is not None:
            reason = f"A vault with the same name already exists in deleted state. {_RECOVER}"
            raise arm.refusal(409, "ConflictError", reason)
        return id_

    def _require_parents(self, call: Call, facts: Facts, inputs: Properties) -> None:
        for pattern, type_ in facts.parents.items():
            for _, name in paths.find(inputs, pattern):
                if isinstance(name, str) and self.directory.find(type_, name, call.settings, inputs) is None:
                    raise self.directory.missing(call, type_, name, inputs)

    def _default_location(self, call: Call, old: Properties, inputs: Properties) -> Any:
        """The place that was, that the provider's settings name, or the resource group's."""
        if old.get("location") is not None:
            return old["location"]
        if call.settings.get("location"):
            return call.settings["location"]
        group = inputs.get("resourceGroupName")
        if group is UNKNOWN:
            return UNKNOWN
        found = self.directory.find(arm.GROUP, str(group), call.settings, inputs) if group else None
        return found.outputs.get("location") if found else None


def _settled(call: Call) -> Call:
    """The call with a subscription, which the real provider takes from whoever is logged in."""
    return dataclasses.replace(call, settings={**call.settings, "subscriptionId": arm.subscription(call.settings)})


def _names(resource: ResourceType) -> list[str]:
    """The inputs that name the resource and what it lies in: parents first, as they are the required ones."""
    names = [name for name in resource.inputs.properties if name.endswith("Name") and name not in resource.outputs]
    return sorted(names, key=lambda name: name not in resource.inputs.required)


def _resource_type(call: Call) -> str:
    kind = call.type.rsplit(":", 1)[-1]
    return f"Microsoft.{call.type.split(':')[1].capitalize()}/{kind[0].lower()}{kind[1:]}s"
