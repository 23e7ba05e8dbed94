"""Look-ups by cloud (`aws`, `azure`, `gcp`) and name."""

from collections.abc import Iterable
from functools import lru_cache

from penstock_cost import custom, tables
from penstock_cost.model import (
    Accelerator,
    AttachableAccelerator,
    AttachLimit,
    MachineFamily,
    MachineType,
    UnknownMachineType,
)


def machine(cloud: str, name: str) -> MachineType:
    """The machine type of that name, also a custom one of Google Cloud (`n2-custom-8-16384`, MiB at the end).

    Raises UnknownMachineType.
    """
    known = _cloud(cloud)
    if name in known:
        return _machine(known[name])
    if cloud == "gcp" and (shape := custom.parse(name)):
        return shape
    advice = _advice(cloud, name, known)
    raise UnknownMachineType(f"No machine type '{name}' of {cloud} is known here. {advice}")


def shaped(
    cloud: str,
    name: str,
    vcpu: float,
    memory_gib: float,
    architecture: str = "x86_64",
    accelerator: Accelerator | None = None,
) -> MachineType:
    """A machine type that no table has, of the shape that its user states; `cloud` may be any.

    Its family is its own name. Raises ValueError for amounts that are not above 0 and another architecture
    than `x86_64` and `arm64`.
    """
    if not (vcpu > 0 and memory_gib > 0):
        raise ValueError(f"'{name}' needs vCPU and memory above 0, not {vcpu:g} and {memory_gib:g} GiB.")
    if architecture not in ("x86_64", "arm64"):
        raise ValueError(f"'{name}' cannot have the architecture '{architecture}'. Write x86_64 or arm64.")
    return MachineType(
        cloud=cloud,
        name=name,
        family=name,
        vcpu=vcpu,
        memory_gib=memory_gib,
        accelerator=accelerator,
        architecture=architecture,
        regions=frozenset(),
        source="stated in the settings",
        as_of="",
    )


def machines(cloud: str) -> list[MachineType]:
    """Every machine type of a cloud that is known by name. Raises UnknownMachineType for the cloud."""
    return [_machine(row) for row in _cloud(cloud).values()]


def family(cloud: str, machine_name: str) -> MachineFamily:
    """What is known of the family of a machine type. Raises UnknownMachineType."""
    row = family_row(machine(cloud, machine_name))
    return MachineFamily(
        cloud=cloud,
        name=row["name"],
        architecture=row["architecture"],
        on_demand=tables.yes(row["on_demand"]),
        spot=tables.yes(row["spot"]),
        compact=tables.yes(row["compact"]),
        compact_max_nodes=tables.number(row["compact_max_nodes"]) or 0,
        capacity_reservation=tables.yes(row["capacity_reservation"]),
        premium_storage=tables.yes(row["premium_storage"]),
        disk_types=frozenset(row["disk_types"].split()),
        commitment_type=row["commitment_type"] or None,
        custom=custom.shapes(row),
        sources=tables.sources_of(row),
    )


def family_row(found: MachineType) -> tables.Row:
    """The row of families.csv for a machine type of the catalogue."""
    families = tables.families()[found.cloud]
    if found.cloud == "gcp":
        return families[_series(found.name, families)]
    return families.get(found.name) or families[found.family]


@lru_cache(maxsize=64)
def attachable(cloud: str, accelerator: str) -> AttachableAccelerator | None:
    """How an accelerator may be attached to machines; None if it may not.

    Raises UnknownMachineType for the cloud.
    """
    _cloud(cloud)
    asked = (cloud, accelerator)
    rows = [row for row in tables.read("attachable") if (row["cloud"], row["accelerator"]) == asked]
    if not rows:
        return None
    first, source = rows[0], tables.sources()[rows[0]["source"]]
    return AttachableAccelerator(
        cloud=cloud,
        type=accelerator,
        memory_gib=float(first["memory_gib"]),
        family=first["family"],
        limits=tuple(
            AttachLimit(
                count=int(row["devices"]),
                max_vcpu=int(row["max_vcpu"]),
                max_memory_gib=int(row["max_memory_gib"]),
                zones=frozenset(row["zones"].split()),
            )
            for row in rows
        ),
        regions=frozenset(first["regions"].split()),
        source=source.text,
        as_of=source.as_of,
    )


def _cloud(cloud: str) -> dict[str, tables.Row]:
    known = tables.machines()
    if cloud not in known:
        raise UnknownMachineType(f"No cloud '{cloud}' is known here. Write {' or '.join(sorted(known))}.")
    return known[cloud]


def _machine(row: tables.Row) -> MachineType:
    source = tables.sources()[row["source"]]
    return MachineType(
        cloud=row["cloud"],
        name=row["name"],
        family=row["family"],
        vcpu=float(row["vcpu"]),
        memory_gib=float(row["memory_gib"]),
        accelerator=_accelerator(row),
        architecture=row["architecture"],
        regions=frozenset(row["regions"].split()),
        source=source.text,
        as_of=source.as_of,
    )


def _accelerator(row: tables.Row) -> Accelerator | None:
    if not row["accelerator"]:
        return None
    return Accelerator(
        type=row["accelerator"],
        count=int(row["accelerator_count"]),
        memory_gib=float(row["accelerator_memory_gib"]),
    )


def _series(name: str, families: Iterable[str]) -> str:
    """The longest of the families with which a name begins; `custom-4-8192` is of the N1 series."""
    full = f"n1-{name}-" if name.startswith("custom-") else f"{name}-"
    return max((family for family in families if full.startswith(f"{family}-")), key=len)


def _advice(cloud: str, name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    by_lower_case = {candidate.lower(): candidate for candidate in known}
    near = [by_lower_case[match] for match in get_close_matches(name.lower(), by_lower_case)]
    if near:
        return f"Write for example {', '.join(near)}."
    return f"Write one that penstock_cost.machines('{cloud}') lists."
