"""`GpuDevicePlugin`: NVIDIA's device plugin, where the cloud's image does not bring it.

EKS: on nodes with Amazon Linux 2023; Bottlerocket brings its own. AKS: the image has the driver, not the plugin; pools
on which AKS itself manages the whole of NVIDIA's software do not need it. Existing clusters: driver and container
runtime have to be there. GKE brings its own.
"""

from typing import Any

import pulumi

from penstock.autoscaling.args import GpuDevicePluginArgs
from penstock.autoscaling.around import cluster_problems
from penstock.clouds import cloud_problems, known_cloud
from penstock.component import InvalidInputs, checked


class GpuDevicePlugin(pulumi.ComponentResource):
    """NVIDIA's device plugin, which tells Kubernetes of a node's GPUs: one in a cluster.

    Pass the cluster's Kubernetes provider with `opts.provider`, and what has to exist before with `opts.depends_on`.
    """

    image: pulumi.Output[str]
    """The image that it runs."""

    def __init__(self, name: str, args: GpuDevicePluginArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.gpu_spec import GpuDevicePluginSpec

        also = list(cluster_problems(args))
        if known_cloud(args.get("cloud")) is None:
            raise InvalidInputs(type(self).__name__, name, [*also, *cloud_problems(args.get("cloud"))])
        asked: dict[str, Any] = {key: value for key, value in args.items() if key != "cluster"}
        spec = checked(type(self), name, GpuDevicePluginSpec, asked, also)
        super().__init__("penstock:index:GpuDevicePlugin", name, {}, opts)
        from penstock.autoscaling import gpu_resources

        self.image = gpu_resources.create(name, spec, args["cluster"], self)
        self.register_outputs({"image": self.image})
