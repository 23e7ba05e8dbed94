"""EKS in the pretend cloud: shapes of what it returns, replacement, refusals, and the moving size of node groups."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.cloud.values import UNKNOWN
from tests.support.aws_account import CLUSTER, LAUNCH_TEMPLATE, NODE_GROUP, SUBNET, TAG, Account, trust
from tests.support.cloud_client import Live, Refused, running_cloud, urn_of

ADDON = "aws:eks/addon:Addon"
ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
ACCESS_POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ADMIN = "arn:aws:iam::123456789012:role/Admin"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with running_cloud(tmp_path / "state") as session:
        yield Account(session)


def changed(account: Account, live: Live, **more: Any) -> provider_pb2.DiffResponse:
    """The difference that other inputs would make."""
    inputs, failures = account.aws.check(live.urn, {**_given(live), **more}, live.inputs)
    assert not failures, failures
    return account.aws.diff(live, inputs)


def updated(account: Account, live: Live, ignore: tuple[str, ...] = (), **more: Any) -> Live:
    return account.aws.update(live, {**_given(live), **more}, ignore)


def _given(live: Live) -> dict[str, Any]:
    return {name: value for name, value in live.inputs.items() if not name.startswith("__")}


def test_a_cluster_has_endpoint_certificate_issuer_and_security_group_of_real_shape(account: Account) -> None:
    made = account.cluster().outputs
    assert re.fullmatch(r"https://[0-9A-F]{32}\.gr7\.eu-central-1\.eks\.amazonaws\.com", made["endpoint"])
    assert ssl.PEM_cert_to_DER_cert(base64.b64decode(made["certificateAuthority"]["data"]).decode())
    issuer = made["identities"][0]["oidcs"][0]["issuer"]
    assert re.fullmatch(r"https://oidc\.eks\.eu-central-1\.amazonaws\.com/id/[0-9A-F]{32}", issuer)
    assert re.fullmatch(r"sg-0[0-9a-f]{16}", made["vpcConfig"]["clusterSecurityGroupId"])
    assert made["vpcConfig"]["vpcId"] == account.vpc().id
    assert made["arn"] == "arn:aws:eks:eu-central-1:123456789012:cluster/main"
    assert (made["status"], made["version"]) == ("ACTIVE", "1.35")


def test_in_preview_nothing_computed_is_known_and_every_input_is(account: Account) -> None:
    outputs = account.aws.preview(urn_of(CLUSTER, "main"), account.cluster_inputs())
    assert outputs["name"] == "main"
    assert outputs["endpoint"] is outputs["version"] is outputs["identities"] is UNKNOWN
    assert outputs["vpcConfig"]["clusterSecurityGroupId"] is UNKNOWN


def test_a_clusters_subnets_lie_in_two_zones(account: Account) -> None:
    one_zone = {"subnetIds": [account.subnet("a").id]}
    with pytest.raises(Refused, match="Subnets specified must be in at least two different AZs"):
        account.cluster(vpcConfig=one_zone)


def test_a_zone_cannot_be_added_to_a_cluster(account: Account) -> None:
    made = account.cluster()
    subnets = [account.subnet(zone).id for zone in "abc"]
    with pytest.raises(Refused, match="same set of availability zones"):
        updated(account, made, vpcConfig={**made.inputs["vpcConfig"], "subnetIds": subnets})


def test_subnets_roles_and_keys_have_to_exist(account: Account) -> None:
    missing = {"subnetIds": [account.subnet("a").id, "subnet-00000000000000000"]}
    with pytest.raises(Refused, match=r"InvalidParameterException: The subnet ID 'subnet-0+' does not exist"):
        account.cluster(vpcConfig=missing)
    with pytest.raises(Refused, match="could not be assumed because it does not exist or the trusted entity"):
        account.cluster(roleArn="arn:aws:iam::123456789012:role/nobody")
    with pytest.raises(Refused, match="could not be assumed"):
        account.cluster(roleArn=account.role("wrong", "ec2.amazonaws.com").outputs["arn"])
    key = {"provider": {"keyArn": "arn:aws:kms:eu-central-1:123456789012:key/none"}, "resources": ["secrets"]}
    with pytest.raises(Refused, match="KeyArn .* does not exist"):
        account.cluster(encryptionConfig=key)


def test_a_version_that_nobody_offers_is_refused(account: Account) -> None:
    with pytest.raises(Refused, match=r"InvalidParameterException: unsupported Kubernetes version 1\.12"):
        account.cluster(version="1.12")


@pytest.mark.parametrize("version", ["1.33", "1.36"])
def test_a_version_goes_up_by_one_minor_only(account: Account, version: str) -> None:
    made = account.cluster(version="1.34")
    with pytest.raises(Refused, match=f"Unsupported Kubernetes minor version update from 1.34 to {version}"):
        updated(account, made, version=version)
    assert updated(account, made, version="1.35").outputs["version"] == "1.35"


def test_leaving_the_version_out_later_is_no_change(account: Account) -> None:
    made = account.cluster(version="1.34")
    inputs = account.cluster_inputs()
    assert account.aws.diff(made, account.aws.check(made.urn, inputs, made.inputs)[0]).changes == 1, "DIFF_NONE"


def test_encryption_cannot_be_taken_away_in_place(account: Account) -> None:
    key = account.once("aws:kms/key:Key", "secrets")
    encryption = {"provider": {"keyArn": key.outputs["arn"]}, "resources": ["secrets"]}
    made = account.cluster(encryptionConfig=encryption)
    response = changed(account, made, encryptionConfig=None)
    assert list(response.replaces) == ["encryptionConfig"]
    assert response.deleteBeforeReplace, "its name is its own"


def test_a_protected_cluster_cannot_be_deleted(account: Account) -> None:
    made = account.cluster(deletionProtection=True)
    with pytest.raises(Refused, match="deletion protection is enabled"):
        account.aws.delete(made)


def test_a_cluster_cannot_go_before_its_node_groups_and_takes_the_rest_along(account: Account) -> None:
    made = account.cluster()
    group = account.group()
    with pytest.raises(Refused, match="ResourceInUseException: Cluster has nodegroups attached"):
        account.aws.delete(made)
    account.aws.create(ADDON, "cni", {"clusterName": "main", "addonName": "vpc-cni"})
    account.aws.delete(group)
    account.aws.delete(made)
    left = {resource.type for resource in account.session.cloud.resources()}
    assert not any(":eks/" in type_ for type_ in left)


def test_the_creator_gets_an_access_entry_unless_that_is_declined(account: Account) -> None:
    account.cluster()
    caller = {"clusterName": "main", "principalArn": "arn:aws:iam::123456789012:user/sandbox"}
    with pytest.raises(Refused, match="The specified access entry resource is already in use on this cluster"):
        account.aws.create(ACCESS_ENTRY, "me", caller)


def test_access_entries_are_for_principals_that_exist_once_each_and_have_policies_of_eks(account: Account) -> None:
    account.cluster()
    entry = {"clusterName": "main", "principalArn": ADMIN}
    policy = {**entry, "accessScope": {"type": "cluster"}}
    good = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    with pytest.raises(Refused, match="The specified principalArn could not be found"):
        account.aws.create(ACCESS_POLICY, "early", {**policy, "policyArn": good})
    made = account.aws.create(ACCESS_ENTRY, "admin", entry)
    assert made.id == f"main:{ADMIN}"
    with pytest.raises(Refused, match="already in use"):
        account.aws.create(ACCESS_ENTRY, "again", entry)
    with pytest.raises(Refused, match="invalid principal"):
        account.aws.create(ACCESS_ENTRY, "nobody", {**entry, "principalArn": "arn:aws:iam::123456789012:role/nobody"})
    with pytest.raises(Refused, match="policyArn parameter format is not valid"):
        account.aws.create(ACCESS_POLICY, "typo", {**policy, "policyArn": f"{good}s"})
    assert account.aws.create(ACCESS_POLICY, "admin", {**policy, "policyArn": good}).id == f"main#{ADMIN}#{good}"


def test_access_entries_need_a_cluster_that_has_them(account: Account) -> None:
    account.cluster(accessConfig={"authenticationMode": "CONFIG_MAP"})
    with pytest.raises(Refused, match="authentication mode must be set to one of"):
        account.aws.create(ACCESS_ENTRY, "admin", {"clusterName": "main", "principalArn": ADMIN})


def test_a_pods_role_trusts_eks_and_a_service_account_has_one(account: Account) -> None:
    account.cluster()
    own = {"clusterName": "main", "namespace": "kube-system", "serviceAccount": "autoscaler"}
    wrong = account.role("wrong", "ec2.amazonaws.com").outputs["arn"]
    with pytest.raises(Refused, match=r"should include eks service principal: pods\.eks\.amazonaws\.com"):
        account.aws.create(POD_IDENTITY, "one", {**own, "roleArn": wrong})
    right = account.role("pods", "pods.eks.amazonaws.com").outputs["arn"]
    assert re.fullmatch(r"a-[0-9a-f]{17}", account.aws.create(POD_IDENTITY, "one", {**own, "roleArn": right}).id)
    with pytest.raises(Refused, match="Association already exists"):
        account.aws.create(POD_IDENTITY, "two", {**own, "roleArn": right})


def test_addons_are_those_that_eks_knows_and_some_run_when_there_are_nodes(account: Account) -> None:
    account.cluster()
    with pytest.raises(Refused, match="Addon vpc-cnl specified is not supported"):
        account.aws.create(ADDON, "typo", {"clusterName": "main", "addonName": "vpc-cnl"})
    made = account.aws.create(ADDON, "dns", {"clusterName": "main", "addonName": "coredns"})
    assert re.fullmatch(r"v1\.\d+\.\d+-eksbuild\.\d+", made.outputs["addonVersion"])
    found = account.session.cloud.find(ADDON, "main:coredns")
    assert found is not None
    assert found.live["status"] == "DEGRADED"
    with pytest.raises(Refused, match="No cluster found for name: other"):
        account.aws.create(ADDON, "dns", {"clusterName": "other", "addonName": "coredns"})


def test_a_node_group_has_an_autoscaling_group_named_after_it(account: Account) -> None:
    made = account.group()
    assert made.id == "main:pool"
    name = made.outputs["resources"][0]["autoscalingGroups"][0]["name"]
    assert re.fullmatch(r"eks-pool-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name)
    assert (made.outputs["status"], made.outputs["capacityType"]) == ("ACTIVE", "ON_DEMAND")
    assert made.outputs["amiType"] == "AL2023_x86_64_STANDARD"
    assert made.outputs["instanceTypes"] == ["t3.medium"]


def test_tags_reach_the_autoscaling_group_only_while_it_exists(account: Account) -> None:
    tag = {"key": "k8s.io/cluster-autoscaler/node-template/label/a", "value": "b", "propagateAtLaunch": False}
    with pytest.raises(Refused, match="api error ValidationError: AutoScalingGroup name not found - null: eks-none"):
        account.aws.create(TAG, "tag", {"autoscalingGroupName": "eks-none", "tag": tag})
    group = account.group()
    name = group.outputs["resources"][0]["autoscalingGroups"][0]["name"]
    made = account.aws.create(TAG, "tag", {"autoscalingGroupName": name, "tag": tag})
    assert made.id == f"{name},{tag['key']}"
    assert not changed(account, made, tag={**tag, "value": "c"}).replaces
    assert list(changed(account, made, tag={**tag, "key": "other"}).replaces) == ["tag.key"]
    account.aws.delete(group)
    assert account.aws.refresh(made) is None, "its tags went with it"


@pytest.mark.parametrize(
    "more",
    [
        {"instanceTypes": ["m5.large"]},
        {"capacityType": "SPOT"},
        {"amiType": "BOTTLEROCKET_x86_64"},
        {"diskSize": 100},
        {"nodeRoleArn": "arn:aws:iam::123456789012:role/other"},
        {"nodeGroupName": "other"},
        {"subnetIds": ["subnet-1"]},
    ],
)
def test_what_cannot_change_in_place_replaces_the_group(account: Account, more: dict[str, Any]) -> None:
    response = changed(account, account.group(), **more)
    assert {path.partition("[")[0] for path in response.replaces} == more.keys()


@pytest.mark.parametrize(
    "more",
    [
        {"labels": {"a": "b"}},
        {"taints": [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}]},
        {"scalingConfig": {"minSize": 2, "maxSize": 20, "desiredSize": 2}},
        {"updateConfig": {"maxUnavailablePercentage": 50}},
        {"nodeRepairConfig": {"enabled": True}},
        {"tags": {"a": "b"}},
        {"version": "1.34"},
    ],
)
def test_what_changes_in_place_does_not_replace_the_group(account: Account, more: dict[str, Any]) -> None:
    response = changed(account, account.group(), **more)
    assert response.diffs
    assert not response.replaces


@pytest.mark.parametrize(
    ("scaling", "text"),
    [
        ({"minSize": 3, "maxSize": 5, "desiredSize": 2}, "minSize can't be greater than desiredSize"),
        ({"minSize": 0, "maxSize": 5, "desiredSize": 6}, "desiredSize can't be greater than maxSize"),
    ],
)
def test_a_new_groups_size_lies_within_its_bounds(account: Account, scaling: dict[str, int], text: str) -> None:
    with pytest.raises(Refused, match=text):
        account.group(scalingConfig=scaling)


def test_a_group_that_can_have_no_node_is_refused_before(account: Account) -> None:
    inputs = account.group_inputs(scalingConfig={"minSize": 0, "maxSize": 0, "desiredSize": 0})
    assert "scalingConfig.maxSize" in account.aws.failures(NODE_GROUP, inputs)


def test_the_autoscalers_size_shows_after_a_refresh_and_differs_from_the_declared_one(account: Account) -> None:
    made = account.group()
    account.session.cloud.scale("main:pool", 6)
    refreshed = account.aws.refresh(made)
    assert refreshed is not None
    assert refreshed.outputs["scalingConfig"]["desiredSize"] == refreshed.inputs["scalingConfig"]["desiredSize"] == 6
    assert "scalingConfig.desiredSize" in account.aws.diff(refreshed, made.inputs).detailedDiff, "it fights"
    ignored = account.aws.diff(refreshed, made.inputs, ["scalingConfig.desiredSize"])
    assert ignored.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_raising_the_minimum_above_the_remembered_size_fails_while_that_is_ignored(account: Account) -> None:
    made = account.group()
    raised: dict[str, Any] = {"scalingConfig": {"minSize": 4, "maxSize": 10, "desiredSize": 4}}
    with pytest.raises(Refused, match="Minimum capacity 4 can't be greater than desired size 1"):
        updated(account, made, ("scalingConfig.desiredSize",), **raised)
    assert updated(account, made, **raised).outputs["scalingConfig"]["desiredSize"] == 4


def test_changed_bounds_send_the_remembered_size_unless_it_was_refreshed(account: Account) -> None:
    made = account.group()
    wider = {"scalingConfig": {"minSize": 1, "maxSize": 20, "desiredSize": 1}}
    ignore = ("scalingConfig.desiredSize",)
    account.session.cloud.scale("main:pool", 6)
    assert _nodes(account) == 6
    refreshed = account.aws.refresh(made)
    assert refreshed is not None
    updated(account, refreshed, ignore, **wider)
    assert _nodes(account) == 6
    updated(account, made, ignore, **wider)
    assert _nodes(account) == 1, "the provider sends all of scalingConfig"


def test_an_update_of_something_else_leaves_the_autoscalers_choice_alone(account: Account) -> None:
    made = account.group()
    account.session.cloud.scale("main:pool", 6)
    updated(account, made, labels={"a": "b"})
    assert _nodes(account) == 6


def test_the_autoscaler_stays_within_the_bounds_and_finds_groups_by_their_names(account: Account) -> None:
    account.group()
    with pytest.raises(ValueError, match="stays between 1 and 10 nodes; 11 were asked for"):
        account.session.cloud.scale("pool", 11)
    account.session.cloud.scale("pool", 2)
    assert _nodes(account) == 2


def _nodes(account: Account) -> int:
    found = account.session.cloud.find(NODE_GROUP, "main:pool")
    assert found is not None
    return int(found.live["nodes"])


def test_market_options_in_the_template_are_refused_but_for_a_capacity_block(account: Account) -> None:
    spot = account.template("spot", instanceMarketOptions={"marketType": "spot"})
    with pytest.raises(Refused, match="Instance market options are not supported with the launch template"):
        account.group(**account.use(spot), capacityType="SPOT")
    several = account.group(capacityType="SPOT", instanceTypes=["m5.large", "m5a.large", "m6i.large"])
    assert several.outputs["capacityType"] == "SPOT"


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ("instanceMarketOptions", "market type capacity-block"),
        ("capacityReservationSpecification", "a capacity reservation id"),
        ("instanceType", "needs an instance type"),
    ],
)
def test_a_capacity_block_is_named_in_the_template_whole(account: Account, missing: str, text: str) -> None:
    block: dict[str, Any] = {
        "instanceMarketOptions": {"marketType": "capacity-block"},
        "capacityReservationSpecification": {
            "capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}
        },
        "instanceType": "p5.48xlarge",
    }
    whole = account.template("whole", **block)
    partial = account.template("partial", **{name: value for name, value in block.items() if name != missing})
    with pytest.raises(Refused, match=text):
        account.group(**account.use(partial), capacityType="CAPACITY_BLOCK")
    assert account.group(**account.use(whole), capacityType="CAPACITY_BLOCK").outputs["instanceTypes"] == []


def test_a_capacity_block_needs_a_template(account: Account) -> None:
    with pytest.raises(Refused, match="Capacity Blocks need a launch template"):
        account.group(capacityType="CAPACITY_BLOCK")


def test_machines_stand_in_the_template_or_in_the_group_not_in_both(account: Account) -> None:
    template = account.template(instanceType="m5.large")
    with pytest.raises(Refused, match="Cannot specify instance types in launch template and API request"):
        account.group(**account.use(template), instanceTypes=["m5.large"])
    with pytest.raises(Refused, match="Disk size must be specified within the launch template"):
        account.group(**account.use(template), diskSize=100)
    too_many = [f"m5.{index}xlarge" for index in range(21)]
    with pytest.raises(Refused, match="at most 20 instance types"):
        account.group(**account.use(account.template("plain")), instanceTypes=too_many)


def test_an_image_of_ones_own_leaves_sort_and_versions_out(account: Account) -> None:
    template = account.template(imageId="ami-0123456789abcdef0")
    with pytest.raises(Refused, match="You cannot specify an AMI Type other than CUSTOM"):
        account.group(**account.use(template), amiType="AL2023_x86_64_NVIDIA")
    with pytest.raises(Refused, match="cannot specify the field kubernetesVersion when using custom AMIs"):
        account.group(**account.use(template), version="1.34")
    assert account.group(**account.use(template)).outputs["amiType"] == "CUSTOM"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            {"amiType": "AL2_x86_64_GPU"},
            "AMI Type AL2_x86_64_GPU is only supported for kubernetes versions 1.32 or earlier",
        ),
        (
            {"amiType": "AL2023_x86_64_STANDARD", "instanceTypes": ["g5g.xlarge"]},
            r"\[g5g.xlarge\] is not a valid instance type",
        ),
        (
            {"amiType": "AL2023_ARM_64_NVIDIA", "instanceTypes": ["g5.xlarge"]},
            r"\[g5.xlarge\] is not a valid instance type",
        ),
        ({"version": "1.36"}, "should be equal to or less than the Cluster Kubernetes version 1.35"),
        ({"labels": {"k8s.io/role": "gpu"}}, "Label cannot contain reserved prefixes"),
        ({"nodeRoleArn": "arn:aws:iam::123456789012:role/none"}, "The role with name none cannot be found"),
        ({"clusterName": "other"}, "No cluster found for name: other"),
    ],
)
def test_what_does_not_fit_is_refused(account: Account, more: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text):
        account.group(**more)


def test_at_most_fifty_taints_and_effects_in_the_apis_spelling(account: Account) -> None:
    taints = [{"key": f"key-{index}", "effect": "NO_SCHEDULE"} for index in range(51)]
    assert account.aws.failures(NODE_GROUP, account.group_inputs(taints=taints)).keys() == {"taints"}
    wrong = account.group_inputs(taints=[{"key": "a", "effect": "NoSchedule"}])
    assert account.aws.failures(NODE_GROUP, wrong).keys() == {"taints[0].effect"}
    assert account.aws.failures(NODE_GROUP, account.group_inputs(taints=taints[:50])) == {}


def test_the_spelling_of_image_types_matters(account: Account) -> None:
    inputs = account.group_inputs(amiType="AL2023_X86_64_NVIDIA")
    assert "AL2023_x86_64_NVIDIA" in account.aws.failures(NODE_GROUP, inputs)["amiType"]


def test_a_template_gets_a_version_with_each_change_of_what_is_launched(account: Account) -> None:
    made = account.template(tags={"a": "b"})
    assert (made.outputs["latestVersion"], made.outputs["defaultVersion"]) == (1, 1)
    same = updated(account, made, tags={"a": "c"})
    assert same.outputs["latestVersion"] == 1
    second = updated(account, same, ebsOptimized="true")
    assert (second.outputs["latestVersion"], second.outputs["defaultVersion"]) == (2, 1)
    third = updated(account, second, ebsOptimized="false", updateDefaultVersion=True)
    assert (third.outputs["latestVersion"], third.outputs["defaultVersion"]) == (3, 3)


def test_in_preview_the_next_version_of_a_changed_template_is_not_known(account: Account) -> None:
    made = account.template()
    for more, known in ({"tags": {"a": "b"}}, True), ({"ebsOptimized": "true"}, False):
        inputs, _ = account.aws.check(made.urn, {"name": "template", **more}, made.inputs)
        outputs = account.aws.preview_update(made, inputs)
        assert (outputs["latestVersion"] is not UNKNOWN) == known


def test_a_group_uses_a_version_that_exists_and_latest_never_settles(account: Account) -> None:
    template = account.template()
    with pytest.raises(Refused, match="Could not find the specified version 7 for the launch template"):
        account.group(**account.use(template, 7))
    with pytest.raises(Refused, match="with template ID lt-00000000000000000, does not exist"):
        account.group(launchTemplate={"id": "lt-00000000000000000", "version": "1"})
    made = account.group(**account.use(template, "$Latest"))
    assert made.outputs["launchTemplate"] == {"id": template.id, "name": "template", "version": "1"}
    response = account.aws.diff(made, made.inputs)
    assert dict(response.detailedDiff).keys() == {"launchTemplate.version"}
    assert not response.replaces


def test_a_number_as_the_templates_version_settles(account: Account) -> None:
    made = account.group(**account.use(account.template()))
    assert account.aws.diff(made, made.inputs).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_template_names_security_groups_and_placement_groups_that_exist(account: Account) -> None:
    with pytest.raises(Refused, match=r"InvalidGroup\.NotFound"):
        account.aws.create(LAUNCH_TEMPLATE, "lost", {"vpcSecurityGroupIds": ["sg-00000000000000000"]})
    with pytest.raises(Refused, match=r"InvalidPlacementGroup\.Unknown"):
        account.aws.create(LAUNCH_TEMPLATE, "lost", {"placement": {"groupName": "none"}})
    own = account.cluster().outputs["vpcConfig"]["clusterSecurityGroupId"]
    assert account.template(vpcSecurityGroupIds=[own]).id.startswith("lt-0")


def test_an_import_reconstructs_the_inputs(account: Account) -> None:
    account.group(labels={"a": "b"})
    imported = account.aws.adopt(NODE_GROUP, "main:pool")
    assert imported is not None
    assert imported.inputs["labels"] == {"a": "b"}
    assert account.aws.adopt(NODE_GROUP, "main:none") is None
    assert account.aws.adopt(CLUSTER, "main") is not None


def test_two_of_one_name_conflict(account: Account) -> None:
    account.group()
    with pytest.raises(Refused, match="NodeGroup already exists with name pool and cluster name main"):
        account.group()


def test_a_name_is_taken_in_its_own_region_only(account: Account) -> None:
    made = account.cluster()
    there: dict[str, Any] = {"region": "eu-west-1"}
    vpc = account.once("aws:ec2/vpc:Vpc", "their-network", cidrBlock="10.0.0.0/16", **there)
    subnets = [
        account.once(
            SUBNET, f"their-{zone}", cidrBlock=block, vpcId=vpc.id, availabilityZone=f"eu-west-1{zone}", **there
        ).id
        for zone, block in {"a": "10.0.0.0/24", "b": "10.0.1.0/24"}.items()
    ]
    wanted = account.cluster_inputs(vpcConfig={"subnetIds": subnets}, **there)
    theirs = account.once(CLUSTER, "theirs", **wanted)
    assert (theirs.id, theirs.outputs["region"]) == (made.id, "eu-west-1")
    for region, cluster in {"eu-central-1": made, "eu-west-1": theirs}.items():
        found = account.aws.invoke("aws:eks/getCluster:getCluster", name="main", region=region)
        assert found["arn"] == cluster.outputs["arn"]
    upgraded = updated(account, theirs, version="1.36")
    assert upgraded.outputs["version"] == "1.36"
    account.aws.delete(upgraded)
    left = account.aws.refresh(made)
    assert left is not None
    assert left.outputs["version"] == "1.35"


def test_nothing_of_another_region_is_found(account: Account) -> None:
    subnets = [account.subnet("a").id, account.subnet("b").id]
    with pytest.raises(Refused, match="InvalidSubnetID.NotFound|does not exist"):
        account.cluster(vpcConfig={"subnetIds": subnets}, region="eu-west-1")


def test_a_subnet_with_a_node_group_cannot_be_deleted(account: Account) -> None:
    account.group()
    with pytest.raises(Refused, match=r"DependencyViolation: The subnet 'subnet-.*' has dependencies"):
        account.aws.delete(account.subnet("a"))
    assert account.session.cloud.find(SUBNET, account.subnet("a").id) is not None


def test_trust_policies_may_name_several_services(account: Account) -> None:
    both = account.aws.create("aws:iam/role:Role", "both", {"assumeRolePolicy": trust("a", "eks.amazonaws.com")})
    assert account.cluster(roleArn=both.outputs["arn"]).id == "main"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("quota", r"'CREATE_FAILED'.*AsgInstanceLaunchFailures.*VcpuLimitExceeded.*vCPU limit of 0"),
        ("no_capacity", r"'CREATE_FAILED'.*AsgInstanceLaunchFailures.*sufficient m5\.large capacity.*eu-central-1a"),
        ("timeout", r"timeout while waiting for state to become 'ACTIVE' \(last state: 'CREATING'"),
        ("permission", r"AccessDeniedException: .*user/sandbox is not authorized"),
    ],
)
def test_a_struck_node_group_fails_in_the_clouds_words_and_leaves_nothing(
    tmp_path: Path, fault: str, text: str
) -> None:
    strikes = [{"operation": "create", "resource": NODE_GROUP, "fault": fault, "times": 1}]
    with running_cloud(tmp_path / "state", strikes) as session:
        account = Account(session)
        with pytest.raises(Refused, match=text):
            account.group(instanceTypes=["m5.large"])
        assert NODE_GROUP not in {resource.type for resource in session.cloud.resources()}
        assert account.group(instanceTypes=["m5.large"]).outputs["status"] == "ACTIVE"


@pytest.mark.parametrize("times", [4, 5])
def test_a_throttled_node_group_is_tried_five_times(tmp_path: Path, times: int) -> None:
    strikes = [{"operation": "create", "resource": NODE_GROUP, "fault": "throttled", "times": times}]
    with running_cloud(tmp_path / "state", strikes) as session:
        account = Account(session)
        if times == 5:
            with pytest.raises(Refused, match="ThrottlingException: Rate exceeded"):
                account.group()
        assert account.group().outputs["status"] == "ACTIVE"
