"""Specifications report every problem at once, with its path and what to write instead."""

from collections.abc import Iterator
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, StrictBool

from penstock.problems import InvalidSpec, Problem
from penstock.spec import Spec, WholeNumber, check, rule


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(Spec):
    key: str = Field(min_length=1, description="the key of the part")
    colour: Colour = Colour.RED

    @rule
    def not_x(self) -> Iterator[Problem]:
        if self.key == "x":
            yield Problem("key", "Write anything but x.")


class Thing(Spec):
    hints = {"size": "Write low and high."}

    low: WholeNumber = Field(ge=0, description="the low end")
    high: WholeNumber = Field(ge=0)
    parts: list[Part] = []
    spot: StrictBool = False
    held: str | None = None

    @rule
    def ordered(self) -> Iterator[Problem]:
        if self.low > self.high:
            yield Problem("high", f"Write at least {self.low}.")

    @rule
    def spot_is_not_held(self) -> Iterator[Problem]:
        if self.spot and self.held:
            yield Problem("held", "Spot is not held {really}.")


class Things(Spec):
    things: dict[str, Thing]


def problems(model: type[Spec], data: object) -> dict[str, str]:
    with pytest.raises(InvalidSpec) as raised:
        check(model, data)
    return {problem.path: problem.reason for problem in raised.value.problems}


def test_field_errors_and_broken_rules_come_together_at_every_level() -> None:
    found = problems(
        Things,
        {
            "things": {
                "a": {"low": 5, "high": 2, "spot": True, "held": "q"},
                "b": {
                    "low": -1,
                    "spot": True,
                    "held": "q",
                    "parts": [{"key": "x"}, {"key": "", "colour": "green"}],
                },
            }
        },
    )
    assert found == {
        "things.a.high": "Write at least 5.",
        "things.a.held": "Spot is not held {really}.",
        "things.b.low": "Write a number of at least 0, not -1.",
        "things.b.high": "This is required.",
        "things.b.held": "Spot is not held {really}.",
        "things.b.parts[0].key": "Write anything but x.",
        "things.b.parts[1].key": "Write a text of at least 1 characters, not ''.",
        "things.b.parts[1].colour": "Write one of 'red' or 'blue'; 'green' is none of them.",
    }


def test_a_missing_setting_says_what_it_is() -> None:
    assert problems(Thing, {"high": 1}) == {"low": "This is required. Write the low end."}


def test_an_unknown_setting_gets_a_hint_or_the_nearest_name() -> None:
    found = problems(Thing, {"low": 0, "high": 1, "size": 3, "spott": True})
    assert found["size"] == "Write low and high."
    assert "Did you mean 'spot'?" in found["spott"]


@pytest.mark.parametrize("value", [True, "3", 1.5, float("nan"), float("inf"), None, [1], {}])
def test_a_whole_number_is_nothing_else(value: object) -> None:
    assert list(problems(Thing, {"low": value, "high": 1})) == ["low"]


def test_a_whole_number_may_come_as_the_engine_sends_it() -> None:
    assert check(Thing, {"low": 2.0, "high": 3.0}).high == 3


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.sampled_from(["low", "[x", "a.b[0]"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(json_values)
def test_whatever_comes_is_accepted_or_refused_with_reasons(data: object) -> None:
    try:
        check(Things, data)
    except InvalidSpec as refused:
        assert refused.problems
        assert all(problem.reason for problem in refused.problems)
