"""A VPC with an EKS cluster of bare resources, and pools of every kind to put into it."""

import json
from collections.abc import Callable
from typing import Any

import pulumi_aws as aws

from tests.support.mocked import Registered, run

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
RESERVATION = "cr-0123456789abcdef0"

POOLS: dict[str, dict[str, Any]] = {
    "plain": {"machine_types": ["m7i.2xlarge"], "purchase": "on_demand"},
    "arm": {"machine_types": ["m7g.xlarge"], "purchase": "on_demand", "labels": {"tier": "web"}},
    "tainted": {
        "machine_types": ["r6i.large"],
        "purchase": "on_demand",
        "taints": [{"key": "dedicated", "value": "database"}, {"key": "bare", "effect": "NoExecute"}],
    },
    "spot": {"machine_types": ["c5.2xlarge", "c6i.2xlarge", "c7i.2xlarge"], "purchase": "spot"},
    "unequal": {"machine_types": ["c5.2xlarge", "c5.xlarge"], "purchase": "spot", "unequal_shapes": True},
    "reserved": {
        "machine_types": ["m7i.4xlarge"],
        "purchase": "reserved",
        "min_nodes": 3,
        "max_nodes": 3,
        "commitment": {"term": "1y"},
    },
    "big": {"machine_types": ["c5.24xlarge"], "purchase": "on_demand", "image": "bottlerocket"},
    "gpu-one": {"machine_types": ["p3.2xlarge"], "purchase": "spot"},
    "gpu-four": {"machine_types": ["p3.8xlarge"], "purchase": "on_demand", "disk": {"type": "performance"}},
    "gpu-neuron": {"machine_types": ["inf2.xlarge"], "purchase": "on_demand"},
    "gpu-efa": {
        "machine_types": ["p4d.24xlarge"],
        "purchase": "on_demand",
        "efa": True,
        "compact": True,
        "zones": ["us-east-1a"],
        "capacity_reservation": {"create": True},
    },
    "gpu-block": {
        "machine_types": ["p5.48xlarge"],
        "purchase": "capacity_block",
        "efa": True,
        "zones": ["us-east-1b"],
        "capacity_reservation": {"name": RESERVATION},
    },
}
for _args in POOLS.values():
    _args.setdefault("min_nodes", 0)
    _args.setdefault("max_nodes", 4)


def deploy(make: Callable[[dict[str, Any]], Any], *, preview: bool = False) -> list[Registered]:
    """What `make` registers in a cluster that stands, whose reference it is given."""

    def program() -> None:
        make(cluster())

    return run(program, preview=preview)


def cluster() -> dict[str, Any]:
    """Makes a cluster called `llm`; the reference to it."""
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    subnets = {
        zone: aws.ec2.Subnet(
            f"nodes-{zone}", vpc_id=vpc.id, availability_zone=zone, cidr_block=f"10.0.{16 * index}.0/20"
        ).id
        for index, zone in enumerate(ZONES)
    }
    control = _role("control", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
    nodes = _role(
        "nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"
    )
    made = aws.eks.Cluster(
        "llm",
        name="llm",
        version="1.34",
        role_arn=control.arn,
        vpc_config={"subnet_ids": list(subnets.values())},
        access_config={"authentication_mode": "API"},
    )
    return {
        "cloud": "aws",
        "name": made.name,
        "location": "us-east-1",
        "zones": ZONES,
        "subnets": subnets,
        "node_identity": nodes.arn,
        "node_security_group": made.vpc_config.cluster_security_group_id,
        "labels": {"team": "llm"},
        "version": "1.34",
    }


def _role(name: str, service: str, *policies: str) -> aws.iam.Role:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    role = aws.iam.Role(name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    for policy in policies:
        aws.iam.RolePolicyAttachment(f"{name}-{policy}", role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}")
    return role
