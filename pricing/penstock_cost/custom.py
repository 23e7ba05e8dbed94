"""Custom machine types of Google Cloud, whose names say what they hold: `SERIES-custom-VCPUS-MIB[-ext]`."""

from collections.abc import Iterable

from penstock_cost import tables
from penstock_cost.model import CustomShapes, MachineType, UnknownMachineType

_SOURCE = "gce-general-purpose"
_NAME = r"(?:([a-z][0-9][a-z]?)-)?custom-(micro|small|medium|[1-9][0-9]{0,2})-([1-9][0-9]{0,7})(-ext)?"
# E2 machines that share a core: the vCPU that they sustain, and most GiB.
_SHARED_CORE = {"micro": (0.25, 2), "small": (0.5, 4), "medium": (1.0, 8)}


def parse(name: str) -> MachineType | None:
    """The machine type if `name` is of the form of a custom one; `custom-4-8192` is of the N1 series.

    Raises UnknownMachineType where the rules of its series are broken.
    """
    import re  # here, because it costs more than the rest of the package

    match = re.fullmatch(_NAME, name)
    if not match:
        return None
    series, size, mib, extended = match[1] or "n1", match[2], int(match[3]), bool(match[4])
    row = tables.families()["gcp"].get(series)
    allowed = shapes(row) if row else None
    if row is None or allowed is None or (size in _SHARED_CORE and series != "e2"):
        return None
    problem = _problem(series, allowed, size, mib, extended)
    if problem:
        raise UnknownMachineType(f"Google Cloud does not allow the machine type '{name}': {problem}")
    source = tables.sources()[_SOURCE]
    return MachineType(
        cloud="gcp",
        name=name,
        family=f"{series}-custom",
        vcpu=_SHARED_CORE[size][0] if size in _SHARED_CORE else float(size),
        memory_gib=mib / 1024,
        accelerator=None,
        architecture=row["architecture"],
        regions=frozenset(),
        source=source.text,
        as_of=source.as_of,
    )


def shapes(row: tables.Row) -> CustomShapes | None:
    """The custom shapes in a row of families.csv."""
    if not row["custom_vcpus"]:
        return None
    least, _, most = row["custom_gib_per_vcpu"].partition("-")
    return CustomShapes(
        vcpus=frozenset(number for part in row["custom_vcpus"].split() for number in _numbers(part)),
        min_gib_per_vcpu=float(least),
        max_gib_per_vcpu=float(most),
        memory_step_mib=int(row["custom_step_mib"]),
        extended_memory=row["custom_extended"] == "yes",
    )


def _numbers(part: str) -> Iterable[int]:
    """`8` stands for itself, `16-96/16` for 16, 32, … 96."""
    bounds, _, step = part.partition("/")
    first, _, last = bounds.partition("-")
    return range(int(first), int(last or first) + 1, int(step or 1))


def _problem(series: str, allowed: CustomShapes, size: str, mib: int, extended: bool) -> str | None:
    shared_core = size in _SHARED_CORE
    extendable = allowed.extended_memory and not shared_core
    if extended and not extendable:
        return f"{series} has no extended memory. Drop '-ext'."
    if shared_core:
        least, most = 1.0, float(_SHARED_CORE[size][1])
    elif int(size) in allowed.vcpus:
        least, most = int(size) * allowed.min_gib_per_vcpu, int(size) * allowed.max_gib_per_vcpu
    else:
        below, above = sorted(sorted(allowed.vcpus, key=lambda vcpus: abs(vcpus - int(size)))[:2])
        return f"it cannot have {size} vCPU. Write {below} or {above}."
    step = allowed.memory_step_mib
    lowest, highest = -(-round(least * 1024) // step) * step, round(most * 1024) // step * step
    if mib < lowest:
        return f"{mib} MiB are too few for its vCPU. Write at least {lowest}."
    if mib > highest and not extended:
        return f"{mib} MiB are too many for its vCPU. Write at most {highest}" + (
            ", or add '-ext' for extended memory." if extendable else "."
        )
    if mib % step:
        return f"{mib} MiB are no multiple of {step}. Write {mib // step * step} or {(mib // step + 1) * step}."
    return None
