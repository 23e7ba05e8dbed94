"""Look-ups of what only some machine types have: adapters, local disks, and being sold by the block."""

from penstock_cost import tables
from penstock_cost.catalogue import family_row, machine
from penstock_cost.model import Efa, LocalDisk


def efa(machine_name: str) -> Efa | None:
    """The Elastic Fabric Adapters of an EC2 instance type; None if it takes none. Raises UnknownMachineType."""
    row = tables.by_name("efa").get(machine("aws", machine_name).name)
    if row is None:
        return None
    return Efa(
        interfaces=int(row["interfaces"]),
        network_cards=tables.number(row["network_cards"]),
        first_card=tables.number(row["first_card"]),
        sources=tables.sources_of(row),
    )


def sold_as_capacity_block(machine_name: str) -> bool:
    """Whether AWS lists Capacity Blocks of an EC2 instance type, in whatever region. Raises UnknownMachineType."""
    return machine("aws", machine_name).name in tables.by_name("capacity_blocks")


def local_disks(cloud: str, machine_name: str) -> tuple[LocalDisk, ...] | None:
    """The disks that a machine has of its own, of each kind; None: not known, as all over Google Cloud.

    Raises UnknownMachineType.
    """
    found = machine(cloud, machine_name)
    if tables.yes(family_row(found)["local_disk"]) is False:
        return ()
    return (
        tuple(
            LocalDisk(
                kind=row["kind"],
                count=tables.number(row["count"]),
                total_gib=int(row["total_gib"]),
                sources=tables.sources_of(row),
            )
            for row in _local_disks(cloud, found.name)
        )
        or None
    )


def ephemeral_os_gib(machine_name: str) -> int | None:
    """The largest operating system disk, in GiB, that an Azure machine holds on its own disks.

    0: it holds none. None: not known. It is what the sources vouch for, so a larger one may fit: sizes of the cache
    are known of few machines. Trusted Launch takes 1 GiB of it. Raises UnknownMachineType.
    """
    found = machine("azure", machine_name)
    if tables.yes(family_row(found)["ephemeral_os"]) is False:
        return 0
    sizes = [tables.number(row["ephemeral_os_gib"]) for row in _local_disks("azure", found.name)]
    return max((size for size in sizes if size), default=None)


def _local_disks(cloud: str, name: str) -> list[tables.Row]:
    return [row for row in tables.read("local_disks") if (row["cloud"], row["name"]) == (cloud, name)]
