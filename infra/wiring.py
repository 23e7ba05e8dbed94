"""From settings to components: the one place where the parts of the platform meet."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s

import penstock
from penstock.nodes.pools import NodePool
from services import NAMESPACE, ServiceSettings, metrics_inputs
from settings import Settings


def deploy(settings: Settings) -> dict[str, Any]:
    """Declares the platform and returns what the stack exports."""
    given = settings.model_dump(exclude_unset=True)
    cluster = penstock.Cluster(cluster_name(pulumi.get_stack()), given["cluster"])
    cloud = settings.cluster.cloud
    home = {"cluster": cluster.ref, "cloud": cloud}
    # GKE runs everything that its pools need; elsewhere, and for services, something has to be put into the cluster.
    bare = cloud is penstock.Cloud.GCP and settings.metrics is None and not settings.services
    inside = None if bare else k8s.Provider("cluster", kubeconfig=cluster.kubeconfig)
    opts = pulumi.ResourceOptions(provider=inside)
    pools: list[NodePool | penstock.PurchaseMix] = [
        penstock.node_pool(name, {**home, **pool}, opts) for name, pool in given["pools"].items()
    ]
    for name, mix in given.get("mixes", {}).items():
        pools.append(penstock.PurchaseMix(name, cast(penstock.PurchaseMixArgs, {**home, **mix}), opts))
    refs = {ref["name"]: ref for pool in pools for ref in pool.pools}
    exports = {"cluster": cluster.ref, "kubeconfig": cluster.kubeconfig, "pools": refs}
    if not inside:
        return exports
    before: list[pulumi.Resource] = [*pools]
    if cloud is not penstock.Cloud.GCP:
        before += penstock.controllers(cluster.ref, cloud, pools, inside, given.get("autoscaler"))
    prometheus = ""
    if settings.metrics is not None:
        asked = metrics_inputs(settings.metrics, cloud, [*refs.values()], settings.services)
        opts = pulumi.ResourceOptions(provider=inside, depends_on=[*before])
        metrics = penstock.MetricsStack("metrics", cast(penstock.MetricsStackArgs, {**home, **asked}), opts)
        before.append(metrics)
        prometheus = metrics.prometheus_url
    if settings.services:
        deploy_services(
            settings.services, refs, prometheus, pulumi.ResourceOptions(provider=inside, depends_on=[*before])
        )
    return exports


def deploy_services(
    services: Mapping[str, ServiceSettings],
    pools: Mapping[str, penstock.PoolRef],
    prometheus: str,
    opts: pulumi.ResourceOptions,
) -> None:
    """The services, each with what scales it, in a namespace of their own."""
    namespace = penstock.ServiceNamespace(NAMESPACE, {}, opts)
    inside = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[namespace]))
    for name, service in services.items():
        workload = penstock.Workload(name, cast(penstock.WorkloadArgs, service.workload(pools)), inside)
        address = {"prometheus_address": prometheus} if prometheus else {}
        scaling = {**address, **service.scaling, "target": workload.target}
        after = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[workload]))
        penstock.ServiceAutoscaler(name, cast(penstock.ServiceAutoscalerArgs, scaling), after)


def cluster_name(stack: str) -> str:
    """The name of a stack's cluster, in the form that clouds take: stacks in one project must not collide."""
    plain = f"llm-{stack}"
    if re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?", plain):
        return plain
    digest = hashlib.sha256(stack.encode()).hexdigest()[:6]
    return f"{re.sub('[^a-z0-9]+', '-', plain.lower())[:13].rstrip('-')}-{digest}"
