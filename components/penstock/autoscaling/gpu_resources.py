"""The resources of the NVIDIA device plugin."""

import pulumi
from pulumi_kubernetes import apps

from penstock.autoscaling import gpu_plan
from penstock.autoscaling.around import mirror
from penstock.autoscaling.gpu_spec import GpuDevicePluginSpec
from penstock.autoscaling.images import gpu_device_plugin_image
from penstock.refs import ClusterRef


def create(
    name: str, spec: GpuDevicePluginSpec, cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Makes all that belongs to it, and returns its image. Child names derive from `name`."""
    image: pulumi.Output[str] = mirror(spec.registry, cluster).apply(gpu_device_plugin_image().reference)
    for end, manifest in gpu_plan.daemon_sets(spec, image).items():
        apps.v1.DaemonSet(
            f"{name}-daemons{end}",
            metadata=manifest["metadata"],
            spec=manifest["spec"],
            opts=pulumi.ResourceOptions(parent=parent),
        )
    return image
