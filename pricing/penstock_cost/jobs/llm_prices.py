"""The price list of LLM APIs: data/llm_prices.csv, kept by hand; every row has its source and day."""

from __future__ import annotations

from typing import NamedTuple

from penstock_cost.jobs.asked import nearest
from penstock_cost.money import UnknownPrice
from penstock_cost.tables import Row, read

_RESELLERS = ("groq", "aws", "azure")
"""Providers of other people's models: these are named with their provider, `groq/openai/gpt-oss-20b`."""


class LlmPrice(NamedTuple):
    """What a provider asks for tokens of a model, USD per million."""

    provider: str
    model: str
    input: float
    cached_input: float | None
    """Of input that the provider has in its cache; None: not known, or not sold."""
    output: float | None
    """None: the model writes no text (embeddings)."""
    ends: str
    """The day from which the provider no longer serves it, YYYY-MM-DD; empty: not known."""
    source: str
    as_of: str
    note: str
    """What else its price depends on, a sentence; empty: nothing."""

    @property
    def name(self) -> str:
        """Provider and model."""
        return f"{self.provider}/{self.model}"


def llm_prices() -> list[LlmPrice]:
    """Every row of the list."""
    return [_price(row) for row in read("llm_prices")]


def llm_price(model: str) -> LlmPrice:
    """The price of `gpt-4o`, or of `azure/o1` where the provider matters. Raises UnknownPrice with names alike.

    A bare name is that of the model's maker.
    """
    prices = llm_prices()
    for price in prices:
        if model == price.name or (model == price.model and price.provider not in _RESELLERS):
            return price
    sold = [price.name for price in prices if price.model == model]
    if sold:
        raise UnknownPrice(f"'{model}' is sold by {len(sold)} providers here. Write {' or '.join(sold)}.")
    known = [price.name if price.provider in _RESELLERS else price.model for price in prices]
    raise UnknownPrice(
        f"No price of the model '{model}' is known here. Write for example {nearest(model, known)}, "
        "or state usd_per_1m_input and usd_per_1m_output."
    )


def _price(row: Row) -> LlmPrice:
    return LlmPrice(
        provider=row["provider"],
        model=row["model"],
        input=float(row["usd_per_1m_input"]),
        cached_input=_optional(row["usd_per_1m_cached_input"]),
        output=_optional(row["usd_per_1m_output"]),
        ends=row["ends"],
        source=row["source"],
        as_of=row["as_of"],
        note=row["note"],
    )


def _optional(text: str) -> float | None:
    return float(text) if text else None
