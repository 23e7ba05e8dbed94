"""Reserved capacity, the groups that hold it, and commitments.

Sources: botocore 1.44.5 ec2, resource-groups and savingsplans models; Amazon EC2 user guide, capacity reservation
groups; Savings Plans user guide.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Final

from sandbox.cloud.aws.behaviour import AwsBehaviour
from sandbox.cloud.aws.places import ACCOUNT, zones
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.errors import CloudError
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

RESERVATION: Final = "aws:ec2/capacityReservation:CapacityReservation"
PLACEMENT_GROUP: Final = "aws:ec2/placementGroup:PlacementGroup"
GROUP: Final = "aws:resourcegroups/group:Group"
SAVINGS_PLAN: Final = "aws:savingsplans/savingsPlan:SavingsPlan"


class ReservationBehaviour(AwsBehaviour):
    """A capacity reservation: in a zone of its region, and in a placement group that exists."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        ends, kind = inputs.get("endDate"), inputs.get("endDateType")
        if kind == "limited" and ends is None:
            yield Failure(("endDate",), "A limited reservation needs its endDate.")
        if kind == "unlimited" and ends is not None:
            yield Failure(("endDate",), "An unlimited reservation has no endDate; set endDateType to limited.")

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        zone = outputs["availabilityZone"]
        if zone not in zones(outputs["region"]):
            text = f"Value ({zone}) for parameter availabilityZone is invalid. {zone} is not a valid availability zone."
            raise refusal(RESERVATION, "create", resource.id, "InvalidParameterValue", text)
        group = outputs.get("placementGroupArn")
        if group and self.lookup.by_arn(PLACEMENT_GROUP, group) is None:
            raise not_found(RESERVATION, "create", resource.id, PLACEMENT_GROUP, group)


class PlacementGroupBehaviour(AwsBehaviour):
    """A placement group."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if inputs.get("partitionCount") and inputs.get("strategy") in ("cluster", "spread"):
            yield Failure(("partitionCount",), 'Only the strategy "partition" has partitions.')
        if inputs.get("spreadLevel") and inputs.get("strategy") in ("cluster", "partition"):
            yield Failure(("spreadLevel",), 'Only the strategy "spread" has a spreadLevel.')

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        if outputs["strategy"] == "partition":
            outputs["partitionCount"] = outputs["partitionCount"] or 2
        if outputs["strategy"] == "spread":
            outputs["spreadLevel"] = outputs["spreadLevel"] or "rack"


class GroupBehaviour(AwsBehaviour):
    """A resource group: of a query or of a configuration."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if not inputs.get("resourceQuery") and not inputs.get("configurations"):
            reason = "A resource group needs a resourceQuery or configurations."
            yield Failure(("resourceQuery",), reason)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        if bool(old.outputs.get("resourceQuery")) != bool(new.outputs.get("resourceQuery")):
            text = "conversion between resource-query and configuration group types is not possible"
            raise CloudError(f"updating Resource Groups Group ({new.id}): {text}")

    def deleting(self, resource: CloudResource) -> None:
        for member in list(self.lookup.of("aws:resourcegroups/resource:Resource", groupArn=resource.outputs["arn"])):
            self.store.remove(member)


class MemberBehaviour(AwsBehaviour):
    """A member of a resource group: in one of capacity reservations, a reservation that exists."""

    def new_id(self, inputs: Properties) -> str | None:
        group, member = (inputs[name].split("/", 1)[1] for name in ("groupArn", "resourceArn"))
        return f"{group.lower()}_{member}"

    def creating(self, resource: CloudResource) -> None:
        arn = resource.outputs["resourceArn"]
        own = f":{ACCOUNT}:capacity-reservation/"
        if own in arn and self.lookup.by_arn(RESERVATION, arn) is None:
            raise not_found(resource.type, "create", resource.id, RESERVATION, arn)


class SavingsPlanBehaviour(AwsBehaviour):
    """A savings plan: bought at once, or queued for its purchase time."""

    def creating(self, resource: CloudResource) -> None:
        at = resource.outputs.get("purchaseTime")
        now = datetime.datetime.now(datetime.UTC)
        if at and datetime.datetime.fromisoformat(at) > now:
            resource.outputs |= {"state": "queued", "start": at}
        elif not at:
            resource.outputs["purchaseTime"] = now.isoformat(timespec="seconds")

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        new.outputs |= {name: old.outputs[name] for name in ("state", "start", "purchaseTime")}

    def outlives(self, resource: CloudResource) -> bool:
        return bool(resource.outputs["state"] != "queued")
