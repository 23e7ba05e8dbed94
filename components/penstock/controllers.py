"""What has to run in a cluster for its pools to work, where the cloud does not run it itself."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi

from penstock.autoscaling.args import ClusterAutoscalerArgs
from penstock.autoscaling.cluster_autoscaler import ClusterAutoscaler
from penstock.autoscaling.gpu_device_plugin import GpuDevicePlugin
from penstock.nodes.args import GpuDriver, NodeImage
from penstock.nodes.mix import PurchaseMix
from penstock.nodes.pools import NodePool
from penstock.refs import Cloud, ClusterRef, PoolRef

_WITHOUT_DEVICE_PLUGIN = (Cloud.AWS, Cloud.AZURE)


def controllers(
    cluster: ClusterRef,
    cloud: Cloud,
    pools: Sequence[NodePool | PurchaseMix],
    provider: pulumi.ProviderResource,
    autoscaler: Mapping[str, Any] | None = None,
) -> list[pulumi.ComponentResource]:
    """Makes them, by the Kubernetes `provider` of the cluster, after its `pools`; on destruction they go first.

    - `cluster-autoscaler`, a `ClusterAutoscaler`: on EKS where a pool scales, and wherever `autoscaler` (its inputs
      less `cluster`, `cloud` and `pools`) is given.
    - `gpu-device-plugin`, a `GpuDevicePlugin`: on EKS and AKS where a pool has GPUs whose driver no operator brings.

    Raises InvalidInputs where they cannot be deployed. Let workloads depend on what is returned.
    """
    refs = [ref for pool in pools for ref in pool.pools]
    opts = pulumi.ResourceOptions(provider=provider, depends_on=[*pools])
    made: list[pulumi.ComponentResource] = []
    if autoscaler is not None or needs_autoscaler(cloud, refs):
        args = {**(autoscaler or {}), "cluster": cluster, "cloud": cloud, "pools": refs}
        made.append(ClusterAutoscaler("cluster-autoscaler", cast(ClusterAutoscalerArgs, args), opts))
    if plugged := without_device_plugin(cloud, refs):
        made.append(GpuDevicePlugin("gpu-device-plugin", {"cluster": cluster, "cloud": cloud, "pools": plugged}, opts))
    return made


def needs_autoscaler(cloud: Cloud, pools: Sequence[PoolRef]) -> bool:
    """Whether somebody else than the cloud has to scale `pools`, and we know how."""
    return cloud is Cloud.AWS and any(pool["min_nodes"] < pool["max_nodes"] for pool in pools)


def without_device_plugin(cloud: Cloud, pools: Sequence[PoolRef]) -> list[PoolRef]:
    """The GPU pools of `pools` of whose GPUs nothing would tell Kubernetes."""
    return [
        pool
        for pool in pools
        if cloud in _WITHOUT_DEVICE_PLUGIN
        and pool["capacity"].get("accelerator_resource") == "nvidia.com/gpu"
        and pool.get("gpu_driver") != GpuDriver.DISABLED
        and pool.get("image") != NodeImage.BOTTLEROCKET
    ]
