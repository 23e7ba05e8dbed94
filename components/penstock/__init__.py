"""Penstock: Pulumi components that deploy and bound the capacity of a multi-tenant LLM platform on Kubernetes."""

from penstock.clusters.args import ClusterArgs
from penstock.clusters.cluster import Cluster
from penstock.component import InvalidInputs
from penstock.nodes.args import NodePoolArgs, PurchaseMixArgs
from penstock.nodes.mix import PurchaseMix
from penstock.nodes.plan import scheduling
from penstock.nodes.pools import GpuNodePool, OnDemandNodePool, ReservedNodePool, SpotNodePool
from penstock.refs import Cloud, ClusterRef, PoolRef, Purchase, Taint, TaintEffect

__all__ = [
    "Cloud",
    "Cluster",
    "ClusterArgs",
    "ClusterRef",
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
    "scheduling",
]
