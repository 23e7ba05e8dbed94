"""Networks, roles and keys of the pretend AWS: what has to exist before, and what has to go first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws_account import LAUNCH_TEMPLATE, REGION, ROLE, SUBNET, VPC, Account, trust
from tests.support.cloud_client import Live, Refused, running_cloud

GATEWAY = "aws:ec2/internetGateway:InternetGateway"
ADDRESS = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"
TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
INLINE = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
RESOURCE_GROUP = "aws:resourcegroups/group:Group"
MEMBER = "aws:resourcegroups/resource:Resource"
SAVINGS_PLAN = "aws:savingsplans/savingsPlan:SavingsPlan"
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with running_cloud(tmp_path / "state") as session:
        yield Account(session)


def subnet(account: Account, **more: Any) -> Live:
    return account.aws.create(SUBNET, "new", {"vpcId": account.vpc().id, "cidrBlock": "10.0.9.0/24", **more})


def nat(account: Account, **more: Any) -> Live:
    """A new public NAT gateway in a VPC with an internet gateway."""
    account.once(GATEWAY, "gateway", vpcId=account.vpc().id)
    address = account.once(ADDRESS, "address")
    return account.aws.create(NAT, "nat", {"allocationId": address.id, "subnetId": account.subnet("a").id, **more})


def test_ids_have_the_shape_of_their_kind(account: Account) -> None:
    made = account.vpc()
    assert re.fullmatch(r"vpc-0[0-9a-f]{16}", made.id)
    assert made.outputs["mainRouteTableId"] == made.outputs["defaultRouteTableId"]
    assert re.fullmatch(r"sg-0[0-9a-f]{16}", made.outputs["defaultSecurityGroupId"])
    assert re.fullmatch(r"subnet-0[0-9a-f]{16}", account.subnet("a").id)
    assert account.subnet("a").outputs["availabilityZoneId"] == "euc1-az2"


@pytest.mark.parametrize("block", ["10.0.0.0/15", "10.0.0.0/29", "10.0.0.1/16", "10.0.0.256/16"])
def test_a_vpcs_range_is_a_network_of_16_to_28_bits(account: Account, block: str) -> None:
    assert account.aws.failures(VPC, {"cidrBlock": block}).keys() == {"cidrBlock"}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"cidrBlock": "10.1.0.0/24"}, r"InvalidSubnet\.Range: The CIDR '10\.1\.0\.0/24' is invalid"),
        (
            {"cidrBlock": "10.0.0.0/25"},
            r"InvalidSubnet\.Conflict: The CIDR '10\.0\.0\.0/25' conflicts with another subnet",
        ),
        ({"availabilityZone": "us-east-1a"}, "Value .us-east-1a. for parameter availabilityZone is invalid"),
        ({"vpcId": "vpc-00000000000000000"}, r"InvalidVpcID\.NotFound: The vpc ID 'vpc-0+' does not exist"),
    ],
)
def test_a_subnet_lies_in_its_vpc_beside_the_others_in_a_zone_of_the_region(
    account: Account, more: dict[str, str], text: str
) -> None:
    account.subnet("a")
    with pytest.raises(Refused, match=text):
        subnet(account, **more)


def test_a_vpc_goes_last(account: Account) -> None:
    made = account.subnet("a")
    with pytest.raises(Refused, match=r"DependencyViolation: The vpc 'vpc-.*' has dependencies and cannot be deleted"):
        account.aws.delete(account.vpc())
    account.aws.delete(made)
    account.aws.delete(account.vpc())
    assert account.session.cloud.resources() == []


def test_a_public_nat_gateway_needs_an_internet_gateway_first(account: Account) -> None:
    address = account.once(ADDRESS, "address")
    inputs = {"allocationId": address.id, "subnetId": account.subnet("a").id}
    with pytest.raises(Refused, match=r"Gateway\.NotAttached: Network vpc-.* has no Internet gateway attached"):
        account.aws.create(NAT, "early", inputs)
    assert nat(account).outputs["publicIp"] == address.outputs["publicIp"]


def test_a_public_nat_gateway_has_an_address_of_its_own(account: Account) -> None:
    nat(account)
    with pytest.raises(Refused, match=r"Resource\.AlreadyAssociated: Elastic IP address \[eipalloc-"):
        nat(account)
    with pytest.raises(Refused, match="must include the AllocationId parameter"):
        nat(account, allocationId=None)
    private = {"connectivityType": "private", "subnetId": "subnet-1", "allocationId": "eipalloc-1"}
    assert account.aws.failures(NAT, private).keys() == {"allocationId"}


def test_gateways_addresses_and_subnets_outlive_a_nat_gateway(account: Account) -> None:
    made = nat(account)
    gateway, address = account.once(GATEWAY, "gateway"), account.once(ADDRESS, "address")
    for live, text in (
        (gateway, "has some mapped public address"),
        (address, r"InvalidIPAddress\.InUse"),
        (account.subnet("a"), "has dependencies and cannot be deleted"),
    ):
        with pytest.raises(Refused, match=text):
            account.aws.delete(live)
    for live in (made, gateway, address, account.subnet("a"), account.vpc()):
        account.aws.delete(live)
    assert account.session.cloud.resources() == []


def test_a_vpc_has_one_internet_gateway(account: Account) -> None:
    account.once(GATEWAY, "gateway", vpcId=account.vpc().id)
    with pytest.raises(Refused, match="already has an internet gateway attached"):
        account.once(GATEWAY, "another", vpcId=account.vpc().id)


def test_a_route_leads_to_something_that_exists_in_the_same_network(account: Account) -> None:
    table = account.once(TABLE, "table", vpcId=account.vpc().id)
    everything = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0"}
    with pytest.raises(Refused, match=r"InvalidNatGatewayID\.NotFound"):
        account.aws.create(ROUTE, "out", {**everything, "natGatewayId": "nat-00000000000000000"})
    other = account.once(VPC, "other", cidrBlock="10.9.0.0/16")
    foreign = account.once(GATEWAY, "foreign", vpcId=other.id)
    with pytest.raises(Refused, match="belong to different networks"):
        account.aws.create(ROUTE, "out", {**everything, "gatewayId": foreign.id})
    made = account.aws.create(ROUTE, "out", {**everything, "natGatewayId": nat(account).id})
    assert made.id == f"r-{table.id}1080289494"
    assert account.aws.failures(ROUTE, everything), "a route has a target"


def test_a_subnet_uses_one_route_table(account: Account) -> None:
    table = account.once(TABLE, "table", vpcId=account.vpc().id)
    inputs = {"routeTableId": table.id, "subnetId": account.subnet("a").id}
    account.aws.create(ASSOCIATION, "one", inputs)
    with pytest.raises(Refused, match=r"Resource\.AlreadyAssociated"):
        account.aws.create(ASSOCIATION, "two", inputs)
    account.aws.delete(table)
    assert not account.session.cloud.resources(ASSOCIATION), "the provider disassociates the subnets itself"


def test_endpoints_are_for_services_of_their_region_and_kind(account: Account) -> None:
    vpc = account.vpc().id
    s3 = f"com.amazonaws.{REGION}.s3"
    assert account.aws.create(ENDPOINT, "s3", {"vpcId": vpc, "serviceName": s3}).outputs["prefixListId"]
    for name in (f"com.amazonaws.{REGION}.s4", "com.amazonaws.us-east-1.s3", "s3"):
        with pytest.raises(Refused, match=f"InvalidServiceName: The Vpc Endpoint Service '{name}' does not exist"):
            account.aws.create(ENDPOINT, "typo", {"vpcId": vpc, "serviceName": name})
    with pytest.raises(Refused, match=r"Endpoint type \(Gateway\) does not match available service types"):
        account.aws.create(ENDPOINT, "ec2", {"vpcId": vpc, "serviceName": f"com.amazonaws.{REGION}.ec2"})
    gateway = {"vpcId": vpc, "serviceName": s3, "subnetIds": ["subnet-1"]}
    assert account.aws.failures(ENDPOINT, gateway).keys() == {"subnetIds"}


def test_private_names_need_the_vpcs_dns_and_exist_once(account: Account) -> None:
    quiet = account.once(VPC, "quiet", cidrBlock="10.9.0.0/16")
    inputs = {"serviceName": f"com.amazonaws.{REGION}.sts", "vpcEndpointType": "Interface", "privateDnsEnabled": True}
    with pytest.raises(Refused, match="requires both enableDnsSupport and enableDnsHostnames"):
        account.aws.create(ENDPOINT, "sts", {**inputs, "vpcId": quiet.id})
    own = {**inputs, "vpcId": account.vpc().id, "subnetIds": [account.subnet("a").id]}
    made = account.aws.create(ENDPOINT, "sts", own)
    assert f"sts.{REGION}.amazonaws.com" in {entry["dnsName"] for entry in made.outputs["dnsEntries"]}
    assert made.outputs["securityGroupIds"] == [account.vpc().outputs["defaultSecurityGroupId"]]
    with pytest.raises(Refused, match="there is already a conflicting DNS domain for sts"):
        account.aws.create(ENDPOINT, "again", own)


def test_security_groups_and_their_rules(account: Account) -> None:
    group = account.aws.create(GROUP, "web", {"vpcId": account.vpc().id, "name": "web"})
    with pytest.raises(Refused, match=r"InvalidGroup\.Duplicate"):
        account.aws.create(GROUP, "again", {"vpcId": account.vpc().id, "name": "web"})
    https = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    made = account.aws.create(RULE, "https", {**https, "cidrIpv4": "10.0.0.0/8"})
    with pytest.raises(Refused, match=r"InvalidPermission\.Duplicate"):
        account.aws.create(RULE, "again", {**https, "cidrIpv4": "10.0.0.0/8"})
    assert account.aws.failures(RULE, https), "a rule has a source"
    wider = account.aws.check(made.urn, {**https, "cidrIpv4": "10.0.0.0/16"}, made.inputs)[0]
    assert not account.aws.diff(made, wider).replaces
    other = account.aws.check(made.urn, {**https, "referencedSecurityGroupId": group.id}, made.inputs)[0]
    assert set(account.aws.diff(made, other).replaces) == {"cidrIpv4", "referencedSecurityGroupId"}


def test_a_vpcs_default_group_is_taken_over_by_its_id(account: Account) -> None:
    made = account.aws.create(DEFAULT_GROUP, "default", {"vpcId": account.vpc().id})
    assert made.id == account.vpc().outputs["defaultSecurityGroupId"]
    account.aws.delete(made)
    account.aws.delete(account.vpc())


def test_a_region_is_needed_and_has_to_exist(account: Account) -> None:
    nowhere = account.session.provider("aws")
    assert "Missing region information" in nowhere.failures(VPC, {"cidrBlock": "10.0.0.0/16"})["region"]
    assert nowhere.failures(VPC, {"cidrBlock": "10.0.0.0/16", "region": "eu-west-1"}) == {}
    assert nowhere.failures(ROLE, {"assumeRolePolicy": trust("ec2.amazonaws.com")}) == {}, "IAM knows no regions"
    wrong = account.aws.failures(VPC, {"cidrBlock": "10.0.0.0/16", "region": "mars-north-1"})
    assert wrong == {"region": '"mars-north-1" is an invalid AWS Region; write one such as eu-central-1.'}


def test_another_region_of_the_provider_replaces(account: Account) -> None:
    made = account.vpc()
    elsewhere = account.session.aws(region="eu-west-1")
    inputs, _ = elsewhere.check(made.urn, {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}, made.inputs)
    assert list(elsewhere.diff(made, inputs).replaces) == ["region"]


def test_default_tags_of_the_provider_are_in_all_tags(account: Account) -> None:
    tagging = account.session.aws(defaultTags={"tags": {"team": "a", "stage": "dev"}})
    made = tagging.create(VPC, "tagged", {"cidrBlock": "10.0.0.0/16", "tags": {"stage": "prod"}})
    assert made.outputs["tagsAll"] == {"team": "a", "stage": "prod"}


def test_a_roles_trust_is_a_json_policy_with_principals(account: Account) -> None:
    assert account.aws.failures(ROLE, {"assumeRolePolicy": "{"}).keys() == {"assumeRolePolicy"}
    with pytest.raises(Refused, match="AssumeRolepolicy must contain at least one principal"):
        account.aws.create(ROLE, "nobody", {"assumeRolePolicy": '{"Statement": [{"Effect": "Allow"}]}'})


def test_a_role_goes_after_its_policies(account: Account) -> None:
    role = account.role("nodes", "ec2.amazonaws.com")
    arn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy"
    attached = account.aws.create(ATTACHMENT, "nodes", {"role": role.id, "policyArn": arn})
    assert attached.id == f"nodes/{arn}"
    with pytest.raises(Refused, match="DeleteConflict: Cannot delete entity, must detach all policies first"):
        account.aws.delete(role)
    account.aws.delete(attached)
    inline = account.aws.create(INLINE, "inline", {"role": role.id, "policy": ALLOW})
    with pytest.raises(Refused, match="must delete policies first"):
        account.aws.delete(role)
    account.aws.delete(inline)
    account.aws.delete(role)
    assert account.session.cloud.resources() == []


def test_force_detach_policies_takes_them_along(account: Account) -> None:
    inputs = {"name": "nodes", "assumeRolePolicy": trust("ec2.amazonaws.com"), "forceDetachPolicies": True}
    role = account.aws.create(ROLE, "nodes", inputs)
    arn = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    account.aws.create(ATTACHMENT, "nodes", {"role": role.id, "policyArn": arn})
    account.aws.delete(role)
    assert account.session.cloud.resources() == []


def test_policies_that_do_not_exist_cannot_be_attached(account: Account) -> None:
    role = account.role("nodes", "ec2.amazonaws.com").id
    for arn in ("arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolcy", "arn:aws:iam::123456789012:policy/none"):
        with pytest.raises(Refused, match=f"NoSuchEntity: Policy {arn} does not exist or is not attachable"):
            account.aws.create(ATTACHMENT, "typo", {"role": role, "policyArn": arn})
    with pytest.raises(Refused, match="The role with name nobody cannot be found"):
        account.aws.create(
            ATTACHMENT, "lost", {"role": "nobody", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
        )
    own = account.aws.create(POLICY, "own", {"name": "own", "policy": ALLOW})
    assert own.id == "arn:aws:iam::123456789012:policy/own"
    account.aws.create(ATTACHMENT, "own", {"role": role, "policyArn": own.id})
    with pytest.raises(Refused, match="Cannot delete a policy attached to entities"):
        account.aws.delete(own)


def test_a_policys_statements_are_whole(account: Account) -> None:
    lacking = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*"}]})
    with pytest.raises(Refused, match=r"MalformedPolicyDocument: Policy statement must contain resources\."):
        account.aws.create(POLICY, "half", {"policy": lacking})


def test_names_come_from_the_program_or_from_a_prefix(account: Account) -> None:
    named = account.aws.create(LAUNCH_TEMPLATE, "pool", {})
    assert re.fullmatch(r"pool-[0-9a-f]{7}", named.outputs["name"])
    prefixed = account.aws.create(LAUNCH_TEMPLATE, "pool", {"namePrefix": "gpu-"})
    assert re.fullmatch(r"gpu-\d{18}[0-9a-f]{8}", prefixed.outputs["name"])
    again = account.aws.update(prefixed, {"namePrefix": "gpu-", "ebsOptimized": "true"})
    assert again.outputs["name"] == prefixed.outputs["name"]


def test_keys_aliases_and_log_groups(account: Account) -> None:
    key = account.aws.create(KEY, "key", {"enableKeyRotation": True})
    assert key.outputs["arn"] == f"arn:aws:kms:{REGION}:123456789012:key/{key.id}"
    assert key.outputs["rotationPeriodInDays"] == 365
    alias = account.aws.create(ALIAS, "alias", {"name": "alias/main", "targetKeyId": key.id})
    assert alias.outputs["targetKeyArn"] == key.outputs["arn"]
    with pytest.raises(Refused, match="NotFoundException: Key 'none' does not exist"):
        account.aws.create(ALIAS, "lost", {"name": "alias/lost", "targetKeyId": "none"})
    assert account.aws.failures(LOG_GROUP, {"name": "/aws/eks/main/cluster", "retentionInDays": 31}).keys() == {
        "retentionInDays"
    }
    logs = {"name": "/aws/eks/main/cluster", "retentionInDays": 30}
    account.aws.create(LOG_GROUP, "logs", logs)
    with pytest.raises(Refused, match="ResourceAlreadyExistsException: The specified log group already exists"):
        account.aws.create(LOG_GROUP, "logs", logs)


@pytest.mark.parametrize("by", ["id", "arn"])
def test_a_key_and_its_alias_can_be_made_again_under_the_same_name(account: Account, by: str) -> None:
    for _ in range(2):
        key = account.aws.create(KEY, "key", {})
        target = key.id if by == "id" else key.outputs["arn"]
        account.aws.create(ALIAS, "alias", {"name": "alias/main", "targetKeyId": target})
        account.aws.delete(key)


def test_a_log_group_may_outlive_its_stack(account: Account) -> None:
    made = account.aws.create(LOG_GROUP, "logs", {"name": "kept", "skipDestroy": True})
    account.aws.delete(made)
    assert account.session.cloud.find(LOG_GROUP, "kept") is not None


def test_reservations_lie_in_a_zone_of_the_region_and_count_up_in_place(account: Account) -> None:
    inputs = {"instanceType": "p5.48xlarge", "instancePlatform": "Linux/UNIX", "instanceCount": 2}
    made = account.aws.create(RESERVATION, "gpus", {**inputs, "availabilityZone": f"{REGION}a"})
    more, _ = account.aws.check(made.urn, {**inputs, "availabilityZone": f"{REGION}a", "instanceCount": 4}, made.inputs)
    assert not account.aws.diff(made, more).replaces
    with pytest.raises(Refused, match="Value .us-east-1a. for parameter availabilityZone is invalid"):
        account.aws.create(RESERVATION, "gpus", {**inputs, "availabilityZone": "us-east-1a"})
    limited = {**inputs, "availabilityZone": f"{REGION}a", "endDateType": "limited"}
    assert account.aws.failures(RESERVATION, limited).keys() == {"endDate"}


def test_groups_of_reservations_hold_reservations_that_exist(account: Account) -> None:
    pool = [{"type": "AWS::EC2::CapacityReservationPool"}]
    group = account.aws.create(RESOURCE_GROUP, "gpus", {"name": "gpus", "configurations": pool})
    lost = {
        "groupArn": group.outputs["arn"],
        "resourceArn": f"arn:aws:ec2:{REGION}:123456789012:capacity-reservation/cr-0",
    }
    with pytest.raises(Refused, match=r"The capacity reservation '.*cr-0' does not exist"):
        account.aws.create(MEMBER, "lost", lost)
    inputs = {"instanceType": "p5.48xlarge", "instancePlatform": "Linux/UNIX", "instanceCount": 2}
    reserved = account.aws.create(RESERVATION, "gpus", {**inputs, "availabilityZone": f"{REGION}a"})
    member = account.aws.create(MEMBER, "gpus", {**lost, "resourceArn": reserved.outputs["arn"]})
    assert member.id == f"gpus_{reserved.id}"
    query = {"name": "gpus", "resourceQuery": {"query": "{}"}}
    with pytest.raises(
        Refused, match="conversion between resource-query and configuration group types is not possible"
    ):
        account.aws.update(group, query)


@pytest.mark.parametrize(("at", "kept"), [(None, True), ("2099-01-01T00:00:00Z", False)])
def test_an_active_savings_plan_stays_and_a_queued_one_can_be_deleted(
    account: Account, at: str | None, kept: bool
) -> None:
    made = account.aws.create(
        SAVINGS_PLAN, "plan", {"commitment": "10.0", "savingsPlanOfferingId": "offer", "purchaseTime": at}
    )
    account.aws.delete(made)
    assert (account.session.cloud.find(SAVINGS_PLAN, made.id) is not None) == kept
    assert account.session.cloud.resources() == []
