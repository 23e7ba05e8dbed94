"""Look-ups of the azure-native provider: they look into the pretend cloud. All others are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.cloud.azure import arm
from sandbox.cloud.azure.credentials import admin_credentials, user_credentials
from sandbox.cloud.azure.permissions import IDENTITY
from sandbox.cloud.azure.pools import CLUSTER
from sandbox.cloud.errors import CloudError
from sandbox.cloud.facts import load
from sandbox.cloud.schema.results import as_result
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

if TYPE_CHECKING:
    from sandbox.cloud.azure.package import AzurePackage

Settings = Mapping[str, Any]
Invoke = Callable[["AzurePackage", Properties, Settings], Properties]


def get_client_config(package: AzurePackage, arguments: Properties, settings: Settings) -> Properties:
    """Who is logged in, and where."""
    return {
        "clientId": settings.get("clientId") or arm.guid("caller#client"),
        "objectId": arm.guid("caller"),
        "subscriptionId": arm.subscription(settings),
        "tenantId": settings.get("tenantId") or arm.TENANT,
    }


def get_client_token(package: AzurePackage, arguments: Properties, settings: Settings) -> Properties:
    """A token would be a secret in the stack's state, and there is nobody here to give one."""
    raise CloudError("The sandbox has no tokens: nobody is logged in to Azure, and nothing in it asks for one.")


def look_up(type_: str, token: str) -> Invoke:
    """A look-up that shows a resource of the cloud, or fails with Azure's 404 when there is none."""

    def answer(package: AzurePackage, arguments: Properties, settings: Settings) -> Properties:
        found = _found(package, type_, arguments, settings)
        function = package.sdk.function(token)
        assert function is not None, "the token was checked before"
        return as_result(function.result, {"id": found.id, **found.outputs})

    return answer


def list_user_credentials(package: AzurePackage, arguments: Properties, settings: Settings) -> Properties:
    """The kubeconfig of whoever is logged in."""
    cluster = _found(package, CLUSTER, arguments, settings)
    return user_credentials(cluster, arguments.get("serverFqdn"), arguments.get("format"))


def list_admin_credentials(package: AzurePackage, arguments: Properties, settings: Settings) -> Properties:
    """The kubeconfig of the cluster's own administrator."""
    return admin_credentials(_found(package, CLUSTER, arguments, settings), arguments.get("serverFqdn"))


INVOKES: dict[str, Invoke] = {
    "azure-native:authorization:getClientConfig": get_client_config,
    "azure-native:authorization:getClientToken": get_client_token,
    "azure-native:containerservice:listManagedClusterUserCredentials": list_user_credentials,
    "azure-native:containerservice:listManagedClusterAdminCredentials": list_admin_credentials,
} | {
    token: look_up(type_, token)
    for token, type_ in {
        "azure-native:compute:getCapacityReservationGroup": "azure-native:compute:CapacityReservationGroup",
        "azure-native:containerregistry:getRegistry": "azure-native:containerregistry:Registry",
        "azure-native:containerservice:getAgentPool": "azure-native:containerservice:AgentPool",
        "azure-native:containerservice:getManagedCluster": CLUSTER,
        "azure-native:keyvault:getKey": "azure-native:keyvault:Key",
        "azure-native:managedidentity:getUserAssignedIdentity": IDENTITY,
        "azure-native:network:getSubnet": "azure-native:network:Subnet",
        "azure-native:network:getVirtualNetwork": "azure-native:network:VirtualNetwork",
        "azure-native:resources:getResourceGroup": "azure-native:resources:ResourceGroup",
    }.items()
}


def _found(package: AzurePackage, type_: str, arguments: Properties, settings: Settings) -> CloudResource:
    given = {name: value for name, value in arguments.items() if value is not None}
    row = load(package.name)[type_]
    assert row.name is not None, "every type of the table has a name"
    name = str(given.get(str(row.name.property[0])) or "")
    found = package.directory.find(type_, name, settings, given)
    if found is None:
        raise arm.not_found(package.directory.id_of(type_, name, settings, given))
    if type_ in package.behaviours:
        package.behaviours[type_].reading(found, {})
    return found
