"""What may be asked of a tenant's people, images, priorities, autoscalers, and ways in and out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pydantic import Field

from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule
from penstock.tenancy.egress import PRIVATE, closed_problems, network_problems

_REGISTRY = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:\d{1,5})?(/[a-z0-9]([-a-z0-9._]*[a-z0-9])?)*")
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")
_OBJECT = re.compile(rf"{_LABEL}/{_LABEL}")
_CLASS = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LONGEST_CLASS = 240
"""The quota of its pods has it in its name, of which Kubernetes takes 253 characters."""
_TRIGGER = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


class GroupsSpec(Spec):
    """See `TenantGroups`."""

    admin: list[str] = []
    developer: list[str] = []
    viewer: list[str] = []

    @rule
    def groups_are_peoples(self) -> Iterator[Problem]:
        for role in ("admin", "developer", "viewer"):
            given = getattr(self, role)
            for index, group in enumerate(given):
                if not group.strip():
                    yield Problem(f"{role}[{index}]", "This is required. Write a group.")
                elif group.startswith("system:"):
                    yield Problem(
                        f"{role}[{index}]",
                        f"'{group}' is a group of Kubernetes' own, to which others belong as well. Write a group of "
                        "your identity provider, with the prefix of the cluster's OIDC settings.",
                    )
            for group, times in Counter(given).items():
                if times > 1:
                    yield Problem(role, f"'{group}' stands there {times} times. Write it once.")


class ImagesSpec(Spec):
    """See `TenantImages`."""

    registries: list[str] = Field(min_length=1, description="the registries from which its pods may run images")
    digest: bool = True
    always_pull: bool = True

    @property
    def prefixes(self) -> list[str]:
        """How its images begin. With the slash, since `registry.example.com` is no beginning of another's name."""
        return [f"{registry.rstrip('/')}/" for registry in self.registries]

    @rule
    def registries_are_named(self) -> Iterator[Problem]:
        for index, registry in enumerate(self.registries):
            host = registry.split("/")[0]
            if not _REGISTRY.fullmatch(registry.rstrip("/")) or not ("." in host or ":" in host or host == "localhost"):
                yield Problem(
                    f"registries[{index}]",
                    f"'{registry}' is no registry. Write its host and, if you like, a repository in it, without a tag: "
                    "europe-docker.pkg.dev/acme/apps.",
                )


class PrioritySpec(Spec):
    """See `TenantPriority`."""

    name: str = Field(description="the name of the PriorityClass")
    pods: WholeNumber | None = Field(default=None, ge=0)

    @rule
    def it_is_not_the_systems(self) -> Iterator[Problem]:
        if self.name.startswith("system-"):
            yield Problem(
                "name", f"'{self.name}' is for what keeps nodes and cluster alive, and evicts all others. Drop it."
            )
        elif not _CLASS.fullmatch(self.name) or len(self.name) > _LONGEST_CLASS:
            yield Problem(
                "name",
                f"'{self.name}' is no name of a PriorityClass. Write one that is there: up to {_LONGEST_CLASS} "
                "lower-case letters, digits, '-' or '.'.",
            )


class ScalingSpec(Spec):
    """See `TenantScaling`."""

    max_replicas: WholeNumber | None = Field(default=None, ge=1)
    triggers: list[str] = ["cpu", "memory", "cron"]
    prometheus_address: str | None = Field(default=None, pattern="^https?://[^, ]+$")

    @rule
    def triggers_are_safe(self) -> Iterator[Problem]:
        for index, trigger in enumerate(self.triggers):
            if not _TRIGGER.fullmatch(trigger):
                yield Problem(f"triggers[{index}]", f"'{trigger}' is no KEDA trigger. Write one such as cron.")
        if "prometheus" in self.triggers and self.prometheus_address is None:
            yield Problem(
                "prometheus_address",
                "A Prometheus trigger sees the series of whatever Prometheus it asks, other tenants' too. Write the "
                "address of one that answers with this tenant's alone, or drop the trigger.",
            )


class EgressSpec(Spec):
    """See `TenantEgress`."""

    cidrs: list[str] = Field(min_length=1, description="the networks that its pods may reach, for example 0.0.0.0/0")
    ports: list[WholeNumber] = Field(default=[443], min_length=1)
    internal_cidrs: list[str] = list(PRIVATE)

    @rule
    def networks_are_outside(self) -> Iterator[Problem]:
        yield from network_problems("internal_cidrs", self.internal_cidrs)
        yield from network_problems("cidrs", self.cidrs)
        yield from closed_problems("cidrs", self.cidrs, self.internal_cidrs)

    @rule
    def ports_are_ports(self) -> Iterator[Problem]:
        for index, port in enumerate(self.ports):
            if not 1 <= port <= 65535:
                yield Problem(f"ports[{index}]", f"Write a port, 1 to 65535, not {port}.")


class RoutesSpec(Spec):
    """See `TenantRoutes`."""

    gateways: list[str] = Field(min_length=1, description="the Gateways as namespace/name")
    hostnames: list[str] = Field(min_length=1, description="its host names")

    @rule
    def names(self) -> Iterator[Problem]:
        for index, gateway in enumerate(self.gateways):
            if not _OBJECT.fullmatch(gateway):
                yield Problem(f"gateways[{index}]", f"'{gateway}' is no Gateway. Write namespace/name: gateway/public.")
        for index, host in enumerate(self.hostnames):
            if not _HOST.fullmatch(host):
                yield Problem(
                    f"hostnames[{index}]",
                    f"'{host}' is no host name. Write one: acme.example.com, *.acme.example.com.",
                )
