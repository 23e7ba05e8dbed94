"""`Workload`: a service in pods, placed on pools, ready to be scaled."""

import pulumi

from penstock.autoscaling.pods.args import Target
from penstock.component import checked
from penstock.workloads.args import WorkloadArgs


class Workload(pulumi.ComponentResource):
    """A Deployment with its Service and its disruption budget, and a PodMonitor where it has metrics.

    Selector, tolerations and the time to end come from the pools, so that they cannot drift from them. How many pods
    there are is not stated: give `target` to an autoscaler that depends on this. Pass the cluster's Kubernetes provider
    with `opts.provider`.
    """

    service: str
    """The name of its Service, on port 80."""
    target: Target
    """What an autoscaler of it has to know."""

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.target import service_name_problems
        from penstock.workloads.spec import WorkloadSpec

        spec = checked(type(self), name, WorkloadSpec, args, service_name_problems(name))
        super().__init__("penstock:index:Workload", name, {}, opts)
        from penstock.workloads import resources

        resources.create(name, spec, self)
        self.service = name
        self.target = Target(
            name=name,
            namespace=args["namespace"],
            cold_start_seconds=spec.cold_start_seconds,
            termination_grace_seconds=spec.grace_seconds,
            pre_stop_seconds=spec.pre_stop_seconds,
            drain_seconds=spec.drain_seconds,
            gpus=spec.requests.gpus,
            pools=args["pools"],
        )
        if spec.gpu_memory_utilization is not None:
            self.target["gpu_memory_utilization"] = spec.gpu_memory_utilization
        self.register_outputs({"service": self.service, "target": self.target})
