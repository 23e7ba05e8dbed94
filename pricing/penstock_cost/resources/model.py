"""The registered resources of a stack, as the engine knows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple, final


@final
class Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final = Unknown()
"""A value that is known only after the deployment, as previews have many."""
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes an unknown value into JSON."""


class Resource(NamedTuple):
    """A registered resource. Its properties are its inputs: outputs are not known in a preview."""

    urn: str
    type: str
    """The type token, for example `aws:eks/nodeGroup:NodeGroup`."""
    name: str
    """Its name in the program."""
    properties: Mapping[str, Any]
    parent: str = ""
    """The parent's URN; empty for the stack itself."""
    provider: str = ""
    """The provider's URN, with or without `::ID` after it."""
    property_dependencies: Mapping[str, list[str]] = {}
    """The URNs from whose outputs each property is made."""
    dependencies: tuple[str, ...] | list[str] = ()
    custom: bool = True
    """False: a component, which is made of its children and costs nothing itself."""

    def made_from(self, *properties: str) -> Iterator[str]:
        """The URNs of the resources from whose outputs these properties are made."""
        for name in properties:
            yield from self.property_dependencies.get(name, ())


class Stack:
    """The resources of a stack and its configuration. Indexes are made at the first question."""

    def __init__(self, resources: Iterable[Resource], config: Mapping[str, Any] | None = None) -> None:
        self.resources = tuple(resources)
        self.config: Mapping[str, Any] = config or {}
        self.notes: dict[str, Any] = {}
        """What was worked out from it once, by whoever did."""

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Every resource by its URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def children(self) -> dict[str, list[Resource]]:
        """The resources that have a parent, by the parent's URN."""
        children: dict[str, list[Resource]] = {}
        for resource in self.resources:
            children.setdefault(resource.parent, []).append(resource)
        return children

    @cached_property
    def by_type(self) -> dict[str, list[Resource]]:
        """The resources of each type, by the token without an API version (see `tokens.plain`)."""
        from penstock_cost.resources.tokens import plain

        by_type: dict[str, list[Resource]] = {}
        for resource in self.resources:
            by_type.setdefault(plain(resource.type), []).append(resource)
        return by_type

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """Its parent, the parent's parent and so on."""
        seen = {resource.urn}
        while resource.parent and resource.parent not in seen:
            seen.add(resource.parent)
            above = self.by_urn.get(resource.parent)
            if above is None:
                return
            yield above
            resource = above

    def joined(self, resource: Resource, path: str, *types: str) -> list[Resource]:
        """The resources of some types (plain tokens) from whose outputs a property is made."""
        from penstock_cost.resources.tokens import plain

        found = (self.by_urn.get(urn) for urn in resource.made_from(path))
        return [one for one in found if one is not None and plain(one.type) in types]

    def provider_of(self, resource: Resource) -> Resource | None:
        """The provider resource that makes it; None where the snapshot does not hold it."""
        return self.by_urn.get(resource.provider) or self.by_urn.get(resource.provider.rpartition("::")[0])
