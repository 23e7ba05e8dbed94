"""Prices and discounts that a company has agreed with a cloud. They win over every list."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from penstock_cost.book import tables
from penstock_cost.book.model import MachinePrice, SpotRate
from penstock_cost.money import Confidence, Rate

SOURCE = "negotiated rate"
Cloud = Literal["aws", "azure", "gcp"]
Purchase = Literal["on_demand", "spot", "reserved", "capacity_block", "flex"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Discount(_Model):
    """A percentage off list prices: of machines on demand (and so of their commitments), and of other items.

    Spot prices are not discounted.
    """

    cloud: Cloud
    region: str = Field("*", description="a region or a pattern such as `eu-*`; default: all")
    machine: str | None = Field(None, description="machine or accelerator type, or a pattern such as `p5.*`")
    item: str | None = Field(None, description="an item such as `ebs_gp3`, or a pattern. Neither: all of the cloud")
    percent: float = Field(ge=0, lt=100, description="15 is 15 % off")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.machine and self.item:
            raise ValueError("A discount is for machines or for items. Write two for both.")
        return self


class NegotiatedRate(_Model):
    """A price that replaces the list's."""

    cloud: Cloud
    region: str = Field("*", description="a region or a pattern such as `eu-*`; default: all")
    machine: str | None = Field(None, description="a machine or accelerator type")
    item: str | None = Field(None, description="an item such as `ebs_gp3` or `egress_internet`")
    usd: float = Field(ge=0, description="USD for one unit; a reserved machine's with upfront payments spread over it")
    unit: str = Field("hour", description="as in the price book: `hour`, `GB-month`, `GB` …")
    purchase: Purchase = Field("on_demand", description="machines only: how it is bought at this price")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.machine is None) == (self.item is None):
            raise ValueError("A rate is for a machine or for an item. Write one of the two.")
        if self.machine and not self.usd:
            raise ValueError(f"No cloud gives {self.machine} away. Write what an hour of it costs, above 0.")
        if self.machine and self.unit != "hour":
            raise ValueError(f"Machines are priced by the hour. Write unit hour, not '{self.unit}'.")
        if self.item and self.purchase != "on_demand":
            raise ValueError("Only machines are bought in several ways. Drop purchase.")
        units = {items[self.item].unit for items in tables.services().values() if self.item in items}
        units |= {"GB" for items in tables.tiers().values() if self.item in items}
        if self.item and units and self.unit not in units:
            raise ValueError(f"{self.item} is priced by {' or '.join(sorted(units))}, not by {self.unit}.")
        return self


class NegotiatedRates(_Model):
    """All that is agreed. Where several match, the last one counts; a rate counts before every discount.

    A negotiated machine gets no sustained-use discount: Google Cloud gives it to self-serve billing accounts only.
    """

    discounts: tuple[Discount, ...] = ()
    rates: tuple[NegotiatedRate, ...] = ()

    def machine_rate(self, cloud: str, region: str, machine: str, purchase: str) -> Rate | None:
        """The price of a machine bought in that way; None: nothing is agreed."""
        for rate in reversed(self.rates):
            if rate.machine == machine and rate.purchase == purchase and _is_there(rate, cloud, region):
                return Rate(rate.usd, rate.unit, SOURCE, "", Confidence.HIGH)
        return None

    def machine(self, cloud: str, region: str, name: str, listed: MachinePrice | None) -> MachinePrice | None:
        """What a machine costs, given the list's price."""
        on_demand = self.machine_rate(cloud, region, name, "on_demand")
        if not on_demand and listed and listed.on_demand:
            percent = self._percent(cloud, region, "machine", name)
            on_demand = _less(listed.on_demand, percent) if percent else None
        spot = self.machine_rate(cloud, region, name, "spot")
        if not listed:
            agreed = any(rate.machine == name and _is_there(rate, cloud, region) for rate in self.rates)
            return MachinePrice(on_demand, _spot(spot, None), 0.0, region, name, cloud) if agreed else None
        if on_demand:
            listed = listed._replace(on_demand=on_demand, sustained_use=0.0)
        return listed._replace(spot=_spot(spot, listed.spot)) if spot else listed

    def service(self, cloud: str, region: str, item: str, listed: Rate | None) -> Rate | None:
        """What an item costs, given the list's price."""
        for rate in reversed(self.rates):
            if rate.item == item and _is_there(rate, cloud, region):
                return Rate(rate.usd, rate.unit, SOURCE, "", Confidence.HIGH)
        percent = self._percent(cloud, region, "item", item)
        return _less(listed, percent) if listed and percent else listed

    def tiers(
        self, cloud: str, region: str, item: str, listed: list[tuple[float | None, Rate]] | None
    ) -> list[tuple[float | None, Rate]] | None:
        """The steps of an item's price: one where a rate is agreed."""
        if any(rate.item == item and _is_there(rate, cloud, region) for rate in self.rates):
            agreed = self.service(cloud, region, item, None)
            return [(None, agreed)] if agreed else None
        percent = self._percent(cloud, region, "item", item)
        return [(up_to, _less(rate, percent)) for up_to, rate in listed] if listed and percent else listed

    def _percent(self, cloud: str, region: str, kind: str, name: str) -> float:
        other = {"machine": "item", "item": "machine"}[kind]
        found: Iterable[Discount] = (
            discount
            for discount in reversed(self.discounts)
            if _is_there(discount, cloud, region)
            and getattr(discount, other) is None
            and fnmatchcase(name, getattr(discount, kind) or "*")
        )
        return next((discount.percent for discount in found), 0.0)


def _is_there(agreed: Discount | NegotiatedRate, cloud: str, region: str) -> bool:
    return agreed.cloud == cloud and fnmatchcase(region, agreed.region)


def _less(rate: Rate, percent: float) -> Rate:
    return rate._replace(usd=rate.usd * (1 - percent / 100), source=f"{SOURCE}: {percent:g} % off {rate.source}")


def _spot(agreed: Rate | None, listed: SpotRate | None) -> SpotRate | None:
    if agreed is None:
        return listed
    band, bound = (listed.interruption, listed.interruption_max) if listed else ("", None)
    return SpotRate(agreed.usd, agreed.usd, agreed.usd, band, bound, SOURCE, "", Confidence.HIGH)
