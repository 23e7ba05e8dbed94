"""Prices that `penstock cost refresh` wrote into a folder, a file for each cloud. They win over the bundled ones."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from penstock_cost.book import tables
from penstock_cost.book.model import Commitment, MachinePrice, SpotRate
from penstock_cost.money import Confidence, CostError, Rate


class Price(NamedTuple):
    """A row of such a file; its columns have the names of these fields."""

    cloud: str
    region: str
    name: str
    purchase: str
    """`on_demand`, `spot` or `reserved`."""
    instrument: str
    """`reserved` only: as in `Commitment`."""
    term: str
    """`reserved` only: `1y` or `3y`."""
    payment: str
    """`reserved` only: `no_upfront`, `partial_upfront` or `all_upfront`."""
    usd: float
    """USD an hour; what is paid upfront is spread over the term."""
    upfront: float
    """`reserved` only: the share of the whole that is paid at the start."""
    source: str
    as_of: str


def read(path: Path) -> list[Price]:
    """The rows of a file. Raises CostError where it is none of refresh's."""
    import csv

    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != Price._fields:
                raise ValueError
            return [_price(*cells) for cells in rows]
    except (ValueError, TypeError):
        raise CostError(
            f"{path} is no price file of Penstock. Delete it, and write it anew with `penstock cost refresh`."
        ) from None


def _price(
    cloud: str, region: str, name: str, purchase: str, instrument: str, term: str, payment: str, usd: str, *rest: str
) -> Price:
    """Raises ValueError for what is no price."""
    upfront, source, as_of = rest
    if not 0 < float(usd) < float("inf"):
        raise ValueError
    return Price(cloud, region, name, purchase, instrument, term, payment, float(usd), float(upfront), source, as_of)


class Overlay:
    """The prices of a folder."""

    def __init__(self, prices: Iterable[Price]) -> None:
        self._hourly: dict[tuple[str, str, str], dict[str, Price]] = {}
        self._reserved: dict[tuple[str, ...], Price] = {}
        self._names: dict[tuple[str, str], set[str]] = {}
        self._days: set[str] = set()
        for price in prices:
            self._days.add(price.as_of)
            self._names.setdefault((price.cloud, price.region), set()).add(price.name)
            if price.purchase == "reserved":
                self._reserved[price[:3] + price[4:7]] = price
            else:
                self._hourly.setdefault(price[:3], {})[price.purchase] = price

    @staticmethod
    def read(folder: Path | str) -> Overlay:
        """Raises CostError where the folder holds no prices."""
        files = sorted(Path(folder).glob("*.csv")) if Path(folder).is_dir() else []
        if not files:
            raise CostError(
                f"{folder} holds no prices. Write them there with `penstock cost refresh --cloud … --out {folder}`."
            )
        return Overlay(price for path in files for price in read(path))

    def prices(self) -> dict[tuple[str, str], set[str]]:
        """The names that it prices, by cloud and region."""
        return self._names

    def regions(self, cloud: str) -> set[str]:
        return {region for known, region in self._names if known == cloud}

    def machines(self, cloud: str, region: str) -> set[str]:
        return self._names.get((cloud, region), set())

    def days(self) -> list[str]:
        return sorted(self._days)

    def machine(self, cloud: str, region: str, name: str, bundled: MachinePrice | None) -> MachinePrice | None:
        """The price of a machine, given the bundled one."""
        fresh = self._hourly.get((cloud, region, name), {})
        if not fresh:
            return bundled
        found = bundled or MachinePrice(None, None, sustained_use(cloud, name), region, name, cloud)
        if on_demand := fresh.get("on_demand"):
            rate = Rate(on_demand.usd, "hour", on_demand.source, on_demand.as_of, Confidence.HIGH)
            found = found._replace(on_demand=rate)
        if spot := fresh.get("spot"):
            band, bound = (found.spot.interruption, found.spot.interruption_max) if found.spot else ("", None)
            rest = (spot.source, spot.as_of, Confidence.MEDIUM)
            found = found._replace(spot=SpotRate(spot.usd, spot.usd, spot.usd, band, bound, *rest))
        return found

    def commitment(self, machine: MachinePrice, instrument: str, term: str, payment: str) -> Commitment | None:
        """What a commitment costs; None: not in the folder."""
        fresh = self._reserved.get((machine.cloud, machine.region, machine.name, instrument, term, payment))
        if fresh is None or machine.on_demand is None:
            return None
        listed = self._hourly.get((machine.cloud, machine.region, machine.name), {}).get("on_demand")
        discount = 1 - fresh.usd / (listed.usd if listed else machine.on_demand.usd)
        usd = machine.on_demand.usd * (1 - discount)  # which differs from the list's where the price is negotiated
        rate = Rate(usd, "hour", fresh.source, fresh.as_of, Confidence.HIGH)
        return Commitment(discount, fresh.upfront, instrument, rate, term, payment)


def sustained_use(cloud: str, name: str) -> float:
    """The sustained-use discount of a machine that the bundled tables do not price."""
    if cloud != "gcp":
        return 0.0
    return tables.sustained_use().get("n1" if name.startswith("custom-") else name.partition("-")[0], 0.0)
