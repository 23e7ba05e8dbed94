"""The `capacity` pack: every node pool has a maximum, and none is above the one that is configured."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

DEFAULT_MAX_NODES = 100


def most_nodes(pool: Mapping[str, Any]) -> int | None:
    """The most nodes that a GKE pool may have over all zones; None where it has no maximum.

    Raises UnknownValueError where a property that decides it is not known yet.
    """
    bounds = pool.get("autoscaling") or {}
    if "totalMaxNodeCount" in bounds:
        return int(bounds["totalMaxNodeCount"])
    in_a_zone = bounds.get("maxNodeCount", pool.get("nodeCount", pool.get("initialNodeCount")))
    if in_a_zone is None or "nodeLocations" not in pool:
        return None
    return int(in_a_zone) * len(list(pool["nodeLocations"]))


def node_pool_maximum(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Reports a pool whose maximum is too high, is missing, or is not known."""
    if args.resource_type != "gcp:container/nodePool:NodePool":
        return
    ceiling = int(args.get_config().get("max_nodes", DEFAULT_MAX_NODES))
    try:
        most = most_nodes(args.props)
    except UnknownValueError as unknown:
        # Left to itself, Pulumi makes this an advisory: a mandatory ceiling would pass without having been checked.
        path = ".".join(unknown.props)
        report(
            f"The most nodes of '{args.name}' cannot be told: {path} is not known at preview. Write a plain number.",
            args.urn,
        )
        return
    if most is None:
        report(
            f"'{args.name}' has no maximum that counts all its zones. Write autoscaling.totalMaxNodeCount.", args.urn
        )
    elif most > ceiling:
        report(
            f"'{args.name}' may have {most} nodes, {most - ceiling} above the ceiling of {ceiling}. Lower its maximum.",
            args.urn,
        )


PolicyPack(
    "penstock-capacity",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(
            name="node-pool-maximum",
            description="Every node pool has a maximum, and none is above the ceiling.",
            validate=node_pool_maximum,
            config_schema=PolicyConfigSchema(
                properties={
                    "max_nodes": {
                        "type": "integer",
                        "minimum": 1,
                        "default": DEFAULT_MAX_NODES,
                        "description": "The most nodes that any one pool may have, over all zones.",
                    }
                }
            ),
        )
    ],
)
