"""The facts table of Google Cloud fits the installed SDK: every path, type and output is one of its own."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cloud.facts import load
from sandbox.cloud.facts.templates import fields
from sandbox.cloud.paths import Path, read, show
from sandbox.cloud.schema import ResourceType, Sdk
from sandbox.cloud.schema.shapes import Anything, ListOf, MapOf, Object, Scalar, Shape
from tests.support.facts import input_paths, shape_at

SDK = Sdk("gcp")
TABLE = load("gcp")

NODE_POOL = "gcp:container/nodePool:NodePool"

EMITTED = [
    NODE_POOL,
    "gcp:container/cluster:Cluster",
    "gcp:compute/regionCommitment:RegionCommitment",
    "gcp:compute/reservation:Reservation",
    "gcp:compute/subnetwork:Subnetwork",
    "gcp:kms/keyRing:KeyRing",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:serviceaccount/account:Account",
    "gcp:serviceaccount/iAMMember:IAMMember",
    "gcp:projects/iAMMember:IAMMember",
    "gcp:projects/service:Service",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "gcp:compute/network:Network",
    "gcp:compute/router:Router",
    "gcp:compute/routerNat:RouterNat",
    "gcp:compute/resourcePolicy:ResourcePolicy",
    "gcp:compute/firewall:Firewall",
    "gcp:compute/address:Address",
    "gcp:storage/bucket:Bucket",
    "gcp:artifactregistry/repository:Repository",
]


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
        case Scalar(kind="string"):
            return isinstance(value, str)
        case Scalar(kind="boolean"):
            return isinstance(value, bool)
        case Scalar():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ListOf():
            return isinstance(value, list)
        case MapOf():
            return isinstance(value, dict) or (isinstance(value, str) and value.startswith("{"))
        case Anything() | Object():
            return isinstance(value, dict)
        case _:
            return False


def test_every_type_that_the_components_use_has_a_row() -> None:
    assert not set(EMITTED) - TABLE.keys()


@pytest.mark.parametrize("token", TABLE)
def test_a_row_is_of_a_type_that_the_sdk_has_and_names_file_and_commit(token: str) -> None:
    resource_type(token)
    assert "hashicorp/terraform-provider-google-beta google-beta/services/" in TABLE[token].source
    assert ".go@93c65b2d60fea598528f2769b5b09de856f8cb8c" in TABLE[token].source


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


@pytest.mark.parametrize("token", TABLE)
def test_an_id_speaks_of_inputs_and_ends_on_what_tells_two_resources_apart(token: str) -> None:
    facts = TABLE[token]
    assert facts.id is not None
    names = fields(facts.id)
    assert names and set(names) <= resource_type(token).inputs.properties.keys()
    if facts.name is not None:
        assert show(facts.name.property) in names


@pytest.mark.parametrize("token", TABLE)
def test_every_part_of_an_id_replaces_when_it_changes(token: str) -> None:
    unmarked = {"gcp:compute/resourcePolicy:ResourcePolicy": {"name"}}
    replacing = {show(path) for path in TABLE[token].replace_on}
    assert set(fields(TABLE[token].id or "")) - replacing == unmarked.get(token, set())


def test_enumerations_are_lists_of_different_words_for_text_inputs() -> None:
    for token, path, shape in with_shape("enums"):
        allowed = TABLE[token].enums[path]
        assert allowed and len(set(allowed)) == len(allowed), (token, show(path))
        assert shape == Scalar("string") and all(isinstance(word, str) for word in allowed), (token, show(path))


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


def test_parents_are_types_of_the_table() -> None:
    assert {parent for facts in TABLE.values() for parent in facts.parents.values()} <= TABLE.keys()


def test_paths_that_do_not_exist_are_noticed() -> None:
    assert shape_at(resource_type(NODE_POOL).inputs, read("nodeConfig.guestAccelerator")) is None
    assert shape_at(resource_type(NODE_POOL).inputs, read("nodeConfig.guestAccelerators.type")) is None
    assert shape_at(resource_type(NODE_POOL).inputs, read("nodeConfig.guestAccelerators[*].type")) == Scalar("string")
