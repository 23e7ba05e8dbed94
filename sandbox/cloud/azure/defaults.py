"""Outputs that nearly every Azure resource has, in the form that Azure gives them."""

from __future__ import annotations

import datetime
from typing import Any

from sandbox.cloud.azure import arm
from sandbox.cloud.azure.permissions import IDENTITY
from sandbox.cloud.schema import ResourceType
from sandbox.cloud.store import CloudResource, Store


def complete(type_: ResourceType, resource: CloudResource, store: Store) -> None:
    """Fills in place what is missing: name, type, state of provisioning, GUIDs, entity tags, who made it when."""
    outputs = resource.outputs
    for name, value in _usual(resource).items():
        if name in type_.outputs and outputs.get(name) is None:
            outputs[name] = value
    identity = outputs.get("identity")
    if isinstance(identity, dict):
        outputs["identity"] = _identity(identity, resource.id, store)


def _usual(resource: CloudResource) -> dict[str, Any]:
    id_ = resource.id
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "name": arm.name_of(id_),
        "type": arm.kind_of(id_),
        "provisioningState": "Succeeded",
        "resourceGuid": arm.guid(f"{id_}#resource"),
        "etag": f'W/"{arm.guid(f"{id_}#etag")}"',
        "eTag": arm.guid(f"{id_}#etag"),
        "systemData": {
            "createdAt": now,
            "createdBy": arm.guid("caller"),
            "createdByType": "Application",
            "lastModifiedAt": now,
            "lastModifiedBy": arm.guid("caller"),
            "lastModifiedByType": "Application",
        },
    }


def _identity(identity: dict[str, Any], id_: str, store: Store) -> dict[str, Any]:
    """Identities come back with the principals that they are; a list of ids comes back as a map."""
    users = identity.get("userAssignedIdentities")
    shown = dict(identity)
    if "SystemAssigned" in str(identity.get("type")).replace(" ", "").split(","):
        shown |= {"principalId": arm.guid(f"{id_}#principal"), "tenantId": arm.TENANT}
    if users:
        shown["userAssignedIdentities"] = {user: _principal(user, store) for user in users}
    return shown


def _principal(id_: str, store: Store) -> dict[str, Any]:
    found = arm.find(store, IDENTITY, id_)
    seen = found.outputs if found else {}
    return {name: seen.get(name) or arm.guid(f"{id_}#{name}") for name in ("clientId", "principalId")}
