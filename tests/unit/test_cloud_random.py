"""The random provider of the sandbox makes what the real one makes, and keeps it."""

from __future__ import annotations

import re
import string
import uuid
from collections.abc import Iterator
from typing import Any

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloud.random.generators import GENERATORS
from sandbox.cloud.values import UNKNOWN
from tests.support.cloud_client import Live, Provider, Refused, Session, running_cloud, urn_of

STRING = "random:index/randomString:RandomString"
PASSWORD = "random:index/randomPassword:RandomPassword"
ID = "random:index/randomId:RandomId"
DEFAULTS = {
    "lower": True,
    "upper": True,
    "special": True,
    "minLower": 0,
    "minUpper": 0,
    "minNumeric": 0,
    "minSpecial": 0,
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with running_cloud(tmp_path_factory.mktemp("cloud") / "state") as session:
        yield session


@pytest.fixture(scope="module")
def provider(cloud: Session) -> Provider:
    return cloud.provider("random")


@given(
    minima=st.fixed_dictionaries(
        {name: st.integers(0, 5) for name in ("minLower", "minUpper", "minNumeric", "minSpecial")}
    ),
    extra=st.integers(1, 20),
)
def test_a_string_has_its_length_and_the_minimum_of_every_class(minima: dict[str, int], extra: int) -> None:
    inputs = {**DEFAULTS, **minima, "length": sum(minima.values()) + extra, "overrideSpecial": "_-"}
    result = GENERATORS[STRING].make(inputs).outputs["result"]
    assert len(result) == inputs["length"]
    for name, letters in (
        ("minLower", string.ascii_lowercase),
        ("minUpper", string.ascii_uppercase),
        ("minNumeric", string.digits),
        ("minSpecial", "_-"),
    ):
        assert sum(letter in letters for letter in result) >= minima[name]
    assert set(result) <= set(string.ascii_letters + string.digits + "_-")


def test_classes_that_are_switched_off_do_not_occur(provider: Provider) -> None:
    made = provider.create(STRING, "s", {"length": 200, "special": False, "upper": "false", "numeric": False})
    assert set(made.outputs["result"]) <= set(string.ascii_lowercase)


def test_a_password_has_a_bcrypt_hash_and_a_silent_id(provider: Provider) -> None:
    made = provider.create(PASSWORD, "p", {"length": 24})
    assert made.id == "none"
    assert bcrypt.checkpw(made.outputs["result"].encode(), made.outputs["bcryptHash"].encode())


def test_nothing_is_stored_of_it(cloud: Session, provider: Provider) -> None:
    provider.create(PASSWORD, "p", {"length": 24})
    assert cloud.cloud.resources() == []
    assert cloud.cloud.log()[-1].type == PASSWORD


def test_an_id_is_the_same_bytes_in_every_spelling(provider: Provider) -> None:
    made = provider.create(ID, "i", {"byteLength": 4, "prefix": "x-"})
    digits = made.outputs["hex"].removeprefix("x-")
    assert len(digits) == 8
    assert made.outputs["dec"] == f"x-{int(digits, 16)}"
    assert made.outputs["b64Url"] == f"x-{made.id}"


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        (STRING, {"length": 12}),
        (PASSWORD, {"length": 12}),
        (ID, {"byteLength": 4}),
        ("random:index/randomBytes:RandomBytes", {"length": 8}),
        ("random:index/randomInteger:RandomInteger", {"min": 1, "max": 1000000}),
        ("random:index/randomPet:RandomPet", {}),
        ("random:index/randomShuffle:RandomShuffle", {"inputs": list("abcdefgh")}),
        ("random:index/randomUuid:RandomUuid", {}),
        ("random:index/randomUuid4:RandomUuid4", {}),
        ("random:index/randomUuid7:RandomUuid7", {}),
    ],
)
def test_keepers_replace_and_a_refresh_changes_nothing(provider: Provider, type_: str, inputs: dict[str, Any]) -> None:
    made = provider.create(type_, "thing", inputs | {"keepers": {"release": "1"}})
    assert provider.refresh(made) == made
    response = provider.diff(made, made.inputs | {"keepers": {"release": "2"}})
    assert list(response.replaces) == ["keepers.release"]


@pytest.mark.parametrize(("type_", "name"), [(STRING, "result"), (PASSWORD, "bcryptHash"), (ID, "hex")])
def test_in_preview_the_result_is_unknown(provider: Provider, type_: str, name: str) -> None:
    inputs = {"byteLength": 4} if type_ == ID else {"length": 8}
    assert provider.preview(urn_of(type_, "thing"), inputs)[name] is UNKNOWN


def test_uuids_tell_their_version(provider: Provider) -> None:
    for kind, version in (("Uuid", 4), ("Uuid4", 4), ("Uuid7", 7)):
        made = provider.create(f"random:index/random{kind}:Random{kind}", "u", {})
        assert uuid.UUID(made.outputs["result"]).version == version


def test_a_pet_has_as_many_words_as_asked(provider: Provider) -> None:
    made = provider.create("random:index/randomPet:RandomPet", "p", {"length": 3, "prefix": "dev"})
    assert re.fullmatch(r"dev(-[a-z]+){3}", made.id)


def test_a_seed_repeats_shuffle_and_integer(provider: Provider) -> None:
    for type_, inputs in (
        ("random:index/randomShuffle:RandomShuffle", {"inputs": list("abcdef"), "seed": "s", "resultCount": 9}),
        ("random:index/randomInteger:RandomInteger", {"min": 1, "max": 10**9, "seed": "s"}),
    ):
        assert provider.create(type_, "a", inputs).outputs == provider.create(type_, "b", inputs).outputs


@pytest.mark.parametrize(
    ("type_", "text", "inputs", "id_"),
    [
        (STRING, "hunter2", {"length": 7}, "hunter2"),
        (PASSWORD, "hunter2", {"length": 7}, "none"),
        (ID, "pre,3q2-7w", {"byteLength": 4, "prefix": "pre"}, "3q2-7w"),
        ("random:index/randomInteger:RandomInteger", "7,1,10", {"min": 1, "max": 10}, "7"),
        (
            "random:index/randomUuid:RandomUuid",
            "6bd1a1d4-0d3a-4c1b-8f39-9c1a2d7d7c11",
            {},
            "6bd1a1d4-0d3a-4c1b-8f39-9c1a2d7d7c11",
        ),
    ],
)
def test_imports_read_what_the_id_tells(
    provider: Provider, type_: str, text: str, inputs: dict[str, Any], id_: str
) -> None:
    imported = provider.adopt(type_, text)
    assert imported is not None
    assert imported.id == id_
    assert inputs.items() <= imported.inputs.items()
    checked, _ = provider.check(imported.urn, inputs, imported.inputs)
    changes = provider.diff(Live(imported.urn, id_, imported.inputs, imported.outputs), checked).detailedDiff
    assert not changes, "a program that says the same changes nothing"


def test_what_an_id_cannot_tell_is_refused(provider: Provider) -> None:
    with pytest.raises(Refused, match="no UUID"):
        provider.adopt("random:index/randomUuid:RandomUuid", "rubbish")
    with pytest.raises(Refused, match="cannot be imported"):
        provider.adopt("random:index/randomPet:RandomPet", "brave-owl")


def test_impossible_texts_are_refused(provider: Provider) -> None:
    nothing = {"length": 8, "lower": False, "upper": False, "special": False, "numeric": False}
    assert provider.failures(STRING, nothing).keys() == {"lower"}
    assert provider.failures(STRING, {"length": 2, "minLower": 3}).keys() == {"length"}
    assert provider.failures(STRING, {"length": 0}).keys() == {"length"}
