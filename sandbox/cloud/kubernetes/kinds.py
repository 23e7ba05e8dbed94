"""Which kinds there are, and whether they live in a namespace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.cloud import tables


@cache
def table(name: str) -> frozenset[str]:
    """One of the lists in `data/kinds.yaml`."""
    file = Path(__file__).parent / "data" / "kinds.yaml"
    lists: dict[str, list[str]] = tables.read(file)
    return frozenset(lists[name])


@dataclass(frozen=True)
class Kind:
    """A kind of object: `apps`, `v1`, `Deployment`; the group of the oldest kinds is `core`."""

    group: str
    version: str
    name: str

    @classmethod
    def of(cls, token: str) -> Kind:
        """The kind behind a token such as `kubernetes:apps/v1:Deployment`."""
        _, api, name = token.split(":")
        group, _, version = api.rpartition("/")
        return cls(group, version, name)

    @property
    def api_version(self) -> str:
        """What objects of the kind write in `apiVersion`."""
        return self.version if self.group in ("core", "") else f"{self.group}/{self.version}"

    @property
    def custom(self) -> bool:
        """Whether the kind is defined by a CustomResourceDefinition."""
        return "." in self.group and self.group not in table("built_in_groups")

    @property
    def is_list(self) -> bool:
        """Whether this is a list of objects, which only manifests need."""
        return self.name.endswith("List") and not self.custom

    @property
    def patch(self) -> bool:
        """Whether this changes an object that somebody else made. Of a custom kind, whose own name may end so, only the
        object itself tells: see `patches`.
        """
        return self.name.endswith("Patch") and not self.custom

    def patches(self, kind: object) -> bool:
        """Whether this changes objects of a `kind` that somebody else made: it is named after it."""
        return self.name == f"{kind}Patch"

    @property
    def namespaced(self) -> bool:
        """Whether objects live in a namespace; an unknown custom kind does, as the provider assumes."""
        name = self.name.removesuffix("Patch")
        scoped = table("cluster_scoped_extensions") if self.custom else table("cluster_scoped")
        return name not in scoped
