"""EKS add-ons. Those that need nodes become active when there are some; nothing waits for that.

Sources: hashicorp/terraform-provider-aws internal/service/eks/addon.go@00a35305dc1b297a6fcdecdfbba33f1e63c3da39; the
table in `data/eks.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.cloud.aws.behaviour import CLUSTER, NODE_GROUP, AwsBehaviour, fill
from sandbox.cloud.aws.places import read
from sandbox.cloud.aws.principals import require_pods_trust
from sandbox.cloud.aws.refusals import refusal
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

ADDON = "aws:eks/addon:Addon"


class AddonBehaviour(AwsBehaviour):
    """An add-on: one that EKS knows. `live["status"]` tells whether it runs."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        given = inputs.get("configurationValues")
        if isinstance(given, str) and given:
            try:
                json.loads(given)
            except json.JSONDecodeError as error:
                yield Failure(("configurationValues",), f"configurationValues is no JSON: {error}")

    def creating(self, resource: CloudResource) -> None:
        outputs, name = resource.outputs, resource.outputs["addonName"]
        if not is_known(name):
            text = f"Addon {name} specified is not supported"
            raise refusal(ADDON, "create", resource.id, "InvalidParameterException", text)
        cluster = self.store.get(CLUSTER, outputs["clusterName"])
        assert cluster is not None, "parents are looked for before"
        self._require_trust(resource, "create")
        fill(outputs, "addonVersion", default_version(name, cluster.outputs["version"]))
        fill(outputs["namespaceConfig"], "namespace", _row(name).get("namespace", name))
        self._settle(resource)

    def reading(self, resource: CloudResource, prior: Properties) -> None:
        self._settle(resource)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self._require_trust(new, "update")
        fill(new.outputs, "addonVersion", old.outputs["addonVersion"])
        new.outputs["namespaceConfig"] = old.outputs["namespaceConfig"]
        self._settle(new)

    def _require_trust(self, addon: CloudResource, verb: str) -> None:
        for association in addon.outputs.get("podIdentityAssociations") or []:
            require_pods_trust(self.lookup, addon, association["roleArn"], verb)

    def _settle(self, addon: CloudResource) -> None:
        needs = _row(addon.outputs["addonName"]).get("needs_nodes", False)
        groups = self.lookup.of(NODE_GROUP, clusterName=addon.outputs["clusterName"])
        runs = not needs or any(group.live["nodes"] for group in groups)
        addon.live["status"] = "ACTIVE" if runs else "DEGRADED"


def is_known(name: str) -> bool:
    """Whether EKS has an add-on; those of the marketplace, `<vendor>_<product>`, are not listed here and all exist."""
    return "_" in name or name in read("eks")["addons"]


def default_version(name: str, kubernetes: str) -> str:
    """The version of an add-on that a cluster of a Kubernetes version gets."""
    return str(_row(name).get("version", "v1.0.0-eksbuild.1")).format(kubernetes=kubernetes)


def _row(name: str) -> Mapping[str, Any]:
    row: Mapping[str, Any] = read("eks")["addons"].get(name) or {}
    return row
