"""What may be said of the scaling groups of a self-managed cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from penstock.autoscaling.args import MachineProvider
from penstock.problems import Problem
from penstock.spec import Spec, rule

# What a scaling group's name may begin with. It becomes part of a regular expression and of a flag's value.
_PREFIX = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_]*")


class SelfManagedSpec(Spec):
    provider: MachineProvider = Field(description="who makes the machines: aws, gce or azure")
    groups: dict[str, list[str]] = {}
    identity: Any = None
    """A text, or a Pulumi output of one; so are the next three."""
    region: Any = None
    subscription: Any = None
    resource_group: Any = None

    @rule
    def identity_is_known_there(self) -> Iterator[Problem]:
        if self.provider is MachineProvider.GCE and self.identity is not None:
            yield Problem(
                "identity",
                "On Compute Engine pods of a self-managed cluster act as the service account of their machine. Drop "
                "this, and let that account view and resize instance groups.",
            )

    @rule
    def each_cloud_has_its_own(self) -> Iterator[Problem]:
        if self.provider is not MachineProvider.AWS and self.region is not None:
            yield Problem("region", f"Only AWS is asked by region, not {self.provider.value}. Drop this.")
        for field in ("subscription", "resource_group"):
            given = getattr(self, field) is not None
            if self.provider is MachineProvider.AZURE and not given:
                what = field.replace("_", " ")
                yield Problem(field, f"This is required on Azure. Write the {what} of the scale sets.")
            if self.provider is not MachineProvider.AZURE and given:
                yield Problem(field, f"Only Azure has this, not {self.provider.value}. Drop this.")

    @rule
    def groups_are_told_apart(self) -> Iterator[Problem]:
        prefixes = [(pool, prefix) for pool, all_of_it in self.groups.items() for prefix in all_of_it]
        for pool, given in self.groups.items():
            if not given:
                yield Problem(f"groups.{pool}", "Write what the names of its scaling groups begin with.")
        for pool, prefix in prefixes:
            if not _PREFIX.fullmatch(prefix):
                yield Problem(
                    f"groups.{pool}", f"'{prefix}' begins no group's name. Write letters, digits, '-' or '_'."
                )
        for index, (pool, prefix) in enumerate(prefixes):
            for other_index, (other_pool, other) in enumerate(prefixes):
                if index != other_index and other.startswith(prefix) and (other != prefix or index < other_index):
                    yield Problem(
                        f"groups.{pool}",
                        f"'{prefix}' also begins the names of {other_pool}'s groups ('{other}'). Write more of the "
                        "name, so that each group belongs to one entry.",
                    )
