"""What tokens of an LLM API cost a month, as lines of the bill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from penstock_cost.bill import Hole, Item
from penstock_cost.jobs.asked import Question, Share, Tokens, UsdPerMillion, ask
from penstock_cost.jobs.llm_prices import LlmPrice, llm_price
from penstock_cost.money import HOURS_PER_MONTH, Confidence, CostError, Estimate, Rate, UnknownPrice

DAYS_PER_MONTH = HOURS_PER_MONTH / 24
"""30.4167, so that a day of tokens is as long as a day of machines."""
USUAL_INPUT_SHARE = 0.845
"""22,361,870 of 26,450,535 tokens in the conversation service of the Azure LLM inference trace of 2023 (CC-BY 4.0,
https://github.com/Azure/AzurePublicDataset): for the expected cost where nobody states the share of the input."""
TYPE = "llm:tokens"
"""The type of such a line: no resource of a cloud has it."""


class TokenQuestion(Question):
    """The use of a model over an API. State a total a day, with its share of input, or both directions."""

    model: str = Field(min_length=1)
    """As the provider calls it, `gpt-4o`; with the provider before it for one that resells, `azure/o1`."""
    tokens_per_day: Tokens | None = None
    """Of both directions together."""
    input_share: Share | None = None
    """The part of them that is input. Default: not known, so the cost is a range."""
    input_tokens_per_day: Tokens | None = None
    output_tokens_per_day: Tokens | None = None
    quota_tokens_per_day: Tokens | None = None
    """The most that is let through, for the ceiling. Default: what is used; nothing holds the spend there then."""
    cached_share: Share = 0.0
    """The part of the input that comes from the provider's cache."""
    usd_per_1m_input: UsdPerMillion | None = None
    """In place of the price list."""
    usd_per_1m_output: UsdPerMillion | None = None
    tenant: str = ""
    name: str = ""
    """How to call it in the bill. Default: the model."""

    @model_validator(mode="after")
    def _fits(self) -> TokenQuestion:
        if problems := list(self._problems()):
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        directions = (self.input_tokens_per_day, self.output_tokens_per_day)
        if self.tokens_per_day is None and None in directions:
            yield "tokens_per_day: Write a total, or input_tokens_per_day and output_tokens_per_day."
        if self.tokens_per_day is not None and directions != (None, None):
            yield "tokens_per_day: The directions are stated too. Write one of the two."
        if self.input_share is not None and self.tokens_per_day is None:
            yield "input_share: It goes with tokens_per_day. Drop it, or write the total."
        if (self.usd_per_1m_input is None) != (self.usd_per_1m_output is None):
            yield "usd_per_1m_input: Write both prices, usd_per_1m_input and usd_per_1m_output, or neither."
        if self.quota_tokens_per_day is not None and self.quota_tokens_per_day < self.tokens:
            yield f"quota_tokens_per_day: It is below the {self.tokens:g} that are used. Write at least that."

    @property
    def tokens(self) -> float:
        """Tokens a day, both directions."""
        if self.tokens_per_day is not None:
            return self.tokens_per_day
        return (self.input_tokens_per_day or 0.0) + (self.output_tokens_per_day or 0.0)

    @property
    def share(self) -> float | None:
        """The part of the tokens that is input; None where it is not known."""
        if self.tokens_per_day is not None:
            return self.input_share
        return (self.input_tokens_per_day or 0.0) / self.tokens if self.tokens else 1.0


class PerMillion(NamedTuple):
    """USD for a million tokens, of input (with what of it is cached) and of output."""

    input: float
    output: float | None
    rates: tuple[Rate, ...]
    notes: tuple[str, ...]

    def at(self, share: float) -> float:
        """For a million tokens of which this part is input. Raises CostError for output of a model that has none."""
        if share < 1 and self.output is None:
            raise CostError("The model writes no text, so all its tokens are input. Write input_share: 1.")
        return share * self.input + (1 - share) * (self.output or 0.0)


def per_million(question: TokenQuestion) -> PerMillion:
    """The prices for a question. Raises CostError, and UnknownPrice where the model has none."""
    if question.usd_per_1m_input is not None:
        if question.cached_share:
            raise CostError("cached_share: State the price of the input as it is on average, and drop this.")
        into, out = question.usd_per_1m_input, question.usd_per_1m_output or 0.0
        return PerMillion(into, out, tuple(Rate(usd, "1M tokens", "stated", "") for usd in (into, out)), ())
    listed = llm_price(question.model)
    usd, cached = listed.input, listed.cached_input
    if question.cached_share:
        if cached is None:
            raise UnknownPrice(f"{listed.name} has no price for cached input here. Drop cached_share, or state prices.")
        usd = listed.input * (1 - question.cached_share) + cached * question.cached_share
    of = [listed.input, *([cached] if question.cached_share and cached is not None else []), listed.output]
    rates = tuple(Rate(one, "1M tokens", listed.source, listed.as_of) for one in of if one is not None)
    return PerMillion(usd, listed.output, rates, _notes(listed))


def token_item(question: TokenQuestion) -> Item:
    """A model's tokens as a line of the bill. Raises CostError, and UnknownPrice where the model has no price."""
    price = per_million(question)
    share = question.share
    if price.output is None and share is None:
        share = 1.0
    cheap, usual, dear = (price.at(share if share is not None else one) for one in _span(price))
    millions = question.tokens * DAYS_PER_MONTH / 1e6
    quota = question.quota_tokens_per_day
    most = millions if quota is None else quota * DAYS_PER_MONTH / 1e6
    ceiling = most * dear
    notes = list(price.notes)
    if quota is None:
        notes.append("Nothing is stated that holds the spend: the ceiling is for the same tokens. Write a quota.")
    return Item(
        urn="",
        name=question.name or question.model,
        type=TYPE,
        what=f"{question.model}, {question.tokens:,.0f} tokens a day",
        kind="tokens",
        cost=Estimate(millions * cheap, millions * usual, ceiling, ceiling),
        confidence=Confidence.LOW if share is None else Confidence.HIGH,
        basis=_basis(question, share),
        rates=price.rates,
        tenant=question.tenant,
        notes=tuple(notes),
    )


def token_lines(settings: Iterable[Mapping[str, Any]], path: str = "llm") -> tuple[list[Item], list[Hole]]:
    """The lines of a list of settings; a model without a price is a hole. Raises CostError with every problem."""
    items: list[Item] = []
    holes: list[Hole] = []
    problems: list[str] = []
    for index, given in enumerate(settings):
        try:
            question = ask(TokenQuestion, given, f"{path}[{index}]")
        except CostError as error:
            problems.append(str(error))
            continue
        try:
            items.append(token_item(question))
        except UnknownPrice as error:
            name = question.name or question.model
            holes.append(Hole("", name, TYPE, str(error), property=f"{path}[{index}].model", tenant=question.tenant))
        except CostError as error:
            problems.append(f"{path}[{index}]: {error}")
    if problems:
        raise CostError("\n".join(problems))
    return items, holes


def _span(price: PerMillion) -> tuple[float, float, float]:
    """Shares of input, where it is not known: the cheapest, the usual, the dearest."""
    output_dearer = price.output is not None and price.output >= price.input
    return (1.0, USUAL_INPUT_SHARE, 0.0) if output_dearer else (0.0, USUAL_INPUT_SHARE, 1.0)


def _basis(question: TokenQuestion, share: float | None) -> str:
    if share is None:
        return f"{USUAL_INPUT_SHARE:.1%} input, the usual share of conversations; floor all input, ceiling all output"
    cached = f", {question.cached_share:.0%} of it cached" if question.cached_share else ""
    return f"{share:.4g} of the tokens input{cached}, {DAYS_PER_MONTH:.4f} days a month"


def _notes(listed: LlmPrice) -> tuple[str, ...]:
    notes = [listed.note] if listed.note else []
    if listed.ends:
        notes.append(f"{listed.provider} no longer serves {listed.model} from {listed.ends} on; choose its successor.")
    return tuple(notes)
