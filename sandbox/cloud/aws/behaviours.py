"""Which behaviour each type has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.cloud.aws import addons, autoscaling, behaviour, iam, kms, network, principals, reservations, routes
from sandbox.cloud.aws.behaviour import AwsBehaviour
from sandbox.cloud.aws.cluster import ClusterBehaviour
from sandbox.cloud.aws.endpoints import EndpointBehaviour
from sandbox.cloud.aws.nodegroup import NodeGroupBehaviour
from sandbox.cloud.aws.security_groups import (
    DefaultSecurityGroupBehaviour,
    SecurityGroupBehaviour,
    SecurityGroupRuleBehaviour,
)
from sandbox.cloud.aws.templates import LaunchTemplateBehaviour

BEHAVIOURS: Final[Mapping[str, type[AwsBehaviour]]] = {
    behaviour.VPC: network.VpcBehaviour,
    behaviour.SUBNET: network.SubnetBehaviour,
    behaviour.GATEWAY: network.InternetGatewayBehaviour,
    behaviour.ADDRESS: network.AddressBehaviour,
    behaviour.NAT_GATEWAY: network.NatGatewayBehaviour,
    behaviour.ROUTE_TABLE: routes.RouteTableBehaviour,
    routes.ROUTE: routes.RouteBehaviour,
    routes.ASSOCIATION: routes.RouteTableAssociationBehaviour,
    behaviour.ENDPOINT: EndpointBehaviour,
    behaviour.SECURITY_GROUP: SecurityGroupBehaviour,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": DefaultSecurityGroupBehaviour,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": SecurityGroupRuleBehaviour,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": SecurityGroupRuleBehaviour,
    behaviour.LAUNCH_TEMPLATE: LaunchTemplateBehaviour,
    reservations.PLACEMENT_GROUP: reservations.PlacementGroupBehaviour,
    reservations.RESERVATION: reservations.ReservationBehaviour,
    behaviour.ROLE: iam.RoleBehaviour,
    iam.INLINE_POLICY: iam.InlinePolicyBehaviour,
    iam.ATTACHMENT: iam.AttachmentBehaviour,
    iam.POLICY: iam.PolicyBehaviour,
    iam.INSTANCE_PROFILE: iam.InstanceProfileBehaviour,
    iam.OIDC_PROVIDER: iam.OidcProviderBehaviour,
    kms.KEY: kms.KeyBehaviour,
    kms.ALIAS: kms.AliasBehaviour,
    "aws:cloudwatch/logGroup:LogGroup": kms.LogGroupBehaviour,
    behaviour.CLUSTER: ClusterBehaviour,
    behaviour.NODE_GROUP: NodeGroupBehaviour,
    addons.ADDON: addons.AddonBehaviour,
    principals.ACCESS_ENTRY: principals.AccessEntryBehaviour,
    principals.ACCESS_POLICY: principals.AccessPolicyBehaviour,
    principals.POD_IDENTITY: principals.PodIdentityBehaviour,
    autoscaling.TAG: autoscaling.TagBehaviour,
    reservations.GROUP: reservations.GroupBehaviour,
    "aws:resourcegroups/resource:Resource": reservations.MemberBehaviour,
    reservations.SAVINGS_PLAN: reservations.SavingsPlanBehaviour,
}
