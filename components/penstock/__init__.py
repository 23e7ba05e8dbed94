"""Penstock: Pulumi components that deploy and bound the capacity of a multi-tenant LLM platform on Kubernetes."""

from penstock.autoscaling.args import ClusterAutoscalerArgs, GpuDevicePluginArgs
from penstock.autoscaling.cluster_autoscaler import ClusterAutoscaler
from penstock.autoscaling.gpu_device_plugin import GpuDevicePlugin
from penstock.autoscaling.pods.args import Target
from penstock.autoscaling.pods.cron import CronScaleToZero
from penstock.autoscaling.pods.cron_args import CronScaleToZeroArgs
from penstock.autoscaling.pods.event import EventAutoscaler
from penstock.autoscaling.pods.event_args import EventAutoscalerArgs, Trigger
from penstock.autoscaling.pods.headroom import WarmHeadroom
from penstock.autoscaling.pods.headroom_args import BufferVersion, HeadroomKind, WarmHeadroomArgs
from penstock.autoscaling.pods.horizontal import HorizontalAutoscaler
from penstock.autoscaling.pods.horizontal_args import HorizontalAutoscalerArgs
from penstock.autoscaling.pods.service import ServiceAutoscaler
from penstock.autoscaling.pods.service_args import ServiceAutoscalerArgs, ServiceTable
from penstock.autoscaling.pods.vertical import VerticalAutoscaler
from penstock.autoscaling.pods.vertical_args import VerticalAutoscalerArgs
from penstock.autoscaling.pods.windows import traffic_windows
from penstock.clusters.args import ClusterArgs
from penstock.clusters.cluster import Cluster
from penstock.component import InvalidInputs
from penstock.controllers import controllers
from penstock.data.cache.args import CacheTiersArgs
from penstock.data.cache.cache_tiers import CacheTiers
from penstock.data.postgres.args import PostgresClusterArgs
from penstock.data.postgres.operator_args import PostgresOperatorArgs
from penstock.data.postgres.postgres_cluster import PostgresCluster
from penstock.data.postgres.postgres_operator import PostgresOperator
from penstock.data.qdrant.args import QdrantClusterArgs, QdrantDistance
from penstock.data.qdrant.cluster import QdrantCluster
from penstock.data.redis.args import RedisClusterArgs, RedisEviction, RedisSync, RedisUse
from penstock.data.redis.cluster import RedisCluster
from penstock.data.refs import PostgresRef, QdrantRef, RedisRef
from penstock.nodes.args import NodePoolArgs, PurchaseMixArgs
from penstock.nodes.mix import PurchaseMix
from penstock.nodes.plan import scheduling
from penstock.nodes.pools import GpuNodePool, OnDemandNodePool, ReservedNodePool, SpotNodePool, node_pool
from penstock.observability.args import MetricsStackArgs
from penstock.observability.metrics_stack import MetricsStack
from penstock.refs import Cloud, ClusterRef, PoolRef, Purchase, Taint, TaintEffect
from penstock.tenancy.args import TenantArgs, TenantPoliciesArgs
from penstock.tenancy.policies import TenantPolicies
from penstock.tenancy.tenant import Tenant
from penstock.workloads.args import ServiceNamespaceArgs, WorkloadArgs
from penstock.workloads.namespace import ServiceNamespace
from penstock.workloads.workload import Workload

__all__ = [
    "BufferVersion",
    "CacheTiers",
    "CacheTiersArgs",
    "Cloud",
    "Cluster",
    "ClusterArgs",
    "ClusterAutoscaler",
    "ClusterAutoscalerArgs",
    "ClusterRef",
    "CronScaleToZero",
    "CronScaleToZeroArgs",
    "EventAutoscaler",
    "EventAutoscalerArgs",
    "GpuDevicePlugin",
    "GpuDevicePluginArgs",
    "GpuNodePool",
    "HeadroomKind",
    "HorizontalAutoscaler",
    "HorizontalAutoscalerArgs",
    "InvalidInputs",
    "MetricsStack",
    "MetricsStackArgs",
    "NodePoolArgs",
    "OnDemandNodePool",
    "PoolRef",
    "PostgresCluster",
    "PostgresClusterArgs",
    "PostgresOperator",
    "PostgresOperatorArgs",
    "PostgresRef",
    "Purchase",
    "PurchaseMix",
    "PurchaseMixArgs",
    "QdrantCluster",
    "QdrantClusterArgs",
    "QdrantDistance",
    "QdrantRef",
    "RedisCluster",
    "RedisClusterArgs",
    "RedisEviction",
    "RedisRef",
    "RedisSync",
    "RedisUse",
    "ReservedNodePool",
    "ServiceAutoscaler",
    "ServiceAutoscalerArgs",
    "ServiceNamespace",
    "ServiceNamespaceArgs",
    "ServiceTable",
    "SpotNodePool",
    "Taint",
    "TaintEffect",
    "Target",
    "Tenant",
    "TenantArgs",
    "TenantPolicies",
    "TenantPoliciesArgs",
    "Trigger",
    "VerticalAutoscaler",
    "VerticalAutoscalerArgs",
    "WarmHeadroom",
    "WarmHeadroomArgs",
    "Workload",
    "WorkloadArgs",
    "controllers",
    "node_pool",
    "scheduling",
    "traffic_windows",
]
