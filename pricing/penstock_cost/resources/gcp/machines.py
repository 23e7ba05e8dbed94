"""What decides the price of a machine of Compute Engine, in the spellings of its several resources."""

from __future__ import annotations

from collections.abc import Iterator

from penstock_cost.catalogue import attachable
from penstock_cost.catalogue import machine as catalogue_machine
from penstock_cost.model import UnknownMachineType
from penstock_cost.resources.context import Context
from penstock_cost.resources.disks import disk, local_ssds
from penstock_cost.resources.found import Disk
from penstock_cost.resources.model import Resource
from penstock_cost.resources.values import Unpriced, Values

RESERVATION = "gcp:compute/reservation:Reservation"
# Machines whose local SSDs are built in, and in their price.
_WITH_LOCAL_SSDS = ("a2-ultragpu", "a3-", "a4-", "a4x-", "z3-")


def accelerator(values: Values, machine: str, kind: str = "type", count: str = "count") -> str:
    """The accelerators that are attached to a machine; empty where it has none, or has them built in."""
    if "guestAccelerators" not in values or _has_its_own(machine):
        return ""
    found = []
    for given in values.children("guestAccelerators"):
        devices, name = given.whole(count, 0), given.text(kind, "").rpartition("/")[2]
        if devices and attachable("gcp", name) is None:
            raise Unpriced(f"'{name}' is not attached to machines. Write for example nvidia-tesla-t4.", given.at(kind))
        if devices:
            found.append(f"{name}:{devices}")
    if len(found) > 1:
        raise Unpriced("A machine takes accelerators of one type. Write one of them.", values.at("guestAccelerators"))
    return found[0] if found else ""


def _has_its_own(name: str) -> bool:
    """Whether accelerators are built in. Of what has neither those nor takes any, the question refuses the wish."""
    try:
        return catalogue_machine("gcp", name).accelerator is not None
    except UnknownMachineType:
        return not name.startswith(("n1-", "custom-"))


def scratch(context: Context, region: str, machine: str, count: int) -> Iterator[Disk]:
    """Local SSDs, where they are paid for apart from the machine."""
    if count and not machine.startswith(_WITH_LOCAL_SSDS) and not machine.endswith("lssd"):
        yield local_ssds(context, region, count)


def network_disk(
    context: Context,
    region: str,
    values: Values,
    size: str,
    kind: str,
    default_kind: str,
    default_gib: float | None = None,
) -> Disk:
    """A disk whose size and type stand in these properties; the type may be a path."""
    gib = values.number(size, default_gib)
    if gib is None:
        raise Unpriced(
            f"Its size is that of its image or snapshot, which is not known here. Write {values.at(size)}.",
            values.at(size),
        )
    name = values.text(kind, default_kind).rpartition("/")[2]
    return disk(context, "gcp", region, name, gib, values.number("provisionedIops", 0), path=values.at(kind))


def spot(scheduling: Values) -> bool:
    """Whether machines are spot, or preemptible as they were called before."""
    return scheduling.flag("preemptible") or scheduling.text("provisioningModel", "STANDARD") == "SPOT"


def held_by(context: Context, resource: Resource, affinity: Values, property: str) -> tuple[frozenset[str], bool]:  # noqa: A002
    """The reservations that machines are meant for, by URN or name; and whether they run in any that matches."""
    kind = affinity.text("consumeReservationType", "") or affinity.text("type", "ANY_RESERVATION")
    if not kind.startswith("SPECIFIC"):
        return frozenset(), kind in ("ANY_RESERVATION", "UNSPECIFIED")
    named = affinity.child("specificReservation") if "specificReservation" in affinity else affinity
    urns = [one.urn for one in context.stack.joined(resource, property, RESERVATION)]
    values = [] if named.unknown("values") else [value for value in named.list("values") if isinstance(value, str)]
    return frozenset([*urns, *(value.rpartition("/")[2] for value in values)]), False
