"""What an EKS cluster registers, in a preview and in a deployment."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

import penstock
from tests.support.mocked import Registered, of_type, run

CLUSTER: dict[str, Any] = {
    "cloud": "aws",
    "location": "eu-west-1",  # not the provider's region
    "zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
}
ISOLATED: dict[str, Any] = {**CLUSTER, "network": {"isolated": True}, "private_endpoint": True}
ADMIN = "arn:aws:iam::111122223333:role/admin"
SUBNET = "aws:ec2/subnet:Subnet"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ADDON = "aws:eks/addon:Addon"


def both(args: dict[str, Any]) -> list[Registered]:
    """Registers a cluster in a preview and in a deployment; what it registers has to be the same."""

    def program() -> None:
        penstock.Cluster("llm", args)  # type: ignore[arg-type]

    previewed = run(program, preview=True)
    deployed = run(program)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def offered(args: dict[str, Any], *, preview: bool = False, cloud: Path | None = None) -> dict[str, Any]:
    """What a cluster offers, once it is deployed: the members of its reference, and its kubeconfig."""
    seen: dict[str, Any] = {}

    def program() -> None:
        cluster = penstock.Cluster("llm", args)  # type: ignore[arg-type]
        pulumi.Output.from_input(cluster.ref).apply(seen.update)
        cluster.kubeconfig.apply(lambda config: seen.update(kubeconfig=json.loads(config)))

    run(program, preview=preview, cloud=cloud)
    return seen


def waited_for(args: dict[str, Any]) -> dict[str, set[str]]:
    """The children that whoever uses a member of the cluster's reference, or its kubeconfig, waits for."""
    found: dict[str, set[str]] = {}

    def program() -> None:
        cluster = penstock.Cluster("llm", args)  # type: ignore[arg-type]

        async def look() -> None:
            for name, value in {**cluster.ref, "kubeconfig": cluster.kubeconfig}.items():
                resources = await pulumi.Output.from_input(value).resources()
                found[name] = {f"{type(r).__name__} {r._name}" for r in resources}

        # The program ends when the outputs of its components are registered: so not before everything was looked at.
        pulumi.ComponentResource("test:index:Look", "look").register_outputs({"looked": look()})

    run(program)
    return found


def test_a_cluster_is_private_encrypted_and_logged() -> None:
    registered = both(CLUSTER)
    cluster = of_type(registered, "aws:eks/cluster:Cluster")["llm"]
    assert cluster["name"] == "llm"
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    assert "securityGroupIds" not in cluster["vpcConfig"]
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["bootstrapSelfManagedAddons"] is False
    assert cluster["deletionProtection"] is True
    key = of_type(registered, "aws:kms/key:Key")["llm-secrets"]
    assert key["enableKeyRotation"] is True
    assert cluster["encryptionConfig"]["resources"] == ["secrets"]
    assert re.fullmatch(r"arn:aws:kms:eu-west-1:\d{12}:key/.+", cluster["encryptionConfig"]["provider"]["keyArn"])
    logs = of_type(registered, "aws:cloudwatch/logGroup:LogGroup")["llm-logs"]
    assert (logs["name"], logs["retentionInDays"]) == ("/aws/eks/llm/cluster", 90)
    issuer = of_type(registered, "aws:iam/openIdConnectProvider:OpenIdConnectProvider")["llm-pods"]["url"]
    assert issuer.startswith("https://oidc.eks.eu-west-1.amazonaws.com/id/")


def test_everything_is_in_the_clusters_region_and_carries_its_labels() -> None:
    registered = both({**CLUSTER, "labels": {"team": "ml"}, "admins": [ADMIN]})
    resources = [r for r in registered if r.type.startswith("aws:")]
    assert {r.inputs["region"] for r in resources if not r.type.startswith("aws:iam/")} == {"eu-west-1"}
    tagless = {"RolePolicyAttachment", "Route", "RouteTableAssociation", "AccessPolicyAssociation"}
    assert all(r.inputs["tags"]["team"] == "ml" for r in resources if r.type.rpartition(":")[2] not in tagless)


def test_each_zone_has_a_private_subnet_and_a_way_out_of_its_own() -> None:
    registered = both(CLUSTER)
    subnets = of_type(registered, SUBNET)
    assert {name: subnet["availabilityZone"] for name, subnet in subnets.items()} == {
        f"llm-{place}": place.removeprefix("public-") for zone in CLUSTER["zones"] for place in (zone, f"public-{zone}")
    }
    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in subnets.values())
    assert subnets["llm-eu-west-1b"]["tags"]["kubernetes.io/role/internal-elb"] == "1"
    assert subnets["llm-public-eu-west-1b"]["tags"]["kubernetes.io/role/elb"] == "1"
    vpc = of_type(registered, "aws:ec2/vpc:Vpc")["llm-network"]
    assert (vpc["enableDnsSupport"], vpc["enableDnsHostnames"]) == (True, True)
    default = of_type(registered, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")["llm-default"]
    assert not default.get("ingress")
    assert not default.get("egress")
    assert len(of_type(registered, "aws:ec2/natGateway:NatGateway")) == 3
    routes = of_type(registered, "aws:ec2/route:Route")
    assert {name for name, route in routes.items() if "natGatewayId" in route} == {
        f"llm-nat-{zone}" for zone in CLUSTER["zones"]
    }
    assert len({routes[f"llm-nat-{zone}"]["natGatewayId"] for zone in CLUSTER["zones"]}) == 3
    (s3,) = of_type(registered, ENDPOINT).values()
    assert (s3["serviceName"], s3["vpcEndpointType"]) == ("com.amazonaws.eu-west-1.s3", "Gateway")
    assert len(s3["routeTableIds"]) == 3


def test_an_isolated_network_has_no_way_out_but_aws_services_in_every_zone() -> None:
    registered = both(ISOLATED)
    types = {r.type.rpartition(":")[2] for r in registered}
    assert not types & {"InternetGateway", "NatGateway", "Eip", "Route"}
    assert set(of_type(registered, SUBNET)) == {f"llm-{zone}" for zone in CLUSTER["zones"]}
    endpoints = of_type(registered, ENDPOINT)
    services = {endpoint["serviceName"].removeprefix("com.amazonaws.eu-west-1.") for endpoint in endpoints.values()}
    assert services == {
        "s3", "ec2", "ecr.api", "ecr.dkr", "sts", "eks", "eks-auth", "autoscaling", "elasticloadbalancing", "logs",
        "monitoring", "xray",
    }  # fmt: skip
    interfaces = [endpoint for endpoint in endpoints.values() if endpoint["vpcEndpointType"] == "Interface"]
    assert all(endpoint["privateDnsEnabled"] and len(endpoint["subnetIds"]) == 3 for endpoint in interfaces)
    (rule,) = of_type(registered, "aws:ec2/securityGroup:SecurityGroup")["llm-endpoints"]["ingress"]
    assert (rule["fromPort"], rule["toPort"], rule["cidrBlocks"]) == (443, 443, ["10.0.0.0/16"])
    assert of_type(registered, "aws:eks/cluster:Cluster")["llm"]["vpcConfig"]["endpointPublicAccess"] is False


def test_networks_that_reach_the_vpc_are_let_in_to_the_private_endpoint() -> None:
    vpn = {"cidr": "10.200.0.0/16", "name": "vpn"}
    registered = both({**CLUSTER, "private_endpoint": True, "authorized_networks": [vpn]})
    (rule,) = of_type(registered, "aws:ec2/securityGroup:SecurityGroup")["llm-control-plane"]["ingress"]
    assert (rule["fromPort"], rule["cidrBlocks"], rule["description"]) == (443, ["10.200.0.0/16"], "vpn")
    config = of_type(registered, "aws:eks/cluster:Cluster")["llm"]["vpcConfig"]
    assert len(config["securityGroupIds"]) == 1
    assert "publicAccessCidrs" not in config


def test_roles_have_the_least_that_they_need() -> None:
    registered = both(CLUSTER)
    attached = of_type(registered, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert {name: policy["policyArn"] for name, policy in attached.items()} == {
        f"llm-{role}-{policy}": f"arn:aws:iam::aws:policy/{policy}"
        for role, policy in (
            ("cluster", "AmazonEKSClusterPolicy"),
            ("nodes", "AmazonEKSWorkerNodePolicy"),
            ("nodes", "AmazonEC2ContainerRegistryPullOnly"),
            ("vpc-cni", "AmazonEKS_CNI_Policy"),
            ("ebs-csi", "AmazonEBSCSIDriverEKSClusterScopedPolicy"),
            ("cloudwatch", "CloudWatchAgentServerPolicy"),
        )
    }


def test_add_ons_hand_their_pods_their_roles() -> None:
    addons = of_type(both(CLUSTER), ADDON)
    with_role = {
        addon["addonName"]: [a["serviceAccount"] for a in addon["podIdentityAssociations"]]
        for addon in addons.values()
        if "podIdentityAssociations" in addon
    }
    assert with_role == {
        "vpc-cni": ["aws-node"],
        "aws-ebs-csi-driver": ["ebs-csi-controller-sa"],
        "amazon-cloudwatch-observability": ["cloudwatch-agent"],
    }
    assert not any("serviceAccountRoleArn" in addon for addon in addons.values())


@pytest.mark.parametrize("version", ["1.33", "1.34"])
def test_add_ons_follow_the_clusters_version_of_kubernetes(version: str) -> None:
    versions = {
        addon["addonName"]: addon["addonVersion"]
        for addon in of_type(both({**CLUSTER, "version": version}), ADDON).values()
    }
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", each) for each in versions.values())
    assert versions["kube-proxy"].startswith(f"v{version}.")


def test_without_a_version_add_ons_follow_the_one_that_eks_gives() -> None:
    addons = of_type(both(CLUSTER), ADDON)
    assert all(addon["addonVersion"] for addon in addons.values())


def test_less_is_observed_where_less_is_asked() -> None:
    registered = both({**CLUSTER, "observability": "system"})
    assert "llm-cloudwatch" not in of_type(registered, ADDON)
    assert of_type(registered, "aws:eks/cluster:Cluster")["llm"]["enabledClusterLogTypes"] == ["audit", "authenticator"]


def test_administrators_have_access_to_the_whole_cluster() -> None:
    registered = both({**CLUSTER, "admins": [ADMIN, pulumi.Output.from_input(f"{ADMIN}2")]})
    entries = of_type(registered, "aws:eks/accessEntry:AccessEntry")
    assert {entry["principalArn"] for entry in entries.values()} == {ADMIN, f"{ADMIN}2"}
    for association in of_type(registered, "aws:eks/accessPolicyAssociation:AccessPolicyAssociation").values():
        assert association["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
        assert association["accessScope"] == {"type": "cluster"}


def test_dropping_an_administrator_leaves_the_others_alone() -> None:
    args = {**CLUSTER, "admins": [ADMIN, f"{ADMIN}2"]}
    two = of_type(both(args), "aws:eks/accessEntry:AccessEntry")
    one = of_type(both({**args, "admins": [f"{ADMIN}2"]}), "aws:eks/accessEntry:AccessEntry")
    assert one.items() <= two.items()


def test_an_adopted_network_and_key_are_used_and_not_made(tmp_path: Path) -> None:
    subnets = offered(CLUSTER, cloud=tmp_path)["subnets"]

    def program() -> None:
        key = aws.kms.Key("theirs", region="eu-west-1")
        args = {**CLUSTER, "network": {"adopt": {"subnets": subnets}}, "secrets_key": key.arn}
        penstock.Cluster("other", args)  # type: ignore[arg-type]

    registered = run(program, cloud=tmp_path)
    made = {(r.type, r.name) for r in registered if r.type.startswith(("aws:ec2/", "aws:kms/"))}
    assert made == {("aws:kms/key:Key", "theirs")}
    cluster = of_type(registered, "aws:eks/cluster:Cluster")["other"]
    assert cluster["vpcConfig"]["subnetIds"] == list(subnets.values())
    assert cluster["encryptionConfig"]["provider"]["keyArn"].startswith("arn:aws:kms:eu-west-1:")


def test_the_control_plane_takes_every_subnet_that_is_given_and_nodes_those_of_their_zones(tmp_path: Path) -> None:
    subnets = offered(CLUSTER, cloud=tmp_path)["subnets"]
    args = {**CLUSTER, "zones": ["eu-west-1b"], "network": {"adopt": {"subnets": subnets}}}
    seen: list[Any] = []

    def program() -> None:
        cluster = penstock.Cluster("other", args)  # type: ignore[arg-type]
        pulumi.Output.from_input(cluster.ref).apply(seen.append)

    registered = run(program, cloud=tmp_path)
    assert len(of_type(registered, "aws:eks/cluster:Cluster")["other"]["vpcConfig"]["subnetIds"]) == 3
    assert seen[0]["subnets"] == {"eu-west-1b": subnets["eu-west-1b"]}


def test_a_cluster_offers_what_pools_need() -> None:
    ref = offered({**ISOLATED, "version": "1.34", "registry": "registry.example.com", "labels": {"team": "ml"}})
    assert {
        key: ref[key] for key in ("cloud", "name", "location", "zones", "version", "isolated", "registry", "labels")
    } == {
        "cloud": "aws",
        "name": "llm",
        "location": "eu-west-1",
        "zones": CLUSTER["zones"],
        "version": "1.34",
        "isolated": True,
        "registry": "registry.example.com",
        "labels": {"team": "ml"},
    }
    assert list(ref["subnets"]) == CLUSTER["zones"]
    assert all(re.fullmatch(r"subnet-[0-9a-f]{17}", subnet) for subnet in ref["subnets"].values())
    assert re.fullmatch(r"\d{12}", ref["project"])
    assert re.fullmatch(rf"arn:aws:iam::{ref['project']}:role/llm-nodes-[0-9a-f]{{7}}", ref["node_identity"])
    assert re.fullmatch(r"sg-[0-9a-f]{17}", ref["node_security_group"])


def test_the_kubeconfig_takes_the_identity_of_the_aws_command_line() -> None:
    config = offered(CLUSTER)["kubeconfig"]
    (cluster,) = config["clusters"]
    assert re.fullmatch(r"https://[0-9A-F]{32}\.\w+\.eu-west-1\.eks\.amazonaws\.com", cluster["cluster"]["server"])
    assert cluster["cluster"]["certificate-authority-data"]
    (user,) = config["users"]
    assert user["user"]["exec"]["args"][:4] == ["eks", "get-token", "--cluster-name", "llm"]


def test_pools_wait_for_what_nodes_need_and_not_for_what_needs_nodes() -> None:
    waited = waited_for({**CLUSTER, "admins": [ADMIN]})
    assert {"Addon llm-agent", "Addon llm-vpc-cni", "Addon llm-kube-proxy", "Cluster llm"} <= waited["name"]
    assert not {"Addon llm-coredns", "Addon llm-ebs-csi", "Addon llm-metrics", "Addon llm-cloudwatch"} & waited["name"]
    assert "RolePolicyAttachment llm-nodes-AmazonEC2ContainerRegistryPullOnly" in waited["node_identity"]


def test_whoever_works_in_the_cluster_does_so_while_there_are_access_names_and_volumes() -> None:
    waited = waited_for({**CLUSTER, "admins": [ADMIN]})["kubeconfig"]
    assert {"Addon llm-coredns", "Addon llm-ebs-csi", "Addon llm-metrics", "Addon llm-cloudwatch"} <= waited
    assert len([name for name in waited if name.startswith("AccessPolicyAssociation ")]) == 1


@pytest.mark.parametrize("member", ["name", "location", "zones", "labels"])
def test_what_names_and_bounds_a_pool_is_known_in_a_preview(member: str) -> None:
    seen: list[Any] = []

    def program() -> None:
        cluster = penstock.Cluster("llm", {**CLUSTER, "labels": {"team": "ml"}})  # type: ignore[typeddict-item]
        pulumi.Output.from_input(cluster.ref[member]).apply(seen.append)  # type: ignore[literal-required]

    run(program, preview=True)
    assert seen == [{"name": "llm", "labels": {"team": "ml"}}.get(member, CLUSTER.get(member))]


def adopting(ref: dict[str, Any], **changes: Any) -> dict[str, Any]:
    adopt = {"name": "llm", "node_identity": ref["node_identity"], "subnets": ref["subnets"], **changes}
    return {**CLUSTER, "adopt": adopt}


def test_an_adopted_cluster_is_looked_up_and_nothing_is_made(tmp_path: Path) -> None:
    theirs = offered(CLUSTER, cloud=tmp_path)
    args = adopting(theirs)
    registered = run(lambda: penstock.Cluster("ours", args) and None, cloud=tmp_path)  # type: ignore[arg-type]
    assert [r.type for r in registered] == ["penstock:index:Cluster"]
    assert offered(args, cloud=tmp_path) == theirs


def test_adopting_a_cluster_that_is_not_there_fails_and_names_it() -> None:
    ref = {"node_identity": ADMIN, "subnets": dict.fromkeys(CLUSTER["zones"], "subnet-0a")}
    with TemporaryDirectory() as cloud, pytest.raises(Exception, match="theirs"):
        offered(adopting(ref, name="theirs"), cloud=Path(cloud))
