"""How fast registered resources are priced, and how much memory that takes."""

import time
import tracemalloc
from collections.abc import Iterator

from penstock_cost.book import PriceBook
from penstock_cost.resources import Resource, Stack, bill_of

ZONES = ["us-central1-a", "us-central1-b", "us-central1-c"]
MACHINES = ("n2-standard-8", "e2-standard-4", "g2-standard-8", "n1-standard-4", "c3-standard-8")


def stack(count: int) -> Stack:
    """A stack of so many resources: a third are pools and disks, the rest cost nothing, as in a platform's."""
    return Stack([*_resources(count)], {"gcp:region": "us-central1"})


def resources_a_second(count: int = 20_000) -> float:
    """How many resources are priced in a second on one core, the best of three."""
    PriceBook.bundled().machine("gcp", "us-central1", "n2-standard-8")  # the tables are read once
    bill_of(stack(100))
    rates = []
    for _ in range(3):
        priced = stack(count)
        started = time.perf_counter()
        bill = bill_of(priced)
        rates.append(count / (time.perf_counter() - started))
        assert not bill.holes and len(bill.items) >= count / 3
    return max(rates)


def memory(count: int) -> int:
    """Bytes at the peak of pricing so many resources, less the resources themselves."""
    bill_of(stack(100))
    priced = stack(count)
    tracemalloc.start()
    bill = bill_of(priced)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert bill.items
    return peak


def _resources(count: int) -> Iterator[Resource]:
    for number in range(count):
        if number % 6 == 0:
            yield _resource(number, "gcp:container/nodePool:NodePool", _pool(number))
        elif number % 6 == 1:
            disk = {"type": "pd-balanced", "size": 100 + number % 50, "zone": ZONES[0]}
            yield _resource(number, "gcp:compute/disk:Disk", disk)
        else:
            yield _resource(
                number, "gcp:projects/iAMMember:IAMMember", {"role": "roles/viewer", "member": "user:a@b.c"}
            )


def _resource(number: int, token: str, properties: dict[str, object]) -> Resource:
    return Resource(f"urn:pulumi:bench::bench::{token}::r{number}", token, f"r{number}", properties)


def _pool(number: int) -> dict[str, object]:
    return {
        "location": "us-central1",
        "nodeLocations": ZONES,
        "autoscaling": {"totalMinNodeCount": number % 3, "totalMaxNodeCount": 3 + number % 20},
        "nodeConfig": {"machineType": MACHINES[number // 6 % 5], "spot": number % 4 == 0, "diskSizeGb": 100},
    }
