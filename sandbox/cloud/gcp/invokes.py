"""Data sources of Google Cloud: they look into the pretend cloud, or into its tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.gcp.container import CLUSTER
from sandbox.cloud.gcp.places import gke_versions, region_of, regions
from sandbox.cloud.schema.results import as_result
from sandbox.cloud.values import Properties

if TYPE_CHECKING:
    from sandbox.cloud.gcp.package import GcpPackage

Settings = Mapping[str, Any]
Invoke = Callable[["GcpPackage", Properties, Settings], Properties]


def get_project(package: GcpPackage, arguments: Properties, settings: Settings) -> Properties:
    """Any project exists; its number follows from its name."""
    project = _setting("projectId", arguments, {"projectId": settings.get("project")})
    digits = int.from_bytes(hashlib.sha256(project.encode()).digest()[:6]) % (9 * 10**11)
    return {
        "id": f"projects/{project}",
        "projectId": project,
        "name": project,
        "number": str(digits + 10**11),
        "orgId": "",
        "folderId": "",
        "billingAccount": "",
        "autoCreateNetwork": False,
        "labels": {},
        "effectiveLabels": {},
        "pulumiLabels": {},
        "tags": {},
        "deletionPolicy": "",
    }


def get_client_config(package: GcpPackage, arguments: Properties, settings: Settings) -> Properties:
    """The provider's own settings, with a token that opens nothing."""
    place = {name: settings.get(name) or "" for name in ("project", "region", "zone")}
    own = "/".join(f"{name}s/{value}" for name, value in place.items())
    return {"id": own, **place, "accessToken": "ya29.sandbox", "defaultLabels": settings.get("defaultLabels") or {}}


def get_zones(package: GcpPackage, arguments: Properties, settings: Settings) -> Properties:
    """The zones of a region; all of them are up."""
    project, region = _setting("project", arguments, settings), _setting("region", arguments, settings)
    if region_of(region) != region:
        raise CloudError(f"googleapi: Error 400: Invalid value for field 'region': '{region}'., invalid")
    names = [] if arguments.get("status") == "DOWN" else sorted(regions()[region])
    own = f"projects/{project}/regions/{region}"
    return {"id": own, "project": project, "region": region, "names": names, "status": arguments.get("status")}


def get_engine_versions(package: GcpPackage, arguments: Properties, settings: Settings) -> Properties:
    """The GKE versions on offer, newest first."""
    location = arguments.get("location") or settings.get("region") or settings.get("zone")
    if not location:
        raise CloudError("Cannot determine location: set location in this data source or at provider-level")
    region_of(location)
    prefix = arguments.get("versionPrefix") or ""
    table, channels = gke_versions(), gke_versions()["channels"]
    masters = [version for version in table["masters"] if version.startswith(prefix)]
    nodes = [version for version in table["nodes"] if version.startswith(prefix)]
    latest = {
        name: next((version for version in channel["valid"] if version.startswith(prefix)), None)
        for name, channel in channels.items()
    }
    defaults = {name: channel["default"] for name, channel in channels.items()}
    return {
        "id": hashlib.sha256(location.encode()).hexdigest()[:20],
        "project": _setting("project", arguments, settings),
        "location": location,
        "versionPrefix": arguments.get("versionPrefix"),
        "defaultClusterVersion": table["default"],
        "latestMasterVersion": masters[0] if masters else "",
        "latestNodeVersion": nodes[0] if nodes else "",
        "validMasterVersions": masters,
        "validNodeVersions": nodes,
        "releaseChannelDefaultVersion": defaults,
        "releaseChannelLatestVersion": {name: version for name, version in latest.items() if version},
        "releaseChannelUpgradeTargetVersion": defaults,
    }


def look_up(type_: str, token: str) -> Invoke:
    """A data source that shows a resource of the cloud, or fails as the real one does when there is none."""

    def answer(package: GcpPackage, arguments: Properties, settings: Settings) -> Properties:
        name = arguments.get("selfLink") or arguments.get("name") or ""
        beside = {
            "project": settings.get("project"),
            "location": settings.get("region") or settings.get("zone"),
            "region": settings.get("region"),
            "zone": settings.get("zone"),
            **{key: value for key, value in arguments.items() if value is not None},
        }
        found = package.directory.find(type_, name, settings, beside)
        if found is None:
            raise NotFoundError(f"{package.directory.id_of(type_, name, settings, beside)} not found")
        function = package.sdk.function(token)
        assert function is not None, "the token was checked before"
        return as_result(function.result, {"id": found.id, **found.outputs})

    return answer


INVOKES: dict[str, Invoke] = {
    "gcp:organizations/getProject:getProject": get_project,
    "gcp:organizations/getClientConfig:getClientConfig": get_client_config,
    "gcp:compute/getZones:getZones": get_zones,
    "gcp:container/getEngineVersions:getEngineVersions": get_engine_versions,
} | {
    token: look_up(type_, token)
    for token, type_ in {
        "gcp:container/getCluster:getCluster": CLUSTER,
        "gcp:compute/getNetwork:getNetwork": "gcp:compute/network:Network",
        "gcp:compute/getSubnetwork:getSubnetwork": "gcp:compute/subnetwork:Subnetwork",
        "gcp:compute/getReservation:getReservation": "gcp:compute/reservation:Reservation",
    }.items()
}


def _setting(name: str, arguments: Properties, settings: Settings) -> str:
    value = arguments.get(name) or settings.get(name)
    if not value:
        raise CloudError(f"{name}: required field is not set")
    return str(value)
