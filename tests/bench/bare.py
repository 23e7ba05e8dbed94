"""A program without Penstock that registers the same provider resources as one with it: what the bare engine takes.

It is made from a preview of the other, and uses the cloud's SDK as somebody would who writes such a program. What a
preview does not know yet stays unknown, so that the engine and the providers have the same work.
"""

import importlib
import json
from typing import Any

from pulumi._types import input_type_py_to_pulumi_names

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how the engine writes an unknown value in JSON
_SECRET = "4dabf18193072939515e22adb298388d"  # and the key that marks a special value
_HIDDEN = "[secret]"  # and what it writes in place of a secret

_PROGRAM = """\
import asyncio
import json

import pulumi
{imports}

UNKNOWN = {unknown!r}


def unknown():
    loop = asyncio.get_event_loop()
    done, known = loop.create_future(), loop.create_future()
    done.set_result(None)
    known.set_result(False)
    return pulumi.Output(set(), done, known)


def live(value):
    if isinstance(value, dict):
        return {{key: live(item) for key, item in value.items()}}
    if isinstance(value, list):
        return [live(item) for item in value]
    return unknown() if value == UNKNOWN else value


{resources}
"""
_RESOURCE = "{type}({name!r}, **{{key: live(value) for key, value in json.loads({inputs!r}).items()}})"
_SDKS = {
    "gcp": "pulumi_gcp",
    "aws": "pulumi_aws",
    "azure-native": "pulumi_azure_native",
    "kubernetes": "pulumi_kubernetes",
    "random": "pulumi_random",
}

_RENAMED = {"resource_name": "resource_name_"}
"""What the SDKs call otherwise in Python: `resource_name` is Pulumi's own name of a resource."""


def resources(plan: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Type, name and inputs of every provider resource that a preview (`--json`) would create."""
    states = [step["newState"] for step in json.loads(plan)["steps"] if step["op"] == "create"]
    return [
        (state["type"], state["urn"].rpartition("::")[2], _plain(state.get("inputs", {})))
        for state in states
        if state["type"].partition(":")[0] in _SDKS
    ]


def program(of: list[tuple[str, str, dict[str, Any]]]) -> str:
    """The program that registers these and nothing else."""
    sdks = sorted({_SDKS[type_.partition(":")[0]] for type_, _, _ in of})
    lines = [
        _RESOURCE.format(type=_class(type_), name=name, inputs=json.dumps(_arguments(type_, inputs)))
        for type_, name, inputs in of
    ]
    imports = "\n".join(f"import {sdk}" for sdk in sdks)
    return _PROGRAM.format(imports=imports, unknown=UNKNOWN, resources="\n".join(lines))


def _class(type_: str) -> str:
    """`kubernetes:rbac.authorization.k8s.io/v1:Role` -> `pulumi_kubernetes.rbac.v1.Role`."""
    package, module, name = type_.split(":")
    group, _, rest = module.partition("/")
    version = f".{rest}" if package == "kubernetes" else ""
    inside = "" if group == "index" else f".{group.partition('.')[0]}"
    return f"{_SDKS[package]}{inside}{version}.{name}"


def _arguments(type_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs by the names that the SDK gives them in Python."""
    module, _, name = _class(type_).rpartition(".")
    sdk = importlib.import_module(module)
    # `Args` is another type where a property's type has the resource's name.
    arguments = getattr(sdk, f"{name}InitArgs", None) or getattr(sdk, f"{name}Args")
    python = {wire: _RENAMED.get(own, own) for own, wire in input_type_py_to_pulumi_names(arguments).items()}
    return {python[key]: value for key, value in inputs.items() if key not in ("apiVersion", "kind")}


def _plain(value: Any) -> Any:
    """Secrets as what they hold, or unknown where the engine hides that, and without what the provider itself added."""
    if value == _HIDDEN:
        return UNKNOWN
    if isinstance(value, dict):
        if _SECRET in value:
            return _plain(json.loads(value["plaintext"])) if "plaintext" in value else UNKNOWN
        return {key: _plain(item) for key, item in value.items() if not key.startswith("__")}
    return [_plain(item) for item in value] if isinstance(value, list) else value
