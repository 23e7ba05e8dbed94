"""Tags of auto scaling groups. The groups are those of node groups: they come and go with them."""

from __future__ import annotations

from typing import Final

from sandbox.cloud.aws.behaviour import AwsBehaviour
from sandbox.cloud.aws.refusals import refusal
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

TAG: Final = "aws:autoscaling/tag:Tag"


class TagBehaviour(AwsBehaviour):
    """A tag: its group exists. Setting a tag that is there already changes its value, so two resources may fight."""

    def creating(self, resource: CloudResource) -> None:
        name = resource.outputs["autoscalingGroupName"]
        if self.lookup.group_behind(name) is None:
            text = f"AutoScalingGroup name not found - null: {name}"
            raise refusal(TAG, "create", f"{name},{resource.outputs['tag']['key']}", "ValidationError", text)
        if resource.outputs["tag"]["key"].startswith("aws:"):
            text = "aws: prefixed tag key names are not allowed for external use."
            raise refusal(TAG, "create", resource.id, "ValidationError", text)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)
