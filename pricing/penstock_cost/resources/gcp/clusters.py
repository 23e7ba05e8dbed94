"""GKE clusters."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.resources.context import Context
from penstock_cost.resources.gcp.nodes import CLUSTER, pool_lines
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Values, of

_CREDIT = "Google Cloud gives each billing account a credit for one zonal or Autopilot cluster, which is not taken off."


@prices(CLUSTER)
def cluster(resource: Resource, context: Context) -> Iterator[Found]:
    """The management fee, and the pools that the cluster itself has: the default one, or those inline."""
    values = of(resource)
    yield context.hourly(resource, "gke_control_plane", "GKE cluster management", "control_plane", _CREDIT)
    if values.flag("enableAutopilot"):
        yield context.hole(
            resource,
            "Autopilot charges what pods request, and nothing here bounds that. Use node pools, or allow the type.",
            "enableAutopilot",
        )
        return
    if values.child("clusterAutoscaling").flag("enabled"):
        yield context.hole(
            resource,
            "Node auto-provisioning makes pools by itself, of machine types that nobody knows before. Switch it off, "
            "or allow the type.",
            "clusterAutoscaling.enabled",
        )
    for inline in values.children("nodePools"):
        called = f"{resource.name}-{inline.data.get('name') or 'pool'}"
        placed = Values({"location": values.data.get("location"), **inline.data}, inline.at("")[:-1])
        yield from context.or_hole(pool_lines(resource, placed, resource, context, called), resource, called)
    if "nodePools" not in values and not values.flag("removeDefaultNodePool"):
        own = ("nodeConfig", "nodeLocations", "location", "initialNodeCount")
        default = {key: value for key in own if (value := values.data.get(key)) is not None}
        default.pop("nodeLocations", None)  # the cluster's own rule counts them
        yield from pool_lines(resource, Values(default), resource, context, f"{resource.name}-default-pool")
