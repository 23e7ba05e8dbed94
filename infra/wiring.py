"""From settings to components: the one place where the parts of the platform meet."""

import hashlib
import re
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s

import penstock
from penstock.nodes.pools import NodePool
from settings import Settings


def deploy(settings: Settings) -> dict[str, Any]:
    """Declares the platform and returns what the stack exports."""
    given = settings.model_dump(exclude_unset=True)
    cluster = penstock.Cluster(cluster_name(pulumi.get_stack()), given["cluster"])
    cloud = settings.cluster.cloud
    home = {"cluster": cluster.ref, "cloud": cloud}
    # GKE runs everything that its pools need; elsewhere something has to be put into the cluster.
    inside = None if cloud is penstock.Cloud.GCP else k8s.Provider("cluster", kubeconfig=cluster.kubeconfig)
    opts = pulumi.ResourceOptions(provider=inside)
    pools: list[NodePool | penstock.PurchaseMix] = [
        penstock.node_pool(name, {**home, **pool}, opts) for name, pool in given["pools"].items()
    ]
    for name, mix in given.get("mixes", {}).items():
        pools.append(penstock.PurchaseMix(name, cast(penstock.PurchaseMixArgs, {**home, **mix}), opts))
    if inside:
        penstock.controllers(cluster.ref, cloud, pools, inside, given.get("autoscaler"))
    refs = {ref["name"]: ref for pool in pools for ref in pool.pools}
    return {"cluster": cluster.ref, "kubeconfig": cluster.kubeconfig, "pools": refs}


def cluster_name(stack: str) -> str:
    """The name of a stack's cluster, in the form that clouds take: stacks in one project must not collide."""
    plain = f"llm-{stack}"
    if re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?", plain):
        return plain
    digest = hashlib.sha256(stack.encode()).hexdigest()[:6]
    return f"{re.sub('[^a-z0-9]+', '-', plain.lower())[:13].rstrip('-')}-{digest}"
