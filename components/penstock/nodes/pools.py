"""The node pools: `OnDemandNodePool`, `SpotNodePool`, `ReservedNodePool` and `GpuNodePool`.

GCP: a GKE node pool that the cloud's autoscaler keeps between its bounds (totals over all zones), with private
nodes, secure boot, workload identity and image streaming; its capacity reservation and its commitment where asked
for. AWS: an EKS managed node group with its launch template, and the tags from which the autoscaler starts it from
zero. Azure: an AKS agent pool that the cloud's autoscaler keeps between its bounds. An existing cluster: nodes that
are there, described and labelled. One base makes all four; they differ in how their machines are bought and in
whether they have GPUs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, cast

import pulumi

from penstock.clouds import cloud_problems, known_cloud, make_pool, pool_ref, pool_spec
from penstock.component import InvalidInputs, checked
from penstock.names import name_problems
from penstock.nodes.args import NodePoolArgs
from penstock.nodes.cost import annotation
from penstock.problems import Problem
from penstock.refs import PoolRef, Purchase


class NodePool(pulumi.ComponentResource):
    """A node pool of whatever kind. The kinds fix the purchase, or that there are GPUs."""

    _purchase: ClassVar[Purchase | None] = None
    """How this kind is bought; None where its inputs say so."""
    _gpu: ClassVar[bool] = False

    ref: PoolRef
    """What workloads need to know of it."""

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        cloud = known_cloud(args.get("cloud"))
        if cloud is None:
            raise InvalidInputs(type(self).__name__, name, list(self._misplaced(name, args)))
        asked: dict[str, Any] = {key: value for key, value in args.items() if key not in ("cluster", "cloud")}
        asked["purchase"] = self._purchase or asked.get("purchase", Purchase.ON_DEMAND)
        spec = checked(type(self), name, pool_spec(cloud), asked, also=self._misplaced(name, args))
        self.ref = pool_ref(name, spec)
        super().__init__(f"penstock:index:{type(self).__name__}", name, {"cost": annotation(self.ref, spec)}, opts)
        make_pool(name, spec, args["cluster"], self)
        self.register_outputs({"ref": self.ref})

    @property
    def pools(self) -> list[PoolRef]:
        """Its one pool: a mix has several."""
        return [self.ref]

    @classmethod
    def _misplaced(cls, name: str, args: Mapping[str, Any]) -> Iterator[Problem]:
        """What belongs to another kind of pool, or is missing around the specification."""
        from penstock.nodes.spec import has_gpus

        yield from name_problems(name)
        yield from cloud_problems(args.get("cloud"))
        if args.get("cluster") is None:
            yield Problem("cluster", "This is required. Write the ref of a Cluster.")
        if cls._purchase and args.get("purchase", cls._purchase) != cls._purchase:
            yield Problem("purchase", f"{cls.__name__} is always {cls._purchase.value}. Drop this.")
        gpus = has_gpus(args)
        if cls._gpu and gpus is False:
            yield Problem(
                "accelerator", "A GPU pool needs GPUs. Write an accelerator, or a machine type that has them."
            )
        if not cls._gpu and gpus:
            yield Problem("machine_types", f"{cls.__name__} has no GPUs. Use GpuNodePool with a purchase.")


class OnDemandNodePool(NodePool):
    """A node pool at list price, without GPUs."""

    _purchase = Purchase.ON_DEMAND

    ref: PoolRef
    """What workloads need to know of it: labels, taints, capacity, bounds."""


class SpotNodePool(NodePool):
    """A node pool of spare capacity at a discount, without GPUs: the cloud may take its machines back at any time."""

    _purchase = Purchase.SPOT

    ref: PoolRef
    """What workloads need to know of it: labels, taints, capacity, bounds, notice."""


class ReservedNodePool(NodePool):
    """An always-on baseline, without GPUs, that a declared commitment covers.

    The commitment changes the price and not the machine. It is not a capacity reservation, which holds machines and
    changes no price.
    """

    _purchase = Purchase.RESERVED

    ref: PoolRef
    """What workloads need to know of it: labels, taints, capacity, bounds, commitment."""


class GpuNodePool(NodePool):
    """A node pool with GPUs, bought in any way: on demand, spot, reserved, as a capacity block or flex."""

    _gpu = True

    ref: PoolRef
    """What workloads need to know of it: labels, taints, capacity (GPUs, or their shares), bounds."""


def node_pool(name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> NodePool:
    """Makes the kind of pool that these inputs describe, their `purchase` among them.

    Raises InvalidInputs with every problem of `args`.
    """
    from penstock.nodes.spec import has_gpus

    kind = GpuNodePool if has_gpus(args) else _BY_PURCHASE.get(args["purchase"], OnDemandNodePool)
    return kind(name, cast(NodePoolArgs, args), opts)


_BY_PURCHASE: dict[Any, type[NodePool]] = {
    kind._purchase: kind for kind in (OnDemandNodePool, SpotNodePool, ReservedNodePool)
}
