"""Load balancers that a cluster's cloud makes for Services, Ingresses and Gateways."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.money import HOURS_PER_MONTH, always
from penstock_cost.resources.context import Context
from penstock_cost.resources.kubernetes.clusters import cluster_of
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.tokens import cloud_of
from penstock_cost.resources.values import Unpriced, Values, of

_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_INTERNAL = (
    (f"{_AWS}internal", ("true",)),
    (f"{_AWS}scheme", ("internal",)),
    ("networking.gke.io/load-balancer-type", ("internal",)),
    ("cloud.google.com/load-balancer-type", ("internal",)),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", ("true",)),
)


@prices("kubernetes:core:Service")
def service(resource: Resource, context: Context) -> Iterator[Found]:
    """A Service of the type LoadBalancer; others are free."""
    values = of(resource)
    spec = values.child("spec")
    if spec.text("type", "ClusterIP") != "LoadBalancer":
        return
    notes = _annotations(values)
    cluster = cluster_of(context.stack, resource)
    if cluster is None:
        raise Unpriced(
            "Its cluster is not of this program, so nobody here knows whose load balancer it is. Allow the type.",
            "spec.type",
        )
    internal = any(notes.get(key, "").lower() in values for key, values in _INTERNAL)
    cloud = cloud_of(cluster.type)
    if cloud == "aws":
        network = notes.get(f"{_AWS}type", "") in ("nlb", "external", "nlb-ip") or "loadBalancerClass" in spec
        if not network:
            raise Unpriced(
                f"No price of Classic Load Balancers is known here. Write the annotation {_AWS}type: external.",
                "metadata",
            )
        yield _hourly(resource, context, cluster, "nlb", "network load balancer")
    elif cloud == "gcp":
        yield _hourly(resource, context, cluster, "forwarding_rule", "forwarding rule")
    else:
        yield _hourly(resource, context, cluster, "lb_rules", "load balancer rules")
    if not internal and "loadBalancerIP" not in spec:
        addresses = _zones(cluster) if cloud == "aws" else 1
        yield _hourly(resource, context, cluster, "external_ipv4", f"{addresses} public IPv4 address", addresses)


@prices("kubernetes:networking.k8s.io:Ingress", "kubernetes:extensions:Ingress")
def ingress(resource: Resource, context: Context) -> Iterator[Found]:
    """An Ingress that its cloud serves; those of controllers in the cluster are free."""
    values = of(resource)
    named = values.child("spec").text("ingressClassName", "") or _annotations(values).get(
        "kubernetes.io/ingress.class", ""
    )
    cluster = cluster_of(context.stack, resource)
    if cluster is None:
        return
    cloud = cloud_of(cluster.type)
    if cloud == "aws" and named == "alb":
        yield _hourly(resource, context, cluster, "alb", "application load balancer")
    elif cloud == "gcp" and named in ("", "gce", "gce-internal"):
        yield _hourly(resource, context, cluster, "forwarding_rule", "forwarding rule")


@prices("kubernetes:gateway.networking.k8s.io:Gateway")
def gateway(resource: Resource, context: Context) -> Iterator[Found]:
    """A Gateway that GKE serves; those of controllers in the cluster are free."""
    kind = of(resource).child("spec").text("gatewayClassName", "")
    cluster = cluster_of(context.stack, resource)
    if cluster is not None and cloud_of(cluster.type) == "gcp" and kind.startswith("gke-"):
        yield _hourly(resource, context, cluster, "forwarding_rule", "forwarding rule")


def _hourly(resource: Resource, context: Context, cluster: Resource, item: str, what: str, count: int = 1) -> Found:
    region = context.region(cluster)
    rate = context.rate(cloud_of(cluster.type), region, item)
    cost = always(count * rate.usd * HOURS_PER_MONTH)
    notes = () if item == "external_ipv4" else ("What passes it is not in it.",)
    return context.line(resource, what, "network", cost, [rate], region=region, notes=notes)


def _zones(cluster: Resource) -> int:
    """A public address in each zone: as many as the cluster has subnets."""
    network = of(cluster).child("vpcConfig")
    subnets = network.data.get("subnetIds")
    return len(subnets) if isinstance(subnets, list) and subnets else max(len(set(cluster.made_from("vpcConfig"))), 1)


def _annotations(values: Values) -> dict[str, str]:
    found = values.child("metadata").data.get("annotations")
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
