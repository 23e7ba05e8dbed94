"""Penstock: Pulumi components that deploy and bound the capacity of a multi-tenant LLM platform on Kubernetes."""

from penstock.autoscaling.args import ClusterAutoscalerArgs, GpuDevicePluginArgs
from penstock.autoscaling.cluster_autoscaler import ClusterAutoscaler
from penstock.autoscaling.gpu_device_plugin import GpuDevicePlugin
from penstock.clusters.args import ClusterArgs
from penstock.clusters.cluster import Cluster
from penstock.component import InvalidInputs
from penstock.controllers import controllers
from penstock.nodes.args import NodePoolArgs, PurchaseMixArgs
from penstock.nodes.mix import PurchaseMix
from penstock.nodes.plan import scheduling
from penstock.nodes.pools import GpuNodePool, OnDemandNodePool, ReservedNodePool, SpotNodePool, node_pool
from penstock.refs import Cloud, ClusterRef, PoolRef, Purchase, Taint, TaintEffect

__all__ = [
    "Cloud",
    "Cluster",
    "ClusterArgs",
    "ClusterAutoscaler",
    "ClusterAutoscalerArgs",
    "ClusterRef",
    "GpuDevicePlugin",
    "GpuDevicePluginArgs",
    "GpuNodePool",
    "InvalidInputs",
    "NodePoolArgs",
    "OnDemandNodePool",
    "PoolRef",
    "Purchase",
    "PurchaseMix",
    "PurchaseMixArgs",
    "ReservedNodePool",
    "SpotNodePool",
    "Taint",
    "TaintEffect",
    "controllers",
    "node_pool",
    "scheduling",
]
