"""The facts table of AWS fits the installed SDK: every path, type and output is one of its own."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cloud.aws.behaviours import BEHAVIOURS
from sandbox.cloud.aws.refusals import _api
from sandbox.cloud.diff import DiffRules, changes
from sandbox.cloud.facts import load, violations
from sandbox.cloud.facts.templates import fields
from sandbox.cloud.paths import Path, show
from sandbox.cloud.schema import ResourceType, Sdk
from sandbox.cloud.schema.shapes import Anything, ListOf, MapOf, Object, OneOf, Scalar, Shape
from tests.support.facts import input_paths, shape_at

SDK = Sdk("aws")
TABLE = load("aws")
# Their behaviours make these ids.
WITHOUT_AN_ID = {
    "aws:ec2/route:Route",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:resourcegroups/resource:Resource",
}


def resource_type(token: str) -> ResourceType:
    found = SDK.resource(token)
    assert found is not None, f"The SDK has no {token}."
    return found


def with_shape(key: str) -> list[tuple[str, Path, Shape | None]]:
    return [
        (token, path, shape_at(resource_type(token).inputs, path))
        for token, facts in TABLE.items()
        for path in getattr(facts, key)
    ]


def fits(value: Any, shape: Shape) -> bool:
    """Whether a constant or template of an output is of the output's type."""
    match shape:
        case OneOf():
            return any(fits(value, option) for option in shape.options)
        case Scalar(kind="string"):
            return isinstance(value, str)
        case Scalar(kind="boolean"):
            return isinstance(value, bool)
        case Scalar():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ListOf():
            return isinstance(value, list)
        case MapOf() | Anything() | Object():
            return isinstance(value, dict)
        case _:
            return False


@pytest.mark.parametrize("token", TABLE)
def test_a_row_is_of_a_type_that_the_sdk_has_and_names_the_providers_file(token: str) -> None:
    resource_type(token)
    assert "hashicorp/terraform-provider-aws " in TABLE[token].source
    assert ".go@" in TABLE[token].source


@pytest.mark.parametrize("token", TABLE)
def test_every_path_of_a_row_is_an_input_of_the_sdk(token: str) -> None:
    inputs = resource_type(token).inputs
    wrong = [f"{key}: {show(path)}" for key, path in input_paths(TABLE[token]) if shape_at(inputs, path) is None]
    assert not wrong


@pytest.mark.parametrize("token", TABLE)
def test_every_output_of_a_row_is_an_output_of_the_sdk_and_of_its_type(token: str) -> None:
    outputs = resource_type(token).outputs
    wrong = [
        name
        for name, value in TABLE[token].outputs.items()
        if name not in outputs or not fits(value, outputs[name].shape)
    ]
    assert not wrong


@pytest.mark.parametrize("token", sorted(TABLE.keys() - WITHOUT_AN_ID))
def test_an_id_tells_two_resources_apart_and_another_one_replaces(token: str) -> None:
    facts = TABLE[token]
    assert facts.id is not None
    names = fields(facts.id)
    assert names or "{random:" in facts.id
    replacing = {show(path) for path in facts.replace_on}
    assert set(names) <= replacing
    if facts.name is not None and names:
        assert show(facts.name.property) in names


def test_a_region_replaces_wherever_there_is_one() -> None:
    for token, facts in TABLE.items():
        regional = "region" in resource_type(token).inputs.properties
        assert (("region",) in facts.replace_on) == (("region",) in facts.defaults) == regional, token


def test_enumerations_are_lists_of_different_words_for_text_inputs() -> None:
    for token, path, shape in with_shape("enums"):
        allowed = TABLE[token].enums[path]
        assert allowed and len(set(allowed)) == len(allowed), (token, show(path))
        texts = shape.options if isinstance(shape, OneOf) else (shape,)
        assert any(isinstance(text, Scalar) and text.kind == "string" for text in texts), (token, show(path))
        assert all(isinstance(word, str) for word in allowed), (token, show(path))


def test_patterns_are_for_text_ranges_for_numbers_and_sets_for_lists() -> None:
    assert all(shape == Scalar("string") for _, _, shape in with_shape("patterns"))
    assert all(
        isinstance(shape, Scalar) and shape.kind in ("integer", "number") for _, _, shape in with_shape("ranges")
    )
    assert all(isinstance(shape, ListOf) for _, _, shape in with_shape("sets"))


def test_defaults_are_of_their_inputs_type_and_keep_the_rules_of_their_row() -> None:
    for token, path, shape in with_shape("defaults"):
        value = TABLE[token].defaults[path]
        assert shape is not None and fits(value, shape), (token, show(path))
        allowed = TABLE[token].enums.get(path)
        assert allowed is None or value in allowed, (token, show(path))


def test_what_can_be_left_out_later_is_optional() -> None:
    for token, facts in TABLE.items():
        inputs = resource_type(token).inputs
        for path in facts.computed:
            parent = shape_at(inputs, path[:-1])
            assert isinstance(parent, Object) and path[-1] not in parent.required, (token, show(path))


def test_parents_and_behaviours_are_of_types_of_the_table_and_have_words() -> None:
    assert {parent for facts in TABLE.values() for parent in facts.parents.values()} <= TABLE.keys()
    assert BEHAVIOURS.keys() <= TABLE.keys() == _api().keys()
    assert all("missing" in _api()[parent] for facts in TABLE.values() for parent in facts.parents.values())


def replaces(token: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether going from the old inputs to the new ones replaces the resource; some change there must be."""
    facts = TABLE[token]
    rules = DiffRules(replace_on=facts.replace_on, computed=facts.computed, sets=facts.sets, loose=True)
    found = changes(old, new, rules)
    assert found, "Nothing changes at all."
    return any(change.replaces for change in found)


def refused(token: str, inputs: dict[str, Any]) -> list[str]:
    return [show(failure.path) for failure in violations(TABLE[token], inputs)]


@pytest.mark.parametrize(
    ("token", "before", "after"),
    [
        ("aws:eks/cluster:Cluster", {"roleArn": "a"}, {"roleArn": "b"}),
        (
            "aws:eks/cluster:Cluster",
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"}},
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.21.0.0/16"}},
        ),
        ("aws:eks/nodeGroup:NodeGroup", {"launchTemplate": {"id": "a"}}, {"launchTemplate": {"id": "b"}}),
        ("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", {"accessScope": {"type": "cluster"}}, {"accessScope": {"type": "namespace"}}),
        ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/24"}, {"cidrBlock": "10.0.1.0/24"}),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "a"}, {"serviceName": "b"}),
        ("aws:ec2/placementGroup:PlacementGroup", {"strategy": "cluster"}, {"strategy": "spread"}),
        ("aws:ec2/capacityReservation:CapacityReservation", {"instanceType": "a"}, {"instanceType": "b"}),
        ("aws:iam/policy:Policy", {"description": "a"}, {"description": "b"}),
        ("aws:savingsplans/savingsPlan:SavingsPlan", {"commitment": "1"}, {"commitment": "2"}),
    ],
)  # fmt: skip
def test_a_change_replaces(token: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert replaces(token, before, after)


@pytest.mark.parametrize(
    ("token", "before", "after"),
    [
        ("aws:eks/cluster:Cluster", {"vpcConfig": {"subnetIds": ["a"]}}, {"vpcConfig": {"subnetIds": ["a", "b"]}}),
        ("aws:eks/cluster:Cluster", {"enabledClusterLogTypes": ["api"]}, {"enabledClusterLogTypes": ["audit"]}),
        ("aws:eks/cluster:Cluster", {"version": "1.34"}, {"version": "1.35"}),
        ("aws:eks/nodeGroup:NodeGroup", {"launchTemplate": {"version": "1"}}, {"launchTemplate": {"version": "2"}}),
        ("aws:eks/addon:Addon", {"configurationValues": "{}"}, {"configurationValues": '{"a": 1}'}),
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", {"roleArn": "a"}, {"roleArn": "b"}),
        ("aws:ec2/launchTemplate:LaunchTemplate", {"instanceType": "a"}, {"instanceType": "b"}),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"subnetIds": ["a"]}, {"subnetIds": ["b"]}),
        ("aws:ec2/capacityReservation:CapacityReservation", {"instanceCount": 1}, {"instanceCount": 2}),
        ("aws:iam/role:Role", {"assumeRolePolicy": "a"}, {"assumeRolePolicy": "b"}),
    ],
)
def test_a_change_is_made_in_place(token: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert not replaces(token, before, after)


@pytest.mark.parametrize(
    ("token", "inputs", "path"),
    [
        ("aws:eks/cluster:Cluster", {"name": "-main"}, "name"),
        ("aws:eks/cluster:Cluster", {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "8.8.0.0/16"}}, "kubernetesNetworkConfig.serviceIpv4Cidr"),
        ("aws:eks/nodeGroup:NodeGroup", {"capacityType": "RESERVED"}, "capacityType"),
        ("aws:eks/nodeGroup:NodeGroup", {"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 1}}, "updateConfig.maxUnavailable"),
        ("aws:eks/nodeGroup:NodeGroup", {"nodeGroupName": "a", "nodeGroupNamePrefix": "a"}, "nodeGroupName"),
        ("aws:eks/addon:Addon", {"addonVersion": "1.2.3"}, "addonVersion"),
        ("aws:ec2/launchTemplate:LaunchTemplate", {"metadataOptions": {"httpPutResponseHopLimit": 65}}, "metadataOptions.httpPutResponseHopLimit"),
        ("aws:ec2/launchTemplate:LaunchTemplate", {"networkInterfaces": [{"interfaceType": "elastic"}]}, "networkInterfaces[0].interfaceType"),
        ("aws:kms/key:Key", {"deletionWindowInDays": 3}, "deletionWindowInDays"),
        ("aws:iam/role:Role", {"name": "a" * 65}, "name"),
        ("aws:ecr/repository:Repository", {"name": "Upper"}, "name"),
    ],
)  # fmt: skip
def test_a_value_is_refused(token: str, inputs: dict[str, Any], path: str) -> None:
    assert path in refused(token, inputs)
