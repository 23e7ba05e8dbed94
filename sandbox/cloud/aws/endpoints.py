"""VPC endpoints.

Sources: hashicorp/terraform-provider-aws internal/service/ec2/vpc_endpoint.go@008db85aad5e56627b1eecab8830464a282552ed;
AWS PrivateLink guide, AWS services that integrate with AWS PrivateLink, and gateway endpoints.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from sandbox.cloud.aws.behaviour import ENDPOINT, SECURITY_GROUP, SUBNET, VPC, AwsBehaviour, fill
from sandbox.cloud.aws.places import read
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.paths import Path
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import UNKNOWN, Properties

_OPEN_TO_ALL: Final = json.dumps(
    {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}], "Version": "2008-10-17"}
)


class EndpointBehaviour(AwsBehaviour):
    """A VPC endpoint: for a service of its region; gateways have route tables, interfaces have subnets."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        kind = inputs.get("vpcEndpointType")
        if not any(inputs.get(name) for name in ("serviceName", "resourceConfigurationArn", "serviceNetworkArn")):
            yield Failure(("serviceName",), "Name the service, such as com.amazonaws.eu-central-1.s3.")
        for name in ("subnetIds", "securityGroupIds"):
            if kind == "Gateway" and inputs.get(name):
                yield Failure((name,), f'A gateway endpoint has no "{name}"; set vpcEndpointType to Interface.')
        if kind == "Interface" and inputs.get("routeTableIds"):
            yield Failure(("routeTableIds",), "An interface endpoint has no route tables; leave them out.")

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        kind, vpc = outputs["vpcEndpointType"], outputs["vpcId"]
        service = self._service(resource)
        self._require_parts(resource, "create")
        fill(outputs, "policy", _OPEN_TO_ALL)
        known = self.store.get(VPC, vpc)
        assert known is not None, "parents are looked for before"
        if kind == "Gateway":
            outputs["prefixListId"] = f"pl-{resource.id[-8:]}"
            outputs["cidrBlocks"] = ["52.219.0.0/20"]
        if kind == "Interface":
            self._answer_names(resource, known, service)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self._require_parts(new, "update")
        fill(new.outputs, "policy", _OPEN_TO_ALL)
        keep = ("cidrBlocks", "prefixListId", "dnsEntries", "networkInterfaceIds")
        new.outputs |= {name: old.outputs[name] for name in keep}

    def replaces(self, old: Properties, new: Properties) -> Iterator[Path]:
        if new.get("vpcEndpointType") != "Interface" and old.get("privateDnsEnabled") != new.get("privateDnsEnabled"):
            yield ("privateDnsEnabled",)

    def _service(self, endpoint: CloudResource) -> str:
        """The last part of the service's name; refuses a service of another region, and one that does not exist."""
        name, region = endpoint.outputs.get("serviceName") or "", endpoint.outputs["serviceRegion"]
        prefix, table = f"com.amazonaws.{region}.", read("endpoints")
        if name.startswith("com.amazonaws.vpce."):
            return name
        service = name.removeprefix(prefix)
        kinds = [kind for kind in ("Gateway", "Interface") if service in table[kind]]
        if not name.startswith(prefix) or not kinds:
            text = f"The Vpc Endpoint Service '{name}' does not exist"
            raise refusal(ENDPOINT, "create", name, "InvalidServiceName", text)
        if endpoint.outputs["vpcEndpointType"] not in kinds:
            text = (
                f"Endpoint type ({endpoint.outputs['vpcEndpointType']}) does not match available service types "
                f"([{', '.join(kinds)}])."
            )
            raise refusal(ENDPOINT, "create", name, "InvalidParameter", text)
        return service

    def _require_parts(self, endpoint: CloudResource, verb: str) -> None:
        outputs, name = endpoint.outputs, endpoint.outputs.get("serviceName") or endpoint.id
        for table in outputs.get("routeTableIds") or []:
            if self.lookup.route_table_vpc(table) is None:
                raise not_found(ENDPOINT, verb, name, "aws:ec2/routeTable:RouteTable", table)
        for group in outputs.get("securityGroupIds") or []:
            if self.lookup.security_group_vpc(group) is None:
                raise not_found(ENDPOINT, verb, name, SECURITY_GROUP, group)
        zones = [
            subnet.outputs["availabilityZone"]
            for id_ in outputs.get("subnetIds") or []
            if id_ is not UNKNOWN and (subnet := self.store.get(SUBNET, id_))
        ]
        if len(set(zones)) < len(zones):
            text = "Found another VPC endpoint subnet in the availability zone of a subnet: give one subnet a zone."
            raise refusal(ENDPOINT, verb, name, "DuplicateSubnetsInSameZone", text)

    def _answer_names(self, endpoint: CloudResource, vpc: CloudResource, service: str) -> None:
        outputs, name = endpoint.outputs, endpoint.outputs["serviceName"]
        region, own = outputs["region"], endpoint.id
        outputs["securityGroupIds"] = outputs.get("securityGroupIds") or [vpc.outputs["defaultSecurityGroupId"]]
        outputs["networkInterfaceIds"] = [
            f"eni-0{own[-14:]}{index:02d}" for index, _ in enumerate(outputs.get("subnetIds") or [])
        ]
        entries = [
            {"dnsName": f"{own}-{own[-8:]}.{service}.{region}.vpce.amazonaws.com", "hostedZoneId": "Z7HUB22UULQXV"}
        ]
        if outputs.get("privateDnsEnabled"):
            if not (vpc.outputs["enableDnsHostnames"] and vpc.outputs["enableDnsSupport"]):
                text = (
                    "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to "
                    f"true for {vpc.id}"
                )
                raise refusal(ENDPOINT, "create", name, "InvalidParameter", text)
            for other in self.lookup.of(ENDPOINT, vpcId=vpc.id, serviceName=name, privateDnsEnabled=True):
                text = (
                    "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                    f"{service}.{region}.amazonaws.com in the VPC {vpc.id}"
                )
                raise refusal(ENDPOINT, "create", other.id, "InvalidParameter", text)
            entries.append({"dnsName": f"{service}.{region}.amazonaws.com", "hostedZoneId": f"Z{own[-12:].upper()}"})
        outputs["dnsEntries"] = entries
