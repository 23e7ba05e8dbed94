"""VPCs and what lies in them.

Sources: the EC2 API's error codes (AWS documentation, "Error codes for the Amazon EC2 API"); the Amazon VPC user
guide on subnets, internet gateways and NAT gateways; messages as in hashicorp/terraform-provider-aws#1671 and #9101.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator

from sandbox.cloud.aws.behaviour import (
    ADDRESS,
    ENDPOINT,
    GATEWAY,
    NAT_GATEWAY,
    ROUTE_TABLE,
    SECURITY_GROUP,
    SUBNET,
    VPC,
    AwsBehaviour,
    fill,
)
from sandbox.cloud.aws.places import local_zones, zone_named, zones
from sandbox.cloud.aws.refusals import failed, refusal
from sandbox.cloud.aws.tenants import uses_subnet
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import UNKNOWN, Properties

_RANGE = "The CIDR '{}' is not a network address: its host bits are set, or it is no IPv4 range."


class VpcBehaviour(AwsBehaviour):
    """A VPC: it cannot go before what lies in it."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        yield from _network_address(inputs)
        if not any(inputs.get(name) for name in ("cidrBlock", "ipv4IpamPoolId")):
            yield Failure(("cidrBlock",), "A VPC needs a range of addresses; give a cidrBlock such as 10.0.0.0/16.")

    def deleting(self, resource: CloudResource) -> None:
        for type_ in (SUBNET, GATEWAY, NAT_GATEWAY, ENDPOINT, SECURITY_GROUP, ROUTE_TABLE):
            if any(self.lookup.of(type_, vpcId=resource.id)):
                text = f"The vpc '{resource.id}' has dependencies and cannot be deleted."
                raise refusal(VPC, "delete", resource.id, "DependencyViolation", text)


class SubnetBehaviour(AwsBehaviour):
    """A subnet: inside its VPC's range, beside the others, in one zone of the region."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        yield from _network_address(inputs)

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        self._place(resource)
        if outputs.get("cidrBlock"):
            self._find_room(resource)
        # AWS keeps the first four addresses of a subnet and its last.
        outputs["enableResourceNameDnsARecordOnLaunch"] = bool(outputs.get("enableResourceNameDnsARecordOnLaunch"))

    def deleting(self, resource: CloudResource) -> None:
        if uses_subnet(self.lookup, resource.id):
            text = f"The subnet '{resource.id}' has dependencies and cannot be deleted."
            raise refusal(SUBNET, "delete", resource.id, "DependencyViolation", text)

    def _place(self, subnet: CloudResource) -> None:
        outputs, region = subnet.outputs, subnet.outputs["region"]
        known = {**zones(region), **local_zones(region)}
        wanted = outputs.get("availabilityZone") or zone_named(region, outputs.get("availabilityZoneId") or "")
        zone = wanted or (next(iter(known)) if not outputs.get("availabilityZoneId") else "")
        if zone not in known:
            named = outputs.get("availabilityZone") or outputs.get("availabilityZoneId")
            text = (
                f"Value ({named}) for parameter availabilityZone is invalid. Subnets can currently only be created in "
                f"the following availability zones: {', '.join(zones(region))}."
            )
            raise refusal(SUBNET, "create", subnet.urn.rpartition("::")[2], "InvalidParameterValue", text)
        outputs |= {"availabilityZone": zone, "availabilityZoneId": known[zone]}

    def _find_room(self, subnet: CloudResource) -> None:
        own, name = subnet.outputs["cidrBlock"], subnet.urn.rpartition("::")[2]
        vpc = self.store.get(VPC, subnet.outputs["vpcId"])
        assert vpc is not None, "parents are looked for before"
        network = ipaddress.IPv4Network(own)
        if vpc.outputs.get("cidrBlock") and not network.subnet_of(ipaddress.IPv4Network(vpc.outputs["cidrBlock"])):
            raise refusal(SUBNET, "create", name, "InvalidSubnet.Range", f"The CIDR '{own}' is invalid.")
        for other in self.lookup.of(SUBNET, vpcId=vpc.id):
            taken = other.outputs.get("cidrBlock")
            if taken and network.overlaps(ipaddress.IPv4Network(taken)):
                text = f"The CIDR '{own}' conflicts with another subnet"
                raise refusal(SUBNET, "create", name, "InvalidSubnet.Conflict", text)


class InternetGatewayBehaviour(AwsBehaviour):
    """An internet gateway: one for a VPC, and there as long as the VPC has public addresses."""

    def creating(self, resource: CloudResource) -> None:
        vpc = resource.outputs.get("vpcId")
        if vpc and any(found.id != resource.id for found in self.lookup.of(GATEWAY, vpcId=vpc)):
            text = f"Network {vpc} already has an internet gateway attached"
            raise refusal(GATEWAY, "create", resource.id, "InvalidParameterValue", text)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)

    def deleting(self, resource: CloudResource) -> None:
        vpc = resource.outputs.get("vpcId")
        if vpc and any(found.outputs.get("publicIp") for found in self.lookup.of(NAT_GATEWAY, vpcId=vpc)):
            text = (
                f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before "
                "detaching the gateway."
            )
            raise refusal(GATEWAY, "delete", resource.id, "DependencyViolation", text)


class AddressBehaviour(AwsBehaviour):
    """An elastic address."""

    def creating(self, resource: CloudResource) -> None:
        outputs, region = resource.outputs, resource.outputs["region"]
        fill(outputs, "publicIp", _public_address(resource.id))
        dashed = outputs["publicIp"].replace(".", "-")
        zone = "compute-1" if region == "us-east-1" else f"{region}.compute"
        fill(outputs, "publicDns", f"ec2-{dashed}.{zone}.amazonaws.com")

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        new.outputs |= {name: old.outputs[name] for name in ("publicIp", "publicDns")}

    def deleting(self, resource: CloudResource) -> None:
        if any(self.lookup.of(NAT_GATEWAY, allocationId=resource.id)):
            text = f"Address {resource.outputs['publicIp']} is in use."
            raise refusal(ADDRESS, "delete", resource.id, "InvalidIPAddress.InUse", text)


class NatGatewayBehaviour(AwsBehaviour):
    """A NAT gateway: a public one has an elastic address of its own, in a VPC with an internet gateway."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        given = {name for name in ("allocationId", "secondaryAllocationIds", "subnetId") if inputs.get(name)}
        if inputs.get("availabilityMode") in ("regional", UNKNOWN):
            return
        if "subnetId" not in given:
            yield Failure(("subnetId",), "A NAT gateway of one zone needs a subnetId.")
        kind = inputs.get("connectivityType")
        for name in sorted(given - {"subnetId"}):
            if kind == "private":
                yield Failure((name,), f'"{name}" is not supported with connectivityType "private"; leave it out.')
        if kind == "public" and inputs.get("secondaryPrivateIpAddressCount") is not None:
            reason = '"secondaryPrivateIpAddressCount" is not supported with connectivityType "public"; leave it out.'
            yield Failure(("secondaryPrivateIpAddressCount",), reason)

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        subnet = self.store.get(SUBNET, outputs.get("subnetId") or "")
        if subnet is not None:
            outputs["vpcId"] = subnet.outputs["vpcId"]
            first = ipaddress.IPv4Network(subnet.outputs.get("cidrBlock") or "10.0.0.0/16").network_address
            fill(outputs, "privateIp", str(first + 4))
        if outputs["connectivityType"] == "public" and outputs["availabilityMode"] == "zonal":
            self._go_public(resource)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        for name in ("vpcId", "privateIp", "publicIp"):
            fill(new.outputs, name, old.outputs[name])

    def _go_public(self, gateway: CloudResource) -> None:
        outputs, name = gateway.outputs, gateway.urn.rpartition("::")[2]
        id_ = outputs.get("allocationId")
        if not id_:
            text = (
                "The request must include the AllocationId parameter. Add the required parameter and retry the request."
            )
            raise refusal(NAT_GATEWAY, "create", name, "MissingParameter", text)
        if any(found.id != gateway.id for found in self.lookup.of(NAT_GATEWAY, allocationId=id_)):
            text = f"Elastic IP address [{id_}] is already associated"
            raise failed(NAT_GATEWAY, gateway.id, f"Resource.AlreadyAssociated: {text}")
        if not any(self.lookup.of(GATEWAY, vpcId=outputs["vpcId"])):
            issue = f"Gateway.NotAttached: Network {outputs['vpcId']} has no Internet gateway attached"
            raise failed(NAT_GATEWAY, gateway.id, issue)
        address = self.store.get(ADDRESS, id_)
        assert address is not None, "parents are looked for before"
        outputs["publicIp"] = address.outputs["publicIp"]


def _network_address(inputs: Properties) -> Iterator[Failure]:
    block = inputs.get("cidrBlock")
    if not isinstance(block, str):
        return
    try:
        ipaddress.IPv4Network(block)
    except ValueError:
        yield Failure(("cidrBlock",), _RANGE.format(block))


def _public_address(seed: str) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    return f"3.{208 + digest[0] % 32}.{digest[1]}.{1 + digest[2] % 254}"
