"""Which images fit a node group.

Sources: Amazon EKS user guide, launch templates (latest/ug/nodes/launch-templates.adoc
@4d52b4d05e3478582e7d10a73cbd9ba9194dd5f7); awslabs/amazon-eks-ami#2545; the machine catalogue.
"""

from __future__ import annotations

from typing import Final

from penstock_cost import UnknownMachineType, machine
from sandbox.cloud.aws.behaviour import NODE_GROUP
from sandbox.cloud.aws.places import read
from sandbox.cloud.aws.refusals import refusal
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

_CODE: Final = "InvalidParameterException"
_OWN_IMAGE_LEAVES_OUT: Final = {"version": "kubernetesVersion", "releaseVersion": "releaseVersion"}


def fit(group: CloudResource, template: Properties, verb: str) -> None:
    """With an image of its own in the launch template, a group says nothing of images and versions."""
    if not template.get("imageId"):
        if group.inputs.get("amiType") == "CUSTOM":
            text = "You must specify an image id in your launch template with the AMI type CUSTOM."
            raise refusal(NODE_GROUP, verb, group.id, _CODE, text)
        return
    if group.inputs.get("amiType") not in (None, "CUSTOM"):
        text = "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template."
        raise refusal(NODE_GROUP, verb, group.id, _CODE, text)
    for name, field in _OWN_IMAGE_LEAVES_OUT.items():
        if group.inputs.get(name):
            text = f"You cannot specify the field {field} when using custom AMIs."
            raise refusal(NODE_GROUP, verb, group.id, _CODE, text)
    group.outputs["amiType"] = "CUSTOM"


def require(group: CloudResource, cluster: CloudResource) -> None:
    """The group's sort of image exists for the version and for the machines; without one EKS takes Amazon Linux 2023
    of the first machine's architecture."""
    types = group.outputs["instanceTypes"]
    kind = group.outputs["amiType"]
    if not kind:
        group.outputs["amiType"] = f"AL2023_{'ARM_64' if types and _is_arm(types[0]) else 'x86_64'}_STANDARD"
        return
    version = group.outputs.get("version") or cluster.outputs["version"]
    last = read("eks")["last_version_with_al2"]
    if kind.startswith("AL2_") and int(version.split(".")[1]) > int(last.split(".")[1]):
        text = f"AMI Type {kind} is only supported for kubernetes versions {last} or earlier"
        raise refusal(NODE_GROUP, "create", group.id, _CODE, text)
    for name in types:
        arm = _is_arm(name)
        if kind != "CUSTOM" and arm is not None and arm != ("ARM_64" in kind):
            text = f"[{name}] is not a valid instance type for requested amiType {kind}"
            raise refusal(NODE_GROUP, "create", group.id, _CODE, text)


def _is_arm(name: str) -> bool | None:
    """Whether the machine type has ARM processors; `None` when the catalogue does not know it."""
    try:
        return machine("aws", name).architecture == "arm64"
    except UnknownMachineType:
        return None
