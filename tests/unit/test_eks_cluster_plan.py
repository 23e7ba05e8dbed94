"""What an EKS cluster is planned to be, without any provider."""

import csv
import ipaddress
import itertools
import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.clusters.args import Observability
from penstock.clusters.eks import plan
from penstock.clusters.eks.endpoints import interface_endpoints, missing_endpoints, service_name
from penstock.clusters.eks.spec import EksClusterSpec
from penstock.clusters.eks.subnets import LARGEST, MOST_ZONES, SMALLEST, plan_subnets
from penstock.spec import check

CLUSTER: dict[str, Any] = {"cloud": "aws", "location": "us-east-1", "zones": ["us-east-1a", "us-east-1b"]}
ZONES = [f"us-east-1{letter}" for letter in "abcdef"]


def cluster(**args: Any) -> EksClusterSpec:
    return check(EksClusterSpec, {**CLUSTER, **args})


@st.composite
def vpcs(draw: st.DrawFn) -> ipaddress.IPv4Network:
    address = draw(st.integers(min_value=0, max_value=2**32 - 1))
    prefix = draw(st.integers(min_value=LARGEST, max_value=SMALLEST))
    return ipaddress.IPv4Network((address, prefix), strict=False)


numbers_of_zones = st.integers(min_value=2, max_value=MOST_ZONES)


@given(vpcs(), numbers_of_zones)
def test_subnets_lie_in_the_vpc_and_do_not_overlap(vpc: ipaddress.IPv4Network, zones: int) -> None:
    planned = plan_subnets(str(vpc), ZONES[:zones])
    ranges = [ipaddress.IPv4Network(cidr) for zone in planned for cidr in (zone.private, zone.public)]
    assert len(ranges) == 2 * zones
    assert all(cidr.subnet_of(vpc) for cidr in ranges)
    ordered = sorted(ranges)
    assert all(one.broadcast_address < other.network_address for one, other in itertools.pairwise(ordered))


@given(vpcs(), numbers_of_zones)
def test_every_subnet_is_big_enough(vpc: ipaddress.IPv4Network, zones: int) -> None:
    for index, zone in enumerate(plan_subnets(str(vpc), ZONES[:zones])):
        share = 4 if index < 3 else 16
        assert ipaddress.IPv4Network(zone.private).num_addresses == vpc.num_addresses // share
        assert ipaddress.IPv4Network(zone.public).prefixlen <= 27  # what a load balancer wants


@given(vpcs(), numbers_of_zones)
def test_a_zone_that_is_appended_moves_no_other(vpc: ipaddress.IPv4Network, zones: int) -> None:
    planned = plan_subnets(str(vpc), ZONES[:zones])
    assert planned[:-1] == plan_subnets(str(vpc), ZONES[: zones - 1])
    assert [zone.zone for zone in planned] == ZONES[:zones]


def test_three_zones_share_the_default_vpc() -> None:
    planned = plan_subnets("10.0.0.0/16", ZONES[:3])
    assert [(zone.private, zone.public) for zone in planned] == [
        ("10.0.0.0/18", "10.0.240.0/23"),
        ("10.0.64.0/18", "10.0.242.0/23"),
        ("10.0.128.0/18", "10.0.244.0/23"),
    ]


def test_a_cluster_brings_its_add_ons_as_add_ons_and_lets_in_its_maker() -> None:
    args = plan.cluster_args(cluster(version="1.34", labels={"team": "ml"}))
    assert args == {
        "region": "us-east-1",
        "version": "1.34",
        "upgrade_policy": {"support_type": "STANDARD"},
        "access_config": {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": True},
        "bootstrap_self_managed_addons": False,
        "enabled_cluster_log_types": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        "kubernetes_network_config": {"service_ipv4_cidr": "10.8.0.0/20"},
        "deletion_protection": True,
        "tags": {"team": "ml"},
    }
    assert "version" not in plan.cluster_args(cluster())


def test_what_a_cluster_is_asked_for_reaches_eks() -> None:
    asked = cluster(
        release_channel="extended",
        observability="system",
        deletion_protection=False,
        network={"service_cidr": "172.20.0.0/16"},
    )
    args = plan.cluster_args(asked)
    assert args["upgrade_policy"] == {"support_type": "EXTENDED"}
    assert args["enabled_cluster_log_types"] == ["audit", "authenticator"]
    assert args["deletion_protection"] is False
    assert args["kubernetes_network_config"] == {"service_ipv4_cidr": "172.20.0.0/16"}


def test_nodes_reach_the_control_plane_from_inside_and_others_as_asked() -> None:
    assert plan.vpc_config(cluster()) == {"endpoint_private_access": True, "endpoint_public_access": True}
    office = [{"cidr": "203.0.113.0/24", "name": "office"}]
    assert plan.vpc_config(cluster(authorized_networks=office)) == {
        "endpoint_private_access": True,
        "endpoint_public_access": True,
        "public_access_cidrs": ["203.0.113.0/24"],
    }
    private = cluster(private_endpoint=True, authorized_networks=[{"cidr": "192.168.7.0/24"}])
    assert plan.vpc_config(private) == {"endpoint_private_access": True, "endpoint_public_access": False}


@pytest.mark.parametrize(
    ("region", "partition", "machines"),
    [
        ("us-east-1", "aws", "ec2.amazonaws.com"),
        ("ap-southeast-2", "aws", "ec2.amazonaws.com"),
        ("us-gov-west-1", "aws-us-gov", "ec2.amazonaws.com"),
        ("cn-north-1", "aws-cn", "ec2.amazonaws.com.cn"),
    ],
)
def test_arns_and_principals_are_those_of_the_partition(region: str, partition: str, machines: str) -> None:
    assert plan.managed_policy(region, "P") == f"arn:{partition}:iam::aws:policy/P"
    assert plan.access_policy(region, "P") == f"arn:{partition}:eks::aws:cluster-access-policy/P"
    (statement,) = json.loads(plan.trust_of_nodes(region))["Statement"]
    assert statement["Principal"] == {"Service": machines}


def test_only_its_own_pods_of_its_own_cluster_may_take_an_add_ons_role() -> None:
    driver = addon("aws-ebs-csi-driver")
    (statement,) = json.loads(plan.trust_of_pods("llm", driver))["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert statement["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "llm",
        "aws:RequestTag/kubernetes-namespace": "kube-system",
        "aws:RequestTag/kubernetes-service-account": "ebs-csi-controller-sa",
    }


def addon(name: str) -> plan.Addon:
    (found,) = [a for stage in plan.Stage for a in plan.addons(Observability.FULL, stage) if a.name == name]
    return found


def names(observability: Observability, stage: plan.Stage) -> list[str]:
    return [addon.name for addon in plan.addons(observability, stage)]


def test_add_ons_come_in_the_order_in_which_nodes_need_them() -> None:
    assert names(Observability.SYSTEM, plan.Stage.FIRST) == ["eks-pod-identity-agent"]
    assert names(Observability.SYSTEM, plan.Stage.BEFORE_NODES) == [
        "vpc-cni",
        "kube-proxy",
        "eks-node-monitoring-agent",
    ]
    late = ["coredns", "aws-ebs-csi-driver", "metrics-server"]
    assert names(Observability.SYSTEM, plan.Stage.WITH_NODES) == late
    assert names(Observability.FULL, plan.Stage.WITH_NODES) == [*late, "amazon-cloudwatch-observability"]


def test_the_network_plugin_hands_out_prefixes_and_enforces_network_policies() -> None:
    args = plan.addon_args(addon("vpc-cni"))
    assert json.loads(args["configuration_values"]) == {
        "enableNetworkPolicy": "true",
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
    }


@pytest.mark.parametrize("stage", plan.Stage)
def test_no_add_on_has_a_version_of_its_own_and_none_loses_what_somebody_changed(stage: plan.Stage) -> None:
    for each in plan.addons(Observability.FULL, stage):
        args = plan.addon_args(each)
        assert "addon_version" not in args
        assert args["resolve_conflicts_on_create"] == "OVERWRITE"
        assert args["resolve_conflicts_on_update"] == "PRESERVE"


def test_the_roles_of_nodes_and_add_ons_are_apart() -> None:
    assert plan.NODE_POLICIES == ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
    theirs = {a.policy for stage in plan.Stage for a in plan.addons(Observability.FULL, stage) if a.policy}
    assert theirs == {
        "AmazonEKS_CNI_Policy",
        "AmazonEBSCSIDriverEKSClusterScopedPolicy",
        "CloudWatchAgentServerPolicy",
    }


def test_names_of_roles_leave_room_for_what_pulumi_adds() -> None:
    longest = "x" * 32
    shorts = [a.short for stage in plan.Stage for a in plan.addons(Observability.FULL, stage)]
    assert max(len(f"{longest}-{short}-1a2b3c4") for short in [*shorts, "cluster", "nodes"]) <= 64


def test_an_isolated_network_reaches_what_nodes_add_ons_and_the_autoscaler_call() -> None:
    system = interface_endpoints(Observability.SYSTEM)
    assert system == [
        "ec2", "ecr.api", "ecr.dkr", "sts", "eks", "eks-auth", "autoscaling", "elasticloadbalancing", "logs",
    ]  # fmt: skip
    assert interface_endpoints(Observability.FULL) == [*system, "monitoring", "xray"]
    assert service_name("eu-west-1", "ecr.dkr") == "com.amazonaws.eu-west-1.ecr.dkr"


def test_it_is_known_where_an_endpoint_is_missing() -> None:
    assert missing_endpoints("us-east-1", Observability.FULL) == []
    assert missing_endpoints("mx-central-1", Observability.FULL) == ["eks", "eks-auth"]
    assert missing_endpoints("ap-southeast-5", Observability.SYSTEM) == ["eks"]
    assert missing_endpoints("cn-north-1", Observability.SYSTEM) == interface_endpoints(Observability.SYSTEM)


@pytest.mark.parametrize("table", ["endpoints", "addons"])
def test_every_row_names_its_source(table: str) -> None:
    lines = (files("penstock.clusters.eks") / "data" / f"{table}.csv").read_text().splitlines()
    assert all(row["source"].startswith("https://docs.aws.amazon.com/") for row in csv.DictReader(lines))


def test_the_kubeconfig_takes_the_identity_of_the_aws_command_line() -> None:
    assert plan.credentials("llm", "eu-west-1")["args"] == [
        "eks", "get-token", "--cluster-name", "llm", "--region", "eu-west-1", "--output", "json",
    ]  # fmt: skip
