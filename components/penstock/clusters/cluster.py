"""`Cluster`: a Kubernetes cluster without workers.

GCP: a regional GKE Standard cluster with private nodes, workload identity, encrypted secrets, a node service
account with least privilege, logging, monitoring and cost allocation, and the cloud's own autoscaler set to pack
nodes tightly (`OPTIMIZE_UTILIZATION`).
AWS: an EKS cluster in a network of its own with private nodes, pod identity, access entries, encrypted secrets,
control-plane logs and the core add-ons.
Azure: an AKS cluster with its own identity, workload identity, Azure CNI, Entra ID, and the one pool that Azure wants
with it.
Or an existing one, adopted: in these clouds by its name, anywhere else by a kubeconfig.
"""

import pulumi

from penstock.clouds import cloud_problems, cluster_spec, known_cloud, make_cluster
from penstock.clusters.args import ClusterArgs
from penstock.component import InvalidInputs, checked
from penstock.names import name_problems
from penstock.refs import ClusterRef


class Cluster(pulumi.ComponentResource):
    """A Kubernetes cluster without workers: made, or adopted.

    Its workers are `OnDemandNodePool`, `SpotNodePool`, `ReservedNodePool` and `GpuNodePool` components that take
    its `ref`.
    """

    ref: ClusterRef
    """What other components need to know of it."""
    kubeconfig: pulumi.Output[str]
    """A kubeconfig that gets its credentials from the cloud's own login: `gke-gcloud-auth-plugin`, `aws`, `kubelogin`;
    of a cluster of `cloud: existing` the one that was given."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        cloud = known_cloud(args.get("cloud"))
        also = name_problems(name, "cluster")
        if cloud is None:
            raise InvalidInputs(type(self).__name__, name, [*also, *cloud_problems(args.get("cloud"))])
        spec = checked(type(self), name, cluster_spec(cloud), args, also)
        super().__init__("penstock:index:Cluster", name, {}, opts)
        made = make_cluster(name, spec, self)
        self.ref = made.ref
        self.kubeconfig = made.kubeconfig
        self.register_outputs({"ref": self.ref, "kubeconfig": self.kubeconfig})
