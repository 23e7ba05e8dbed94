"""What may be said of a target, and how Kubernetes refers to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from penstock.autoscaling.pods import preflight
from penstock.autoscaling.pools import Pool, repeated_problems
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


class TargetSpec(Spec):
    """See `Target` for what each field means."""

    name: Any = Field(description="the name of the workload")
    """A text, or a Pulumi output of one; so is the namespace."""
    namespace: Any = Field(description="the namespace of the workload")
    kind: str = Field(default="Deployment", min_length=1)
    api_version: str = Field(default="apps/v1", min_length=1)
    cold_start_seconds: WholeNumber | None = Field(default=None, ge=0, le=3600)
    termination_grace_seconds: WholeNumber | None = Field(default=None, ge=0)
    pre_stop_seconds: WholeNumber = Field(default=0, ge=0)
    drain_seconds: WholeNumber = Field(default=0, ge=0)
    gpus: WholeNumber = Field(default=0, ge=0)
    gpu_memory_utilization: float | None = Field(default=None, gt=0, le=1)
    pools: list[Pool] = []

    @property
    def reference(self) -> dict[str, Any]:
        """How other objects name it, in Kubernetes' spelling."""
        return {"apiVersion": self.api_version, "kind": self.kind, "name": self.name}

    @rule
    def the_name_is_one(self) -> Iterator[Problem]:
        yield from name_problems("name", self.name, _SUBDOMAIN, 253)

    @rule
    def the_namespace_is_one(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)

    @rule
    def pods_have_time_to_end(self) -> Iterator[Problem]:
        yield from preflight.grace_problems(self.termination_grace_seconds, self.pre_stop_seconds, self.drain_seconds)

    @rule
    def pools_have_gpus(self) -> Iterator[Problem]:
        yield from preflight.pool_gpu_problems(self.gpus, self.pools)
        yield from repeated_problems(self.pools)


def name_problems(path: str, name: object, form: re.Pattern[str] = _LABEL, longest: int = 63) -> Iterator[Problem]:
    """What is wrong with a name; one that is not known yet is passed over."""
    if name is None or name == "":
        yield Problem(path, "This is required. Write a name.")
    elif isinstance(name, int | float | bool | list | dict):
        yield Problem(path, f"Write a text, not {name!r}.")
    elif isinstance(name, str) and not (form.fullmatch(name) and len(name) <= longest):
        yield Problem(
            path,
            f"'{name}' is no name that Kubernetes takes here. Write up to {longest} lower-case letters, digits or '-', "
            "beginning and ending with a letter or digit.",
        )


def object_name_problems(name: str, longest: int = 63) -> Iterator[Problem]:
    """What is wrong with a component's own name, which becomes that of its objects."""
    yield from name_problems("", name, _LABEL, longest)


def service_name_problems(name: str, longest: int = 63) -> Iterator[Problem]:
    """What is wrong with a component's own name, which becomes that of a Service, too (RFC 1035)."""
    yield from object_name_problems(name, longest)
    if name[:1].isdigit():
        yield Problem("", f"'{name}' is no name for a Service, which begins with a letter. Write one that does.")
