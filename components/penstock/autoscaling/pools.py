"""What matters to controllers of the pools that they serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pydantic import ConfigDict

from penstock.nodes.args import GpuDriver, NodeImage
from penstock.nodes.plan import GPU_RESOURCE
from penstock.problems import Problem
from penstock.refs import Cloud, Purchase, TaintEffect
from penstock.spec import Spec, WholeNumber


class PoolTaint(Spec):
    key: str
    value: str = ""
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


class PoolCapacity(Spec):
    """What matters here of a pool's `NodeCapacity`."""

    model_config = ConfigDict(extra="ignore")

    accelerators: WholeNumber = 0
    accelerator_resource: str | None = None
    accelerator_partition: str | None = None


class Pool(Spec):
    """What matters here of a pool's `PoolRef`."""

    model_config = ConfigDict(extra="ignore")

    name: str
    cloud: Cloud
    purchase: Purchase
    min_nodes: WholeNumber
    max_nodes: WholeNumber
    taints: list[PoolTaint] = []
    capacity: PoolCapacity = PoolCapacity()
    group_pattern: str | None = None
    image: NodeImage | None = None
    gpu_driver: GpuDriver | None = None

    @property
    def has_gpus(self) -> bool:
        return self.capacity.accelerators > 0

    @property
    def gpu_resource(self) -> str:
        """By what name pods ask for its GPUs."""
        return self.capacity.accelerator_resource or GPU_RESOURCE

    @property
    def lacks_device_plugin(self) -> bool:
        """Whether nothing else tells Kubernetes of its NVIDIA GPUs. Bottlerocket does, and where no driver is installed
        the operator that brings it does: two plugins would fight over the same resource."""
        nvidia = self.has_gpus and self.capacity.accelerator_resource == GPU_RESOURCE
        return nvidia and self.image is not NodeImage.BOTTLEROCKET and self.gpu_driver is not GpuDriver.DISABLED

    @property
    def cuts_gpus(self) -> bool:
        """Whether what it offers are partitions of GPUs (MIG) and not whole ones."""
        return self.capacity.accelerator_partition is not None

    @property
    def scales(self) -> bool:
        return self.min_nodes < self.max_nodes

    @property
    def always_has_a_node(self) -> bool:
        """Whether something that must not stop can run there: no machine of it ends by itself or is the last."""
        return self.min_nodes > 0 and self.purchase in (Purchase.ON_DEMAND, Purchase.RESERVED)

    @property
    def repels(self) -> bool:
        """Whether pods need a toleration to be placed there."""
        return any(taint.effect is not TaintEffect.PREFER_NO_SCHEDULE for taint in self.taints)


def homes(pools: Sequence[Pool], placed_on: Sequence[str] | None) -> list[Pool]:
    """The pools on whose nodes a controller runs: those named, or all that always have a node, are neither spot nor
    GPU, and repel nobody."""
    if placed_on is not None:
        return [pool for pool in pools if pool.name in placed_on]
    return [pool for pool in pools if pool.always_has_a_node and not pool.has_gpus and not pool.repels]


def home_problems(
    pools: Sequence[Pool], placed_on: Sequence[str] | None, *, of: str, loss: str, required: bool
) -> Iterator[Problem]:
    """What is wrong with where a controller (`of`) runs; `loss` is what comes of its having no node, and `required`
    whether some pool has to be its home."""
    names = {pool.name for pool in pools}
    for index, name in enumerate(placed_on or []):
        if name not in names:
            yield Problem(f"placed_on[{index}]", f"'{name}' is none of the pools: {', '.join(sorted(names))}.")
    hosts = homes(pools, placed_on)
    for pool in hosts:
        if not pool.always_has_a_node:
            yield Problem(
                "placed_on",
                f"'{pool.name}' may lose its last node, and {loss}. Name an on-demand or reserved pool with a "
                "min_nodes of at least 1.",
            )
    if placed_on is None and not hosts and required:
        yield Problem(
            "pools",
            f"No pool always has a node for {of}: one that is on demand or reserved, has a min_nodes of at least 1, no "
            "GPUs and no taints. Give one of them that, or name a tainted one in placed_on.",
        )


def pool_problems(cloud: Cloud, pools: Sequence[Pool]) -> Iterator[Problem]:
    """What is wrong with `pools` as those of one cluster in `cloud`."""
    for index, pool in enumerate(pools):
        if pool.cloud is not cloud:
            yield Problem(
                f"pools[{index}]",
                f"'{pool.name}' is a pool in {pool.cloud.value}, the cluster in {cloud.value}. Drop it.",
            )
    yield from repeated_problems(pools)


def repeated_problems(pools: Sequence[Pool]) -> Iterator[Problem]:
    """Pools that would count twice."""
    for name, times in Counter(pool.name for pool in pools).items():
        if times > 1:
            yield Problem("pools", f"'{name}' stands there more than once. Write it once.")
