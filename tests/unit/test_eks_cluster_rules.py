"""What an EKS cluster may be asked for, and what is said of the rest."""

from typing import Any

import pytest

from penstock.clusters.eks.spec import EksClusterSpec
from penstock.options import options
from penstock.problems import InvalidSpec
from penstock.spec import check

CLUSTER: dict[str, Any] = {"cloud": "aws", "location": "us-east-1", "zones": ["us-east-1a", "us-east-1b"]}
ROLE = "arn:aws:iam::111122223333:role/nodes"
SUBNETS = {"us-east-1a": "subnet-0a", "us-east-1b": "subnet-0b"}
ADOPTED: dict[str, Any] = {**CLUSTER, "adopt": {"name": "theirs", "node_identity": ROLE, "subnets": SUBNETS}}
AIR_GAPPED: dict[str, Any] = {**CLUSTER, "network": {"isolated": True}, "private_endpoint": True}


def problems(args: dict[str, Any]) -> dict[str, str]:
    try:
        check(EksClusterSpec, args)
    except InvalidSpec as error:
        found: dict[str, str] = {}
        for problem in error.problems:
            assert problem.path not in found, f"two problems with {problem.path}"
            found[problem.path] = problem.reason
        return found
    return {}


ACCEPTED: list[dict[str, Any]] = [
    CLUSTER,
    ADOPTED,
    AIR_GAPPED,
    {**AIR_GAPPED, "registry": "111122223333.dkr.ecr.us-east-1.amazonaws.com/mirror"},
    {**CLUSTER, "location": "us-gov-west-1", "zones": ["us-gov-west-1a", "us-gov-west-1b"]},
    {**CLUSTER, "location": "ap-southeast-2", "zones": ["ap-southeast-2a", "ap-southeast-2c"]},
    {**CLUSTER, "location": "cn-north-1", "zones": ["cn-north-1a", "cn-north-1b"]},
    {**CLUSTER, "zones": [f"us-east-1{letter}" for letter in "abcdef"]},
    {**CLUSTER, "zones": ["us-east-1a"], "network": {"adopt": {"subnets": SUBNETS}}},
    {**CLUSTER, "network": {"adopt": {"subnets": SUBNETS}, "service_cidr": "10.0.0.0/20"}},
    {**CLUSTER, "network": {"adopt": {"subnets": SUBNETS}, "isolated": True}, "private_endpoint": True},
    {**CLUSTER, "network": {"node_cidr": "10.4.0.0/16"}},  # the default of the other clouds' pod_cidr
    {**CLUSTER, "network": {"node_cidr": "100.64.0.0/20", "service_cidr": "192.168.0.0/24"}},
    {**CLUSTER, "authorized_networks": [{"cidr": "203.0.113.0/24"}]},
    {**CLUSTER, "private_endpoint": True, "authorized_networks": [{"cidr": "10.200.0.0/16"}]},
    {**CLUSTER, "admins": [ROLE, "arn:aws:iam::111122223333:user/ops/ada"]},
    {**CLUSTER, "secrets_key": "arn:aws:kms:us-east-1:111122223333:key/1234"},
    {**CLUSTER, "labels": {"Cost Center": "a/b:c=d", "team": ""}},
    {**CLUSTER, "release_channel": "extended", "version": "1.34"},
    {**CLUSTER, "release_channel": "regular"},
    {**ADOPTED, "network": {"isolated": True}, "registry": "registry.example.com"},  # said for controllers' sake
    {**ADOPTED, "adopt": {**ADOPTED["adopt"], "subnets": {**SUBNETS, "us-east-1c": "subnet-0c"}}},
]


@pytest.mark.parametrize("args", ACCEPTED, ids=lambda args: ",".join(args))
def test_this_may_be_asked(args: dict[str, Any]) -> None:
    assert problems(args) == {}


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"location": "us-east-1a"}, "location", "'us-east-1a' is a zone. Write the region, us-east-1"),
    ({"location": "us-central1"}, "location", "Write one, for example us-east-1"),
    ({"location": "us-iso-east-1"}, "location", "is no region"),
    ({"zones": ["us-east-1a", "us-east-2a"]}, "zones[1]", "'us-east-2a' is not in us-east-1"),
    ({"zones": ["us-east-1a", "b"]}, "zones[1]", "Write one of us-east-1, for example us-east-1a"),
    ({"zones": ["us-east-1a", "us-east-1-bos-1a"]}, "zones[1]", "is a local or Wavelength zone"),
    ({"zones": ["us-east-1a", "us-east-1-wl1-bos-wlz-1"]}, "zones[1]", "is a local or Wavelength zone"),
    ({"zones": ["us-east-1a"]}, "zones", "Write a second zone; to keep nodes in one, write that one as the zones of"),
    ({"zones": [f"us-east-1{letter}" for letter in "abcdefg"]}, "zones", "6 zones at most"),
    ({"project": "123456789012"}, "project", "The provider's credentials decide on the AWS account. Drop this"),
    ({"release_channel": "rapid"}, "release_channel", "EKS has no channels: a version stays until it is changed"),
    ({"release_channel": "stable"}, "release_channel", "Drop this, and write version"),
    (
        {"maintenance_window": {"start": "2026-01-03T02:00:00Z", "hours": 6, "days": ["SA", "SU"]}},
        "maintenance_window",
        "EKS has no maintenance windows",
    ),
    ({"system_pool": {"min_nodes": 2}}, "system_pool", "EKS makes clusters without workers"),
    ({"network": {"pod_cidr": "10.4.0.0/14"}}, "network.pod_cidr", "pods take addresses of the nodes' subnets"),
    ({"network": {"node_cidr": "172.16.0.0/12"}}, "network.node_cidr", "Write a /16 (the largest that AWS has) to /20"),
    ({"network": {"node_cidr": "10.0.0.0/22"}}, "network.node_cidr", "of which every zone gets its part"),
    ({"network": {"node_cidr": "fd00::/20"}}, "network.node_cidr", "is no range of IPv4 addresses"),
    ({"network": {"node_cidr": "10.0.1.0/16"}}, "network.node_cidr", "Write one from its first address"),
    ({"network": {"service_cidr": "10.0.16.0/20"}}, "network.service_cidr", "10.0.16.0/20 overlaps node_cidr"),
    ({"network": {"service_cidr": "100.64.0.0/16"}}, "network.service_cidr", "Write a /12 to /24 within 10.0.0.0/8"),
    ({"network": {"service_cidr": "192.168.1.0/25"}}, "network.service_cidr", "is no range for EKS's services"),
    (
        {"network": {"adopt": {"network": "vpc-1", "subnets": SUBNETS}}},
        "network.adopt.network",
        "This is not for an EKS cluster, which takes subnets. Drop it.",
    ),
    ({"network": {"adopt": {"subnets": {"us-east-1a": "subnet-0a"}}}}, "network.adopt.subnets", "none for us-east-1b"),
    (
        {"zones": ["us-east-1a"], "network": {"adopt": {"subnets": {"us-east-1a": "subnet-0a"}}}},
        "network.adopt.subnets",
        "Write that of a second zone too",
    ),
    (
        {"network": {"adopt": {"subnets": {**SUBNETS, "us-east-1b": "default"}}}},
        "network.adopt.subnets.us-east-1b",
        "'default' is no subnet",
    ),
    (
        {"network": {"adopt": {"subnets": {**SUBNETS, "c": "subnet-0c"}}}},
        "network.adopt.subnets.c",
        "'c' is no zone. Write its name, for example us-east-1a",
    ),
    (
        {"network": {"adopt": {"subnets": SUBNETS}, "node_cidr": "10.0.0.0/16"}},
        "network.node_cidr",
        "An adopted network has its own ranges",
    ),
    ({"network": {"isolated": True}}, "private_endpoint", "must not be open to the internet either. Write true."),
    (
        {"authorized_networks": [{"cidr": "10.0.0.0/24"}]},
        "authorized_networks[0].cidr",
        "the public endpoint sees public addresses only",
    ),
    ({"authorized_networks": [{"cidr": "2001:db8::/32"}]}, "authorized_networks[0].cidr", "no range of IPv4 addresses"),
    (
        {"authorized_networks": [{"cidr": f"203.0.113.{host}/32"} for host in range(41)]},
        "authorized_networks",
        "EKS takes 40 of these at most",
    ),
    (
        {"private_endpoint": True, "authorized_networks": [{"cidr": "10.1.0.0/16", "name": "Zürich"}]},
        "authorized_networks[0].name",
        "'Zürich' describes a rule of a security group",
    ),
    ({"admins": ["ada"]}, "admins[0]", "'ada' is no IAM role or user. Write an ARN"),
    ({"admins": ["arn:aws:sts::111122223333:assumed-role/admin/ada"]}, "admins[0]", "is a session. Write the role's"),
    ({"admins": [ROLE, ROLE]}, "admins[1]", "stands there more than once"),
    ({"secrets_key": "alias/etcd"}, "secrets_key", "Write its ARN, arn:aws:kms:us-east-1:111122223333:key/"),
    ({"secrets_key": "arn:aws:kms:eu-west-1:111122223333:key/1"}, "secrets_key", "is no KMS key of us-east-1"),
    ({"labels": {"aws:team": "ml"}}, "labels.aws:team", "is a tag that AWS or the cluster sets itself"),
    ({"labels": {"Name": "llm"}}, "labels.Name", "Write another"),
    ({"labels": {"team": "ml & co"}}, "labels.team", "'team: ml & co' is no AWS tag"),
    ({"labels": {f"l{index}": "" for index in range(41)}}, "labels", "AWS takes 40 tags beside the cluster's own"),
]


@pytest.mark.parametrize(("changes", "path", "reason"), REFUSED, ids=[f"{r[1]}: {r[2]}" for r in REFUSED])
def test_this_is_refused_with_what_to_write_instead(changes: dict[str, Any], path: str, reason: str) -> None:
    found = problems({**CLUSTER, **changes})
    assert list(found) == [path]
    assert reason in found[path]


@pytest.mark.parametrize(
    ("region", "missing"), [("mx-central-1", "eks, eks-auth"), ("ap-southeast-5", "eks"), ("cn-north-1", "ec2, ")]
)
def test_a_network_is_not_isolated_where_aws_lacks_an_endpoint(region: str, missing: str) -> None:
    found = problems({**AIR_GAPPED, "location": region, "zones": [f"{region}a", f"{region}b"]})
    assert list(found) == ["network.isolated"]
    assert f"AWS has no private endpoint for {missing}" in found["network.isolated"]


ADOPTION: list[tuple[dict[str, Any], str, str]] = [
    ({"node_identity": None}, "adopt.node_identity", "Write a name, not None"),
    ({"node_identity": "nodes"}, "adopt.node_identity", "'nodes' is no IAM role. Write an ARN"),
    ({"subnets": {"us-east-1a": "subnet-0a"}}, "adopt.subnets", "There is none for us-east-1b"),
    ({"subnets": {**SUBNETS, "us-east-1b": "sub"}}, "adopt.subnets.us-east-1b", "'sub' is no subnet"),
    ({"resource_group": "rg"}, "adopt.resource_group", "Resource groups are Azure's"),
    ({"kubeconfig": "~/.kube/config"}, "adopt.kubeconfig", "looked up by its name"),
    ({"context": "kind"}, "adopt.context", "looked up by its name"),
]


@pytest.mark.parametrize(("changes", "path", "reason"), ADOPTION, ids=[f"{r[1]}: {r[2]}" for r in ADOPTION])
def test_an_adopted_cluster_says_what_pools_need_and_no_more(changes: dict[str, Any], path: str, reason: str) -> None:
    found = problems({**ADOPTED, "adopt": {**ADOPTED["adopt"], **changes}})
    assert path in found
    assert reason in found[path]


def test_an_adopted_cluster_without_what_pools_need_is_told_all_at_once() -> None:
    assert set(problems({**CLUSTER, "adopt": {"name": "theirs"}})) == {"adopt.node_identity", "adopt.subnets"}


def test_an_adopted_cluster_may_have_a_single_zone() -> None:
    one = {"name": "theirs", "node_identity": ROLE, "subnets": {"us-east-1a": "subnet-0a"}}
    assert problems({**CLUSTER, "zones": ["us-east-1a"], "adopt": one}) == {}


def test_an_adopted_cluster_is_not_changed() -> None:
    changes = {"private_endpoint": True, "labels": {"team": "ml"}, "admins": [ROLE], "observability": "full"}
    found = problems({**ADOPTED, **changes})
    assert set(found) == set(changes)
    found |= problems({**ADOPTED, "network": {"isolated": True, "service_cidr": "10.9.0.0/20"}})
    assert "network.service_cidr" in found
    assert set(found.values()) == {"An adopted cluster is not changed. Drop this."}


def test_every_option_of_a_cluster_is_in_the_table() -> None:
    ours = {option.path for option in options("penstock.clusters.eks")}
    theirs = {option.path for option in options("penstock.clusters.gke")}
    assert ours == theirs
