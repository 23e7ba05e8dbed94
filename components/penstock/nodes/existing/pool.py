"""The resources of a pool of an existing cluster: labels and taints of the nodes that it names."""

import pulumi
import pulumi_kubernetes as k8s

from penstock.nodes.existing.plan import node_patch
from penstock.nodes.existing.spec import ExistingPoolSpec
from penstock.refs import ClusterRef


def create(name: str, spec: ExistingPoolSpec, _cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource) -> None:
    """Labels and taints the nodes, by the Kubernetes provider that the component was given. Taken back on deletion."""
    opts = pulumi.ResourceOptions(parent=parent)
    for node in spec.nodes or ():
        k8s.core.v1.NodePatch(f"{name}-{node}", **node_patch(name, spec, node), opts=opts)
