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
from stores import NAMESPACE as STORES_NAMESPACE
from stores import Stores, operator_inputs
from tenants import tenant_inputs


def deploy(settings: Settings) -> dict[str, Any]:
    """Declares the platform and returns what the stack exports."""
    given = settings.model_dump(exclude_unset=True)
    cluster = penstock.Cluster(cluster_name(pulumi.get_stack()), given["cluster"])
    cloud = settings.cluster.cloud
    home = {"cluster": cluster.ref, "cloud": cloud}
    # GKE runs everything that its pools need; elsewhere, and for services, something has to be put into the cluster.
    needs = (settings.metrics is not None, settings.services, settings.tenants, *settings.stores.values())
    bare = cloud is penstock.Cloud.GCP and not any(needs)
    inside = None if bare else reached(cluster, settings)
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
    opts = pulumi.ResourceOptions(provider=inside, depends_on=[*before])
    after_services = opts
    if settings.services or settings.cache is not None:
        after_services = after(opts, penstock.ServiceNamespace(NAMESPACE, {}, opts))
    deploy_services(settings.services, refs, prometheus, after_services)
    # Without the Prometheus operator in the cluster nothing knows what a PodMonitor is.
    unmeasured = {} if prometheus else {"monitoring": False}
    stores, made = deploy_stores(settings.stores, refs, unmeasured, opts)
    if settings.cache is not None:
        offered = {kind: stores[kind][name] for kind, name in settings.cache.items() if kind in stores}
        asked = {**unmeasured, **settings.cache, **offered, "namespace": NAMESPACE}
        penstock.CacheTiers("cache", cast(penstock.CacheTiersArgs, asked), after(after_services, *made))
    if settings.tenants:
        exports["tenants"] = deploy_tenants(settings.tenants, refs, stores, after(opts, *made))
    return exports


def reached(cluster: penstock.Cluster, settings: Settings) -> k8s.Provider:
    """What makes things in the cluster."""
    where = settings.cluster
    return k8s.Provider(
        "cluster",
        kubeconfig=cluster.kubeconfig,
        # A cluster that changes has an unknown kubeconfig in the preview, by which all that is in it would be replaced.
        cluster_identifier=f"{where.cloud}/{where.location}/{cluster_name(pulumi.get_stack())}",
        # Else a Secret that changes is gone for a moment.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
    )


def after(opts: pulumi.ResourceOptions, *these: pulumi.Resource) -> pulumi.ResourceOptions:
    """The same options, once these are there, too."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[*these]))


def deploy_services(
    services: Mapping[str, ServiceSettings],
    pools: Mapping[str, penstock.PoolRef],
    prometheus: str,
    opts: pulumi.ResourceOptions,
) -> None:
    """The services, each with what scales it."""
    for name, service in services.items():
        workload = penstock.Workload(name, cast(penstock.WorkloadArgs, service.workload(pools)), opts)
        address = {"prometheus_address": prometheus} if prometheus else {}
        scaling = {**address, **service.scaling, "target": workload.target}
        penstock.ServiceAutoscaler(name, cast(penstock.ServiceAutoscalerArgs, scaling), after(opts, workload))


def deploy_stores(
    stores: Stores, pools: Mapping[str, penstock.PoolRef], usual: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> tuple[dict[str, dict[str, Any]], list[pulumi.Resource]]:
    """The stores in a namespace of their own: what each offers, by kind and name, and the components. `usual` holds for
    those that do not say otherwise."""
    refs: dict[str, dict[str, Any]] = {kind: {} for kind in stores}
    made: list[pulumi.Resource] = []
    if not any(stores.values()):
        return refs, made
    before: list[pulumi.Resource] = [penstock.ServiceNamespace(STORES_NAMESPACE, {}, opts)]
    if stores["postgres"]:
        asked = cast(penstock.PostgresOperatorArgs, operator_inputs(stores, pools))
        before.append(penstock.PostgresOperator("postgres-operator", asked, opts))
    for kind, named in stores.items():
        for name, store in named.items():
            inputs = {**usual, **store.inputs(STORES_NAMESPACE, pools)}
            component = STORES[kind](name, cast(Any, inputs), after(opts, *before))
            refs[kind][name] = component.ref
            made.append(component)
    return refs, made


STORES: Mapping[str, type[penstock.RedisCluster | penstock.QdrantCluster | penstock.PostgresCluster]] = {
    "redis": penstock.RedisCluster,
    "qdrant": penstock.QdrantCluster,
    "postgres": penstock.PostgresCluster,
}


def deploy_tenants(
    tenants: Mapping[str, Mapping[str, Any]],
    pools: Mapping[str, penstock.PoolRef],
    stores: Mapping[str, Mapping[str, Any]],
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """The tenants, and what holds for all of them. Returns the namespace of each."""
    policies = penstock.TenantPolicies("tenants", {}, opts)
    made = {}
    for name, tenant in tenants.items():
        asked = cast(penstock.TenantArgs, tenant_inputs(tenant, pools, stores))
        made[name] = penstock.Tenant(name, asked, after(opts, policies)).namespace
    return made


def cluster_name(stack: str) -> str:
    """The name of a stack's cluster, in the form that clouds take: stacks in one project must not collide."""
    plain = f"llm-{stack}"
    if re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?", plain):
        return plain
    digest = hashlib.sha256(stack.encode()).hexdigest()[:6]
    return f"{re.sub('[^a-z0-9]+', '-', plain.lower())[:13].rstrip('-')}-{digest}"
