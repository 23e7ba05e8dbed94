"""The gcp provider: ordinary resources from its facts table, GKE from `container`, data sources from `invokes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.cloud.catalogue import CataloguePackage
from sandbox.cloud.directory import Directory
from sandbox.cloud.errors import CloudError
from sandbox.cloud.gcp.container import CLUSTER, ClusterBehaviour, NodePoolBehaviour
from sandbox.cloud.gcp.invokes import INVOKES
from sandbox.cloud.gcp.nodes import NODE_POOL
from sandbox.cloud.package import Call
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties

# Every project has a network of this name, with a subnetwork of the same name in each region.
_GIVEN = {"gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"}


class GcpPackage(CataloguePackage):
    """Google Cloud."""

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.directory = Directory(name, store, given=_GIVEN)
        self.behaviours = {CLUSTER: ClusterBehaviour(store), NODE_POOL: NodePoolBehaviour(store)}

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        """Every resource has a `deletionPolicy`: `PREVENT` refuses, `ABANDON` leaves the thing in the cloud."""
        match prior.get("deletionPolicy"):
            case "PREVENT":
                raise CloudError(
                    f'cannot destroy "{id_}" without setting deletion_policy="DELETE" and running `pulumi up`'
                )
            case "ABANDON":
                return
        super().delete(call, id_, prior)

    def invoke(self, token: str, arguments: Properties, settings: Mapping[str, Any]) -> Properties:
        if token not in INVOKES:
            return super().invoke(token, arguments, settings)
        return INVOKES[token](self, arguments, settings)

    def conflict(self, resource: CloudResource) -> str:
        service, kind = resource.type.split(":")[1].split("/")[0], resource.type.rsplit(":", 1)[-1]
        if service == "compute":
            reason = f"The resource '{resource.id}' already exists, alreadyExists"
            return f"Error creating {kind}: googleapi: Error 409: {reason}"
        if service == "container":
            return f"googleapi: Error 409: Already exists: {resource.id}., alreadyExists"
        return f"Error creating {kind}: googleapi: Error 409: {kind} {resource.id} already exists., alreadyExists"

    def missing(self, type_: str, id_: str) -> str:
        if ":compute/" in type_:
            return f"googleapi: Error 404: The resource '{id_}' was not found, notFound"
        return f"googleapi: Error 404: Not found: {id_}., notFound"
