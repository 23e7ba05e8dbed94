"""What settings place on pools: services and stores name the pools on which they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, Field

from penstock.problems import Problem
from penstock.refs import PoolRef
from penstock.spec import Spec


class Placed(Spec):
    """`pools` by their names, and all else as a component takes it."""

    model_config = ConfigDict(extra="allow")

    pools: list[str] = Field(min_length=1, description="the names of the pools on which it runs")

    @property
    def rest(self) -> dict[str, Any]:
        """What is not said here but handed on."""
        return dict(self.model_extra or {})

    def inputs(self, namespace: Any, pools: Mapping[str, PoolRef]) -> dict[str, Any]:
        """What a component takes, given the refs of all pools by their names."""
        return {**self.rest, "namespace": namespace, "pools": [pools[name] for name in self.pools]}

    def misplaced(self, namespace: str, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
        """Pools that are not there, and a namespace that is not its own to say."""
        if "namespace" in self.rest:
            yield Problem("namespace", f"It runs in '{namespace}'. Drop this.")
        for index, name in enumerate(self.pools):
            if name not in pools:
                yield Problem(f"pools[{index}]", f"There is no pool '{name}'. The pools are: {', '.join(pools)}.")
