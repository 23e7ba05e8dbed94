"""The price book: look-ups by cloud (`aws`, `azure`, `gcp`), region and name, each after the first in constant time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from penstock_cost.book import advice, alternatives, commitments, machines, tables
from penstock_cost.book.model import Commitment, MachinePrice, Tier
from penstock_cost.money import Rate, least

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from penstock_cost.book.negotiated import NegotiatedRates
    from penstock_cost.book.overlay import Overlay


class PriceBook:
    """List prices, with what a user negotiated or refreshed put before them."""

    def __init__(self, negotiated: NegotiatedRates | None = None, overlay: Overlay | None = None) -> None:
        self._negotiated = negotiated
        self._overlay = overlay
        self._machines: dict[tuple[str, str, str], MachinePrice] = {}

    @staticmethod
    @cache
    def bundled() -> PriceBook:
        """The prices that come with the package, and nothing else."""
        return PriceBook()

    @staticmethod
    def load(folder: Path | str | None = None) -> PriceBook:
        """The bundled prices below those that `penstock cost refresh` wrote into a folder.

        Without a folder: the one that PENSTOCK_PRICES names, else bundled prices only. Raises CostError where the
        folder holds no prices.
        """
        import os

        folder = folder or os.environ.get("PENSTOCK_PRICES")
        if not folder:
            return PriceBook.bundled()
        from penstock_cost.book.overlay import Overlay

        return PriceBook(overlay=Overlay.read(folder))

    def with_rates(self, negotiated: NegotiatedRates) -> PriceBook:
        """This book with negotiated rates before its own; they replace those given earlier."""
        return PriceBook(negotiated, self._overlay)

    def machine(self, cloud: str, region: str, name: str) -> MachinePrice:
        """What a machine type costs, also a custom one of Google Cloud. Raises UnknownPrice."""
        key = (cloud, region, name)
        if key not in self._machines:
            self._machines[key] = machines.price(cloud, region, name, self._overlay, self._negotiated)
        return self._machines[key]

    def accelerator(self, cloud: str, region: str, type: str) -> MachinePrice:  # noqa: A002 (the field's name)
        """What one attached accelerator costs, for example an `nvidia-tesla-t4`. Raises UnknownPrice."""
        return machines.accelerator(cloud, region, type, self._negotiated)

    def commitment(
        self,
        cloud: str,
        region: str,
        machine: str,
        term: str,
        payment: str = "no_upfront",
        instrument: str | None = None,
    ) -> Commitment:
        """What a commitment of `1y` or `3y` makes of a machine's price.

        The instrument defaults to the one that is bound to a machine family: a standard Reserved Instance (which costs
        what an EC2 Instance Savings Plan does), a resource-based committed-use discount, an Azure reservation. Others
        are `convertible_reserved_instance` (about a Compute Savings Plan) and `savings_plan` (Azure). Raises
        UnknownPrice.
        """
        return commitments.of(
            self.machine(cloud, region, machine), term, payment, instrument, self._overlay, self._negotiated
        )

    def negotiated_rate(self, cloud: str, region: str, machine: str, purchase: str) -> Rate | None:
        """The negotiated price of a machine bought in that way (`capacity_block`, `flex` …); None: there is none."""
        return self._negotiated.machine_rate(cloud, region, machine, purchase) if self._negotiated else None

    def service(self, cloud: str, region: str, item: str) -> Rate:
        """What one unit of an item of services.csv costs, for example of `ebs_gp3`. Raises UnknownPrice."""
        listed = tables.services()
        found = listed.get((cloud, region), {}).get(item) or listed.get((cloud, "*"), {}).get(item)
        if self._negotiated:
            found = self._negotiated.service(cloud, region, item, found)
        if found is None:
            raise advice.unknown_item(cloud, region, item, {place: set(items) for place, items in listed.items()})
        return found

    def tiers(self, cloud: str, region: str, item: str = "egress_internet") -> tuple[Tier, ...]:
        """The steps of a price that falls with the amount. Raises UnknownPrice.

        The last step that a source states has no end here, so where the list goes on to fall it is an upper bound.
        """
        return tuple(Tier(up_to, rate.usd) for up_to, rate in self._ladder(cloud, region, item))

    def tiered(self, cloud: str, region: str, item: str, gb: float) -> float:
        """USD for so many GB in a month, each at the price of its step. Raises UnknownPrice."""
        cost, below = 0.0, 0.0
        for tier in self.tiers(cloud, region, item):
            end = gb if tier.up_to_gb is None else min(gb, tier.up_to_gb)
            cost += max(end - below, 0.0) * tier.usd_per_gb
            below = max(end, below)
        return cost

    def tier_rate(self, cloud: str, region: str, item: str, gb: float) -> Rate:
        """The average price of a GB of so many, with its source; of the first GB where they are none."""
        ladder = self._ladder(cloud, region, item)
        usd = self.tiered(cloud, region, item, gb) / gb if gb else ladder[0][1].usd
        return ladder[0][1]._replace(usd=usd, confidence=least(rate.confidence for _, rate in ladder))

    def alternatives(self, cloud: str, region: str, machine: str) -> list[MachinePrice]:
        """Cheaper machines of the region that hold at least as much, the cheapest first.

        Of the same architecture, with at least its vCPU and its memory; and with as many accelerators of the same
        kind of resource, each with at least its memory (none where it has none: what is attached is not counted).
        Burstable and shared-core machines stand in only for such ones. They may be slower, or older. Raises
        UnknownPrice.
        """
        return alternatives.cheaper(self, cloud, region, machine)

    def regions(self, cloud: str) -> list[str]:
        """Where machines are priced. Raises UnknownPrice for the cloud."""
        known = {region for where, region in tables.machines() if where == cloud}
        known |= self._overlay.regions(cloud) if self._overlay else set()
        if not known:
            raise advice.unknown_cloud(cloud)
        return sorted(known)

    def machines(self, cloud: str, region: str) -> list[str]:
        """The names that are priced there; none where the region is not known."""
        known = set(tables.machines().get((cloud, region), {}))
        known |= self._overlay.machines(cloud, region) if self._overlay else set()
        return sorted(known)

    def as_of(self) -> tuple[str, str]:
        """The days of its oldest and its newest price: YYYY-MM-DD, or a month or year where no more is known."""
        oldest, newest = tables.days()
        added = self._overlay.days() if self._overlay else []
        return oldest, max([newest, *added])

    def age_days(self, today: date | None = None) -> int:
        """Days since its newest price; a month or a year counts from its beginning."""
        from datetime import date

        year, month, day = [*(int(part) for part in self.as_of()[1].split("-")), 1, 1][:3]
        return ((today or date.today()) - date(year, month, day)).days

    def _ladder(self, cloud: str, region: str, item: str) -> list[tuple[float | None, Rate]]:
        listed = tables.tiers()
        found = listed.get((cloud, region), {}).get(item) or listed.get((cloud, "*"), {}).get(item)
        if self._negotiated:
            found = self._negotiated.tiers(cloud, region, item, found)
        if found is None:
            raise advice.unknown_item(cloud, region, item, {place: set(items) for place, items in listed.items()})
        return found
