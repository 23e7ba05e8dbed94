"""`ClusterAutoscaler`: the Kubernetes cluster autoscaler, where the cloud has none of its own.

EKS: with a role that only its service account has and that can only scale the groups of its cluster.
Existing clusters: for machines of EC2, Compute Engine or Azure. GKE and AKS scale their pools themselves.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from penstock.autoscaling.args import ClusterAutoscalerArgs
from penstock.autoscaling.around import cluster_problems
from penstock.clouds import cloud_problems, known_cloud
from penstock.component import InvalidInputs, checked
from penstock.problems import Problem


class ClusterAutoscaler(pulumi.ComponentResource):
    """The Kubernetes cluster autoscaler: one in a cluster.

    Pass the cluster's Kubernetes provider with `opts.provider` (and an AWS provider beside it with `opts.providers`,
    where the default one is not meant), and its pools with `opts.depends_on`. Then it starts when there are nodes to
    run on, and is destroyed before them: all its parts wait for what the component waits for. An adopted EKS cluster
    needs the add-on `eks-pod-identity-agent`, by which its pods get their role.
    """

    image: pulumi.Output[str]
    """The image that it runs."""
    expander: str
    """How it chooses among pools, a value of `Expander`."""

    def __init__(self, name: str, args: ClusterAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.spec import ClusterAutoscalerSpec

        also = list(_around(args))
        if known_cloud(args.get("cloud")) is None:
            raise InvalidInputs(type(self).__name__, name, [*also, *cloud_problems(args.get("cloud"))])
        cluster = args.get("cluster")
        asked: dict[str, Any] = {key: value for key, value in args.items() if key != "cluster"}
        if isinstance(cluster, dict) and isinstance(cluster.get("version"), str):
            asked.setdefault("version", cluster["version"])
        spec = checked(type(self), name, ClusterAutoscalerSpec, asked, also)
        super().__init__("penstock:index:ClusterAutoscaler", name, {}, opts)
        from penstock.autoscaling import resources

        self.image = resources.create(name, spec, args["cluster"], self)
        self.expander = spec.chosen_expander.value
        self.register_outputs({"image": self.image, "expander": self.expander})


def _around(args: Mapping[str, Any]) -> Iterator[Problem]:
    """What cannot be said of the inputs without their cluster."""
    yield from cluster_problems(args)
    cluster, machines = args.get("cluster"), args.get("self_managed")
    if not (isinstance(cluster, Mapping) and isinstance(machines, Mapping)):
        return
    if machines.get("provider") == "aws" and not machines.get("region") and cluster.get("location", "") == "":
        yield Problem("self_managed.region", "The cluster has no location. Write the AWS region of its machines.")
