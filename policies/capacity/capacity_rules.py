"""Bounds of pools and workloads, and what works against them."""

from disruption import disruption_allowed
from gpus import GpuPoolsUsed, gpu_pools_used, gpus_within_pools
from grace import GracePeriod, grace_period
from maxima import NodePoolMaximum, ReplicaMaximum, node_pool_maximum, replica_maximum
from scalers import one_metric, one_scaler, replicas_left_to_scaler, stores_not_scaled

from penstock_cost.crossguard import ResourceRule, Rule, StackRule

RULES: list[Rule] = [
    ResourceRule(
        "node-pool-maximum",
        "Every node pool has a maximum, and none is above the ceiling.",
        node_pool_maximum,
        NodePoolMaximum,
    ),
    ResourceRule(
        "replica-maximum",
        "No workload may have more replicas than the ceiling.",
        replica_maximum,
        ReplicaMaximum,
    ),
    ResourceRule(
        "grace-period",
        "Pods have the time that they need to stop.",
        grace_period,
        GracePeriod,
    ),
    StackRule("one-scaler", "One autoscaler at most sets the replicas of a workload.", one_scaler),
    StackRule("stores-not-scaled", "No autoscaler changes the number of nodes of a store.", stores_not_scaled),
    StackRule("one-metric", "Replicas and requests of a workload are not scaled on the same metric.", one_metric),
    StackRule(
        "replicas-left-to-scaler",
        "The program states no replicas for a workload that is autoscaled.",
        replicas_left_to_scaler,
    ),
    StackRule(
        "disruption-allowed",
        "Every disruption budget lets at least one pod be moved.",
        disruption_allowed,
    ),
    StackRule(
        "gpus-within-pools",
        "Workloads ask for no more GPUs than their pools may have.",
        gpus_within_pools,
    ),
    StackRule(
        "gpu-pools-used",
        "No GPU pool may grow far beyond what its workloads can ask for.",
        gpu_pools_used,
        GpuPoolsUsed,
        level="advisory",
    ),
]
