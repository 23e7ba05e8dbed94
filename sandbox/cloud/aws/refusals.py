"""What AWS's APIs answer when they refuse, in the form in which the provider shows it.

A text is `creating EKS Cluster (main): operation error EKS: CreateCluster, https response error StatusCode: 400,
RequestID: …, InvalidParameterException: …`. `data/api.yaml` has the words of every type.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from sandbox.cloud import tables
from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.store import CloudResource

_DOING: Final = {"create": "creating", "update": "updating", "delete": "deleting"}
# The SDKs know the exceptions of other services by name; those of these are nameless "api errors".
_NAMELESS: Final = ("EC2", "Auto Scaling")


def refusal(type_: str, verb: str, name: str, code: str, message: str, status: int = 400) -> CloudError:
    """The refusal of a `create`, `update` or `delete` of a resource, which `name` tells to the reader."""
    return CloudError(_text(type_, verb, name, code, message, status))


def failed(type_: str, name: str, issue: str) -> CloudError:
    """The end of something that began to exist and then failed, as the provider's wait for it shows."""
    words = _api()[type_]
    state = f"unexpected state '{words['failed']}', wanted target '{words['ready']}'"
    return CloudError(f"waiting for {words['label']} ({name}) create: {state}. last error: {issue}")


def not_found(type_: str, verb: str, name: str, parent_type: str, parent: str) -> NotFoundError:
    """The refusal of a resource that names another which does not exist."""
    service = _api()[type_]["service"]
    missing = _api()[parent_type]["missing"]
    code, message, status = missing.get(service) or missing["other"]
    return NotFoundError(_text(type_, verb, name, code, message.format(id=parent), status))


def gone(type_: str, id_: str) -> str:
    """The text for an update of something that does not exist."""
    words = _api().get(type_)
    if words is None or "missing" not in words:
        return f"{type_} {id_} was not found."
    missing = words["missing"]
    code, message, status = missing.get(words["service"]) or missing["other"]
    return _text(type_, "update", id_, code, message.format(id=id_), status)


def conflict(resource: CloudResource) -> str:
    """The text for “there is one already”."""
    words = _api().get(resource.type)
    if words is None or "conflict" not in words:
        return f"{resource.type} {resource.id} already exists."
    code, message, status = words["conflict"]
    return _text(resource.type, "create", resource.id, code, message.format(**resource.outputs), status)


def _text(type_: str, verb: str, name: str, code: str, message: str, status: int) -> str:
    words = _api()[type_]
    service, operation = words["service"], words[verb]
    error = f"api error {code}" if service in _NAMELESS else code
    what = f"{_DOING[verb]} {words['label']} ({name})"
    where = f"operation error {service}: {operation}, https response error StatusCode: {status}"
    return f"{what}: {where}, RequestID: {uuid.uuid4()}, {error}: {message}"


@cache
def _api() -> Mapping[str, Any]:
    table: Mapping[str, Any] = tables.read(Path(__file__).parent / "data" / "api.yaml")
    return table
