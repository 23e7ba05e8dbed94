"""Objects in their several forms: as a program writes them, as they are sent, and as the API server has them."""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any, Final
from urllib.parse import urlencode

from penstock_cost.quantities import quantity
from sandbox.cloud.kubernetes.kinds import Kind
from sandbox.cloud.package import Call, refresh
from sandbox.cloud.values import Properties
from sandbox.cluster.api import Object

MANAGER: Final = "pulumi-kubernetes"
_SECRET: Final = "kubernetes:core/v1:Secret"
_FORCE: Final = "pulumi.com/patchForce"
_MADE_BY_SERVER: Final = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")


def kind_of(call: Call, *told: Properties) -> str:
    """The kind of the object: what `told` of it says; otherwise its type's name, less the `Patch` of the SDK's own."""
    kind = Kind.of(call.type)
    said = next((str(each["kind"]) for each in told if each.get("kind")), None)
    return said or (kind.name.removesuffix("Patch") if kind.patch else kind.name)


def is_patch(call: Call, *told: Properties) -> bool:
    """Whether it holds fields of an object that somebody else made: its type is named after the object's kind, as
    `ClusterPatch` is. A custom kind may itself end so.
    """
    return Kind.of(call.type).name == f"{kind_of(call, *told)}Patch"


def identity(call: Call, id_: str, *told: Properties) -> Object:
    """The least that names an object; `id_` is `namespace/name`, or the name alone."""
    namespace, _, name = id_.rpartition("/")
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": Kind.of(call.type).api_version, "kind": kind_of(call, *told), "metadata": meta}


def manager(call: Call, *told: Properties) -> str:
    """Who applies. Each Patch is a manager of its own, so that several may hold fields of one object."""
    return f"{MANAGER}-{hashlib.sha256(call.urn.encode()).hexdigest()[:8]}" if is_patch(call, *told) else MANAGER


def sent(call: Call, inputs: Properties) -> Object:
    """What is applied: what the program says, and nothing that it leaves open."""
    body: Object = _without_nothing(inputs)
    if call.type == _SECRET and body.get("stringData"):
        # The API server would take texts and forget whose they are, so that one that is dropped would stay.
        texts = {name: base64.b64encode(str(text).encode()).decode() for name, text in body.pop("stringData").items()}
        body["data"] = {**body.get("data", {}), **texts}
    return {**body, "kind": kind_of(call, inputs)}


def query_of(call: Call, inputs: Properties, dry: bool = False) -> str:
    """Who applies, and how."""
    annotations = (inputs.get("metadata") or {}).get("annotations") or {}
    words = {"fieldManager": manager(call, inputs)}
    if dry:
        words["dryRun"] = "All"
    if annotations.get(_FORCE) == "true" or call.settings.get("enablePatchForce"):
        words["force"] = "true"
    return urlencode(words)


def outputs_of(live: Object) -> Properties:
    """The object as Pulumi keeps it."""
    return {**live, "metadata": {name: value for name, value in live["metadata"].items() if name != "managedFields"}}


def written(live: Object) -> Properties:
    """What a program would write to have this object."""
    meta = {name: value for name, value in live["metadata"].items() if name not in _MADE_BY_SERVER}
    return {**{name: value for name, value in live.items() if name != "status"}, "metadata": meta}


def refreshed(inputs: Properties, live: Object) -> Properties:
    """The inputs with the values that the API server has; an amount that it writes otherwise (1000m for 1) is none."""
    now: Properties = _same_amounts(inputs, refresh(copy.deepcopy(inputs), live))
    return now


def _same_amounts(was: Any, now: Any) -> Any:
    if isinstance(was, dict) and isinstance(now, dict):
        return {name: _same_amounts(was.get(name), value) for name, value in now.items()}
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        return [_same_amounts(one, other) for one, other in zip(was, now, strict=True)]
    amounts = not isinstance(was, (bool, type(None))) and quantity(was) is not None and quantity(was) == quantity(now)
    return was if amounts else now


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nothing(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nothing(one) for one in value]
    return value
