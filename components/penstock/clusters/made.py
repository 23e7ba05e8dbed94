"""What every cloud's way to make or adopt a cluster hands to the component."""

from dataclasses import dataclass

import pulumi

from penstock.clusters.spec import ClusterSpec
from penstock.refs import ClusterRef


@dataclass(frozen=True)
class Made:
    """A cluster that was made or adopted."""

    ref: ClusterRef
    kubeconfig: pulumi.Output[str]


def reference(spec: ClusterSpec, name: pulumi.Input[str]) -> ClusterRef:
    """What is the same in every cloud's reference to the cluster that it calls `name`.

    A plain value with outputs inside, not an output of the whole: what is known stays known in a preview.
    """
    ref = ClusterRef(cloud=spec.cloud.value, name=name, location=spec.location or "", zones=spec.zones or [])
    if spec.labels:
        ref["labels"] = spec.labels
    if spec.version:
        ref["version"] = spec.version
    if spec.registry:
        ref["registry"] = spec.registry
    if spec.network.isolated:
        ref["isolated"] = True
    return ref
