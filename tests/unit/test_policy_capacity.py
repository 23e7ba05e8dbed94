"""Each rule of the `capacity` pack on resources that are right, and on such that are not."""

from collections.abc import Iterable
from typing import Any

import pytest
from disruption import disruption_allowed
from gpus import GpuPoolsUsed, gpu_pools_used, gpus_within_pools
from grace import GracePeriod, grace_period
from maxima import NodePoolMaximum, ReplicaMaximum, node_pool_maximum, replica_maximum
from scalers import one_metric, one_scaler, replicas_left_to_scaler, stores_not_scaled

from penstock_cost.crossguard import Finding, Seen
from penstock_cost.resources.model import UNKNOWN, Resource

GKE = "gcp:container/nodePool:NodePool"
HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
VPA = "kubernetes:autoscaling.k8s.io/v1:VerticalPodAutoscaler"
SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
TARGET = {"kind": "Deployment", "name": "web"}


def resource(type_: str, name: str = "it", /, **properties: Any) -> Resource:
    urn = f"urn:pulumi:dev::p::{type_}::{name}"
    return Resource(urn, type_, name, properties, provider="urn:pulumi:dev::p::pulumi:providers:x::default")


def named(type_: str, name: str, **spec: Any) -> Resource:
    """A Kubernetes object of the namespace `shop`."""
    return resource(type_, name, metadata={"name": name, "namespace": "shop"}, spec=spec)


def deployment(name: str = "web", *, pod: dict[str, Any] | None = None, **spec: Any) -> Resource:
    template = {"metadata": {"labels": {"app": name}}, "spec": pod or {"containers": [{"name": "main"}]}}
    return named(DEPLOYMENT, name, template=template, **spec)


def said(findings: Iterable[Finding]) -> str:
    return "\n".join(finding.message for finding in findings)


def gke(name: str = "it", **properties: Any) -> Resource:
    return resource(GKE, name, location="us-central1", **properties)


POOLS = {
    "gke, total": (GKE, {"autoscaling": {"totalMaxNodeCount": 8.0}}),
    "gke, by zone": (GKE, {"nodeLocations": ["a", "b"], "autoscaling": {"maxNodeCount": 4.0}}),
    "gke, a zone alone": (GKE, {"location": "us-central1-a", "nodeCount": 8.0}),
    "gke, in the cluster": (
        "gcp:container/cluster:Cluster",
        {"location": "us-central1", "nodeLocations": ["a", "b"], "nodePools": [{"autoscaling": {"maxNodeCount": 4}}]},
    ),
    "eks": ("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": {"maxSize": 8.0}}),
    "asg": ("aws:autoscaling/group:Group", {"maxSize": 8.0}),
    "aks": ("azure-native:containerservice:AgentPool", {"enableAutoScaling": True, "maxCount": 8, "count": 1}),
    "aks, of an API version": ("azure-native:containerservice/v20240901:AgentPool", {"count": 8}),
    "aks, in the cluster": (
        "azure-native:containerservice:ManagedCluster",
        {"agentPoolProfiles": [{"name": "system", "enableAutoScaling": True, "maxCount": 8}]},
    ),
    "classic aks": (
        "azure:containerservice/kubernetesClusterNodePool:KubernetesClusterNodePool",
        {"autoScalingEnabled": True, "maxCount": 8},
    ),
    "scale set": ("azure-native:compute:VirtualMachineScaleSet", {"sku": {"name": "Standard_D2s_v5", "capacity": 8}}),
    "autoscaler": ("gcp:compute/autoscaler:Autoscaler", {"autoscalingPolicy": {"maxReplicas": 8}}),
}


@pytest.mark.parametrize("case", POOLS)
def test_a_pool_of_each_kind_may_have_its_ceiling_and_no_more(case: str) -> None:
    type_, properties = POOLS[case]
    pool = resource(type_, **properties)
    assert not said(node_pool_maximum(pool, NodePoolMaximum(max_nodes=8)))
    assert "may have 8 nodes, 3 above the ceiling of 5." in said(node_pool_maximum(pool, NodePoolMaximum(max_nodes=5)))


@pytest.mark.parametrize("case", POOLS)
def test_a_maximum_that_is_told_to_write_is_within_the_ceiling(case: str) -> None:
    type_, properties = POOLS[case]
    text = said(node_pool_maximum(resource(type_, **properties), NodePoolMaximum(max_nodes=5)))
    zones = 2 if "zones" in text else 1
    assert int(text.rpartition(" ")[2].rstrip(".")) * zones <= 5


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"autoscaling": {"totalMaxNodeCount": UNKNOWN}}, "autoscaling.totalMaxNodeCount"),
        ({"autoscaling": UNKNOWN}, "autoscaling"),
        ({"nodeLocations": UNKNOWN, "autoscaling": {"maxNodeCount": 1}}, "nodeLocations"),
        ({"nodeLocations": ["a"], "nodeCount": UNKNOWN}, "nodeCount"),
        ({"autoscaling": {"totalMaxNodeCount": "many"}}, "autoscaling.totalMaxNodeCount"),
        ({"autoscaling": {"totalMaxNodeCount": -1}}, "autoscaling.totalMaxNodeCount"),
    ],
)
def test_a_maximum_that_is_not_known_fails_and_is_named(properties: dict[str, Any], path: str) -> None:
    text = said(node_pool_maximum(gke(**properties), NodePoolMaximum()))
    assert text.startswith(f"The most nodes of 'it' cannot be told: {path} is ")


def test_pools_of_a_cluster_that_are_not_known_fail() -> None:
    cluster = resource("azure-native:containerservice:ManagedCluster", agentPoolProfiles=UNKNOWN)
    assert "agentPoolProfiles is not known" in said(node_pool_maximum(cluster, NodePoolMaximum()))
    cluster = resource("azure-native:containerservice:ManagedCluster", agentPoolProfiles=[{"count": 1}, UNKNOWN])
    assert "agentPoolProfiles[1] is not known" in said(node_pool_maximum(cluster, NodePoolMaximum()))


def test_a_pool_without_a_maximum_over_all_zones_fails() -> None:
    for properties in ({}, {"nodeCount": 3}, {"autoscaling": {"maxNodeCount": 3}}):
        text = said(node_pool_maximum(gke(**properties), NodePoolMaximum()))
        assert "has no maximum that counts all its zones. Write autoscaling.totalMaxNodeCount." in text


def test_the_first_limit_whose_pattern_matches_counts() -> None:
    limits = NodePoolMaximum.model_validate(
        {"max_nodes": 1, "limits": [{"pattern": "gpu-*", "maximum": 4}, {"pattern": "*::gpu-x", "maximum": 2}]}
    )
    assert not said(node_pool_maximum(gke("gpu-x", autoscaling={"totalMaxNodeCount": 4}), limits))
    assert said(node_pool_maximum(gke("cpu-x", autoscaling={"totalMaxNodeCount": 4}), limits))


def test_other_resources_have_no_pools() -> None:
    assert not said(node_pool_maximum(resource("aws:s3/bucket:Bucket"), NodePoolMaximum()))


REPLICAS = [
    (named(DEPLOYMENT, "web", replicas=9), "Deployment 'web' may have 9 replicas"),
    (named("kubernetes:apps/v1:StatefulSet", "web", replicas=9), "StatefulSet 'web' may have 9 replicas"),
    (named(HPA, "web", maxReplicas=9), "HorizontalPodAutoscaler 'web' may have 9 replicas"),
    (named(SCALED_OBJECT, "web", maxReplicaCount=9), "ScaledObject 'web' may have 9 replicas"),
    (
        named(SCALED_OBJECT, "web"),
        "may have 100 replicas, because KEDA takes 100 where spec.maxReplicaCount is missing",
    ),
    (named("kubernetes:keda.sh/v1alpha1:ScaledJob", "web"), "ScaledJob 'web' may have 100 replicas, because KEDA"),
    (named("kubernetes:apps/v1:DeploymentPatch", "web", replicas=9), "Deployment 'web' may have 9 replicas"),
    (named("kubernetes:argoproj.io/v1alpha1:Rollout", "web", replicas=9), "Rollout 'web' may have 9 replicas"),
]


@pytest.mark.parametrize(("workload", "text"), REPLICAS)
def test_replicas_above_the_maximum_are_told(workload: Resource, text: str) -> None:
    assert not said(replica_maximum(workload, ReplicaMaximum()))
    assert text in said(replica_maximum(workload, ReplicaMaximum(max_replicas=3)))


def test_limits_of_replicas_are_of_a_kind_and_a_namespace() -> None:
    limits = ReplicaMaximum.model_validate(
        {"limits": [{"pattern": "shop/*", "kind": "HorizontalPodAutoscaler", "maximum": 5}]}
    )
    assert said(replica_maximum(named(HPA, "web", maxReplicas=6), limits))
    assert not said(replica_maximum(named(DEPLOYMENT, "web", replicas=6), limits))
    assert not said(replica_maximum(named(DEPLOYMENT, "web"), limits))


def test_replicas_that_are_not_known_fail() -> None:
    text = said(replica_maximum(named(HPA, "web", maxReplicas=UNKNOWN), ReplicaMaximum()))
    assert text == (
        "The most replicas of 'web' cannot be told: spec.maxReplicas is not known at preview. Write a plain value."
    )


def test_two_scalers_of_one_workload_are_told_and_one_is_not() -> None:
    hpa, keda = named(HPA, "cpu", scaleTargetRef=TARGET), named(SCALED_OBJECT, "queue", scaleTargetRef=TARGET)
    other = named(SCALED_OBJECT, "other", scaleTargetRef={"name": "api"})
    assert not said(one_scaler(Seen([hpa, other]), None, None))
    text = said(one_scaler(Seen([hpa, keda, other]), None, None))
    assert text.startswith("Deployment 'web' is scaled by HorizontalPodAutoscaler 'cpu' and ScaledObject 'queue'.")


STATEFUL = "kubernetes:apps/v1:StatefulSet"


@pytest.mark.parametrize(("of", "kept"), [("redis", False), ("qdrant", False), ("queue-worker", True)])
def test_nodes_of_stores_are_not_scaled_and_other_stateful_pods_may_be(of: str, kept: bool) -> None:
    labels = {"app.kubernetes.io/name": of}
    store = resource(STATEFUL, "cache", metadata={"name": "cache", "namespace": "shop", "labels": labels}, spec={})
    hpa = named(HPA, "cpu", scaleTargetRef={"kind": "StatefulSet", "name": "cache"})
    text = said(stores_not_scaled(Seen([store, hpa]), None, None))
    assert text == "" if kept else text.startswith("HorizontalPodAutoscaler 'cpu' scales StatefulSet 'cache', a store")


def test_a_store_of_an_operators_is_known_by_its_kind() -> None:
    keda = named(SCALED_OBJECT, "queue", scaleTargetRef={"kind": "Cluster", "name": "main"})
    assert "scales Cluster 'main', a store" in said(stores_not_scaled(Seen([keda]), None, None))


def test_a_scaler_is_joined_to_the_workload_whose_name_is_not_known_yet_and_fails_where_it_cannot() -> None:
    web = deployment()._replace(properties={"metadata": {"name": UNKNOWN}, "spec": {"replicas": 2}})
    hpa = named(HPA, "cpu", scaleTargetRef={"kind": "Deployment", "name": UNKNOWN})
    made = hpa._replace(property_dependencies={"spec": [web.urn]})
    assert "'web' states spec.replicas" in said(replicas_left_to_scaler(Seen([web, made]), None, None))
    assert not said(one_scaler(Seen([web, made]), None, None))
    assert "'cpu' cannot be checked: spec.scaleTargetRef.name is not known" in said(
        one_scaler(Seen([web, hpa]), None, None)
    )


def test_replicas_beside_a_scaler_are_told_unless_their_changes_are_ignored() -> None:
    hpa, stated = named(HPA, "cpu", scaleTargetRef=TARGET), deployment(replicas=3)
    assert "states spec.replicas" in said(replicas_left_to_scaler(Seen([hpa, stated]), None, None))
    ignored = {stated.urn: ("spec.replicas",)}
    assert not said(replicas_left_to_scaler(Seen([hpa, stated], ignored=ignored), None, None))
    assert not said(replicas_left_to_scaler(Seen([hpa, deployment()]), None, None))
    assert not said(replicas_left_to_scaler(Seen([stated]), None, None))


def _metric(name: str) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization"}}}


@pytest.mark.parametrize(
    ("scaler", "vertical", "clash"),
    [
        ({"metrics": [_metric("cpu")]}, {}, "cpu"),
        ({}, {}, "cpu"),
        ({"metrics": [_metric("memory")]}, {}, "memory"),
        ({"metrics": [{"type": "External"}]}, {}, ""),
        ({"metrics": [_metric("cpu")]}, {"updatePolicy": {"updateMode": "Off"}}, ""),
        (
            {"metrics": [_metric("cpu")]},
            {"resourcePolicy": {"containerPolicies": [{"containerName": "*", "controlledResources": ["memory"]}]}},
            "",
        ),
        (
            {"metrics": [_metric("cpu")]},
            {"resourcePolicy": {"containerPolicies": [{"containerName": "side", "mode": "Off"}]}},
            "cpu",
        ),
        ({"metrics": [_metric("cpu")]}, {"resourcePolicy": UNKNOWN}, "spec.resourcePolicy is not known"),
    ],
)
def test_horizontal_and_vertical_scaling_on_one_metric_are_told(
    scaler: dict[str, Any], vertical: dict[str, Any], clash: str
) -> None:
    stack = Seen([named(HPA, "h", scaleTargetRef=TARGET, **scaler), named(VPA, "v", targetRef=TARGET, **vertical)])
    text = said(one_metric(stack, None, None))
    assert (clash in text) if clash else not text


def test_a_scaled_object_on_cpu_clashes_with_a_vertical_autoscaler_too() -> None:
    vertical = named(VPA, "v", targetRef=TARGET)
    for trigger, clash in (("cpu", True), ("prometheus", False)):
        scaler = named(SCALED_OBJECT, "k", scaleTargetRef={"name": "web"}, triggers=[{"type": trigger}])
        assert bool(said(one_metric(Seen([scaler, vertical]), None, None))) is clash


@pytest.mark.parametrize(
    ("budget", "replicas", "blocks"),
    [
        ({"maxUnavailable": 0.0}, 3, True),
        ({"maxUnavailable": "0%"}, 3, True),
        ({"maxUnavailable": 1.0}, 1, False),
        ({"maxUnavailable": "1%"}, 1, False),
        ({"minAvailable": "100%"}, 3, True),
        ({"minAvailable": 3}, 3, True),
        ({"minAvailable": 2}, 3, False),
        ({"minAvailable": "50%"}, 1, True),
        ({"minAvailable": "50%"}, 2, False),
        ({"minAvailable": 1}, None, True),
    ],
)
def test_a_budget_that_allows_no_disruption_is_told(budget: dict[str, Any], replicas: int | None, blocks: bool) -> None:
    web = deployment(replicas=replicas)
    pdb = named(BUDGET, "pdb", selector={"matchLabels": {"app": "web"}}, **budget)
    assert ("no node under them can be drained" in said(disruption_allowed(Seen([web, pdb]), None, None))) is blocks


def test_a_budget_may_select_by_expressions_or_all_of_its_namespace() -> None:
    web = deployment(replicas=2)

    def blocks(selector: Any) -> bool:
        pdb = named(BUDGET, "pdb", selector=selector, minAvailable=2)
        return bool(said(disruption_allowed(Seen([web, pdb]), None, None)))

    def expression(operator: str, *values: str) -> dict[str, Any]:
        return {"matchExpressions": [{"key": "app", "operator": operator, "values": list(values)}]}

    assert blocks(expression("In", "web", "other"))
    assert blocks(expression("Exists"))
    assert blocks({})
    assert not blocks(None)
    assert not blocks(expression("NotIn", "web"))
    assert not blocks(expression("DoesNotExist"))


def test_a_budget_counts_the_fewest_replicas_of_the_autoscaler_and_fails_where_they_are_not_known() -> None:
    web, pdb = deployment(), named(BUDGET, "pdb", selector={"matchLabels": {"app": "web"}}, minAvailable=2)
    for least, text in ((2, "keeps 2 of 2 replicas"), (3, ""), (UNKNOWN, "spec.minReplicas is not known")):
        hpa = named(HPA, "h", scaleTargetRef=TARGET, minReplicas=least)
        found = said(disruption_allowed(Seen([web, pdb, hpa]), None, None))
        assert text in found if text else not found
    unknown = named(BUDGET, "pdb", selector={"matchLabels": {"app": "web"}}, minAvailable=UNKNOWN)
    assert "spec.minAvailable is not known" in said(disruption_allowed(Seen([web, unknown]), None, None))


def _pod(stop: dict[str, Any] | None = None, grace: Any = None) -> dict[str, Any]:
    pod: dict[str, Any] = {"containers": [{"name": "main", "lifecycle": {"preStop": stop or {}}}]}
    return pod | ({"terminationGracePeriodSeconds": grace} if grace is not None else {})


@pytest.mark.parametrize(
    ("pod", "drain", "missing"),
    [
        (_pod({"sleep": {"seconds": 30.0}}), 0, 0),
        (_pod({"sleep": {"seconds": 31.0}}), 0, 1),
        (_pod({"exec": {"command": ["/bin/sh", "-c", "sleep 20 && nginx -s quit"]}}), 20, 10),
        (_pod({"exec": {"command": ["sleep", "45"]}}, grace=60), 10, 0),
        (_pod({"exec": {"command": ["sleep", "2m"]}}, grace=60), 0, 60),
        (_pod(None, grace=5), 10, 5),
        (_pod({"exec": {"command": ["/drain"]}}), 0, 0),
    ],
)
def test_a_grace_period_covers_the_hook_and_the_drain(pod: dict[str, Any], drain: int, missing: int) -> None:
    text = said(grace_period(deployment(pod=pod), GracePeriod(drain_seconds=drain)))
    assert f"killed {missing} s too early" in text if missing else not text


def test_the_drain_that_pods_state_counts_and_an_unknown_grace_fails() -> None:
    web = deployment()
    template = {"metadata": {"annotations": {"penstock.dev/drain-seconds": "40"}}, "spec": _pod()}
    told = web._replace(properties={"spec": {"template": template}})
    assert "40 s to drain" in said(grace_period(told, GracePeriod()))
    unknown = deployment(pod=_pod({"sleep": {"seconds": UNKNOWN}}))
    assert "containers" not in said(grace_period(deployment(), GracePeriod()))
    assert "lifecycle.preStop.sleep.seconds is not known" in said(grace_period(unknown, GracePeriod()))


def _gpu_stack(replicas: Any, nodes: Any, **more: Any) -> Seen:
    pool = gke("gpu", nodeConfig={"machineType": "a2-highgpu-2g", "labels": {"pool": "gpu"}}, autoscaling=nodes)
    pod = {
        "nodeSelector": {"pool": "gpu"},
        "containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu": "1"}}}],
    }
    return Seen([pool, deployment(pod=pod, replicas=replicas, **more)])


def test_workloads_that_may_ask_for_more_gpus_than_their_pools_have_are_told() -> None:
    assert not said(gpus_within_pools(_gpu_stack(4, {"totalMaxNodeCount": 2}), None, None))
    text = said(gpus_within_pools(_gpu_stack(5, {"totalMaxNodeCount": 2}), None, None))
    assert "may ask for 5 GPUs (Deployment 'web' 5)" in text
    assert "have 4 at their maximum (gpu): 1 would wait" in text
    assert "spec.replicas is not known" in said(
        gpus_within_pools(_gpu_stack(UNKNOWN, {"totalMaxNodeCount": 2}), None, None)
    )


def test_pools_are_selected_by_node_affinity_too() -> None:
    pool, web = _gpu_stack(5, {"totalMaxNodeCount": 2}).resources
    needs = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "In", "values": ["gpu", "x"]}]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": needs}}
    pod = {"affinity": affinity, "containers": web.properties["spec"]["template"]["spec"]["containers"]}
    assert "have 4 at their maximum (gpu)" in said(
        gpus_within_pools(Seen([pool, deployment(pod=pod, replicas=5)]), None, None)
    )
    assert not said(gpus_within_pools(Seen([pool, deployment(pod=pod, replicas=4)]), None, None))


def test_a_gpu_pool_far_above_what_its_workloads_ask_for_is_told() -> None:
    config = GpuPoolsUsed(factor=2)
    assert not said(gpu_pools_used(_gpu_stack(4, {"totalMaxNodeCount": 4}), config, None))
    text = said(gpu_pools_used(_gpu_stack(4, {"totalMaxNodeCount": 5}), config, None))
    assert text.startswith("'gpu' may have 10 GPUs, and the workloads that select it can ask for 4 at most.")
