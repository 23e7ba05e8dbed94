"""`PurchaseMix`: one capacity request, split over on-demand, spot and reserved pools."""

from typing import Any, Optional

import pulumi

from penstock.component import checked
from penstock.nodes.args import PurchaseMixArgs
from penstock.nodes.pools import node_pool
from penstock.refs import PoolRef, Purchase


class PurchaseMix(pulumi.ComponentResource):
    """One capacity request, split over on-demand, spot and reserved pools.

    All its pools have the same labels and taints, so that the same workloads run on any of them. The reserved ones
    always run; the others come and go with demand.
    """

    on_demand: Optional[PoolRef]  # noqa: UP045 (the schema analyzer does not read unions with None)
    """The on-demand pool, where its share comes to a node."""
    spot: Optional[PoolRef]  # noqa: UP045
    """The spot pool, where its share comes to a node."""
    reserved: Optional[PoolRef]  # noqa: UP045
    """The reserved pool, where its share comes to a node."""

    def __init__(self, name: str, args: PurchaseMixArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.nodes.mix_spec import MixSpec, mix_name_problems, pool_name

        asked: dict[str, Any] = {key: value for key, value in args.items() if key != "cluster"}
        spec = checked(type(self), name, MixSpec, asked, mix_name_problems(name))
        super().__init__("penstock:index:PurchaseMix", name, {}, opts)
        home = {"cluster": args["cluster"], "cloud": args["cloud"]}
        made: dict[str, PoolRef] = {}
        for child, pool in spec.pools(name).items():
            made[child] = node_pool(child, {**home, **pool}, pulumi.ResourceOptions(parent=self)).ref
        self.on_demand = made.get(pool_name(name, Purchase.ON_DEMAND))
        self.spot = made.get(pool_name(name, Purchase.SPOT))
        self.reserved = made.get(pool_name(name, Purchase.RESERVED))
        self.register_outputs({"onDemand": self.on_demand, "spot": self.spot, "reserved": self.reserved})

    @property
    def pools(self) -> list[PoolRef]:
        """All its pools, the steadiest first."""
        return [pool for pool in (self.reserved, self.on_demand, self.spot) if pool]
