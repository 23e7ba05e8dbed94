"""What may be said of the nodes of an existing cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from penstock.nodes.spec import NodePoolSpec
from penstock.problems import Problem
from penstock.refs import Cloud
from penstock.spec import rule


class ExistingPoolSpec(NodePoolSpec):
    """Nodes that exist, or that somebody else's machinery makes."""

    cloud: ClassVar[Cloud] = Cloud.EXISTING

    @classmethod
    def _unknown_machine(cls, reason: str) -> str:  # noqa: ARG003 (whatever the catalogue says of other clouds)
        return "Nobody here knows the machines of an existing cluster. Write what a node has under shape."

    @rule
    def distinct_nodes(self) -> Iterator[Problem]:
        nodes = self.nodes or []
        for index, node in enumerate(nodes):
            if node in nodes[:index]:
                yield Problem(f"nodes[{index}]", f"'{node}' stands there more than once. Write it once.")

    @rule
    def as_many_nodes_as_are_named(self) -> Iterator[Problem]:
        if self.nodes is None:
            return
        for field in ("min_nodes", "max_nodes"):
            if getattr(self, field) != len(self.nodes):
                yield Problem(
                    field, f"The pool is the {len(self.nodes)} nodes that are named. Write {len(self.nodes)}."
                )
