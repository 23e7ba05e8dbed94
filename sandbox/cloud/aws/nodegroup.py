"""EKS managed node groups.

Sources: hashicorp/terraform-provider-aws internal/service/eks/node_group.go@012e0a32f0686212f447447fd3d81c3d0ce256ad;
Amazon EKS user guide, launch templates and capacity blocks (latest/ug/nodes/launch-templates.adoc and
latest/ug/ml/capacity-blocks-mng.adoc@4d52b4d05e3478582e7d10a73cbd9ba9194dd5f7); messages as in
hashicorp/terraform-provider-aws#15118, terraform-aws-modules/terraform-aws-eks#1386, #3306 and
sassoftware/viya4-iac-aws#298.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.cloud.aws import images
from sandbox.cloud.aws.behaviour import CLUSTER, NODE_GROUP, ROLE, SUBNET, AwsBehaviour, scaling_groups
from sandbox.cloud.aws.iam import trusts
from sandbox.cloud.aws.nodes import GroupSize
from sandbox.cloud.aws.places import read
from sandbox.cloud.aws.principals import admit, has_entries
from sandbox.cloud.aws.refusals import refusal
from sandbox.cloud.aws.templates import chosen
from sandbox.cloud.errors import CloudError
from sandbox.cloud.paths import Path
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import UNKNOWN, Properties

TAG: Final = "aws:autoscaling/tag:Tag"
_MOST_TYPES: Final = 20
_MOST_TAINTS: Final = 50
_RESERVED: Final = ("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")
# What a launch template of a managed node group must leave to EKS, and what EKS says to it.
_NOT_IN_A_TEMPLATE: Final = {
    "iamInstanceProfile": "You cannot specify an instance profile in your launch template.",
    "hibernationOptions": "Hibernation options are not supported with the launch template.",
    "instanceInitiatedShutdownBehavior": "Shutdown behavior is not supported with the launch template.",
    "instanceRequirements": "Instance requirements are not supported with the launch template.",
}


class NodeGroupBehaviour(AwsBehaviour):
    """A node group: its machines, its auto scaling group, and its size, which the autoscaler moves."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        taints, subnets = inputs.get("taints"), inputs.get("subnetIds")
        if isinstance(taints, list) and len(taints) > _MOST_TAINTS:
            yield Failure(("taints",), f"A node group has at most {_MOST_TAINTS} taints, not {len(taints)}.")
        if subnets == []:
            yield Failure(("subnetIds",), "A node group needs a subnet.")
        for name in ("updateConfig",):
            block = inputs.get(name)
            if isinstance(block, dict) and not {"maxUnavailable", "maxUnavailablePercentage"} & block.keys():
                reason = "Give either maxUnavailable or maxUnavailablePercentage in updateConfig."
                yield Failure((name, "maxUnavailable"), reason)
        template = inputs.get("launchTemplate")
        if isinstance(template, dict) and not {"id", "name"} & template.keys():
            yield Failure(("launchTemplate", "id"), "Name the launch template by its id or its name.")

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        cluster = self.store.get(CLUSTER, outputs["clusterName"])
        assert cluster is not None, "parents are looked for before"
        self._require_role(resource)
        self._require_network(resource, cluster)
        self._fit_machines(resource, "create")
        _require_labels(resource, "create")
        images.require(resource, cluster)
        size = GroupSize.asked(outputs["scalingConfig"])
        size.require(resource, "create")
        size.keep(resource)
        self._versions(resource, cluster)
        if has_entries(cluster):
            admit(self.store, cluster, outputs["nodeRoleArn"], "EC2_LINUX")

    def reading(self, resource: CloudResource, prior: Properties) -> None:
        GroupSize.of(resource).keep(resource)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        """A changed scalingConfig sends all of it: also the desired size as Pulumi remembers it, which takes back
        what the autoscaler chose unless that was refreshed."""
        keep = ("amiType", "capacityType", "diskSize", "instanceTypes", "resources")
        new.outputs |= {name: old.outputs[name] for name in keep if name not in new.inputs}
        cluster = self.store.get(CLUSTER, new.outputs["clusterName"])
        if cluster is None:
            raise CloudError(f"updating EKS Node Group ({new.id}): its cluster is gone.")
        self._fit_machines(new, "update")
        _require_labels(new, "update")
        self._versions(new, cluster, old.outputs["version"])
        if new.outputs["scalingConfig"] != prior.get("scalingConfig"):
            size = GroupSize.asked(new.outputs["scalingConfig"])
            size.require(new, "update")
            size.keep(new)
        else:
            GroupSize.of(old).keep(new)

    def deleting(self, resource: CloudResource) -> None:
        for name in scaling_groups(resource):
            for tag in list(self.lookup.of(TAG, autoscalingGroupName=name)):
                self.store.remove(tag)

    def unsettled(self, new: Properties) -> Iterator[Path]:
        """EKS answers with a number where a program said `$Latest`."""
        template = new.get("launchTemplate")
        if isinstance(template, dict) and str(template.get("version")) in ("$Latest", "$Default"):
            yield ("launchTemplate", "version")

    def _require_role(self, group: CloudResource) -> None:
        arn = group.outputs["nodeRoleArn"]
        role = self.lookup.by_arn(ROLE, arn)
        if role is None:
            text = f"The role with name {arn.rpartition('/')[2]} cannot be found."
            raise refusal(NODE_GROUP, "create", group.id, "InvalidParameterException", text)
        if not trusts(role, "ec2.amazonaws.com"):
            text = (
                "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships "
                f"of nodeRole {arn}"
            )
            raise refusal(NODE_GROUP, "create", group.id, "InvalidParameterException", text)

    def _require_network(self, group: CloudResource, cluster: CloudResource) -> None:
        for id_ in group.outputs["subnetIds"]:
            subnet = self.store.get(SUBNET, id_)
            if subnet is not None and subnet.outputs["vpcId"] != cluster.outputs["vpcConfig"]["vpcId"]:
                text = f"Subnet {id_} is not in the VPC of the cluster, {cluster.outputs['vpcConfig']['vpcId']}"
                raise refusal(NODE_GROUP, "create", group.id, "InvalidParameterException", text)

    def _fit_machines(self, group: CloudResource, verb: str) -> None:
        """What stands in the launch template and what in the group: never both, and with a capacity block always
        the former."""
        outputs = group.outputs
        asked = outputs.get("launchTemplate")
        if not asked:
            if outputs["capacityType"] == "CAPACITY_BLOCK":
                self._refuse(group, verb, "Capacity Blocks need a launch template: specify one with launchTemplate.")
            return
        template = chosen(self.lookup, asked, group, verb)
        outputs["launchTemplate"] = {"id": template.id, "name": template.name, "version": template.version}
        machine = template.data.get("instanceType")
        for name, text in _NOT_IN_A_TEMPLATE.items():
            if template.data.get(name):
                self._refuse(group, verb, text)
        if group.inputs.get("diskSize"):
            self._refuse(group, verb, "Disk size must be specified within the launch template.")
        if group.inputs.get("remoteAccess"):
            self._refuse(group, verb, "Remote access configuration cannot be specified with a launch template.")
        if machine and group.inputs.get("instanceTypes"):
            text = "Cannot specify instance types in launch template and API request"
            raise refusal(NODE_GROUP, verb, group.id, "InvalidRequestException", text)
        if "diskSize" not in group.inputs:
            outputs["diskSize"] = 0
        if machine:
            outputs["instanceTypes"] = []
        self._fit_market(group, verb, template.data)
        if len(outputs["instanceTypes"]) > _MOST_TYPES:
            self._refuse(group, verb, f"Node groups can have at most {_MOST_TYPES} instance types.")
        images.fit(group, template.data, verb)

    def _fit_market(self, group: CloudResource, verb: str, data: Properties) -> None:
        market = data.get("instanceMarketOptions") or {}
        if group.outputs["capacityType"] != "CAPACITY_BLOCK":
            if market:
                self._refuse(group, verb, "Instance market options are not supported with the launch template.")
            return
        target = (data.get("capacityReservationSpecification") or {}).get("capacityReservationTarget") or {}
        if market.get("marketType") != "capacity-block":
            self._refuse(
                group, verb, "The launch template of a CAPACITY_BLOCK node group needs the market type capacity-block."
            )
        if not target.get("capacityReservationId"):
            self._refuse(
                group, verb, "The launch template of a CAPACITY_BLOCK node group needs a capacity reservation id."
            )
        if not data.get("instanceType"):
            self._refuse(group, verb, "The launch template of a CAPACITY_BLOCK node group needs an instance type.")

    def _versions(self, group: CloudResource, cluster: CloudResource, before: str | None = None) -> None:
        outputs, control_plane = group.outputs, cluster.outputs["version"]
        version = outputs.get("version") or before or control_plane
        if int(version.split(".")[1]) > int(control_plane.split(".")[1]):
            text = (
                "Nodegroup Kubernetes version should be equal to or less than the Cluster Kubernetes version "
                f"{control_plane}"
            )
            raise refusal(NODE_GROUP, "update" if before else "create", group.id, "InvalidParameterException", text)
        outputs["version"] = version
        patch = read("eks")["versions"].get(version, {}).get("patch", 0)
        outputs["releaseVersion"] = (
            outputs.get("releaseVersion") if group.inputs.get("releaseVersion") else (f"{version}.{patch}-20261107")
        )

    def _refuse(self, group: CloudResource, verb: str, text: str) -> None:
        raise refusal(NODE_GROUP, verb, group.id, "InvalidParameterException", text)


def _require_labels(group: CloudResource, verb: str) -> None:
    for label in group.outputs.get("labels") or {}:
        if label is not UNKNOWN and label.startswith(_RESERVED):
            text = f"Label cannot contain reserved prefixes [{', '.join(_RESERVED)}]"
            raise refusal(NODE_GROUP, verb, group.id, "InvalidParameterException", text)
