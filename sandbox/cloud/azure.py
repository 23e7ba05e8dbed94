"""Azure, generically: every resource is recorded under an id of Azure Resource Manager's shape."""

from __future__ import annotations

from sandbox.cloud.catalogue import CataloguePackage
from sandbox.cloud.facts import Facts, NameRule
from sandbox.cloud.package import Call
from sandbox.cloud.schema import Coercion, ResourceType
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


class AzurePackage(CataloguePackage):
    """Azure: no replace rules; an update is made in place. Its provider converts no types."""

    coercion = Coercion.STRICT

    def facts(self, call: Call, resource: ResourceType) -> Facts:
        """The resource's name is the optional input that ends in `Name` and comes back as `name`."""
        facts = super().facts(call, resource)
        own = [name for name in _names(resource) if name not in resource.inputs.required]
        if facts.name is not None or not own:
            return facts
        return facts.model_copy(update={"name": NameRule(property=(own[0],), auto=True)})

    def plain_id(self, call: Call, inputs: Properties) -> str:
        """`/subscriptions/…/resourceGroups/…/providers/Microsoft.X/kinds/parent/name`."""
        given = {name: str(inputs[name]) for name in _names(self.type_of(call)) if name in inputs}
        root = f"/subscriptions/{_SUBSCRIPTION}"
        group = given.pop("resourceGroupName", None)
        if _kind(call) == "ResourceGroup":
            return f"{root}/resourceGroups/{group}"
        place = f"{root}/resourceGroups/{group}" if group else root
        return f"{place}/providers/{_resource_type(call)}/{'/'.join(given.values())}"

    def complete(self, call: Call, resource: CloudResource) -> None:
        resource.outputs.setdefault("name", resource.id.rsplit("/", 1)[-1])
        resource.outputs.setdefault("type", _resource_type(call))
        super().complete(call, resource)


def _names(resource: ResourceType) -> list[str]:
    """The inputs that name the resource and what it lies in: parents first, as they are the required ones."""
    names = [name for name in resource.inputs.properties if name.endswith("Name") and name not in resource.outputs]
    return sorted(names, key=lambda name: name not in resource.inputs.required)


def _kind(call: Call) -> str:
    return call.type.rsplit(":", 1)[-1]


def _resource_type(call: Call) -> str:
    kind = _kind(call)
    return f"Microsoft.{call.type.split(':')[1].capitalize()}/{kind[0].lower()}{kind[1:]}s"
