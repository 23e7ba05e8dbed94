"""From settings to components: the one place where the parts of the platform meet."""

from typing import Any, cast

import penstock
from penstock.nodes.pools import node_pool
from settings import Settings


def deploy(settings: Settings) -> dict[str, Any]:
    """Declares the platform and returns what the stack exports."""
    given = settings.model_dump(exclude_unset=True)
    cluster = penstock.Cluster("llm", given["cluster"])
    home = {"cluster": cluster.ref, "cloud": settings.cluster.cloud}
    pools = {name: node_pool(name, {**home, **pool}).ref for name, pool in given["pools"].items()}
    for name, mix in given.get("mixes", {}).items():
        args = cast(penstock.PurchaseMixArgs, {**home, **mix})
        pools |= {pool["name"]: pool for pool in penstock.PurchaseMix(name, args).pools}
    return {"cluster": cluster.ref, "kubeconfig": cluster.kubeconfig, "pools": pools}
