"""What a look-up in the price book answers."""

from __future__ import annotations

from typing import NamedTuple

from penstock_cost.money import Confidence, Rate, UnknownPrice


class SpotRate(NamedTuple):
    """The price of a spot machine, which moves: on Google Cloud at most once a month, elsewhere at any time."""

    usd: float
    """USD an hour."""
    low: float
    high: float
    """Between which the sources put it; both are `usd` where there is one source."""
    interruption: str
    """AWS only: how many of a hundred are interrupted in a month, as Spot Advisor bands it (`5-10%`, `>20%`); empty:
    not known."""
    interruption_max: float | None
    """The upper end of that band as a fraction; None: not known, or above 0.2 without an end."""
    source: str
    as_of: str
    confidence: Confidence


class MachinePrice(NamedTuple):
    """What a machine, or one attachable accelerator, costs an hour."""

    on_demand: Rate | None
    """None: it has no list price, as what AWS sells in capacity blocks only."""
    spot: SpotRate | None
    """None: not known, or not sold."""
    sustained_use: float
    """The fraction that Google Cloud takes off a whole month on demand; 0 where it takes none."""
    region: str
    name: str
    cloud: str

    @property
    def hourly(self) -> Rate:
        """The on-demand price. Raises UnknownPrice where there is none."""
        if self.on_demand is None:
            raise UnknownPrice(
                f"{self.name} has no on-demand price in {self.region}: it is sold in capacity blocks or not listed. "
                f"State what you pay as a negotiated rate: cloud {self.cloud}, region {self.region}, "
                f"machine {self.name}, usd, unit hour."
            )
        return self.on_demand

    @property
    def spot_hourly(self) -> SpotRate:
        """The spot price. Raises UnknownPrice where there is none."""
        if self.spot is None:
            raise UnknownPrice(
                f"No spot price of {self.name} in {self.region} is known. Write the pool's spot_price, or a negotiated "
                f"rate with purchase spot."
            )
        return self.spot


class Commitment(NamedTuple):
    """What a commitment makes of a machine's price."""

    discount: float
    """The fraction off the on-demand price, with what is paid upfront spread over the term."""
    upfront_fraction: float
    """The share of the whole that is paid at the start: 0, 0.5 or 1."""
    instrument: str
    """`reserved_instance`, `convertible_reserved_instance`, `committed_use_discount`, `reservation`, `savings_plan`,
    or `negotiated`."""
    rate: Rate
    """USD an hour of the term, whether the machine runs or not."""
    term: str
    """`1y` or `3y`."""
    payment: str
    """`no_upfront`, `partial_upfront` or `all_upfront`; on Google Cloud and Azure always no_upfront."""

    @property
    def upfront(self) -> float:
        """USD that are paid at the start for one machine."""
        return self.rate.usd * 8760 * int(self.term[0]) * self.upfront_fraction


class Tier(NamedTuple):
    """A step of a price that falls with the amount."""

    up_to_gb: float | None
    """GB a month up to which it holds; None: no end."""
    usd_per_gb: float
