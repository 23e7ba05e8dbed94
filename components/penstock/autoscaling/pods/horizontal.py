"""`HorizontalAutoscaler`: replicas by CPU, memory and metrics that prometheus-adapter serves."""

import pulumi

from penstock.autoscaling.pods.horizontal_args import HorizontalAutoscalerArgs
from penstock.component import checked


class HorizontalAutoscaler(pulumi.ComponentResource):
    """A HorizontalPodAutoscaler (autoscaling/v2) of one workload.

    Pass the cluster's Kubernetes provider with `opts.provider`. CPU and memory need metrics-server, other metrics
    prometheus-adapter. The workload must not state `spec.replicas`. For scale-to-zero, schedules, or metrics of
    anything else than pods and objects use `EventAutoscaler`.
    """

    object_name: str
    """The name of the HorizontalPodAutoscaler: that of the component."""
    needs_adapter: bool
    """Whether prometheus-adapter has to serve its metrics."""

    def __init__(self, name: str, args: HorizontalAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.horizontal_spec import HorizontalSpec
        from penstock.autoscaling.pods.target import object_name_problems

        spec = checked(type(self), name, HorizontalSpec, args, object_name_problems(name))
        super().__init__("penstock:index:HorizontalAutoscaler", name, {}, opts)
        from penstock.autoscaling.pods import horizontal_plan, objects

        objects.horizontal(name, horizontal_plan.autoscaler(name, spec), self)
        self.object_name = name
        self.needs_adapter = spec.needs_adapter
        self.register_outputs({"object_name": self.object_name, "needs_adapter": self.needs_adapter})
