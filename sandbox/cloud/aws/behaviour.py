"""What behaviours of AWS's types share: looking things up by the names that AWS gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.cloud.catalogue import Behaviour
from sandbox.cloud.paths import Path
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties

VPC: Final = "aws:ec2/vpc:Vpc"
SUBNET: Final = "aws:ec2/subnet:Subnet"
SECURITY_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
ROUTE_TABLE: Final = "aws:ec2/routeTable:RouteTable"
GATEWAY: Final = "aws:ec2/internetGateway:InternetGateway"
NAT_GATEWAY: Final = "aws:ec2/natGateway:NatGateway"
ADDRESS: Final = "aws:ec2/eip:Eip"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
ROLE: Final = "aws:iam/role:Role"
CLUSTER: Final = "aws:eks/cluster:Cluster"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"


class Lookup:
    """The things of a cloud by AWS's ids, ARNs and names, among them those that AWS makes along with others."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def has(self, type_: str, name: str, *, by_arn: bool = False) -> bool:
        """Whether there is a resource of that id, or of that ARN."""
        if by_arn:
            return self.by_arn(type_, name) is not None
        return self.store.get(type_, name) is not None

    def by_arn(self, type_: str, arn: str) -> CloudResource | None:
        """The resource with that ARN."""
        return next((found for found in self.store.all(type_) if found.outputs.get("arn") == arn), None)

    def of(self, type_: str, **outputs: Any) -> Iterator[CloudResource]:
        """Every resource of a type whose outputs have these values."""
        for found in self.store.all(type_):
            if all(found.outputs.get(name) == value for name, value in outputs.items()):
                yield found

    def security_group_vpc(self, id_: str) -> str | None:
        """The VPC of a security group: one of the program's, a VPC's default group, or a cluster's own."""
        group = self.store.get(SECURITY_GROUP, id_)
        if group is not None:
            return str(group.outputs["vpcId"])
        for vpc in self.of(VPC, defaultSecurityGroupId=id_):
            return vpc.id
        for cluster in self.store.all(CLUSTER):
            if cluster.outputs["vpcConfig"]["clusterSecurityGroupId"] == id_:
                return str(cluster.outputs["vpcConfig"]["vpcId"])
        return None

    def route_table_vpc(self, id_: str) -> str | None:
        """The VPC of a route table, be it the VPC's main one."""
        table = self.store.get(ROUTE_TABLE, id_)
        if table is not None:
            return str(table.outputs["vpcId"])
        return next((vpc.id for vpc in self.of(VPC, mainRouteTableId=id_)), None)

    def group_behind(self, name: str) -> CloudResource | None:
        """The node group whose auto scaling group has that name."""
        return next((found for found in self.store.all(NODE_GROUP) if name in scaling_groups(found)), None)


class AwsBehaviour(Behaviour):
    """A behaviour with a look-up, and with a word in what replaces."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.lookup = Lookup(store)

    def new_id(self, inputs: Properties) -> str | None:
        """The id of a resource that its row cannot tell."""
        return None

    def replaces(self, old: Properties, new: Properties) -> Iterator[Path]:
        """The paths whose change replaces in this case only."""
        yield from ()

    def unsettled(self, new: Properties) -> Iterator[Path]:
        """The paths of inputs that the cloud answers with another value each time, so that they always differ."""
        yield from ()

    def outlives(self, resource: CloudResource) -> bool:
        """Whether a resource stays in the cloud when the provider is told to delete it: it is forgotten then."""
        return False

    def changing(self, prior: Properties, new: Properties) -> Iterator[str]:
        """The outputs that an update will change, from what Pulumi remembers and the new inputs."""
        yield from ()


def scaling_groups(node_group: CloudResource) -> list[str]:
    """The names of a node group's auto scaling groups."""
    return [group["name"] for resources in node_group.outputs["resources"] for group in resources["autoscalingGroups"]]


def fill(outputs: Properties, name: str, value: Any) -> None:
    """Gives an output a value unless it has one."""
    if outputs.get(name) in (None, ""):
        outputs[name] = value
