"""Route tables: their routes, and the subnets that use them."""

from __future__ import annotations

import zlib

from sandbox.cloud.aws.behaviour import GATEWAY, ROUTE_TABLE, SUBNET, AwsBehaviour
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"


class RouteTableBehaviour(AwsBehaviour):
    """A route table: the provider takes it from its subnets before it deletes it."""

    def deleting(self, resource: CloudResource) -> None:
        for type_ in (ASSOCIATION, ROUTE):
            for found in list(self.lookup.of(type_, routeTableId=resource.id)):
                self.store.remove(found)


class RouteBehaviour(AwsBehaviour):
    """A route: what it leads to lies in the table's VPC."""

    def new_id(self, inputs: Properties) -> str | None:
        to = next(inputs[name] for name in _DESTINATIONS if inputs.get(name))
        return f"r-{inputs['routeTableId']}{zlib.crc32(str(to).encode())}"

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        vpc = self.lookup.route_table_vpc(outputs["routeTableId"])
        if vpc is None:
            raise not_found(ROUTE, "create", resource.id, ROUTE_TABLE, outputs["routeTableId"])
        gateway = self.store.get(GATEWAY, outputs.get("gatewayId") or "")
        if str(outputs.get("gatewayId") or "").startswith("igw-"):
            if gateway is None:
                raise not_found(ROUTE, "create", resource.id, GATEWAY, outputs["gatewayId"])
            if gateway.outputs.get("vpcId") != vpc:
                table = outputs["routeTableId"]
                text = f"route table {table} and network gateway {gateway.id} belong to different networks"
                raise refusal(ROUTE, "create", resource.id, "InvalidParameterValue", text)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)


class RouteTableAssociationBehaviour(AwsBehaviour):
    """A subnet uses one route table, of its own VPC."""

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        vpc = self.lookup.route_table_vpc(outputs["routeTableId"])
        if vpc is None:
            raise not_found(ASSOCIATION, "create", resource.id, ROUTE_TABLE, outputs["routeTableId"])
        subnet = self.store.get(SUBNET, outputs.get("subnetId") or "")
        if subnet is None:
            return
        if subnet.outputs["vpcId"] != vpc:
            text = f"route table {outputs['routeTableId']} and subnet {subnet.id} belong to different networks"
            raise refusal(ASSOCIATION, "create", resource.id, "InvalidParameterValue", text)
        if any(found.id != resource.id for found in self.lookup.of(ASSOCIATION, subnetId=subnet.id)):
            text = "the specified association for route table already exists"
            raise refusal(ASSOCIATION, "create", resource.id, "Resource.AlreadyAssociated", text)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)


_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
