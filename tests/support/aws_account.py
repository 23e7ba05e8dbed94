"""An AWS account with a network, roles and a cluster, made step by step through the pretend provider."""

from __future__ import annotations

import json
from typing import Any

from tests.support.cloud_client import Live, Provider, Session

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
ROLE = "aws:iam/role:Role"
SUBNET = "aws:ec2/subnet:Subnet"
VPC = "aws:ec2/vpc:Vpc"
TAG = "aws:autoscaling/tag:Tag"
REGION = "eu-central-1"


def trust(*services: str) -> str:
    """A trust policy for services."""
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Account:
    """Makes things by short names; each method makes what it needs once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.aws: Provider = session.aws()
        self._made: dict[str, Live] = {}

    def once(self, type_: str, name: str, /, **inputs: Any) -> Live:
        """The resource of that name, made at the first call."""
        if name not in self._made:
            self._made[name] = self.aws.create(type_, name, inputs)
        return self._made[name]

    def vpc(self) -> Live:
        return self.once(VPC, "network", cidrBlock="10.0.0.0/16", enableDnsHostnames=True)

    def subnet(self, zone: str) -> Live:
        block = f"10.0.{ord(zone) - ord('a')}.0/24"
        where = {"vpcId": self.vpc().id, "availabilityZone": f"{REGION}{zone}"}
        return self.once(SUBNET, f"subnet-{zone}", cidrBlock=block, **where)

    def role(self, name: str, *services: str) -> Live:
        return self.once(ROLE, name, name=name, assumeRolePolicy=trust(*services))

    def cluster_inputs(self, **more: Any) -> dict[str, Any]:
        return {
            "name": "main",
            "roleArn": self.role("cluster", "eks.amazonaws.com").outputs["arn"],
            "vpcConfig": {"subnetIds": [self.subnet("a").id, self.subnet("b").id]},
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
            **more,
        }

    def cluster(self, **more: Any) -> Live:
        return self.once(CLUSTER, "main", **self.cluster_inputs(**more))

    def template(self, name: str = "template", /, **inputs: Any) -> Live:
        return self.once(LAUNCH_TEMPLATE, name, name=name, **inputs)

    def group_inputs(self, **more: Any) -> dict[str, Any]:
        return {
            "clusterName": self.cluster().id,
            "nodeGroupName": "pool",
            "nodeRoleArn": self.role("nodes", "ec2.amazonaws.com").outputs["arn"],
            "subnetIds": [self.subnet("a").id, self.subnet("b").id],
            "scalingConfig": {"minSize": 1, "maxSize": 10, "desiredSize": 1},
            **more,
        }

    def group(self, **more: Any) -> Live:
        """A new node group."""
        return self.aws.create(NODE_GROUP, "pool", self.group_inputs(**more))

    def use(self, template: Live, version: str | int = 1) -> dict[str, Any]:
        """The inputs of a node group that uses a template."""
        return {"launchTemplate": {"id": template.id, "version": str(version)}}
