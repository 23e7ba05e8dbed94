"""A program without Penstock that registers the same provider resources as one with it: what the bare engine takes.

It is made from what the engine was asked in a preview of the other, and uses the cloud's SDK as somebody would who
writes such a program: the same inputs in the same order, after the same resources. What a preview does not know yet
stays unknown, so that the engine and the providers have the same work.
"""

import importlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pulumi._types import input_type_py_to_pulumi_names

from tests.bench import programs

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how an unknown value is written in a request
_SECRET = "4dabf18193072939515e22adb298388d"  # and the key that marks a special value, here a secret

_PROGRAM = """\
import asyncio
import importlib
import json
from pathlib import Path

import pulumi


def unknown():
    loop = asyncio.get_event_loop()
    done, known = loop.create_future(), loop.create_future()
    done.set_result(None)
    known.set_result(False)
    return pulumi.Output(set(), done, known)


def live(value):
    if isinstance(value, dict):
        return {key: live(item) for key, item in value.items()}
    if isinstance(value, list):
        return [live(item) for item in value]
    return unknown() if value == "%s" else value


made = {}
for each in json.loads(Path(__file__).with_name("resources.json").read_text()):
    module, _, name = each["type"].rpartition(".")
    opts = pulumi.ResourceOptions(depends_on=[made[urn] for urn in each["after"]])
    made[each["urn"]] = getattr(importlib.import_module(module), name)(each["name"], opts=opts, **live(each["inputs"]))
"""
_SDKS = {
    "gcp": "pulumi_gcp",
    "aws": "pulumi_aws",
    "azure-native": "pulumi_azure_native",
    "kubernetes": "pulumi_kubernetes",
    "random": "pulumi_random",
    "tls": "pulumi_tls",
}
_RENAMED = {"resource_name": "resource_name_"}
"""What the SDKs call otherwise in Python: `resource_name` is Pulumi's own name of a resource."""


@dataclass(frozen=True)
class Registration:
    """A resource as a program registers it: its class in Python, and its arguments."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    after: list[str]


def registrations(log: Path) -> list[Registration]:
    """Every provider resource that was registered, by what Pulumi wrote to PULUMI_DEBUG_GRPC."""
    found: dict[str, Registration] = {}
    for line in log.read_text().splitlines():
        call = json.loads(line)
        if not (call["method"].endswith("ResourceMonitor/RegisterResource") and "response" in call):
            continue
        asked, urn = call["request"], call["response"]["urn"]
        if asked["type"].partition(":")[0] in _SDKS:
            by_inputs = {it for said in asked.get("propertyDependencies", {}).values() for it in said.get("urns", [])}
            after = [it for it in asked.get("dependencies", []) if it not in by_inputs]
            called, inputs = _constructed(asked["type"], _plain(asked.get("object", {})))
            found[urn] = Registration(urn, called, asked["name"], inputs, after)
    return _in_order(found)


def write(folder: Path, of: list[Registration]) -> None:
    """Writes a project that registers these and nothing else."""
    programs.write(folder, _PROGRAM % _UNKNOWN)
    (folder / "program" / "resources.json").write_text(json.dumps([asdict(each) for each in of]))


def _in_order(found: dict[str, Registration]) -> list[Registration]:
    """Each after those that it depends on: the log has them as they were done."""
    ordered: dict[str, Registration] = {}

    def add(each: Registration) -> None:
        for urn in each.after:
            if urn in found and urn not in ordered:
                add(found[urn])
        ordered[each.urn] = each

    for each in found.values():
        if each.urn not in ordered:
            add(each)
    return list(ordered.values())


def _class(type_: str) -> str:
    """`kubernetes:rbac.authorization.k8s.io/v1:Role` -> `pulumi_kubernetes.rbac.v1.Role`."""
    package, module, name = type_.split(":")
    group, _, rest = module.partition("/")
    version = f".{rest}" if package == "kubernetes" else ""
    inside = "" if group == "index" else f".{group.partition('.')[0]}"
    return f"{_SDKS[package]}{inside}{version}.{name}"


def _constructed(type_: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The class in Python, and the inputs by the names that it gives them."""
    called = _class(type_)
    module, _, name = called.rpartition(".")
    sdk: ModuleType | None = None
    with suppress(ModuleNotFoundError):
        sdk = importlib.import_module(module)
    if not hasattr(sdk, name):
        # A kind that a CustomResourceDefinition defines.
        first = {"api_version": inputs["apiVersion"], "kind": inputs["kind"]}
        rest = {key: value for key, value in inputs.items() if key not in ("apiVersion", "kind")}
        return "pulumi_kubernetes.apiextensions.CustomResource", first | rest
    # `Args` is another type where a property's type has the resource's name.
    arguments = getattr(sdk, f"{name}InitArgs", None) or getattr(sdk, f"{name}Args")
    python = {wire: _RENAMED.get(own, own) for own, wire in input_type_py_to_pulumi_names(arguments).items()}
    return called, {python[key]: value for key, value in inputs.items() if key not in ("apiVersion", "kind")}


def _plain(value: Any) -> Any:
    """Secrets as what they hold."""
    if isinstance(value, dict):
        return _plain(value["value"]) if _SECRET in value else {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
