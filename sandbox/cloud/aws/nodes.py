"""How many nodes an EKS managed node group has, and who may change that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.cloud.aws.behaviour import NODE_GROUP as NODE_GROUP
from sandbox.cloud.aws.refusals import refusal
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties


@dataclass(frozen=True)
class GroupSize:
    """A node group's present size and its bounds, in nodes over all zones."""

    nodes: int
    least: int
    most: int

    @classmethod
    def of(cls, group: CloudResource) -> GroupSize:
        """The size of a group that exists."""
        scaling = group.outputs["scalingConfig"]
        return cls(group.live["nodes"], scaling["minSize"], scaling["maxSize"])

    @classmethod
    def asked(cls, scaling: Properties) -> GroupSize:
        """The size that a program asks for."""
        return cls(scaling["desiredSize"], scaling["minSize"], scaling["maxSize"])

    def move_to(self, nodes: int) -> GroupSize:
        """The size after the autoscaler moved it; raises `ValueError` where no autoscaler would."""
        if not self.least <= nodes <= self.most:
            bounds = f"between {self.least} and {self.most} nodes"
            raise ValueError(f"The group's autoscaler stays {bounds}; {nodes} were asked for.")
        return replace(self, nodes=nodes)

    def require(self, group: CloudResource, verb: str) -> None:
        """Refuses bounds that the size is not in, in the words of the API that is asked."""
        if self.least > self.nodes:
            text = (
                "minSize can't be greater than desiredSize"
                if verb == "create"
                else f"Minimum capacity {self.least} can't be greater than desired size {self.nodes}"
            )
        elif self.nodes > self.most:
            text = "desiredSize can't be greater than maxSize"
        else:
            return
        raise refusal(NODE_GROUP, verb, group.id, "InvalidParameterException", text)

    def keep(self, group: CloudResource) -> None:
        """Writes the size into the group."""
        group.live["nodes"] = self.nodes
        group.outputs["scalingConfig"] = {**group.outputs["scalingConfig"], "desiredSize": self.nodes}


def scale(group: CloudResource, nodes: int) -> None:
    """The autoscaler moves a group to a size; raises `ValueError` where no autoscaler would."""
    GroupSize.of(group).move_to(nodes).keep(group)
