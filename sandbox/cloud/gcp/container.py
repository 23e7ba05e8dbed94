"""GKE clusters and node pools.

Source of what they do: hashicorp/terraform-provider-google google/services/container/resource_container_cluster.go
and resource_container_node_pool.go@e03b7622a26cf4e878f90bdccaca6aa3d03a7999.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, Final

from sandbox.cloud.catalogue import Behaviour
from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.gcp.nodes import NODE_POOL, PoolSize
from sandbox.cloud.gcp.places import cluster_ca, region_of, regions, resolve_version
from sandbox.cloud.paths import first
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

CLUSTER: Final = "gcp:container/cluster:Cluster"
_ZONES_OF_A_REGIONAL_CLUSTER = 3


class ClusterBehaviour(Behaviour):
    """A cluster: its endpoint, version and zones. When it goes, so do its pools and all that runs in it."""

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        region = region_of(outputs["location"])
        zonal = outputs["location"] != region
        if not (outputs.get("initialNodeCount") or outputs.get("nodePools") or outputs.get("enableAutopilot")):
            raise CloudError("googleapi: Error 400: Cluster.initial_node_count must be greater than zero., badRequest")
        _require_zones(outputs.get("nodeLocations"), region)
        fill(outputs, "nodeLocations", [] if zonal else regions()[region][:_ZONES_OF_A_REGIONAL_CLUSTER])
        version = resolve_version(outputs.get("minMasterVersion"), _channel(outputs))
        fill(outputs, "masterVersion", version)
        fill(outputs, "nodeVersion", version)
        fill(outputs, "endpoint", _address(resource.id))
        fill(outputs, "clusterIpv4Cidr", "10.4.0.0/14")
        fill(outputs, "servicesIpv4Cidr", "34.118.224.0/20")
        fill(outputs, "labelFingerprint", hashlib.sha256(resource.id.encode()).hexdigest()[:8])
        fill(outputs, "operation", "")
        fill(outputs, "masterAuth", {"clientCertificateConfig": {"issueClientCertificate": False}})
        certificate = base64.b64encode(cluster_ca().encode()).decode()
        outputs["masterAuth"] |= {"clusterCaCertificate": certificate, "clientCertificate": "", "clientKey": ""}
        if not outputs.get("removeDefaultNodePool"):
            fill(outputs, "nodePools", [{"name": "default-pool", "initialNodeCount": outputs.get("initialNodeCount")}])

    def deleting(self, resource: CloudResource) -> None:
        if resource.outputs.get("deletionProtection", True):
            raise CloudError(
                "Cannot destroy cluster because deletion_protection is set to true. "
                "Set it to false to proceed with cluster deletion."
            )
        for pool in self.store.all(NODE_POOL):
            if pool.id.startswith(f"{resource.id}/nodePools/"):
                self.store.remove(pool)
        self.store.remove_all(scope=resource.outputs["endpoint"])


class NodePoolBehaviour(Behaviour):
    """A node pool: its instance groups and its size, which the autoscaler moves."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if inputs.get("nodeCount") and inputs.get("initialNodeCount"):
            yield Failure(("initialNodeCount",), 'Give either "nodeCount" or "initialNodeCount", not both.')

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        cluster = self._cluster(resource)
        _require_bounds(outputs.get("autoscaling"))
        _require_zones(outputs.get("nodeLocations"), region_of(outputs["location"]))
        fill(outputs, "nodeLocations", cluster.outputs["nodeLocations"] or [outputs["location"]])
        per_zone = outputs.get("nodeCount") or outputs.get("initialNodeCount") or 0
        fill(outputs, "initialNodeCount", per_zone)
        fill(outputs, "version", cluster.outputs["masterVersion"])
        fill(outputs, "maxPodsPerNode", cluster.outputs.get("defaultMaxPodsPerNode") or 110)
        fill(outputs, "management", {"autoRepair": True, "autoUpgrade": True})
        fill(outputs, "upgradeSettings", {"maxSurge": 1, "maxUnavailable": 0, "strategy": "SURGE"})
        fill(outputs, "operation", "")
        fill(outputs, "namePrefix", "")
        _fill_groups(resource)
        zones = len(outputs["nodeLocations"])
        PoolSize.initial(per_zone, zones, outputs.get("autoscaling")).keep(resource)
        _hide_size(resource, {})

    def reading(self, resource: CloudResource, prior: Properties) -> None:
        PoolSize.of(resource).keep(resource)
        _hide_size(resource, prior)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        """A new `nodeCount` resizes the pool; a new minimum lets the autoscaler bring the pool up to it.

        New is what differs from Pulumi's memory: unless that was refreshed, the autoscaler's choice stands.
        """
        _require_bounds(new.outputs.get("autoscaling"))
        _require_zones(new.outputs.get("nodeLocations"), region_of(new.outputs["location"]))
        for name in ("nodeLocations", "initialNodeCount", "version", "maxPodsPerNode", "management", "upgradeSettings"):
            fill(new.outputs, name, old.outputs[name])
        _fill_groups(new)
        zones = len(new.outputs["nodeLocations"])
        asked = "nodeCount" in new.inputs and new.outputs["nodeCount"] != prior.get("nodeCount")
        nodes = new.outputs["nodeCount"] * zones if asked else old.live["nodes"]
        size = PoolSize.initial(0, zones, new.outputs.get("autoscaling"))
        PoolSize(max(nodes, size.least), zones, size.least, size.most).keep(new)
        _hide_size(new, prior)

    def _cluster(self, pool: CloudResource) -> CloudResource:
        id_ = pool.id.partition("/nodePools/")[0]
        cluster = self.store.get(CLUSTER, id_)
        if cluster is None:
            raise NotFoundError(f"error creating NodePool: googleapi: Error 404: Not found: {id_}., notFound")
        return cluster


def fill(outputs: Properties, name: str, value: Any) -> None:
    """Gives an output a value unless it has one."""
    if outputs.get(name) is None:
        outputs[name] = value


def _hide_size(pool: CloudResource, prior: Properties) -> None:
    """With `ignoreNodeCountChanges` the provider asks nobody how many nodes there are: it repeats what it knows."""
    if pool.outputs.get("ignoreNodeCountChanges"):
        known = prior.get("nodeCount", pool.outputs["initialNodeCount"])
        declared = pool.inputs.get("nodeCount")
        pool.outputs["nodeCount"] = known if declared is None else int(declared)
        pool.outputs["managedInstanceGroupUrls"] = []


def _fill_groups(pool: CloudResource) -> None:
    """One managed instance group per zone, named as GKE names them: `gke-<cluster>-<pool>-<8 hex>-grp`."""
    _, project, _, _, _, cluster, _, name = pool.id.split("/")
    managers, groups = [], []
    for zone in pool.outputs["nodeLocations"]:
        digest = hashlib.sha256(f"{pool.id}/{zone}".encode()).hexdigest()[:8]
        place = f"https://www.googleapis.com/compute/v1/projects/{project}/zones/{zone}"
        group = f"gke-{cluster[:20]}-{name[:20]}-{digest}-grp"
        managers.append(f"{place}/instanceGroupManagers/{group}")
        groups.append(f"{place}/instanceGroups/{group}")
    pool.outputs |= {"instanceGroupUrls": managers, "managedInstanceGroupUrls": groups}


def _require_zones(zones: list[str] | None, region: str) -> None:
    for zone in zones or []:
        if region_of(zone) != region:
            raise CloudError(f"googleapi: Error 400: Location {zone} is not in region {region}., badRequest")


def _require_bounds(autoscaling: dict[str, Any] | None) -> None:
    for least, most in (("minNodeCount", "maxNodeCount"), ("totalMinNodeCount", "totalMaxNodeCount")):
        low, high = (autoscaling or {}).get(least) or 0, (autoscaling or {}).get(most)
        if high is not None and low > high:
            raise CloudError(
                f"googleapi: Error 400: Invalid autoscaling bounds: {least} {low} exceeds {most} {high}., badRequest"
            )


def _channel(outputs: Properties) -> str | None:
    channel = first(outputs, ("releaseChannel", "channel"))
    return None if channel == "UNSPECIFIED" else (channel or "REGULAR")


def _address(seed: str) -> str:
    """A public address of the kind that control planes have."""
    digest = hashlib.sha256(seed.encode()).digest()
    return f"34.{64 + digest[0] % 64}.{digest[1]}.{1 + digest[2] % 254}"
