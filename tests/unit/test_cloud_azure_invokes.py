"""Look-ups of azure-native look into the pretend cloud, have the real ones' shape, and refuse rather than invent."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi_azure_native as azure_native
import pytest
import yaml
from pulumi import _types

from tests.support.azure_cloud import RESERVATION_GROUP, SUBSCRIPTION, Azure, running_azure
from tests.support.cloud_client import Live, Refused

MAIN = {"resourceGroupName": "apps", "resourceName": "main"}
ENTRA: dict[str, Any] = {"aadProfile": {"managed": True, "enableAzureRBAC": True}}


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


def config_of(azure: Azure, kind: str, **arguments: Any) -> dict[str, Any]:
    """The kubeconfig that a cluster's credentials hold."""
    token = f"azure-native:containerservice:listManagedCluster{kind}Credentials"
    (found,) = azure.provider.invoke(token, **MAIN, **arguments)["kubeconfigs"]
    assert found["name"] == f"cluster{kind}"
    config: dict[str, Any] = yaml.safe_load(base64.b64decode(found["value"]))
    return config


def test_the_client_is_who_is_logged_in_and_where(azure: Azure) -> None:
    found = azure.provider.invoke("azure-native:authorization:getClientConfig")
    assert found.keys() == _types.output_type_types(azure_native.authorization.GetClientConfigResult).keys()
    assert found["subscriptionId"] == SUBSCRIPTION


def test_there_are_no_tokens(azure: Azure) -> None:
    with pytest.raises(Refused, match="The sandbox has no tokens"):
        azure.provider.invoke("azure-native:authorization:getClientToken")


@pytest.fixture
def things(azure: Azure) -> dict[str, Live]:
    return {
        "containerservice:getManagedCluster": azure.cluster(),
        "containerservice:getAgentPool": azure.pool(),
        "network:getVirtualNetwork": azure.network(),
        "network:getSubnet": azure.subnet(),
        "resources:getResourceGroup": azure.group,
        "managedidentity:getUserAssignedIdentity": azure.identity(),
        "containerregistry:getRegistry": azure.make(
            "azure-native:containerregistry:Registry", "images", registryName="images", sku={"name": "Premium"}
        ),
        "compute:getCapacityReservationGroup": azure.make(
            RESERVATION_GROUP, "gpus", capacityReservationGroupName="gpus"
        ),
    }


ARGUMENTS = {
    "containerservice:getManagedCluster": {"resourceName": "main"},
    "containerservice:getAgentPool": {"resourceName": "main", "agentPoolName": "web"},
    "network:getVirtualNetwork": {"virtualNetworkName": "net"},
    "network:getSubnet": {"virtualNetworkName": "net", "subnetName": "nodes"},
    "resources:getResourceGroup": {},
    "managedidentity:getUserAssignedIdentity": {"resourceName": "aks"},
    "containerregistry:getRegistry": {"registryName": "images"},
    "compute:getCapacityReservationGroup": {"capacityReservationGroupName": "gpus"},
}


@pytest.mark.parametrize("token", ARGUMENTS)
def test_a_look_up_shows_the_resource_in_the_sdks_form(azure: Azure, things: dict[str, Live], token: str) -> None:
    found = azure.provider.invoke(f"azure-native:{token}", resourceGroupName="APPS", **ARGUMENTS[token])
    module, name = token.split(":")
    result = getattr(getattr(azure_native, module), f"{name[0].upper()}{name[1:]}Result")
    assert found["id"] == things[token].id and found.keys() == _types.output_type_types(result).keys()
    assert isinstance(_types.output_type_from_dict(result, found), result)


@pytest.mark.parametrize("token", [token for token in ARGUMENTS if "ResourceGroup" not in token])
def test_what_is_not_there_is_not_found(azure: Azure, token: str) -> None:
    with pytest.raises(Refused, match=r'Status=404 Code="ResourceNotFound" Message="The Resource \'Microsoft\.'):
        azure.provider.invoke(f"azure-native:{token}", resourceGroupName="apps", **ARGUMENTS[token])


def test_a_looked_up_cluster_has_every_pool(azure: Azure, things: dict[str, Live]) -> None:
    found = azure.provider.invoke("azure-native:containerservice:getManagedCluster", **MAIN)
    assert [pool["name"] for pool in found["agentPoolProfiles"]] == ["system", "web"]


@pytest.mark.parametrize("kind", ["User", "Admin"])
def test_a_cluster_without_logins_gives_out_certificates(azure: Azure, kind: str) -> None:
    fqdn = azure.cluster().outputs["fqdn"]
    config = config_of(azure, kind)
    assert config["clusters"][0]["cluster"]["server"] == f"https://{fqdn}:443"
    assert {"client-certificate-data", "client-key-data", "token"} == config["users"][0]["user"].keys()
    assert config["current-context"] == ("main-admin" if kind == "Admin" else "main")


def test_a_cluster_with_logins_has_users_log_in_with_kubelogin(azure: Azure) -> None:
    azure.cluster(**ENTRA)
    user = config_of(azure, "User", format="exec")["users"][0]["user"]["exec"]
    assert user["command"] == "kubelogin" and user["args"][0] == "get-token"
    assert user["args"][user["args"].index("--server-id") + 1] == "6dae42f8-4368-4678-94ff-3960e28e3630"
    assert "token" in config_of(azure, "Admin")["users"][0]["user"]


def test_a_cluster_without_local_accounts_gives_out_no_administrator(azure: Azure) -> None:
    azure.cluster(**ENTRA, disableLocalAccounts=True)
    assert "exec" in config_of(azure, "User")["users"][0]["user"]
    with pytest.raises(
        Refused, match="Getting static credential is not allowed because this cluster is set to disable"
    ):
        config_of(azure, "Admin")


def test_a_private_clusters_server_has_its_private_name(azure: Azure) -> None:
    made = azure.cluster(apiServerAccessProfile={"enablePrivateCluster": True})
    server = config_of(azure, "User")["clusters"][0]["cluster"]["server"]
    assert server == f"https://{made.outputs['privateFQDN']}:443"


@pytest.mark.parametrize("token", ["network:getNatGateway", "containerservice:getMaintenanceConfiguration"])
def test_every_other_look_up_is_refused(azure: Azure, token: str) -> None:
    arguments = {"natGatewayName": "a"} if "Nat" in token else {"resourceName": "main", "configName": "default"}
    with pytest.raises(Refused, match=f"The sandbox does not know the data source azure-native:{token}"):
        azure.provider.invoke(f"azure-native:{token}", resourceGroupName="apps", **arguments)
