"""What a rule is, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict

from penstock_cost.crossguard.values import NotKnown
from penstock_cost.resources.model import Resource, Stack

Level = Literal["advisory", "mandatory", "disabled"]


class Config(BaseModel):
    """What people may configure of a rule. Its JSON schema is what the engine checks."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(NamedTuple):
    """What breaks a rule: full sentences that name the resource and say what to write instead."""

    message: str
    urn: str = ""
    """The resource; empty for the stack as a whole."""


class Seen(Stack):
    """A stack as a policy pack sees it."""

    def __init__(
        self,
        resources: Iterable[Resource],
        name: str = "",
        ignored: Mapping[str, tuple[str, ...]] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(resources, config)
        self.name = name
        """The name of the stack, without its project."""
        self.ignored = ignored or {}
        """The properties whose changes each resource ignores, by URN."""


class StackRule(NamedTuple):
    """A rule about all resources together. The engine asks it once, after everything is registered."""

    name: str
    description: str
    check: Callable[[Seen, Any, Mapping[str, Any]], Iterable[Finding]]
    """From the stack, the rule's configuration, and the configurations of all rules of the pack by their names."""
    config: type[Config] = Config
    level: Level = "mandatory"


class ResourceRule(NamedTuple):
    """A rule about single resources. The engine asks it before each is created."""

    name: str
    description: str
    check: Callable[[Resource, Any], Iterable[Finding]]
    config: type[Config] = Config
    level: Level = "mandatory"


Rule: TypeAlias = StackRule | ResourceRule


def findings(resource: Resource, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a check finds of a resource; what it could not know of it is a finding too."""
    try:
        yield from check()
    except NotKnown as unknown:
        yield not_known(resource, unknown)


def not_known(resource: Resource, unknown: NotKnown) -> Finding:
    """A resource that cannot be judged."""
    return Finding(f"'{resource.name}' cannot be checked: {unknown}", resource.urn)
