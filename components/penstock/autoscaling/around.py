"""What a controller needs of the cluster around it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from penstock.problems import Problem
from penstock.refs import ClusterRef, member


def cluster_problems(args: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the cluster that `args` name, as far as it is known before anything exists."""
    cluster = args.get("cluster")
    if cluster is None:
        yield Problem("cluster", "This is required. Write the ref of a Cluster.")
    known = cluster if isinstance(cluster, Mapping) else {}
    if known.get("isolated") is True and not (args.get("registry") or known.get("registry")):
        yield Problem(
            "registry",
            "The cluster's network has no way out, so it reaches no public registry. Write the registry that mirrors "
            "it, here or once for the whole cluster.",
        )


def mirror(registry: pulumi.Input[str] | None, cluster: pulumi.Input[ClusterRef]) -> pulumi.Output[Any]:
    """The registry from which images come: `registry`, or else the cluster's own; None for that of each image."""
    return member(cluster, "registry") if registry is None else pulumi.Output.from_input(registry)
