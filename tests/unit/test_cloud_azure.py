"""Azure in the pretend cloud: names, places, ids, resource groups, roles, vaults and faults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_cloud import (
    AGENT_POOL,
    CLUSTER,
    GROUP,
    IDENTITY,
    NETWORK,
    NETWORK_CONTRIBUTOR,
    ROLE_ASSIGNMENT,
    SUBNET,
    SUBSCRIPTION,
    SYSTEM,
    Azure,
    running_azure,
)
from tests.support.cloud_client import Refused, urn_of

VAULT: dict[str, Any] = {"sku": {"family": "A", "name": "standard"}, "tenantId": "11111111-1111-1111-1111-111111111111"}


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


def named(azure: Azure, type_: str, name: str, **inputs: Any) -> Any:
    checked, failures = azure.provider.check(urn_of(type_, name), {"resourceGroupName": "apps", **inputs})
    assert not failures
    return checked


def test_names_get_eight_hexadecimal_digits_and_no_hyphen_and_are_never_cut(azure: Azure) -> None:
    assert re.fullmatch(r"web[0-9a-f]{8}", named(azure, IDENTITY, "web")["resourceName"])
    wanted = {"resourceGroupName": "apps", "properties": VAULT}
    _, failures = azure.provider.check(urn_of("azure-native:keyvault:Vault", "a" * 20), wanted)
    assert list(failures) == ["vaultName"]


def test_what_lies_in_another_resource_takes_the_programs_name_as_it_is(azure: Azure) -> None:
    assert named(azure, AGENT_POOL, "web", resourceName="main")["agentPoolName"] == "web"
    assert named(azure, SUBNET, "nodes", virtualNetworkName="net", addressPrefix="10.0.0.0/24")["subnetName"] == "nodes"


def test_a_role_assignment_is_called_by_a_guid_that_it_keeps(azure: Azure) -> None:
    made = azure.grant(azure.group.id, "11111111-1111-1111-1111-111111111111")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.inputs["roleAssignmentName"])
    checked, _ = azure.provider.check(made.urn, {**made.inputs, "roleAssignmentName": None}, made.inputs, b"other")
    assert checked["roleAssignmentName"] == made.inputs["roleAssignmentName"]


@pytest.mark.parametrize(("given", "first"), [({}, False), ({"resourceName": "own"}, True)])
def test_only_a_random_name_lets_the_replacement_come_before_the_old_one_goes(
    azure: Azure, given: dict[str, Any], first: bool
) -> None:
    made = azure.make(IDENTITY, "web", **given)
    response = azure.provider.diff(made, {**made.inputs, "location": "northeurope"})
    assert list(response.replaces) == ["location"] and response.deleteBeforeReplace is first


def test_a_resource_lies_where_it_says_or_the_provider_or_its_group(azure: Azure) -> None:
    assert azure.make(IDENTITY, "a", location="northeurope").outputs["location"] == "northeurope"
    assert azure.make(IDENTITY, "b").outputs["location"] == "westeurope"
    bare = azure.session.provider("azure-native", subscriptionId=SUBSCRIPTION)
    bare.create(GROUP, "far", {"resourceGroupName": "far", "location": "australiaeast"})
    assert bare.create(IDENTITY, "c", {"resourceGroupName": "far"}).outputs["location"] == "australiaeast"


def test_the_case_of_ids_groups_and_places_means_nothing(azure: Azure) -> None:
    azure.network()
    subnet = azure.subnet()
    azure.cluster(agentPoolProfiles=[{**SYSTEM, "vnetSubnetID": subnet.id.upper()}])
    pool = azure.pool(vnetSubnetID=subnet.id, resourceGroupName="APPS")
    assert not azure.provider.diff(pool, {**pool.inputs, "vnetSubnetID": subnet.id.lower()}).diffs
    assert not azure.provider.diff(pool, {**pool.inputs, "resourceGroupName": "apps"}).diffs
    assert azure.provider.adopt(AGENT_POOL, pool.id.lower()) is not None


def test_a_resource_needs_its_group_and_takes_nobodys_place(azure: Azure) -> None:
    with pytest.raises(
        Refused, match=r'Code="ResourceGroupNotFound" Message="Resource group \'none\' could not be found'
    ):
        azure.make(IDENTITY, "aks", resourceGroupName="none")
    made = azure.identity()
    with pytest.raises(Refused, match=f"cannot create already existing resource '{made.id}'"):
        azure.identity()


def test_a_group_takes_everything_along_whoever_made_it(azure: Azure) -> None:
    azure.network()
    azure.cluster(agentPoolProfiles=[{**SYSTEM, "vnetSubnetID": azure.subnet().id}])
    azure.provider.delete(azure.group)
    assert not azure.cloud.resources()


def test_a_role_is_given_once_and_its_principal_does_not_change(azure: Azure) -> None:
    principal = azure.identity().outputs["principalId"]
    made = azure.grant(azure.group.id, principal)
    with pytest.raises(Refused, match="RoleAssignmentExists"):
        azure.grant(azure.group.id.upper(), principal, "again")
    other = "22222222-2222-2222-2222-222222222222"
    assert list(azure.provider.diff(made, {**made.inputs, "principalId": other}).replaces) == ["principalId"]
    with pytest.raises(Refused, match="RoleAssignmentUpdateNotPermitted"):
        azure.provider.update(made, {**made.inputs, "roleDefinitionId": NETWORK_CONTRIBUTOR.replace("4d97", "5d97")})


def test_a_role_needs_principal_scope_and_a_scope_that_exists(azure: Azure) -> None:
    assert {"principalId", "scope"} <= set(
        azure.provider.failures(ROLE_ASSIGNMENT, {"roleDefinitionId": NETWORK_CONTRIBUTOR})
    )
    with pytest.raises(Refused, match="ResourceNotFound|ResourceGroupNotFound"):
        azure.grant(
            f"{azure.group.id}/providers/Microsoft.Network/virtualNetworks/none", "22222222-2222-2222-2222-222222222222"
        )


def test_a_deleted_vault_keeps_its_name(azure: Azure) -> None:
    made = azure.make("azure-native:keyvault:Vault", "secrets", vaultName="secrets1", properties=VAULT)
    assert made.outputs["properties"]["vaultUri"] == "https://secrets1.vault.azure.net/"
    azure.provider.delete(made)
    assert azure.provider.refresh(made) is None
    with pytest.raises(Refused, match="ConflictError.*already exists in deleted state"):
        azure.make("azure-native:keyvault:Vault", "secrets", vaultName="secrets1", properties=VAULT)


@pytest.mark.parametrize(
    ("fault", "type_", "text"),
    [
        ("quota", CLUSTER, "ErrCode_InsufficientVCPUQuota.*remaining 0.*for region westeurope"),
        (
            "no_capacity",
            CLUSTER,
            'Code="AllocationFailed" Message="Allocation failed. We do not have sufficient capacity',
        ),
        ("throttled", CLUSTER, 'Status=429 Code="Throttled" Message="The PutManagedClusterHandler.PUT request limit'),
        ("timeout", NETWORK, "operation timed out"),
        ("permission", NETWORK, "AuthorizationFailed.*Microsoft.Network/VirtualNetworks/write"),
    ],
)
def test_a_fault_reads_as_azures_own(tmp_path: Path, fault: str, type_: str, text: str) -> None:
    faults = [{"operation": "create", "resource": type_, "fault": fault, "times": 9}]
    with running_azure(tmp_path / "state", faults) as azure, pytest.raises(Refused, match=text):
        azure.network()
        azure.cluster()


def test_a_quota_names_the_family_of_the_pools_machines(tmp_path: Path) -> None:
    faults = [{"operation": "create", "resource": AGENT_POOL, "fault": "quota"}]
    with running_azure(tmp_path / "state", faults) as azure, pytest.raises(Refused, match="standardNCADSA100V4Family"):
        azure.cluster()
        azure.pool(vmSize="Standard_NC24ads_A100_v4")
