"""What the clouds charge, from tables with sources. Importing this reads no table; the first look-up does."""

from typing import TYPE_CHECKING

from penstock_cost.book.book import PriceBook
from penstock_cost.book.model import Commitment, MachinePrice, SpotRate, Tier
from penstock_cost.money import Rate, UnknownPrice

if TYPE_CHECKING:
    from penstock_cost.book.negotiated import NegotiatedRates

__all__ = [
    "Commitment",
    "MachinePrice",
    "NegotiatedRates",
    "PriceBook",
    "Rate",
    "SpotRate",
    "Tier",
    "UnknownPrice",
]


def __getattr__(name: str) -> object:
    """NegotiatedRates, whose module loads pydantic."""
    if name != "NegotiatedRates":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from penstock_cost.book.negotiated import NegotiatedRates

    return NegotiatedRates
