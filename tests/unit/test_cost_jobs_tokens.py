"""What tokens of an LLM API cost, and the price list."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cost.jobs.asked import ask
from penstock_cost.jobs.llm_prices import llm_price, llm_prices
from penstock_cost.jobs.tokens import TokenQuestion, per_million, token_item, token_lines
from penstock_cost.money import Confidence, CostError, UnknownPrice


def item(**given):
    return token_item(ask(TokenQuestion, given))


def test_ten_million_tokens_a_day_of_gpt_35_turbo():
    # A month has 730 / 24 = 30.41667 days: 304.16667 M tokens.
    # 0.75 x 0.50 + 0.25 x 1.50 = 0.75 USD per 1M: 228.125 USD.
    line = item(model="gpt-3.5-turbo", tokens_per_day=10e6, input_share=0.75)
    assert line.cost == pytest.approx((228.125,) * 4)
    assert line.confidence is Confidence.HIGH
    assert line.kind == "tokens"


def test_without_a_share_the_cost_is_a_range_from_all_input_to_all_output():
    # 304.16667 x 0.50 = 152.08333; x 1.50 = 456.25; at 0.845: x (0.4225 + 0.2325 = 0.655) = 199.22917.
    line = item(model="gpt-3.5-turbo", tokens_per_day=10e6)
    assert line.cost == pytest.approx((152.0833333, 199.2291667, 456.25, 456.25))
    assert line.confidence is Confidence.LOW
    assert "84.5% input" in line.basis


def test_separate_counts():
    # gpt-4o: 2 M x 2.50 + 1 M x 10 = 15 USD a day: 456.25 a month.
    line = item(model="gpt-4o", input_tokens_per_day=2e6, output_tokens_per_day=1e6)
    assert line.cost.expected == pytest.approx(456.25)
    assert line.confidence is Confidence.HIGH


def test_cached_input():
    # Half of 1 M at 2.50, half at 1.25: 1.875 a day: 57.03125 a month.
    line = item(model="gpt-4o", tokens_per_day=1e6, input_share=1, cached_share=0.5)
    assert line.cost.expected == pytest.approx(57.03125)
    with pytest.raises(UnknownPrice, match="no price for cached input"):
        item(model="gpt-3.5-turbo", tokens_per_day=1, cached_share=0.1)


def test_a_quota_is_the_ceiling():
    line = item(model="gpt-3.5-turbo", tokens_per_day=10e6, input_share=0.75, quota_tokens_per_day=30e6)
    assert line.cost == pytest.approx((228.125, 228.125, 684.375, 684.375))
    assert not any("quota" in note for note in line.notes)
    assert any("quota" in note for note in item(model="gpt-3.5-turbo", tokens_per_day=1, input_share=1).notes)


def test_a_model_that_writes_no_text_has_input_alone():
    # text-embedding-3-small: 0.02 per 1M; 30.41667 M.
    assert item(model="text-embedding-3-small", tokens_per_day=1e6).cost == pytest.approx((0.608333,) * 4, rel=1e-5)
    with pytest.raises(CostError, match="writes no text"):
        item(model="text-embedding-3-small", tokens_per_day=1e6, input_share=0.5)


def test_stated_prices_serve_any_model():
    line = item(model="ours", tokens_per_day=24e6, input_share=0.5, usd_per_1m_input=1, usd_per_1m_output=3)
    assert line.cost.expected == pytest.approx(730 * 2)
    assert {rate.source for rate in line.rates} == {"stated"}


def test_a_model_that_is_withdrawn_says_so():
    assert any("2026-10-23" in note for note in item(model="gpt-3.5-turbo", tokens_per_day=1).notes)


def test_an_unknown_model_names_those_alike():
    with pytest.raises(UnknownPrice, match="'gpt-4o-minii' is known here. Write for example gpt-4o-mini,"):
        item(model="gpt-4o-minii", tokens_per_day=1)


def test_a_bare_name_is_that_of_its_maker():
    assert llm_price("o4-mini").provider == "openai"
    assert llm_price("azure/o4-mini").cached_input == 0.28
    assert llm_price("groq/openai/gpt-oss-20b").provider == "groq"
    with pytest.raises(UnknownPrice, match="Write groq/openai/gpt-oss-20b"):
        llm_price("openai/gpt-oss-20b")


def test_every_row_of_the_price_list_has_prices_a_source_and_a_day():
    rows = llm_prices()
    assert len(rows) > 60
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert 0 < row.input < 200, row.name
        assert row.output is None or row.input <= row.output < 1000, row.name
        assert row.cached_input is None or 0 < row.cached_input < row.input, row.name
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row.as_of), row.name
        assert not row.ends or re.fullmatch(r"20\d\d-\d\d-\d\d", row.ends), row.name
        assert row.source and (not row.note or row.note.endswith(".")), row.name
    assert (llm_price("gpt-3.5-turbo").input, llm_price("gpt-3.5-turbo").output) == (0.5, 1.5)


def test_lines_of_a_bill():
    items, holes = token_lines(
        [
            {"model": "gpt-4o", "tokens_per_day": 1e6, "input_share": 0.8, "tenant": "acme"},
            {"model": "gpt-99", "tokens_per_day": 1e6, "tenant": "acme"},
        ]
    )
    assert [(line.name, line.tenant) for line in items] == [("gpt-4o", "acme")]
    assert [(hole.property, hole.tenant, hole.allowed) for hole in holes] == [("llm[1].model", "acme", False)]


def test_problems_of_all_lines_come_at_once_with_their_paths():
    with pytest.raises(CostError) as caught:
        token_lines([{"model": "gpt-4o", "tokens_per_day": -1}, {"model": "gpt-4o"}, {"tokens_per_day": 1}])
    text = str(caught.value)
    assert "llm[0].tokens_per_day: " in text and "llm[1]: tokens_per_day: Write a total" in text
    assert "llm[2].model: This is needed" in text


@pytest.mark.parametrize(
    "given, problem",
    [
        ({"tokens_per_day": 1, "input_share": 1.5}, "input_share: .* It is 1.5"),
        ({"tokens_per_day": 1, "input_share": float("nan")}, "input_share: .* finite"),
        ({"tokens_per_day": 1e30}, "tokens_per_day: "),
        ({"tokens_per_day": float("inf")}, "tokens_per_day: "),
        ({"tokens_per_day": -5}, "tokens_per_day: "),
        ({"tokens_per_day": 1, "input_tokens_per_day": 1}, "Write one of the two"),
        ({"input_tokens_per_day": 1}, "Write a total"),
        ({"tokens_per_day": 5, "quota_tokens_per_day": 4}, "below the 5"),
        ({"tokens_per_day": 1, "usd_per_1m_input": 1}, "Write both prices"),
        ({"tokens_per_day": 1, "token": 1}, "token: There is no such field"),
    ],
)
def test_bad_questions_are_refused_with_their_field(given, problem):
    with pytest.raises(CostError, match=problem):
        item(model="gpt-4o", **given)


@given(share=st.floats(0, 1), tokens=st.floats(0, 1e12), model=st.sampled_from(["gpt-4o", "gpt-3.5-turbo", "o1"]))
def test_a_stated_share_lies_within_the_range_of_an_unstated_one(share, tokens, model):
    wide = item(model=model, tokens_per_day=tokens).cost
    exact = item(model=model, tokens_per_day=tokens, input_share=share).cost
    assert wide.floor <= wide.expected <= wide.ceiling
    assert wide.floor * (1 - 1e-12) <= exact.expected <= wide.ceiling * (1 + 1e-12)


@given(st.floats(0, 1))
def test_output_that_is_cheaper_than_input_turns_the_range_round(share):
    question = {"model": "x", "tokens_per_day": 1e6, "usd_per_1m_input": 2.0, "usd_per_1m_output": 1.0}
    cost = item(**question).cost
    assert cost.floor == pytest.approx(730 / 24) and cost.ceiling == pytest.approx(2 * 730 / 24)
    assert 1 <= per_million(ask(TokenQuestion, question)).at(share) <= 2
