"""Lookup of resource and function tokens in the SDKs' own registration tables.

What an SDK says of a token is read from its classes once and kept, so that it is imported for new tokens alone.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.metadata
import inspect
import re
import sys
import textwrap
import threading
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from sandbox.cloud.schema.kept import Kept, key_of
from sandbox.cloud.schema.kept import folder as kept_folder
from sandbox.cloud.schema.results import result_of
from sandbox.cloud.schema.shapes import FromClass, Object, Shape, is_optional, shape_of


@dataclass(frozen=True)
class OutputType:
    """A property of the finished resource; what is not optional always has a value."""

    shape: Shape
    optional: bool


class ResourceType(FromClass):
    """One type of resource as the SDK declares it."""

    def __init__(self, token: str, cls: type, args: type) -> None:
        super().__init__(cls)
        self.token = token
        self.inputs = Object(args)

    @cached_property
    def outputs(self) -> Mapping[str, OutputType]:
        """Every property of the resource by wire name, its inputs included."""
        scope = {**vars(pulumi), **vars(sys.modules[self._cls.__module__])}
        found: dict[str, OutputType] = {}
        for python_name, wire_name in _types.resource_py_to_pulumi_names(self._cls).items():
            getter = inspect.getattr_static(self._cls, python_name)
            if wire_name in ("id", "urn") or not isinstance(getter, property):
                continue
            hint = typing.get_type_hints(getter.fget, globalns=scope).get("return", Any)
            found[wire_name] = OutputType(shape_of(hint), is_optional(hint))
        return found

    @cached_property
    def secret_outputs(self) -> frozenset[str]:
        """Wire names of the outputs that the SDK declares secret (its constructor's `additional_secret_outputs`)."""
        constructor = getattr(self._cls, "_internal_init", None) or self._cls.__init__  # type: ignore[misc]
        tree = _parsed(constructor)
        return frozenset(
            name
            for call in ast.walk(tree)
            if isinstance(call, ast.Call)
            for keyword in call.keywords
            if keyword.arg == "additional_secret_outputs"
            for name in ast.literal_eval(keyword.value)
        )


def _parsed(function: Callable[..., Any]) -> ast.Module:
    """The source of a function as a tree.

    Before 3.11.8 Python fails ("AST constructor recursion depth mismatch", github.com/python/cpython/issues/106905)
    where the garbage that it collects amid that has a traceback to tell, for which it parses, too.
    """
    source = textwrap.dedent(inspect.getsource(function))
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if collects:
            gc.enable()


@dataclass(frozen=True)
class FunctionType:
    """One data source: its arguments by their Python names, those that must be given, its result."""

    token: str
    arguments: Mapping[str, Shape]
    required: frozenset[str]
    result: Object


class Sdk:
    """The SDK of one package. What is read from it is kept below `folder`, by default the user's cache."""

    def __init__(self, package: str, folder: Path | None = None) -> None:
        self.package = package
        self._module_name = f"pulumi_{package.replace('-', '_')}"
        self._folder = folder
        self._known: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def version(self) -> str:
        """Version of the installed SDK."""
        return importlib.metadata.version(self._module_name)

    def resource(self, token: str) -> ResourceType | None:
        """The resource type behind a token, `None` if the SDK has none."""
        found: ResourceType | None = self._look_up(f"resource {token}", lambda: self._load_resource(token))
        return found

    def resource_of_class(self, token: str, module: str, name: str) -> ResourceType:
        """A resource type that the SDK has a class for, in one of its modules, but does not know by its token."""
        found: ResourceType = self._look_up(
            f"resource {token}",
            lambda: _resource_type(token, getattr(importlib.import_module(f"{self._module_name}.{module}"), name)),
        )
        return found

    def function(self, token: str) -> FunctionType | None:
        """The data source behind a token, `None` if the SDK has none."""
        found: FunctionType | None = self._look_up(f"function {token}", lambda: self._load_function(token))
        return found

    @cached_property
    def _kept(self) -> Kept:
        return Kept(self._folder or kept_folder(), key_of(self._module_name))

    def _look_up(self, name: str, load: Callable[[], Any]) -> Any:
        with self._lock:
            if name not in self._known:
                found = self._kept.get(name)
                if found is None:
                    found = load()
                    if found is not None:
                        self._kept.put(name, found)
                self._known[name] = found
            return self._known[name]

    def _load_resource(self, token: str) -> ResourceType | None:
        module = importlib.import_module(self._module_name)
        if token == f"pulumi:providers:{self.package}":
            cls: type = module.Provider
        else:
            package, location, _ = token.split(":")
            registered = rpc.get_resource_module(package, location, "")
            info: dict[str, Any] = getattr(registered, "mod_info", {})
            if token not in info.get("classes", {}):
                return None
            cls = getattr(importlib.import_module(info["fqn"]), info["classes"][token])
        return _resource_type(token, cls)

    def _load_function(self, token: str) -> FunctionType | None:
        _, location, name = token.split(":")
        folder = location.split("/")[0]
        python_name = snake_case(name)
        module = self._import(self._module_name if folder == "index" else f"{self._module_name}.{folder}")
        function = getattr(module, f"{python_name}_output", None)
        if function is None:
            return None
        # `Input` speaks of `Output[T]` by name, which is looked up where the hint stands.
        scope = {**vars(sys.modules[pulumi.Output.__module__]), **vars(sys.modules[function.__module__])}
        hints = typing.get_type_hints(function, globalns=scope)
        arguments = {name: hint for name, hint in hints.items() if name not in ("opts", "return")}
        return FunctionType(
            token,
            {name: shape_of(hint) for name, hint in arguments.items()},
            frozenset(arguments) - _optional_arguments(function),
            result_of(typing.get_args(hints["return"])[0]),
        )

    @staticmethod
    def _import(name: str) -> ModuleType | None:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            return None


def _resource_type(token: str, cls: type) -> ResourceType:
    home = sys.modules[cls.__module__]
    # Kubernetes calls its classes `DeploymentInitArgs`: `DeploymentArgs` is the nested type.
    args = getattr(home, f"{cls.__name__}InitArgs", None) or getattr(home, f"{cls.__name__}Args")
    return ResourceType(token, cls, args)


def _optional_arguments(function: Callable[..., Any]) -> frozenset[str]:
    """The arguments that may be left out. The SDK writes `Optional` once around every argument, and twice around
    these, which only its source still tells: Python merges the two."""
    definition = _parsed(function).body[0]
    assert isinstance(definition, ast.FunctionDef), "a data source is a function"
    return frozenset(
        argument.arg
        for argument in definition.args.args
        if argument.annotation is not None and ast.unparse(argument.annotation).count("Optional[") > 1
    )


def snake_case(name: str) -> str:
    """The SDK's Python spelling of a wire name: `getIAMPolicy` → `get_iam_policy`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.lower()
