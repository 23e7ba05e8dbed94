"""Who has network interfaces where: what keeps subnets and security groups from being deleted."""

from __future__ import annotations

from sandbox.cloud.aws.behaviour import CLUSTER, ENDPOINT, NAT_GATEWAY, NODE_GROUP, Lookup


def uses_subnet(lookup: Lookup, subnet: str) -> bool:
    """Whether anything has a network interface in a subnet."""
    if any(lookup.of(NAT_GATEWAY, subnetId=subnet)):
        return True
    if any(subnet in found.outputs.get("subnetIds", ()) for found in lookup.store.all(ENDPOINT)):
        return True
    if any(subnet in found.outputs["vpcConfig"]["subnetIds"] for found in lookup.store.all(CLUSTER)):
        return True
    return any(subnet in found.outputs["subnetIds"] for found in lookup.store.all(NODE_GROUP))


def uses_security_group(lookup: Lookup, group: str) -> bool:
    """Whether a network interface is in a security group, or a rule of another group speaks of it."""
    if any(group in found.outputs.get("securityGroupIds", ()) for found in lookup.store.all(ENDPOINT)):
        return True
    if any(group in (found.outputs["vpcConfig"].get("securityGroupIds") or ()) for found in lookup.store.all(CLUSTER)):
        return True
    return any(
        found.outputs.get("referencedSecurityGroupId") == group and found.outputs["securityGroupId"] != group
        for type_ in (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        )
        for found in lookup.store.all(type_)
    )
