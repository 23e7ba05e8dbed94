"""What of a machine's price its GPUs, its vCPU and its memory cost.

No cloud but Google sells the three apart, so a rule divides the price of a machine. It is OpenCost's idea (a node's
price is its CPU, RAM and GPU cost, in the ratio of reference prices: https://opencost.io/docs/specification, Appendix
A), with reference prices from the price book in place of fixed ones:

1. Unit prices of a vCPU and of a GiB come from two machines of the region with as many vCPU and different memory
   (`_PAIRS`): the difference of their prices is that of their memory. Where the book lacks one of them, OpenCost's
   defaults stand in (`configs/default.json`: CPU 0.031611, RAM 0.004237, GPU 0.95; the first two are what the pair
   of us-central1 gives).
2. A machine without GPU: its price is divided in the ratio of its vCPU and its GiB at unit prices.
3. A machine with GPUs: vCPU and GiB at unit prices, the rest is the GPUs'. Where nothing would remain for them, the
   price is divided in the ratio of all three, with OpenCost's GPU price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock_cost.model import MachineType
from penstock_cost.money import UnknownPrice

if TYPE_CHECKING:
    from penstock_cost.book import PriceBook

_PAIRS = {
    "aws": ("m5.xlarge", "r5.xlarge"),
    "azure": ("Standard_D4s_v5", "Standard_E4s_v5"),
    "gcp": ("n2-standard-4", "n2-highmem-4"),
}
_DEFAULT_CPU, _DEFAULT_GIB, _DEFAULT_GPU = 0.031611, 0.004237, 0.95


class Units(NamedTuple):
    """Prices of a vCPU and of a GiB, USD an hour."""

    cpu: float
    gib: float
    basis: str


class Parts(NamedTuple):
    """USD, of GPUs, of vCPU and of memory. Its `total` is their sum."""

    gpu: float
    cpu: float
    memory: float

    @property
    def total(self) -> float:
        """The sum of the three."""
        return self.gpu + self.cpu + self.memory

    def times(self, factor: float) -> Parts:
        """This many of it."""
        return Parts(self.gpu * factor, self.cpu * factor, self.memory * factor)


class Split(NamedTuple):
    """A machine's price an hour in parts that sum to it, and how they were found."""

    parts: Parts
    basis: str


def unit_prices(cloud: str, region: str, book: PriceBook) -> Units:
    """What a vCPU and a GiB cost in a region."""
    from penstock_cost.catalogue import machine

    names = _PAIRS.get(cloud)
    if names:
        try:
            small, large = (book.machine(cloud, region, name).on_demand for name in names)
        except UnknownPrice:
            small = large = None
        if small and large:
            less, more = (machine(cloud, name) for name in names)
            gib = (large.usd - small.usd) / (more.memory_gib - less.memory_gib)
            cpu = (small.usd - less.memory_gib * gib) / less.vcpu
            if gib > 0 and cpu > 0:
                return Units(cpu, gib, f"unit prices from {names[0]} and {names[1]} in {region}")
    return Units(_DEFAULT_CPU, _DEFAULT_GIB, "the unit prices that OpenCost takes by default")


def split(price: float, shape: MachineType, units: Units) -> Split:
    """The parts of a machine's price an hour, without what is attached to it."""
    cpu, memory = shape.vcpu * units.cpu, shape.memory_gib * units.gib
    gpus = shape.accelerator.count if shape.accelerator else 0
    if not gpus:
        return Split(_in_ratio(price, 0.0, cpu, memory), f"vCPU and GiB in the ratio of {units.basis}")
    if cpu + memory < price:
        parts = Parts(price - (cpu + memory), cpu, memory)
        return Split(parts, f"vCPU and GiB at {units.basis}; the rest is the GPUs'")
    default = (gpus * _DEFAULT_GPU, shape.vcpu * _DEFAULT_CPU, shape.memory_gib * _DEFAULT_GIB)
    return Split(_in_ratio(price, *default), "GPU, vCPU and GiB in the ratio of OpenCost's default prices")


def _in_ratio(price: float, gpu: float, cpu: float, memory: float) -> Parts:
    whole = gpu + cpu + memory
    first, second = price * gpu / whole, price * cpu / whole
    return Parts(first, second, price - (first + second))
