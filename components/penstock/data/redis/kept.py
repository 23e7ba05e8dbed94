"""A Redis cluster only grows: a node that is taken away takes the slots along that it has, with all their keys."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.data.kept import Facts
from penstock.problems import Problem


def fewer_nodes(old: Facts, new: Facts) -> Iterator[Problem]:
    """What is wrong with the nodes that are asked for, where there are others."""
    had, asked = old.get("replicas", 0), new.get("replicas", 0)
    if asked < had:
        yield Problem(
            "replicas",
            f"It has {had:g} nodes, each with slots or the only copy of some: taking nodes away would lose their keys. "
            f"Write at least {had:g}; for less, move the data into a new RedisCluster under another name.",
        )
