"""Which data source is answered by what; the rest is refused."""

from __future__ import annotations

from typing import Final

from sandbox.cloud.aws.invokes import account, clusters, keys, machines, networks, policies
from sandbox.cloud.aws.invokes.asking import Invoke

INVOKES: Final[dict[str, Invoke]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": account.get_caller_identity,
    "aws:index/getPartition:getPartition": account.get_partition,
    "aws:index/getRegion:getRegion": account.get_region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": account.get_availability_zones,
    "aws:iam/getPolicyDocument:getPolicyDocument": policies.get_policy_document,
    "aws:iam/getSessionContext:getSessionContext": account.get_session_context,
    "aws:eks/getCluster:getCluster": clusters.get_cluster,
    "aws:eks/getClusterAuth:getClusterAuth": clusters.get_cluster_auth,
    "aws:eks/getNodeGroup:getNodeGroup": clusters.get_node_group,
    "aws:eks/getNodeGroups:getNodeGroups": clusters.get_node_groups,
    "aws:eks/getAddonVersion:getAddonVersion": clusters.get_addon_version,
    "aws:ec2/getVpc:getVpc": networks.get_vpc,
    "aws:ec2/getSubnet:getSubnet": networks.get_subnet,
    "aws:ec2/getSubnets:getSubnets": networks.get_subnets,
    "aws:ec2/getInstanceType:getInstanceType": machines.get_instance_type,
    "aws:kms/getKey:getKey": keys.get_key,
    "aws:kms/getAlias:getAlias": keys.get_alias,
}
