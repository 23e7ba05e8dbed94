"""EKS clusters.

Sources: hashicorp/terraform-provider-aws internal/service/eks/cluster.go@00555dc5b38f92abbfa230badea0ed0754cea81e;
Amazon EKS user guide, network requirements and cluster versions
(awsdocs/amazon-eks-user-guide@4d52b4d05e3478582e7d10a73cbd9ba9194dd5f7); the tables in `data/eks.yaml`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.cloud.aws.behaviour import CLUSTER, NODE_GROUP, ROLE, SECURITY_GROUP, SUBNET, AwsBehaviour, fill
from sandbox.cloud.aws.iam import trusts
from sandbox.cloud.aws.kms import KEY
from sandbox.cloud.aws.places import ACCOUNT, CALLER, read, zones
from sandbox.cloud.aws.principals import ACCESS_ENTRY, ACCESS_POLICY, admit, has_entries
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.gcp.places import cluster_ca
from sandbox.cloud.paths import Path
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

_SERVICE: Final = "eks.amazonaws.com"
_ADMIN: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_GOES_ALONG: Final = (
    ACCESS_POLICY,
    ACCESS_ENTRY,
    "aws:eks/addon:Addon",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
)


class ClusterBehaviour(AwsBehaviour):
    """A cluster: its control plane lies in two zones at least; its version only goes up."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        network = inputs.get("vpcConfig")
        if not isinstance(network, dict):
            return
        if network.get("subnetIds") == []:
            yield Failure(("vpcConfig", "subnetIds"), "A cluster needs subnets, in at least two zones.")
        if network.get("endpointPublicAccess") is False and network.get("endpointPrivateAccess") is False:
            reason = "Private and public endpoint access cannot both be false; switch one of them on."
            yield Failure(("vpcConfig", "endpointPrivateAccess"), reason)

    def creating(self, resource: CloudResource) -> None:
        outputs, name = resource.outputs, resource.id
        self._require_role(resource, "create")
        self._place(resource, "create")
        self._require_key(resource, "create")
        version = outputs.get("version") or read("eks")["default_version"]
        _require_version(version, name)
        digest = hashlib.sha256(f"{resource.urn}{outputs['vpcConfig']}".encode()).hexdigest().upper()[:32]
        region = outputs["region"]
        outputs |= {
            "version": version,
            "platformVersion": read("eks")["versions"][version]["platform"],
            "endpoint": f"https://{digest}.gr7.{region}.eks.amazonaws.com",
            "certificateAuthority": {"data": base64.b64encode(cluster_ca().encode()).decode()},
            "identities": [{"oidcs": [{"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{digest}"}]}],
        }
        fill(outputs, "clusterId", "")
        access = outputs["accessConfig"]
        if has_entries(resource) and access["bootstrapClusterCreatorAdminPermissions"]:
            admit(self.store, resource, CALLER, "STANDARD", policy=_ADMIN)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        keep = ("endpoint", "certificateAuthority", "identities", "platformVersion", "clusterId", "createdAt")
        new.outputs |= {name: old.outputs[name] for name in keep}
        self._place(new, "update")
        self._keep_zones(old, new)
        self._require_key(new, "update")
        wanted = new.outputs.get("version") or old.outputs["version"]
        new.outputs["version"] = wanted
        if wanted != old.outputs["version"]:
            _require_step(old.outputs["version"], wanted, new.id)
            new.outputs["platformVersion"] = read("eks")["versions"][wanted]["platform"]
        _require_mode(old, new)

    def deleting(self, resource: CloudResource) -> None:
        if resource.outputs.get("deletionProtection"):
            text = "The cluster cannot be deleted because deletion protection is enabled. Disable it first."
            raise refusal(CLUSTER, "delete", resource.id, "InvalidRequestException", text)
        if any(self.lookup.of(NODE_GROUP, clusterName=resource.id)):
            text = "Cluster has nodegroups attached"
            raise refusal(CLUSTER, "delete", resource.id, "ResourceInUseException", text, 409)
        for type_ in _GOES_ALONG:
            for found in list(self.lookup.of(type_, clusterName=resource.id)):
                self.store.remove(found)
        self.store.remove_all(scope=urlsplit(resource.outputs["endpoint"]).netloc)

    def replaces(self, old: Properties, new: Properties) -> Iterator[Path]:
        """Encryption of secrets cannot be taken away, and a node role of Auto Mode cannot be another."""
        if old.get("encryptionConfig") and not new.get("encryptionConfig"):
            yield ("encryptionConfig",)
        before = (old.get("computeConfig") or {}).get("nodeRoleArn")
        if before and before != (new.get("computeConfig") or {}).get("nodeRoleArn"):
            yield ("computeConfig", "nodeRoleArn")

    def _require_role(self, cluster: CloudResource, verb: str) -> None:
        arn = cluster.outputs["roleArn"]
        role = self.lookup.by_arn(ROLE, arn)
        if role is None or not trusts(role, _SERVICE):
            text = (
                f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is "
                "not correct"
            )
            raise refusal(CLUSTER, verb, cluster.id, "InvalidParameterException", text)

    def _place(self, cluster: CloudResource, verb: str) -> None:
        network, name = cluster.outputs["vpcConfig"], cluster.id
        subnets = []
        for id_ in network["subnetIds"]:
            subnet = self.store.get(SUBNET, id_)
            if subnet is None:
                raise not_found(CLUSTER, verb, name, SUBNET, id_)
            subnets.append(subnet)
        vpcs = {subnet.outputs["vpcId"] for subnet in subnets}
        if len(vpcs) > 1:
            text = "Subnets specified must be in the same VPC"
            raise refusal(CLUSTER, verb, name, "InvalidParameterException", text)
        used = {subnet.outputs["availabilityZone"] for subnet in subnets}
        region = cluster.outputs["region"]
        barred = {zone for zone, id_ in zones(region).items() if id_ in read("regions")["without_control_planes"]}
        if used & barred:
            possible = ", ".join(zone for zone in zones(region) if zone not in barred)
            text = (
                f"Cannot create cluster '{name}' because {min(used & barred)}, the targeted availability zone, does "
                "not currently have sufficient capacity to support the cluster. Retry and choose from these "
                f"availability zones: {possible}"
            )
            raise refusal(CLUSTER, verb, name, "UnsupportedAvailabilityZoneException", text)
        if len(used) < 2:
            text = "Subnets specified must be in at least two different AZs"
            raise refusal(CLUSTER, verb, name, "InvalidParameterException", text)
        network["vpcId"] = vpcs.pop()
        for group in network.get("securityGroupIds") or []:
            if self.lookup.security_group_vpc(group) is None:
                raise not_found(CLUSTER, verb, name, SECURITY_GROUP, group)

    def _keep_zones(self, old: CloudResource, new: CloudResource) -> None:
        """Other subnets are possible; other zones are not."""
        if added := self._zones(new) - self._zones(old):
            text = (
                "All subnets must be in the same set of availability zones as those that the cluster was created with; "
                f"{', '.join(sorted(added))} is not among them"
            )
            raise refusal(CLUSTER, "update", new.id, "InvalidParameterException", text)

    def _zones(self, cluster: CloudResource) -> set[str]:
        subnets = [self.store.get(SUBNET, id_) for id_ in cluster.outputs["vpcConfig"]["subnetIds"]]
        return {subnet.outputs["availabilityZone"] for subnet in subnets if subnet is not None}

    def _require_key(self, cluster: CloudResource, verb: str) -> None:
        """Nothing is known of the keys of other accounts: theirs all exist."""
        encryption: dict[str, Any] = cluster.outputs.get("encryptionConfig") or {}
        arn = str((encryption.get("provider") or {}).get("keyArn") or "")
        if f":{ACCOUNT}:" in arn and not self.lookup.has(KEY, arn, by_arn=True):
            raise not_found(CLUSTER, verb, cluster.id, KEY, arn)


def _require_version(version: str, name: str) -> None:
    if version not in read("eks")["versions"]:
        raise refusal(CLUSTER, "create", name, "InvalidParameterException", f"unsupported Kubernetes version {version}")


def _require_step(old: str, new: str, name: str) -> None:
    """Versions go up, one minor at a time."""
    _require_version(new, name)
    if int(new.split(".")[1]) != int(old.split(".")[1]) + 1:
        text = f"Unsupported Kubernetes minor version update from {old} to {new}"
        raise refusal(CLUSTER, "update", name, "InvalidParameterException", text)


def _require_mode(old: CloudResource, new: CloudResource) -> None:
    """Access entries cannot be switched off again, nor the config map on."""
    order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
    before, after = (found.outputs["accessConfig"]["authenticationMode"] for found in (old, new))
    if order.index(after) < order.index(before):
        text = f"Unsupported authentication mode update from {before} to {after}"
        raise refusal(CLUSTER, "update", new.id, "InvalidParameterException", text)
