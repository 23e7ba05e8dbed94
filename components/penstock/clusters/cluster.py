"""`Cluster`: a Kubernetes cluster without workers.

GCP: a regional GKE Standard cluster with private nodes, workload identity, encrypted secrets, a node service
account with least privilege, logging, monitoring and cost allocation, and the cloud's own autoscaler set to pack
nodes tightly (`OPTIMIZE_UTILIZATION`); or an existing one, adopted.
"""

import json

import pulumi

from penstock.clusters.args import ClusterArgs
from penstock.component import checked
from penstock.refs import ClusterRef


class Cluster(pulumi.ComponentResource):
    """A Kubernetes cluster without workers: made, or adopted.

    Its workers are `OnDemandNodePool`, `SpotNodePool`, `ReservedNodePool` and `GpuNodePool` components that take
    its `ref`.
    """

    ref: ClusterRef
    """What other components need to know of it."""
    kubeconfig: pulumi.Output[str]
    """A kubeconfig that gets its credentials from the cloud's own login (`gke-gcloud-auth-plugin`)."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.clusters import gke
        from penstock.clusters.spec import ClusterSpec, gke_name_problems

        spec = checked(type(self), name, ClusterSpec, args, also=gke_name_problems(name, "cluster"))
        super().__init__("penstock:index:Cluster", name, {}, opts)
        made = gke.adopt(spec, spec.adopt, self) if spec.adopt else gke.create(name, spec, self)

        # A plain value with outputs inside, not an output of the whole: what is known stays known in a preview.
        self.ref = ClusterRef(
            cloud=spec.cloud.value,
            name=made.name,
            location=spec.location,
            project=made.project,
            zones=spec.zones,
        )
        if made.node_service_account is not None:
            self.ref["node_service_account"] = made.node_service_account
        self.kubeconfig = pulumi.Output.all(
            name=made.name, endpoint=made.endpoint, ca_certificate=made.ca_certificate
        ).apply(lambda parts: _kubeconfig(**parts))
        self.register_outputs({"ref": self.ref, "kubeconfig": self.kubeconfig})


def _kubeconfig(name: str, endpoint: str, ca_certificate: str | None) -> str:
    """A kubeconfig for kubectl and the Kubernetes provider, as JSON (which is YAML)."""
    cluster = {"server": f"https://{endpoint}"}
    if ca_certificate:
        cluster["certificate-authority-data"] = ca_certificate
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [
                {
                    "name": name,
                    "user": {
                        "exec": {
                            "apiVersion": "client.authentication.k8s.io/v1beta1",
                            "command": "gke-gcloud-auth-plugin",
                            "installHint": "Install the gke-gcloud-auth-plugin component of the Google Cloud CLI.",
                            "provideClusterInfo": True,
                        }
                    },
                }
            ],
        }
    )
