"""Data sources of the pretend AWS look into it or its tables, have the real ones' shape, and refuse rather than invent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud.aws.invokes.table import INVOKES
from sandbox.cloud.schema import Sdk
from tests.support.aws_account import REGION, Account
from tests.support.cloud_client import Refused, running_cloud

ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"
DOCUMENT = "aws:iam/getPolicyDocument:getPolicyDocument"
GET_CLUSTER = "aws:eks/getCluster:getCluster"
GET_SUBNET = "aws:ec2/getSubnet:getSubnet"
INSTANCE_TYPE = "aws:ec2/getInstanceType:getInstanceType"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with running_cloud(tmp_path / "state") as session:
        yield Account(session)


def everything(account: Account) -> dict[str, dict[str, Any]]:
    """Arguments with which every data source finds something."""
    account.group()
    key = account.once("aws:kms/key:Key", "key")
    account.once("aws:kms/alias:Alias", "alias", name="alias/main", targetKeyId=key.id)
    return {
        "aws:iam/getSessionContext:getSessionContext": {"arn": "arn:aws:iam::123456789012:user/sandbox"},
        GET_CLUSTER: {"name": "main"},
        "aws:eks/getClusterAuth:getClusterAuth": {"name": "main"},
        "aws:eks/getNodeGroup:getNodeGroup": {"clusterName": "main", "nodeGroupName": "pool"},
        "aws:eks/getNodeGroups:getNodeGroups": {"clusterName": "main"},
        "aws:eks/getAddonVersion:getAddonVersion": {"addonName": "coredns", "kubernetesVersion": "1.35"},
        "aws:ec2/getVpc:getVpc": {"id": account.vpc().id},
        GET_SUBNET: {"id": account.subnet("a").id},
        INSTANCE_TYPE: {"instanceType": "g5.xlarge"},
        "aws:kms/getKey:getKey": {"keyId": "alias/main"},
        "aws:kms/getAlias:getAlias": {"name": "alias/main"},
    }


def test_an_answer_has_every_property_of_the_sdks_result(account: Account) -> None:
    arguments = everything(account)
    for token in INVOKES:
        function = Sdk("aws").function(token)
        assert function is not None, token
        answer = account.aws.invoke(token, **arguments.get(token, {}))
        assert answer.keys() == function.result.properties.keys(), token


def test_the_caller_is_a_user_of_the_sandboxes_account(account: Account) -> None:
    answer = account.aws.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert (answer["accountId"], answer["arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/sandbox")


def test_the_zones_of_a_region(account: Account) -> None:
    assert account.aws.invoke(ZONES)["names"] == [f"{REGION}{letter}" for letter in "abc"]
    assert account.aws.invoke(ZONES, region="us-east-1")["zoneIds"][4] == "use1-az3"
    assert account.aws.invoke(ZONES, state="available", excludeNames=[f"{REGION}a"])["names"] == [
        f"{REGION}b",
        f"{REGION}c",
    ]
    assert account.aws.invoke(ZONES, state="impaired")["names"] == []
    with pytest.raises(Refused, match="invalid AWS Region: mars-north-1"):
        account.aws.invoke(ZONES, region="mars-north-1")


def test_local_zones_are_seen_on_demand_and_filtered(account: Account) -> None:
    west = {"region": "us-west-2"}
    plain = account.aws.invoke(ZONES, **west)["names"]
    every = account.aws.invoke(ZONES, allAvailabilityZones=True, **west)["names"]
    assert set(every) - set(plain) == {"us-west-2-lax-1a", "us-west-2-lax-1b"}
    wanted = [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    assert account.aws.invoke(ZONES, allAvailabilityZones=True, filters=wanted, **west)["names"] == plain


def test_a_region_by_its_endpoint(account: Account) -> None:
    answer = account.aws.invoke("aws:index/getRegion:getRegion", endpoint="ec2.us-west-2.amazonaws.com")
    assert (answer["name"], answer["description"]) == ("us-west-2", "US West (Oregon)")


def test_a_policy_document_is_rendered_as_the_provider_does(account: Account) -> None:
    statement = {
        "sid": "Pods",
        "actions": ["sts:AssumeRole", "sts:TagSession"],
        "principals": [{"type": "Service", "identifiers": ["pods.eks.amazonaws.com"]}],
        "conditions": [
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["123456789012"]},
            {"test": "StringLike", "variable": "aws:PrincipalTag/name", "values": ["&{aws:username}"]},
        ],
    }
    answer = account.aws.invoke(DOCUMENT, statements=[statement])
    assert (
        json.loads(answer["json"])
        == json.loads(answer["minifiedJson"])
        == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Pods",
                    "Effect": "Allow",
                    "Action": ["sts:TagSession", "sts:AssumeRole"],
                    "Principal": {"Service": "pods.eks.amazonaws.com"},
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": "123456789012"},
                        "StringLike": {"aws:PrincipalTag/name": "${aws:username}"},
                    },
                }
            ],
        }
    )
    assert answer["json"].startswith('{\n  "Version"')
    assert answer["minifiedJson"].startswith('{"Version":"2012-10-17"')


def test_policy_documents_are_merged_and_overridden_by_sid(account: Account) -> None:
    def document(**statement: Any) -> str:
        return str(account.aws.invoke(DOCUMENT, statements=[statement])["json"])

    base = document(sid="Read", actions=["s3:GetObject"], resources=["*"])
    more = {"actions": ["s3:PutObject"], "resources": ["*"]}
    merged = account.aws.invoke(DOCUMENT, sourcePolicyDocuments=[base], statements=[more])
    assert [statement["Action"] for statement in json.loads(merged["json"])["Statement"]] == [
        "s3:GetObject",
        "s3:PutObject",
    ]
    other = document(sid="Read", actions=["s3:ListBucket"], resources=["*"])
    replaced = account.aws.invoke(DOCUMENT, sourcePolicyDocuments=[base], overridePolicyDocuments=[other])
    assert [statement["Action"] for statement in json.loads(replaced["json"])["Statement"]] == ["s3:ListBucket"]
    with pytest.raises(Refused, match=r'duplicate Sid \("Read"\)'):
        account.aws.invoke(DOCUMENT, sourcePolicyDocuments=[base, other])


def test_a_typo_in_a_statement_is_noticed(account: Account) -> None:
    with pytest.raises(Refused, match='has no property "action"; did you mean "actions"'):
        account.aws.invoke(DOCUMENT, statements=[{"action": ["s3:*"]}])


def test_a_cluster_is_shown_with_its_blocks_as_lists(account: Account) -> None:
    made = account.cluster()
    answer = account.aws.invoke(GET_CLUSTER, name="main")
    assert answer["endpoint"] == made.outputs["endpoint"]
    assert answer["certificateAuthorities"] == [made.outputs["certificateAuthority"]]
    assert answer["vpcConfig"]["clusterSecurityGroupId"] == made.outputs["vpcConfig"]["clusterSecurityGroupId"]
    for arguments in ({"name": "other"}, {"name": "main", "region": "us-east-1"}):
        with pytest.raises(Refused, match="No cluster found for name"):
            account.aws.invoke(GET_CLUSTER, **arguments)


def test_a_node_group_is_shown_with_its_present_size(account: Account) -> None:
    account.group()
    account.session.cloud.scale("pool", 4)
    answer = account.aws.invoke("aws:eks/getNodeGroup:getNodeGroup", clusterName="main", nodeGroupName="pool")
    assert answer["scalingConfigs"][0]["desiredSize"] == 4
    assert account.aws.invoke("aws:eks/getNodeGroups:getNodeGroups", clusterName="main")["names"] == ["pool"]


def test_a_subnet_is_found_by_id_by_tags_and_by_filters(account: Account) -> None:
    one = account.subnet("a")
    account.once(
        "aws:ec2/subnet:Subnet", "tagged", vpcId=account.vpc().id, cidrBlock="10.0.8.0/24", tags={"tier": "gpu"}
    )
    assert account.aws.invoke(GET_SUBNET, id=one.id)["vpcId"] == account.vpc().id
    assert account.aws.invoke(GET_SUBNET, tags={"tier": "gpu"})["cidrBlock"] == "10.0.8.0/24"
    wanted = [{"name": "tag:tier", "values": ["gpu"]}, {"name": "vpc-id", "values": [account.vpc().id]}]
    assert len(account.aws.invoke("aws:ec2/getSubnets:getSubnets", filters=wanted)["ids"]) == 1
    with pytest.raises(Refused, match="multiple EC2 Subnets matched"):
        account.aws.invoke(GET_SUBNET, vpcId=account.vpc().id)
    with pytest.raises(Refused, match="no matching EC2 Subnet found"):
        account.aws.invoke(GET_SUBNET, id="subnet-00000000000000000")
    with pytest.raises(Refused, match="does not know the filter ipv6-native"):
        account.aws.invoke(GET_SUBNET, filters=[{"name": "ipv6-native", "values": ["true"]}])


def test_a_machine_type_is_one_of_the_catalogue(account: Account) -> None:
    answer = account.aws.invoke(INSTANCE_TYPE, instanceType="g5.12xlarge")
    assert (answer["defaultVcpus"], answer["memorySize"]) == (48, 192 * 1024)
    assert (answer["gpuses"][0]["count"], answer["gpuses"][0]["name"]) == (4, "A10G")
    assert account.aws.invoke(INSTANCE_TYPE, instanceType="p5.48xlarge")["efaSupported"] is True
    with pytest.raises(Refused, match="does not know the machine type g5.13xlarge"):
        account.aws.invoke(INSTANCE_TYPE, instanceType="g5.13xlarge")


def test_addon_versions_follow_the_kubernetes_version_where_they_do(account: Account) -> None:
    token = "aws:eks/getAddonVersion:getAddonVersion"
    answer = account.aws.invoke(token, addonName="kube-proxy", kubernetesVersion="1.34")
    assert answer["version"].startswith("v1.34.")
    with pytest.raises(Refused, match="couldn't find resource"):
        account.aws.invoke(token, addonName="kube-proxy", kubernetesVersion="1.12")


def test_the_role_behind_a_session(account: Account) -> None:
    role = account.role("deployer", "ec2.amazonaws.com")
    session = "arn:aws:sts::123456789012:assumed-role/deployer/me"
    answer = account.aws.invoke("aws:iam/getSessionContext:getSessionContext", arn=session)
    assert (answer["issuerArn"], answer["sessionName"]) == (role.outputs["arn"], "me")


def test_public_parameters_are_refused_rather_than_invented(account: Account) -> None:
    token = "aws:ssm/getParameter:getParameter"
    with pytest.raises(Refused, match=f"The sandbox does not know the data source {token}"):
        account.aws.invoke(token, name="/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard")
