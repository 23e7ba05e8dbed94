"""What may be asked of a purchase mix, and the pools that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from penstock.clouds import pool_spec
from penstock.names import name_problems
from penstock.nodes.cost import of_a_part
from penstock.nodes.plan import nodes_for_rate, split
from penstock.problems import InvalidSpec, Problem
from penstock.refs import Cloud, Purchase
from penstock.spec import Spec, WholeNumber, check, rule

_SIZED_BY = ("nodes", "target_rps", "rps_per_node")


class SharesSpec(Spec):
    on_demand: WholeNumber = Field(default=0, ge=0, le=100)
    spot: WholeNumber = Field(default=0, ge=0, le=100)
    reserved: WholeNumber = Field(default=0, ge=0, le=100)

    @rule
    def the_whole(self) -> Iterator[Problem]:
        total = self.on_demand + self.spot + self.reserved
        if total != 100:
            yield Problem("", f"The shares add up to {total} %. Write shares that add up to 100.")


class MixSpec(Spec):
    """A purchase mix; see `PurchaseMixArgs` for what each field means. Its pools check what they share."""

    cloud: Cloud = Field(description="one of gcp, aws, azure, existing")
    machine_types: Any = Field(description="a list with one machine type or more")
    shares: SharesSpec = Field(description="percentages: on_demand, spot, reserved")
    nodes: WholeNumber | None = Field(default=None, ge=1, le=3000)
    target_rps: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)
    rps_per_node: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)
    commitment: Any = None
    shape: Any = None
    accelerator: Any = None
    labels: Any = {}
    taints: Any = []
    zones: Any = None
    disk: Any = {}
    surge: Any = None
    image: Any = None
    cost: Any = None

    @rule
    def sized_in_one_way(self) -> Iterator[Problem]:
        given = [field for field in _SIZED_BY if getattr(self, field) is not None]
        if given not in (["nodes"], ["target_rps", "rps_per_node"]):
            yield Problem("nodes", "Write how many nodes, or both target_rps and rps_per_node: one of the two ways.")

    @rule
    def commitment_covers_something(self) -> Iterator[Problem]:
        if self.commitment is not None and not self.shares.reserved:
            yield Problem("commitment", "Nothing is reserved. Write a share of reserved, or drop this.")

    @rule
    def cost_of_spot_machines(self) -> Iterator[Problem]:
        if isinstance(self.cost, dict) and not self.shares.spot:
            for name in _SPOT_ONLY:
                if self.cost.get(name):
                    yield Problem(f"cost.{name}", "Nothing is bought as spot. Write a share of spot, or drop this.")

    @rule
    def pools_can_be_deployed(self) -> Iterator[Problem]:
        if self.node_total is None:
            return
        seen: set[Problem] = set()
        for pool in self.pools("").values():
            try:
                check(pool_spec(self.cloud), pool)
            except InvalidSpec as error:
                yield from (problem for problem in error.problems if problem not in seen)
                seen |= set(error.problems)

    @property
    def node_total(self) -> int | None:
        """How many nodes the whole mix has at its peak; None where it is not sized."""
        if self.nodes is not None:
            return self.nodes
        if self.target_rps is None or self.rps_per_node is None:
            return None
        return nodes_for_rate(self.target_rps, self.rps_per_node)

    def pools(self, name: str) -> dict[str, dict[str, Any]]:
        """The inputs of its pools by their names: reserved nodes always run, the others as they are needed."""
        common: dict[str, Any] = {field: getattr(self, field) for field in _SHARED if field in self.model_fields_set}
        shares = {purchase: getattr(self.shares, purchase.value) for purchase in _SPLIT_OVER}
        pools: dict[str, dict[str, Any]] = {}
        before = 0
        for purchase, nodes in split(self.node_total or 0, shares).items():
            if nodes:
                pool: dict[str, Any] = {**common, "purchase": purchase, "min_nodes": 0, "max_nodes": nodes}
                if purchase is Purchase.RESERVED:
                    pool |= {"min_nodes": nodes, "commitment": self.commitment}
                if self.cost is not None:
                    pool["cost"] = self._cost_of(purchase, before, nodes)
                pools[pool_name(name, purchase)] = pool
                before += nodes
        return pools

    def _cost_of(self, purchase: Purchase, before: int, nodes: int) -> Any:
        if not isinstance(self.cost, dict):
            return self.cost  # the pool says what is wrong with it
        part = of_a_part(self.cost, before, nodes)
        if purchase is Purchase.SPOT:
            return part
        return {key: value for key, value in part.items() if key not in _SPOT_ONLY}


_SPOT_ONLY = ("fallback", "redo", "spot_price")
_SHARED = ("machine_types", "shape", "accelerator", "labels", "taints", "zones", "disk", "surge", "image")
_SPLIT_OVER = (Purchase.RESERVED, Purchase.ON_DEMAND, Purchase.SPOT)


def pool_name(mix: str, purchase: Purchase) -> str:
    """The name of a mix's pool."""
    return f"{mix}-{purchase.value.replace('_', '-')}"


def mix_name_problems(name: str) -> Iterator[Problem]:
    """What is wrong with `name` as a mix's: its pools are named after it."""
    yield from name_problems(name, suffix=pool_name("", Purchase.ON_DEMAND))
