"""What may be asked of `Workload` and `ServiceNamespace`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, cast

from pydantic import Field

from penstock.autoscaling.pods.preflight import pool_gpu_problems
from penstock.autoscaling.pods.quantities import amount_problems
from penstock.autoscaling.pods.target import name_problems
from penstock.autoscaling.pools import Pool, repeated_problems
from penstock.nodes.plan import GPU_RESOURCE, scheduling
from penstock.problems import InvalidSpec, Problem
from penstock.refs import PoolRef
from penstock.spec import Spec, WholeNumber, check, rule

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_KEY = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[-._a-zA-Z0-9]+")
MARGIN_SECONDS = 5
"""What a process gets beyond its last request, to write its logs and exit."""


class ImagePullPolicy(StrEnum):
    """As Kubernetes spells it."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class RequestsSpec(Spec):
    """See `WorkloadRequests`."""

    cpu: str = Field(description="the CPU of a pod, for example 500m")
    memory: str = Field(description="the memory of a pod, for example 2Gi")
    gpus: WholeNumber = Field(default=0, ge=0)

    @rule
    def amounts(self) -> Iterator[Problem]:
        yield from amount_problems("cpu", self.cpu, "500m or 2")
        yield from amount_problems("memory", self.memory, "512Mi or 2Gi")


class WorkloadSpec(Spec):
    """See `WorkloadArgs` for what each field means."""

    namespace: Any = Field(description="the namespace")
    """A text, or a Pulumi output of one; so are the image and the values of the environment."""
    image: Any = Field(description="the image")
    pools: list[dict[str, Any]] = Field(min_length=1, description="the refs of the pools on which it runs")
    requests: RequestsSpec = Field(description="what each pod asks for")
    image_pull_policy: ImagePullPolicy | None = None
    command: list[str] = []
    arguments: list[str] = []
    environment: dict[str, Any] = {}
    secret_environment: dict[str, str] = {}
    port: WholeNumber = Field(default=8080, ge=1, le=65535)
    health_path: str = Field(default="/healthz", pattern="^/")
    metrics_path: str | None = Field(default=None, pattern="^/")
    cold_start_seconds: WholeNumber = Field(default=30, ge=1, le=3600)
    pre_stop_seconds: WholeNumber = Field(default=5, ge=0, le=120)
    drain_seconds: WholeNumber = Field(default=15, ge=0, le=3600)
    gpu_memory_utilization: float | None = Field(default=None, gt=0, le=1)
    priority_class: str | None = None
    labels: dict[str, str] = {}

    @property
    def refs(self) -> list[PoolRef]:
        """The pools as they were given."""
        return cast("list[PoolRef]", self.pools)

    @property
    def gpu_resource(self) -> str:
        """By what name its pods ask for GPUs."""
        offered = (pool["capacity"].get("accelerator_resource") for pool in self.refs)
        return next((resource for resource in offered if resource), GPU_RESOURCE)

    @property
    def grace_seconds(self) -> int:
        """How long a pod has to end."""
        return self.pre_stop_seconds + self.drain_seconds + MARGIN_SECONDS

    @rule
    def names(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)
        yield from _text_problems("image", self.image)

    @rule
    def variables(self) -> Iterator[Problem]:
        for field, given in (("environment", self.environment), ("secret_environment", self.secret_environment)):
            for name in given:
                if not _VARIABLE.fullmatch(name):
                    yield Problem(f"{field}.{name}", f"'{name}' is no name of an environment variable.")
        for name, value in self.environment.items():
            yield from _text_problems(f"environment.{name}", value, may_be_empty=True)
        for name, source in self.secret_environment.items():
            if not _SECRET_KEY.fullmatch(source):
                yield Problem(
                    f"secret_environment.{name}", f"Write the Secret and the key in it: secret/key, not {source!r}."
                )
            if name in self.environment:
                yield Problem(f"secret_environment.{name}", "It stands in the environment, too. Drop one of the two.")

    @rule
    def pools_can_be_reached(self) -> Iterator[Problem]:
        given = self.pools
        try:
            pools = [check(Pool, pool) for pool in given]
            scheduling(*self.refs)
        except (InvalidSpec, KeyError, TypeError, AttributeError):
            yield Problem("pools", "These are no refs of pools. Write the ref of each pool, for example pool.ref.")
        except ValueError as error:
            yield Problem("pools", f"{error.args[0]}")
        else:
            yield from pool_gpu_problems(self.requests.gpus, pools)
            yield from repeated_problems(pools)
            if len(offered := {pool.gpu_resource for pool in pools if pool.has_gpus}) > 1 and self.requests.gpus:
                yield Problem(
                    "pools",
                    f"Pods ask for GPUs by one name, and these pools offer {' and '.join(sorted(offered))}. Name pools "
                    "of one kind.",
                )

    @rule
    def spot_machines_leave_it_the_time(self) -> Iterator[Problem]:
        for index, pool in enumerate(self.pools):
            notice = pool.get("termination_notice_seconds")
            if isinstance(notice, int | float) and self.grace_seconds > notice:
                yield Problem(
                    f"pools[{index}]",
                    f"Nodes of '{pool.get('name')}' are taken back within {notice} s, and a pod needs "
                    f"{self.grace_seconds} s to end: pre_stop_seconds, drain_seconds and {MARGIN_SECONDS} s. Shorten "
                    "these, or run it elsewhere.",
                )


def _text_problems(path: str, value: object, *, may_be_empty: bool = False) -> Iterator[Problem]:
    """What is no text; what is not known yet is passed over."""
    if value is None or isinstance(value, int | float | bool | list | dict):
        yield Problem(path, f"Write a text, not {value!r}.")
    elif value == "" and not may_be_empty:
        yield Problem(path, "This is required. Write a text.")


class ServiceNamespaceSpec(Spec):
    """See `ServiceNamespaceArgs` for what each field means."""

    labels: dict[str, str] = {}

    @rule
    def pod_security_is_ours(self) -> Iterator[Problem]:
        for key in self.labels:
            if key.startswith("pod-security.kubernetes.io/"):
                yield Problem(f"labels.{key}", "Pods of services need no privileges, which these labels hold. Drop it.")
