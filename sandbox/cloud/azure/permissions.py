"""What a cluster's own identity must have been allowed before AKS can use it.

Source of the text: hashicorp/terraform-provider-azurerm#3067 and Azure/aad-pod-identity#1279; of the demands:
MicrosoftDocs/azure-aks-docs@fb060abe6a8fef960d4c487b543bf7b1e97808fe articles/aks/concepts-network-cni-overview.md
(subnets) and use-capacity-reservation-groups.md (reservations, which a system-assigned identity cannot use). Of role
assignments only principal and scope are looked at, not what the role allows.
"""

from __future__ import annotations

from typing import Final

from sandbox.cloud.azure import arm
from sandbox.cloud.store import CloudResource, Store

ROLE_ASSIGNMENT: Final = "azure-native:authorization:RoleAssignment"
IDENTITY: Final = "azure-native:managedidentity:UserAssignedIdentity"


def require_subnet(store: Store, cluster: CloudResource, subnet: str | None) -> None:
    """Raises `CloudError` when a user-assigned identity may not join machines to the subnet.

    A system-assigned one exists only once the cluster does, so nothing is asked of it.
    """
    if subnet and _principals(store, cluster):
        _require(store, cluster, "Microsoft.Network/virtualNetworks/subnets/join/action", subnet)


def require_reservations(store: Store, cluster: CloudResource, group: str) -> None:
    """Raises `CloudError` when the cluster's identity may not use the capacity reservation group."""
    if not _principals(store, cluster):
        reason = "Capacity reservation groups need a cluster with a user-assigned managed identity."
        raise arm.refusal(
            400, "BadRequest", f"{reason} System-assigned managed identities don't work for this feature."
        )
    _require(store, cluster, "Microsoft.Compute/capacityReservationGroups/deploy/action", group)


def _require(store: Store, cluster: CloudResource, action: str, scope: str) -> None:
    principals = _principals(store, cluster)
    if any(_grants(found, principals, scope) for found in store.all(ROLE_ASSIGNMENT)):
        return
    principal = principals[0]
    raise arm.refusal(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{principal}' with object id '{principal}' has permission to perform action "
        f"'Microsoft.Compute/virtualMachineScaleSets/write' on scope '{cluster.id}'; however, it does not have "
        f"permission to perform action '{action}' on the linked scope(s) '{scope}' or the linked scope(s) are invalid.",
    )


def _principals(store: Store, cluster: CloudResource) -> list[str]:
    users = (cluster.outputs.get("identity") or {}).get("userAssignedIdentities") or []
    found = (arm.find(store, IDENTITY, user) for user in users)
    return [str(identity.outputs["principalId"]) for identity in found if identity is not None]


def _grants(assignment: CloudResource, principals: list[str], scope: str) -> bool:
    given = str(assignment.outputs.get("scope")).lower().rstrip("/")
    covers = scope.lower() == given or scope.lower().startswith(f"{given}/")
    return covers and assignment.outputs.get("principalId") in principals
