"""The facts table of Azure fits the installed SDK: every path, type, output and API version is one of its own."""

from __future__ import annotations

import importlib
import re
import typing
from typing import Any

import pytest

from sandbox.cloud.azure.differences import differences
from sandbox.cloud.facts import Facts, load, violations
from sandbox.cloud.facts.templates import fields
from sandbox.cloud.paths import Path, read, show
from sandbox.cloud.schema import Sdk
from sandbox.cloud.schema.shapes import ListOf, Object, OneOf, Scalar, Shape
from tests.support.azure_cloud import AGENT_POOL, CLUSTER, RESERVATION, ROLE_ASSIGNMENT, SUBNET
from tests.support.facts import input_paths, shape_at
from tests.unit.test_gcp_facts import fits

SDK = Sdk("azure-native")
TABLE = load("azure-native")

EMITTED = [
    f"azure-native:{name}"
    for name in (
        "authorization:RoleAssignment",
        "compute:CapacityReservation",
        "compute:CapacityReservationGroup",
        "compute:ProximityPlacementGroup",
        "containerregistry:CacheRule",
        "containerregistry:Registry",
        "containerservice:AgentPool",
        "containerservice:MaintenanceConfiguration",
        "containerservice:ManagedCluster",
        "keyvault:Key",
        "keyvault:Vault",
        "managedidentity:FederatedIdentityCredential",
        "managedidentity:UserAssignedIdentity",
        "monitor:DataCollectionRule",
        "monitor:DataCollectionRuleAssociation",
        "monitor:DiagnosticSetting",
        "network:NatGateway",
        "network:NetworkSecurityGroup",
        "network:PrivateEndpoint",
        "network:PublicIPAddress",
        "network:RouteTable",
        "network:Subnet",
        "network:VirtualNetwork",
        "operationalinsights:Workspace",
        "privatedns:PrivateZone",
        "privatedns:VirtualNetworkLink",
        "resources:ResourceGroup",
    )
]


def inputs_of(token: str) -> Object:
    found = SDK.resource(token)
    assert found is not None, f"The SDK has no {token}."
    return found.inputs


def with_shape(key: str) -> list[tuple[str, Path, Shape | None]]:
    return [
        (token, path, shape_at(inputs_of(token), path)) for token, row in TABLE.items() for path in getattr(row, key)
    ]


def replaces(token: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether going from the old inputs to the new ones replaces the resource; some change there must be."""
    found = differences(TABLE[token], old, old, new, [])
    assert found, "Nothing changes at all."
    return any(change.replaces for change in found)


def test_every_type_that_the_components_use_has_a_row() -> None:
    assert not set(EMITTED) - TABLE.keys()


@pytest.mark.parametrize("token", TABLE)
def test_every_row_names_its_source(token: str) -> None:
    assert re.search(r"@[0-9a-f]{40}|\b(mgmt|SDK|Microsoft Learn)\b", TABLE[token].source)


@pytest.mark.parametrize("token", TABLE)
def test_every_path_of_a_row_is_an_input_of_the_sdk(token: str) -> None:
    # An add-on's configuration is a map of which the SDK knows no names.
    named = [(key, path) for key, path in input_paths(TABLE[token]) if path[0] != "addonProfiles"]
    assert not [f"{key}: {show(path)}" for key, path in named if shape_at(inputs_of(token), path) is None]


@pytest.mark.parametrize("token", TABLE)
def test_every_output_of_a_row_is_an_output_of_the_sdk_and_of_its_type(token: str) -> None:
    resource = SDK.resource(token)
    assert resource is not None
    outputs = resource.outputs
    given = TABLE[token].outputs
    assert not [name for name, value in given.items() if name not in outputs or not fits(value, outputs[name].shape)]


@pytest.mark.parametrize("token", TABLE)
def test_the_api_version_of_a_row_is_the_sdks_default(token: str) -> None:
    _, module, name = token.split(":")
    made = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    abouts = [about.__doc__ or "" for about in typing.get_overloads(made.__init__)]
    versions = {version for about in abouts for version in re.findall(r"Uses Azure REST API version (\S+)\.", about)}
    assert versions == {TABLE[token].outputs["azureApiVersion"]}


@pytest.mark.parametrize("token", TABLE)
def test_an_id_speaks_of_inputs_and_of_the_providers_subscription(token: str) -> None:
    row: Facts = TABLE[token]
    names = set(fields(row.id or ""))
    assert names and names - {"provider.subscriptionId"} <= inputs_of(token).properties.keys()
    assert row.name is not None and show(row.name.property) in names


@pytest.mark.parametrize("token", TABLE)
def test_every_part_of_an_id_replaces_when_it_changes(token: str) -> None:
    replacing = {show(path) for path in TABLE[token].replace_on}
    assert set(fields(TABLE[token].id or "")) - {"provider.subscriptionId"} <= replacing


def words(shape: Shape | None) -> tuple[Scalar, set[object]]:
    """What a text is to the SDK, and the words that it knows for it, none where it knows none."""
    options = shape.options if isinstance(shape, OneOf) else (shape,)
    texts = [option for option in options if isinstance(option, Scalar)]
    assert texts and len(texts) == len(options)
    return Scalar(texts[0].kind), {word for text in texts for word in text.allowed}


def test_enumerations_are_different_words_that_the_sdk_knows() -> None:
    for token, path, shape in with_shape("enums"):
        allowed, (kind, known) = TABLE[token].enums[path], words(shape)
        assert allowed and len(set(allowed)) == len(allowed), (token, show(path))
        assert kind == Scalar("string") and (not known or set(allowed) <= known), (token, show(path))


def test_patterns_are_for_texts_ranges_for_numbers_and_sets_for_lists() -> None:
    assert all(words(shape)[0] == Scalar("string") for *_, shape in with_shape("patterns"))
    assert all(words(shape)[0].kind in ("integer", "number") for *_, shape in with_shape("ranges"))
    assert all(isinstance(shape, ListOf) for *_, shape in with_shape("sets"))


def test_parents_are_types_of_the_table() -> None:
    assert {parent for row in TABLE.values() for parent in row.parents.values()} <= TABLE.keys()


@pytest.mark.parametrize(
    ("token", "before", "after"),
    [
        (AGENT_POOL, {"vmSize": "Standard_D4s_v5"}, {"vmSize": "Standard_D8s_v5"}),
        (CLUSTER, {"location": "westeurope"}, {"location": "northeurope"}),
        (CLUSTER, {"networkProfile": {"podCidr": "10.1.0.0/16"}}, {"networkProfile": {"podCidr": "10.2.0.0/16"}}),
        (ROLE_ASSIGNMENT, {"principalId": "a"}, {"principalId": "b"}),
        (RESERVATION, {"location": "westeurope"}, {"location": "northeurope"}),
    ],
)
def test_what_replaces(token: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert replaces(token, before, after)


@pytest.mark.parametrize(
    ("token", "before", "after"),
    [
        (AGENT_POOL, {"maxPods": 30}, {"maxPods": 50}),
        (RESERVATION, {"zones": ["1"]}, {"zones": ["2"]}),
        (AGENT_POOL, {"scaleSetPriority": "Regular"}, {"scaleSetPriority": "Spot"}),
        (AGENT_POOL, {"capacityReservationGroupID": "a"}, {"capacityReservationGroupID": "b"}),
        (
            CLUSTER,
            {"networkProfile": {"loadBalancerSku": "basic"}},
            {"networkProfile": {"loadBalancerSku": "standard"}},
        ),
        (CLUSTER, {"agentPoolProfiles": []}, {"agentPoolProfiles": [{"name": "a"}]}),
        (SUBNET, {"addressPrefix": "10.0.0.0/24"}, {"addressPrefix": "10.0.1.0/24"}),
    ],
)
def test_what_the_provider_leaves_to_azure_to_refuse_or_to_change(
    token: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert not replaces(token, before, after)


def test_values_that_only_previews_of_the_api_know_are_refused() -> None:
    def refused(**inputs: Any) -> list[str]:
        return [show(failure.path) for failure in violations(TABLE[AGENT_POOL], inputs)]

    assert refused(osSKU="Ubuntu2404") == ["osSKU"] and refused(osSKU="AzureLinux") == []
    assert refused(gpuProfile={"driver": "Install"}) == []


def test_paths_that_do_not_exist_are_noticed() -> None:
    assert shape_at(inputs_of(CLUSTER), read("agentPoolProfiles.count")) is None
    assert shape_at(inputs_of(CLUSTER), read("agentPoolProfiles[*].count")) == Scalar("integer")
