"""What may be asked of `PostgresOperator`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pods.target import name_problems
from penstock.autoscaling.pools import Pool, home_problems, homes
from penstock.problems import Problem
from penstock.spec import Spec, rule

NAMESPACE = "cnpg-system"


class PostgresOperatorSpec(Spec):
    """The operator; see `PostgresOperatorArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {"version": "The versions of the charts are pinned here. Drop this."}

    pools: list[Pool] = Field(min_length=1, description="the refs of the cluster's pools")
    placed_on: list[str] | None = Field(default=None, min_length=1)
    backups: bool = True
    cert_manager: bool = False
    namespace: str = NAMESPACE
    chart_repository: str | None = Field(default=None, min_length=1)
    registry: Any = None
    """A text, or a Pulumi output of one."""

    @property
    def hosts(self) -> list[Pool]:
        """The pools on whose nodes it runs; empty where it runs on nodes of no pool."""
        return homes(self.pools, self.placed_on)

    @rule
    def the_namespace_is_one(self) -> Iterator[Problem]:
        yield from name_problems("namespace", self.namespace)

    @rule
    def it_runs_where_there_is_a_node(self) -> Iterator[Problem]:
        yield from home_problems(
            self.pools,
            self.placed_on,
            of="the operator",
            loss="without it no replica takes over from a primary that is lost",
            required=True,
        )
