"""Objects of kinds that a CustomResourceDefinition defines."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes import apiextensions


def custom(
    name: str,
    manifest: Mapping[str, Any],
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    *,
    timeouts: pulumi.CustomTimeouts | None = None,
) -> pulumi.Resource:
    """The resource `name` of a manifest: `apiVersion`, `kind`, `metadata` and `spec`. Its provider is its parent's."""
    made: pulumi.Resource = apiextensions.CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=manifest["metadata"],
        spec=manifest["spec"],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on), custom_timeouts=timeouts),
    )
    return made
