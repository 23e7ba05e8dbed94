"""The Kubernetes objects of autoscalers of pods. Their provider is that of their parent."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes import apps, autoscaling, core, scheduling


def horizontal(name: str, manifest: Mapping[str, Any], parent: pulumi.Resource) -> None:
    """A HorizontalPodAutoscaler."""
    autoscaling.v2.HorizontalPodAutoscaler(
        name, metadata=manifest["metadata"], spec=manifest["spec"], opts=pulumi.ResourceOptions(parent=parent)
    )


def pod_template(name: str, manifest: Mapping[str, Any], parent: pulumi.Resource) -> pulumi.Resource:
    """A PodTemplate."""
    made: pulumi.Resource = core.v1.PodTemplate(
        name, metadata=manifest["metadata"], template=manifest["template"], opts=pulumi.ResourceOptions(parent=parent)
    )
    return made


def priority_class(name: str, manifest: Mapping[str, Any], parent: pulumi.Resource) -> pulumi.Resource:
    """A PriorityClass."""
    made: pulumi.Resource = scheduling.v1.PriorityClass(
        name,
        metadata=manifest["metadata"],
        value=manifest["value"],
        preemption_policy=manifest["preemptionPolicy"],
        description=manifest["description"],
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return made


def deployment(
    name: str, manifest: Mapping[str, Any], parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] = ()
) -> None:
    """A Deployment."""
    apps.v1.Deployment(
        name,
        metadata=manifest["metadata"],
        spec=manifest["spec"],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on)),
    )
