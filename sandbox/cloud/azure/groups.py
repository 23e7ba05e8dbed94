"""Resource groups, capacity reservations, role assignments, and what is attached to other resources.

Sources: MicrosoftDocs/azure-compute-docs articles/virtual-machines/capacity-reservation-overview.md
@05a44856413d48d1b2c45c23df447759739695dc (one reservation per size and zone, what can change);
Azure/azure-rest-api-specs#18767 and #14711 (a group with reservations stays); Azure/azure-cli#18943 (sizes that cannot
be reserved); Azure-Samples/graphrag-accelerator#168 (role assignments that change).
"""

from __future__ import annotations

from typing import Final

from sandbox.cloud.azure import arm
from sandbox.cloud.azure.cluster import forget_objects
from sandbox.cloud.azure.permissions import ROLE_ASSIGNMENT
from sandbox.cloud.azure.pool_rules import unreservable
from sandbox.cloud.azure.pools import CLUSTER
from sandbox.cloud.catalogue import Behaviour
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

RESERVATION_GROUP: Final = "azure-native:compute:CapacityReservationGroup"
RESERVATION: Final = "azure-native:compute:CapacityReservation"


class ResourceGroupBehaviour(Behaviour):
    """A group takes along all that lies in it, whoever made it."""

    def deleting(self, resource: CloudResource) -> None:
        for cluster in arm.within(self.store, resource.id, CLUSTER):
            forget_objects(self.store, cluster)
        for inside in arm.within(self.store, resource.id):
            self.store.remove(inside)


class NestedBehaviour(Behaviour):
    """A resource that cannot be deleted while others lie in it."""

    def deleting(self, resource: CloudResource) -> None:
        inside = next(arm.within(self.store, resource.id), None)
        if inside is not None:
            ids = f"Some existing nested resource IDs include: '{inside.id}'."
            reason = f"Cannot delete resource while nested resources exist. {ids}"
            advice = "Please delete all nested resources before deleting this resource."
            raise arm.refusal(409, "CannotDeleteResource", f"{reason} {advice}")


class ParentBehaviour(Behaviour):
    """A resource that takes along what lies in it."""

    def deleting(self, resource: CloudResource) -> None:
        for inside in arm.within(self.store, resource.id):
            self.store.remove(inside)


class ReservationBehaviour(Behaviour):
    """Reserved machines: of one size, in a zone of their group or in none; only their number can change."""

    def creating(self, resource: CloudResource) -> None:
        group = arm.find(self.store, RESERVATION_GROUP, arm.parent_of(resource.id))
        assert group is not None, "its parent was looked for before"
        size, zones = str(resource.outputs["sku"].get("name")), resource.outputs.get("zones") or []
        if unreservable(size):
            raise arm.refusal(400, "NotSupported", f"Capacity Reservation is not supported for VM size {size}.")
        if resource.outputs["sku"].get("capacity") is None:
            raise arm.refusal(400, "InvalidParameter", "Required parameter 'sku.capacity' is missing (null).")
        of_group = group.outputs.get("zones") or []
        if len(zones) > 1 or not set(zones) <= set(of_group) or (of_group and not zones):
            reason = f"The zones {zones} of the capacity reservation must be one of the zones {of_group} of its group."
            raise arm.refusal(400, "InvalidParameter", reason)
        for other in arm.within(self.store, group.id, RESERVATION):
            if arm.same(other.outputs["sku"]["name"], size) and (other.outputs.get("zones") or []) == zones:
                reason = f"The capacity reservation group has a reservation for the size {size} in the zones {zones}:"
                raise arm.refusal(409, "Conflict", f"{reason} {other.id}.")

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        for name, before, after in (
            ("sku.name", old.outputs["sku"].get("name"), new.outputs["sku"].get("name")),
            ("zones", old.outputs.get("zones") or [], new.outputs.get("zones") or []),
        ):
            if before != after:
                raise arm.refusal(409, "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.")


class RoleAssignmentBehaviour(Behaviour):
    """A role for a principal: once for each scope, and never changed."""

    def creating(self, resource: CloudResource) -> None:
        require_scope(self, str(resource.outputs["scope"]))
        for other in self.store.all(ROLE_ASSIGNMENT):
            if all(arm.same(other.outputs.get(name), resource.outputs.get(name)) for name in _WHAT):
                id_ = arm.name_of(other.id).replace("-", "")
                reason = f"The role assignment already exists. The ID of the existing role assignment is {id_}."
                raise arm.refusal(409, "RoleAssignmentExists", reason)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        if not arm.same(old.outputs.get("roleDefinitionId"), new.outputs.get("roleDefinitionId")):
            reason = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            raise arm.refusal(400, "RoleAssignmentUpdateNotPermitted", reason)


_WHAT = ("scope", "principalId", "roleDefinitionId")


class AttachedBehaviour(Behaviour):
    """A setting of another resource, whose URI it names."""

    def creating(self, resource: CloudResource) -> None:
        require_scope(self, str(resource.outputs["resourceUri"]))


def require_scope(behaviour: Behaviour, scope: str) -> None:
    """Raises `CloudError` for a scope inside a resource group that is not there."""
    id_ = f"/{scope.strip('/')}"
    if not arm.segment(id_, "resourceGroups"):
        return
    if any(arm.same(found.id, id_) for found in behaviour.store.all()) or _made_by_aks(behaviour, id_):
        return
    raise arm.not_found(id_)


def _made_by_aks(behaviour: Behaviour, id_: str) -> bool:
    """Whether the id lies in the group that AKS makes for a cluster's machines."""
    group = arm.segment(id_, "resourceGroups")
    return any(arm.same(found.outputs.get("nodeResourceGroup"), group) for found in behaviour.store.all(CLUSTER))
