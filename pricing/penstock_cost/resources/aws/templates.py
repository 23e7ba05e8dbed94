"""Launch templates, as far as they decide what machines cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from penstock_cost.bill import Hole
from penstock_cost.money import UnknownPrice
from penstock_cost.resources.context import Context
from penstock_cost.resources.disks import disk
from penstock_cost.resources.found import Disk
from penstock_cost.resources.model import Resource
from penstock_cost.resources.values import Unpriced, Values

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
_GROUP = "aws:resourcegroups/group:Group"
_GROUP_MEMBER = "aws:resourcegroups/resource:Resource"
# What EC2 makes of a volume whose type nobody states; gp3, which images of EKS ask for themselves, costs less.
DEFAULT_VOLUME = "gp2"


class Template(NamedTuple):
    """A launch template of the program."""

    resource: Resource
    values: Values

    @property
    def market(self) -> str:
        """`spot`, `capacity-block`, or empty for on demand."""
        return self.values.child("instanceMarketOptions").text("marketType", "").lower()

    @property
    def machine(self) -> str:
        """The instance type; empty where it names none."""
        if "instanceRequirements" in self.values:
            raise Unpriced(
                "Its instances are chosen by their attributes, so any type may come. List instance types instead.",
                "instanceRequirements",
            )
        return self.values.text("instanceType", "")

    @property
    def takes_open(self) -> bool:
        """Whether its instances run in open capacity reservations that match them."""
        wish = self.values.child("capacityReservationSpecification")
        return "capacityReservationTarget" not in wish and wish.text("capacityReservationPreference", "open") == "open"


def template_of(context: Context, resource: Resource, path: str = "launchTemplate") -> Template | None:
    """The launch template that a property names; None where it is none of the program's."""
    found = context.stack.joined(resource, path, TEMPLATE)
    if not found:
        name = Values(resource.properties).data.get(path)
        wanted = name.get("name") if isinstance(name, dict) else None
        templates = context.stack.by_type.get(TEMPLATE, ()) if wanted else ()
        found = [one for one in templates if one.properties.get("name") == wanted]
    return Template(found[0], Values(found[0].properties)) if len(found) == 1 else None


def held_by(context: Context, values: Values, resource: Resource) -> frozenset[str]:
    """By what its instances name a capacity reservation: URNs, and ids that are plain."""
    target = values.child("capacityReservationSpecification").known("capacityReservationTarget", {})
    named = list(context.stack.joined(resource, "capacityReservationSpecification", RESERVATION, _GROUP))
    plain = [value for value in target.values() if isinstance(value, str)] if isinstance(target, dict) else []
    return frozenset([*(one.urn for one in named), *plain])


def reservation_names(context: Context, reservation: Resource) -> frozenset[str]:
    """By what instances may name a capacity reservation: its URN, and its resource groups' URNs."""
    names = {reservation.urn}
    for member in context.stack.by_type.get(_GROUP_MEMBER, ()):
        if reservation.urn in member.made_from("resourceArn"):
            names.update(group.urn for group in context.stack.joined(member, "groupArn", _GROUP))
    return frozenset(names)


def volumes(
    context: Context, resource: Resource, region: str, mappings: list[Values], default_gib: float | None
) -> Iterator[Disk | Hole]:
    """The disks that block device mappings give each machine; `default_gib` where they do not state a size."""
    for mapping in mappings:
        ebs = mapping.child("ebs") if "ebs" in mapping else mapping
        if "ebs" not in mapping and ("virtualName" in mapping or "noDevice" in mapping):
            continue
        try:
            yield volume(context, region, ebs, "volumeType", "volumeSize", default_gib)
        except Unpriced as problem:
            yield context.hole(resource, problem.reason, problem.path, pool=resource.name)
        except UnknownPrice as problem:
            yield context.hole(resource, str(problem), ebs.at("volumeType"), pool=resource.name)


def volume(
    context: Context, region: str, values: Values, kind: str, size: str, default_gib: float | None = None
) -> Disk:
    """An EBS volume whose type and size stand in these properties."""
    gib = values.number(size, default_gib)
    if gib is None:
        raise Unpriced(
            f"Its size is that of its snapshot or image, which is not known here. Write {values.at(size)}.",
            values.at(size),
        )
    return disk(
        context,
        "aws",
        region,
        values.text(kind, DEFAULT_VOLUME),
        gib,
        values.number("iops", 0),
        values.number("throughput", 0),
        values.at(kind),
    )
