"""Azure Resource Manager: ids, look-ups and the form of its errors.

Sources: pulumi/pulumi-azure-native provider/pkg/azure/client_azcore.go@006a62afe453b416e5d5c98d2d91c4c7281f52f9 (an
error's text); Azure Resource Manager's documentation (names and ids are case-insensitive).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.store import CloudResource, Store

# What a provider without settings speaks of: the subscription and the tenant of this pretend cloud.
SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
TENANT: Final = "11111111-1111-1111-1111-111111111111"
GROUP: Final = "azure-native:resources:ResourceGroup"


def refusal(status: int, code: str, message: str) -> CloudError:
    """An error as the provider prints it."""
    return CloudError(f'Status={status} Code="{code}" Message="{message}"')


def invalid(parameter: str, details: str) -> CloudError:
    """AKS's error for a value that its API checks before anything else."""
    reason = f"The value of parameter {parameter} is invalid. Error details: {details}"
    return refusal(400, "InvalidParameter", f"{reason} Please see https://aka.ms/aks-naming-rules for more details.")


def not_found(id_: str) -> NotFoundError:
    """The 404 for a resource, or for the group that it should lie in."""
    group = segment(id_, "resourceGroups")
    if "/providers/" not in id_:
        text = f'Code="ResourceGroupNotFound" Message="Resource group \'{group}\' could not be found."'
    else:
        text = (
            f'Code="ResourceNotFound" Message="The Resource \'{kind_of(id_)}/{name_of(id_)}\' under resource group '
            f"'{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix\""
        )
    return NotFoundError(f"Status=404 {text}")


def subscription(settings: Mapping[str, Any]) -> str:
    """The subscription that a provider's settings mean."""
    return str(settings.get("subscriptionId") or SUBSCRIPTION)


def name_of(id_: str) -> str:
    """The last part of an id: the resource's own name."""
    return id_.rsplit("/", 1)[-1]


def kind_of(id_: str) -> str:
    """The resource type in an id: `Microsoft.Network/virtualNetworks/subnets`."""
    if "/providers/" not in id_:
        return "Microsoft.Resources/resourceGroups"
    namespace, *rest = id_.rpartition("/providers/")[2].split("/")
    return "/".join([namespace, *rest[::2]])


def parent_of(id_: str) -> str:
    """The id without its last type and name: of the resource, group or scope that it lies in."""
    parent = id_.rsplit("/", 2)[0]
    return parent.rpartition("/providers/")[0] if parent.count("/providers/") and _bare(parent) else parent


def _bare(id_: str) -> bool:
    """Whether the id ends on a provider's namespace: that of a top-level resource lost its type and name."""
    return "/" not in id_.rpartition("/providers/")[2]


def segment(id_: str, before: str) -> str:
    """The part of an id that follows a word, whatever its case; empty when the word is not there."""
    parts = id_.split("/")
    lowered = [part.lower() for part in parts]
    at = lowered.index(before.lower()) + 1 if before.lower() in lowered else len(parts)
    return parts[at] if at < len(parts) else ""


def same(one: object, other: object) -> bool:
    """Whether two ids, names or places are the same to Azure."""
    return str(one).lower() == str(other).lower()


def find(store: Store, type_: str, id_: str) -> CloudResource | None:
    """The resource of that type and id, whatever the case of the id; what is only kept for recovery is gone."""
    found = stored(store, type_, id_)
    return None if found is None or found.live.get("forgotten") else found


def found(store: Store, type_: str, id_: str) -> CloudResource:
    """The same. Raises `NotFoundError` where there is none."""
    resource = find(store, type_, id_)
    if resource is None:
        raise not_found(id_)
    return resource


def stored(store: Store, type_: str, id_: str) -> CloudResource | None:
    """The same, also of what was deleted and is kept for recovery."""
    return store.get(type_, id_) or next((found for found in store.all(type_) if same(found.id, id_)), None)


def within(store: Store, id_: str, type_: str | None = None) -> Iterator[CloudResource]:
    """Everything that lies below an id, of one type if wanted."""
    prefix = f"{id_.lower()}/"
    yield from (found for found in list(store.all(type_)) if found.id.lower().startswith(prefix))


def guid(seed: str) -> str:
    """A GUID that is the same for the same seed."""
    return str(uuid.UUID(hashlib.sha256(seed.encode()).hexdigest()[:32]))
