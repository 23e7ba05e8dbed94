"""Roles of Azure, and their assignment."""

from enum import StrEnum

import pulumi
import pulumi_azure_native as azure


class Role(StrEnum):
    """Built-in roles by their ids: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""

    CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    KEY_VAULT_CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
    AKS_RBAC_CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"


def grant(
    name: str,
    role: Role,
    scope: pulumi.Input[str],
    principal: pulumi.Input[str],
    principal_type: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> azure.authorization.RoleAssignment:
    """Gives `principal` the role over `scope`.

    `principal_type` is always stated: without it Azure looks a new principal up where it has not arrived yet, and the
    provider would say that it is a user.
    """
    return azure.authorization.RoleAssignment(
        name,
        scope=scope,
        role_definition_id=f"/providers/Microsoft.Authorization/roleDefinitions/{role.value}",
        principal_id=principal,
        principal_type=principal_type,
        opts=opts,
    )
