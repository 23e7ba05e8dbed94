"""Security groups and their rules.

Sources: the EC2 API's error codes; hashicorp/terraform-provider-aws internal/service/ec2/vpc_security_group.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.cloud.aws.behaviour import SECURITY_GROUP, VPC, AwsBehaviour
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.aws.tenants import uses_security_group
from sandbox.cloud.paths import Path
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import UNKNOWN, Properties

_SOURCES: Final = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


class SecurityGroupBehaviour(AwsBehaviour):
    """A security group: its name is its own in the VPC; it cannot go while anything uses it."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if not inputs.get("vpcId"):
            reason = "The sandbox's account has no default VPC; name the VPC of the security group in vpcId."
            yield Failure(("vpcId",), reason)

    def creating(self, resource: CloudResource) -> None:
        name, vpc = resource.outputs["name"], resource.outputs["vpcId"]
        if any(found.id != resource.id for found in self.lookup.of(SECURITY_GROUP, name=name, vpcId=vpc)):
            text = f"The security group '{name}' already exists for VPC '{vpc}'"
            raise refusal(SECURITY_GROUP, "create", name, "InvalidGroup.Duplicate", text)

    def deleting(self, resource: CloudResource) -> None:
        if uses_security_group(self.lookup, resource.id):
            text = f"resource {resource.id} has a dependent object"
            raise refusal(SECURITY_GROUP, "delete", resource.id, "DependencyViolation", text)


class DefaultSecurityGroupBehaviour(AwsBehaviour):
    """A VPC's default security group, which the program takes over."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if not inputs.get("vpcId"):
            yield Failure(("vpcId",), "The sandbox's account has no default VPC; name the VPC in vpcId.")

    def new_id(self, inputs: Properties) -> str | None:
        vpc = self.store.get(VPC, inputs["vpcId"])
        return None if vpc is None else str(vpc.outputs["defaultSecurityGroupId"])


class SecurityGroupRuleBehaviour(AwsBehaviour):
    """A rule of a security group: its group exists, it is the only one of its kind, it has ports where they matter."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        protocol = inputs.get("ipProtocol")
        for name in ("fromPort", "toPort"):
            if protocol in ("tcp", "udp", "6", "17", 6, 17) and inputs.get(name) is None:
                yield Failure((name,), f'A rule for "{protocol}" needs "{name}".')
        low, high = inputs.get("fromPort"), inputs.get("toPort")
        if isinstance(low, int) and isinstance(high, int) and protocol in ("tcp", "udp") and low > high:
            yield Failure(("toPort",), f"The ports {low} to {high} are no range: the first is greater than the last.")

    def creating(self, resource: CloudResource) -> None:
        self._require_groups(resource, "create")
        for other in self.lookup.of(resource.type, securityGroupId=resource.outputs["securityGroupId"]):
            if _peer(other.outputs) == _peer(resource.outputs):
                text = "the specified rule already exists"
                raise refusal(resource.type, "create", resource.id, "InvalidPermission.Duplicate", text)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self._require_groups(new, "update")

    def replaces(self, old: Properties, new: Properties) -> Iterator[Path]:
        before = {name for name in _SOURCES if old.get(name) is not None}
        after = {name for name in _SOURCES if new.get(name) is not None}
        yield from ((name,) for name in sorted(before ^ after))

    def _require_groups(self, rule: CloudResource, verb: str) -> None:
        for name in ("securityGroupId", "referencedSecurityGroupId"):
            group = rule.outputs.get(name)
            if group and group is not UNKNOWN and self.lookup.security_group_vpc(group) is None:
                raise not_found(rule.type, verb, rule.id, SECURITY_GROUP, group)


def _peer(outputs: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(outputs.get(name)) for name in ("ipProtocol", "fromPort", "toPort", *_SOURCES))
