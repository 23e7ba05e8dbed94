"""Launch templates: every change of what is launched makes a new version.

Source: hashicorp/terraform-provider-aws internal/service/ec2/ec2_launch_template.go
@025e4f81cab8553cb052aebfcc5987e2aa8c702a.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sandbox.cloud.aws.behaviour import LAUNCH_TEMPLATE, NODE_GROUP, SECURITY_GROUP, AwsBehaviour, Lookup
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

PLACEMENT_GROUP: Final = "aws:ec2/placementGroup:PlacementGroup"
# What is the template's own, not its versions'.
_NOT_A_VERSIONS: Final = {"defaultVersion", "name", "namePrefix", "region", "tags", "updateDefaultVersion"}


@dataclass(frozen=True)
class Chosen:
    """The version of a launch template that a node group uses, and what it says."""

    id: str
    name: str
    version: str
    data: Properties


class LaunchTemplateBehaviour(AwsBehaviour):
    """A launch template and its versions, which are kept in `live`."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        for index, mapping in enumerate(inputs.get("blockDeviceMappings") or []):
            disk = mapping.get("ebs") if isinstance(mapping, dict) else None
            if isinstance(disk, dict) and disk.get("volumeType") == "gp2" and disk.get("throughput"):
                path = ("blockDeviceMappings", index, "ebs", "throughput")
                yield Failure(path, "A volume of type gp2 has no throughput; only gp3 has.")

    def creating(self, resource: CloudResource) -> None:
        name = resource.outputs["name"]
        if any(self.lookup.of(LAUNCH_TEMPLATE, name=name)):
            text = "Launch template name already in use."
            code = "InvalidLaunchTemplateName.AlreadyExistsException"
            raise refusal(LAUNCH_TEMPLATE, "create", name, code, text)
        self._require_groups(resource, "create")
        resource.live["versions"] = {"1": _data(resource)}

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self._require_groups(new, "update")
        latest, default = old.outputs["latestVersion"], old.outputs["defaultVersion"]
        versions = dict(old.live["versions"])
        if _data(new) != versions[str(latest)]:
            latest += 1
            versions[str(latest)] = _data(new)
        if new.inputs.get("updateDefaultVersion"):
            default = latest
        wanted = new.inputs.get("defaultVersion")
        if wanted is not None and str(wanted) not in versions:
            text = f"Could not find the specified version {wanted} for the launch template with ID {new.id}."
            raise refusal(LAUNCH_TEMPLATE, "update", new.id, "InvalidLaunchTemplateId.VersionNotFound", text)
        new.outputs |= {"latestVersion": latest, "defaultVersion": int(wanted) if wanted else default}
        new.live["versions"] = versions

    def changing(self, prior: Properties, new: Properties) -> Iterator[str]:
        old = self.store.get(LAUNCH_TEMPLATE, str(prior.get("arn")).rpartition("/")[2])
        if old is None or _data(CloudResource(old.type, old.id, "", new, {})) != _data(old):
            yield "latestVersion"
            if new.get("updateDefaultVersion"):
                yield "defaultVersion"

    def _require_groups(self, template: CloudResource, verb: str) -> None:
        """EC2 looks at security groups and placement groups when machines are launched; a program that names some
        that do not exist is told at once here."""
        interfaces = template.outputs.get("networkInterfaces") or []
        named = [group for interface in interfaces for group in interface.get("securityGroups") or []]
        for group in [*(template.outputs.get("vpcSecurityGroupIds") or []), *named]:
            if self.lookup.security_group_vpc(group) is None:
                raise not_found(LAUNCH_TEMPLATE, verb, template.id, SECURITY_GROUP, group)
        placement = (template.outputs.get("placement") or {}).get("groupName")
        if placement and not self.lookup.has(PLACEMENT_GROUP, placement):
            raise not_found(LAUNCH_TEMPLATE, verb, template.id, PLACEMENT_GROUP, placement)


def chosen(lookup: Lookup, asked: Properties, group: CloudResource, verb: str) -> Chosen:
    """The template and version that a node group asks for; raises `CloudError` when there is none."""
    found = lookup.store.get(LAUNCH_TEMPLATE, asked["id"]) if asked.get("id") else None
    if found is None and asked.get("name"):
        found = next(lookup.of(LAUNCH_TEMPLATE, name=asked["name"]), None)
    if found is None:
        raise not_found(NODE_GROUP, verb, group.id, LAUNCH_TEMPLATE, asked.get("id") or asked.get("name") or "")
    named = {"$Latest": found.outputs["latestVersion"], "$Default": found.outputs["defaultVersion"]}
    version = str(named.get(asked["version"], asked["version"]))
    if version not in found.live["versions"]:
        text = f"Could not find the specified version {version} for the launch template with ID {found.id}."
        raise refusal(NODE_GROUP, verb, group.id, "InvalidParameterException", text)
    return Chosen(found.id, found.outputs["name"], version, found.live["versions"][version])


def _data(template: CloudResource) -> Properties:
    """What a version of the template says."""
    return {
        name: value
        for name, value in template.inputs.items()
        if name not in _NOT_A_VERSIONS and not name.startswith("__") and value not in (None, [], {})
    }
