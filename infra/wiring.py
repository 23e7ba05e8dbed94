"""From settings to components: the one place where the parts of the platform meet."""

import hashlib
import re
from typing import Any, cast

import pulumi

import penstock
from penstock.nodes.pools import node_pool
from settings import Settings


def deploy(settings: Settings) -> dict[str, Any]:
    """Declares the platform and returns what the stack exports."""
    given = settings.model_dump(exclude_unset=True)
    cluster = penstock.Cluster(cluster_name(pulumi.get_stack()), given["cluster"])
    home = {"cluster": cluster.ref, "cloud": settings.cluster.cloud}
    pools = {name: node_pool(name, {**home, **pool}).ref for name, pool in given["pools"].items()}
    for name, mix in given.get("mixes", {}).items():
        args = cast(penstock.PurchaseMixArgs, {**home, **mix})
        pools |= {pool["name"]: pool for pool in penstock.PurchaseMix(name, args).pools}
    return {"cluster": cluster.ref, "kubeconfig": cluster.kubeconfig, "pools": pools}


def cluster_name(stack: str) -> str:
    """The name of a stack's cluster, in the form that clouds take: stacks in one project must not collide."""
    plain = f"llm-{stack}"
    if re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?", plain):
        return plain
    digest = hashlib.sha256(stack.encode()).hexdigest()[:6]
    return f"{re.sub('[^a-z0-9]+', '-', plain.lower())[:13].rstrip('-')}-{digest}"
